"""Countersign on the telephone: answer, ask, listen, verify, tell the dialplan."""
