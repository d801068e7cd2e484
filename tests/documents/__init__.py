"""The commands of the documents, typed into a real shell beside a real Asterisk and PostgreSQL."""
