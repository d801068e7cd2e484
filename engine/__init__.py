"""Speaker verification: synchronous, no calls, no database, no network."""
