"""Lists come in pages, by profile id; each says where the next one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from yarl import URL

from ivr.api.azure.shapes import PAGE_DEFAULT, ListQuery
from ivr.api.errors import InvalidRequestError
from ivr.domain.azure import AzureProfile

T = TypeVar("T")

_NEVER = ("$filter", "$skip", "$orderBy", "$delta")
"""What v2.0 refused by name: ignored, it would give a list that the program takes for another."""


def page_size(query: ListQuery) -> int:
    """Return how many profiles a page has."""
    return query.maxpagesize or query.top or PAGE_DEFAULT


def check_supported(names: Sequence[str]) -> None:
    """Raise `InvalidRequestError` for a parameter of the query that a list cannot heed."""
    for name in names:
        if name in _NEVER:
            raise InvalidRequestError(f"{name} parameter is not supported.")


def split(found: Sequence[AzureProfile], size: int) -> tuple[Sequence[AzureProfile], bool]:
    """Return a page, of one profile more than it has room for, and whether another follows."""
    return found[:size], len(found) > size


def next_link(here: URL, page: Sequence[AzureProfile], size: int) -> str:
    """Return the address of the page that follows a page, which is not empty."""
    query = {
        "api-version": here.query["api-version"],
        "maxpagesize": str(size),
        "$skiptoken": str(page[-1].id),
    }
    return str(here.with_query(query))
