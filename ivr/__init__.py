"""Countersign on the telephone: answer, ask, listen, verify, tell the dialplan."""

# First of all: it keeps numpy on one core, which numpy asks about when it is loaded.
import engine as _engine  # noqa: F401
