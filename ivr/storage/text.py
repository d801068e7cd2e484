"""Text that PostgreSQL can hold."""

from __future__ import annotations


def storable(text: str) -> str:
    """Replace what PostgreSQL's text cannot hold, NUL and lone surrogates, by U+FFFD."""
    whole = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")
