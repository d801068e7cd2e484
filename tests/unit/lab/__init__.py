"""The lab, without Asterisk."""
