"""What a query may say, and what is refused by name."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from yarl import URL

from engine.types import Locale
from ivr.api.azure.identifying import ids_in
from ivr.api.azure.locales import locale_of, phrases_of
from ivr.api.azure.paging import check_supported, next_link, page_size, split
from ivr.api.azure.shapes import AudioQuery, ListQuery, VersionQuery
from ivr.api.errors import InvalidRequestError
from tests.unit.azure.profiles import profile

VERSION = {"api-version": "2021-09-05"}


def listed(**more: str) -> ListQuery:
    return msgspec.convert({**VERSION, **more}, ListQuery, strict=False)


@pytest.mark.parametrize("query", [{}, {"api-version": "2020-01-01"}, {"api-version": ""}])
def test_the_version_is_said_and_known(query: dict[str, str]) -> None:
    """An answer of another version would not be what the program expects."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(query, VersionQuery, strict=False)


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("True", True), ("false", False)])
def test_a_minimum_may_be_waived(said: str, meant: bool) -> None:
    """As programs write it; without it, it is not."""
    query = {**VERSION, "ignoreMinLength": said}
    assert msgspec.convert(query, AudioQuery, strict=False).ignore_min_length is meant
    assert not msgspec.convert(VERSION, AudioQuery, strict=False).ignore_min_length


def test_a_page_has_a_hundred_profiles_unless_told_otherwise() -> None:
    """By its name of now, or of v2.0; 500 at most."""
    assert [page_size(each) for each in (listed(), listed(maxpagesize="7"))] == [100, 7]
    assert page_size(msgspec.convert({**VERSION, "$top": "9"}, ListQuery, strict=False)) == 9
    for size in ("0", "501", "-1", "many"):
        with pytest.raises(msgspec.ValidationError):
            listed(maxpagesize=size)


@pytest.mark.parametrize("name", ["$filter", "$skip", "$orderBy", "$delta"])
def test_what_a_list_cannot_do_is_refused(name: str) -> None:
    """Rather than ignored: the list would be taken for another."""
    with pytest.raises(InvalidRequestError, match="not supported"):
        check_supported(("api-version", name))


def test_a_link_leads_behind_the_page() -> None:
    """With all that the next request needs; what is opaque stays opaque."""
    page, more = split([profile(number=number) for number in (1, 2, 3)], 2)
    assert more
    link = URL(next_link(URL("https://here/a/profiles?api-version=2021-09-05&x=1"), page, 2))
    assert (link.host, link.path) == ("here", "/a/profiles")
    query = msgspec.convert(dict(link.query), ListQuery, strict=False)
    assert (query.skip_token, page_size(query)) == (UUID(int=2), 2)
    assert split(page, 2) == (page, False)


@pytest.mark.parametrize(
    ("said", "meant"), [("en-us", "en-US"), ("enUS", "en-US"), ("DE-de", "de-DE")]
)
def test_a_locale_has_one_form(said: str, meant: str) -> None:
    """However it is written."""
    assert locale_of(said) == meant


def test_phrases_are_known_where_words_are_recognised() -> None:
    """Azure's own two are among those of en-US; the refusal says what there is."""
    texts = {each.text for each in phrases_of(locale_of("en-us")).phrases.values()}
    assert "my voice is my passport verify me" in texts
    assert "my voice is stronger than passwords" in texts
    with pytest.raises(InvalidRequestError, match="Supported locales are en-US"):
        phrases_of(locale_of("xx-xx"))


def test_phrases_of_ones_own_are_offered(tmp_path: Path) -> None:
    """Beside the others, and in a locale of one's own."""
    for locale, more in (("en-US", ""), ("en-GB", 'recogniser = "en-us"\n')):
        (tmp_path / locale).mkdir()
        own = f"{more}[passphrases]\nacme = 'acme takes my voice'\n"
        (tmp_path / locale / "own.toml").write_text(own)
    assert len(phrases_of(Locale("en-US"), tmp_path).phrases) == 11
    assert list(phrases_of(Locale("en-GB"), tmp_path).phrases) == ["acme"]


ONE, TWO = str(UUID(int=1)), str(UUID(int=2))


def test_candidates_are_listed_with_commas() -> None:
    """Each counts once; spaces do no harm."""
    assert ids_in(f"{TWO}, {ONE},{TWO}") == (UUID(int=2), UUID(int=1))


@pytest.mark.parametrize("said", ["", ",", f"{ONE},", "me", f"{ONE};{TWO}"])
def test_what_is_no_list_of_ids_is_refused(said: str) -> None:
    """With how it is written."""
    with pytest.raises(InvalidRequestError, match="comma-delimited"):
        ids_in(said)


def test_fifty_candidates_are_taken_and_no_more() -> None:
    """The limit is Azure's."""
    ids = [str(UUID(int=number)) for number in range(51)]
    assert len(ids_in(",".join(ids[:50]))) == 50
    with pytest.raises(InvalidRequestError, match="50"):
        ids_in(",".join(ids))
