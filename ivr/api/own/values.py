"""Words and numbers that a request may hold."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

AccountName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE)]
"""The person's account with the tenant."""
ListName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE)]
"""Of a group or a watchlist."""
Label: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=_PRINTABLE)]
LocaleName: TypeAlias = Annotated[
    str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
]
"""BCP 47, such as `en-US`."""

PAGE_DEFAULT = 100


class PageQuery(msgspec.Struct, frozen=True):
    """Which page of a list."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = PAGE_DEFAULT
    """How many at most."""
    page: Annotated[str, Meta(max_length=1024)] = ""
    """`next_page` of the page before; the first without."""
