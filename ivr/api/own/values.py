"""Words and numbers that a request may hold."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

AccountName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE)]
"""The person's account with the tenant."""
ListName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE)]
"""Of a group or a watchlist."""
Label: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=_PRINTABLE)]
PageSize: TypeAlias = Annotated[int, Meta(ge=1, le=1000)]
PageToken: TypeAlias = Annotated[str, Meta(max_length=1024)]
