"""The dialplan's arguments, as a caller or a careless dialplan may shape them."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.types import PhraseId
from ivr.domain.call import AccountId, CallRequest, Purpose, TenantId
from ivr.domain.mode import Mode
from ivr.line.arguments import (
    TEXT_MAX_CHARACTERS,
    BadRequestError,
    RequestDefaults,
    parse_app_data,
    parse_arguments,
)

DEFAULTS = RequestDefaults(TenantId("house"), "en-GB")

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]),
    min_size=1,
    max_size=TEXT_MAX_CHARACTERS,
)


@given(account=texts, tenant=texts)
def test_any_text_survives_the_dialplan(account: str, tenant: str) -> None:
    """Spaces, commas, quotes, emoji: what URIENCODE wrote is read as it was."""
    args = ["verify", f"tenant={quote(tenant)}", "locale=", f"account={quote(account, safe='')}"]
    request = parse_arguments(args, DEFAULTS)
    assert (request.account, request.tenant) == (account, tenant)


@pytest.mark.parametrize("account", ["Ann Lee", "a,b", "'\"", "☎️🙂", "100%", "a=b&c", "(", "ü"])
def test_awkward_accounts_survive(account: str) -> None:
    """The examples that the dialplan's own splitting would break."""
    request = parse_arguments(["enroll", f"account={quote(account, safe='')}"], DEFAULTS)
    assert request == CallRequest(Purpose.ENROLL, DEFAULTS.tenant, AccountId(account), "en-GB")


def test_empty_values_are_the_defaults() -> None:
    """What the dialplan leaves empty is as good as not said."""
    request = parse_arguments(["verify", "tenant=", "locale=", "account="], DEFAULTS)
    assert request == CallRequest(Purpose.VERIFY, TenantId("house"), None, "en-GB")


def test_what_is_to_be_said_and_among_whom() -> None:
    """Mode, phrase and group are read; a phrase must be one that somebody recorded."""
    asked = ["enroll", "mode=text_independent", "phrase=", "account=1"]
    assert parse_arguments(asked, DEFAULTS).mode is Mode.TEXT_INDEPENDENT
    known = replace(DEFAULTS, spoken={"en-GB": frozenset({PhraseId("sesame")})})
    assert parse_arguments(["enroll", "phrase=sesame"], known).phrase == "sesame"
    asked = ["identify", "group=night%20shift"]
    request = parse_arguments(asked, DEFAULTS)
    assert (request.purpose, request.group) == (Purpose.IDENTIFY, "night shift")
    with pytest.raises(BadRequestError, match="there are sesame"):
        parse_arguments(["enroll", "phrase=other"], known)


@pytest.mark.parametrize(
    ("tag", "meant"),
    [
        ("de-DE", "de-DE"),
        ("de-de", "de-DE"),
        ("de", "de-DE"),
        ("de-AT", "de-AT"),
        ("DE-ch", "de-DE"),
        ("EN", "en-US"),
        ("en-GB", "en-US"),
        ("fr-FR", "en-US"),
        ("", "de-DE"),
    ],
)
def test_a_locale_is_the_one_that_is_spoken(tag: str, meant: str) -> None:
    """Else a caller would be asked in one and listened to in another, where nobody knows words."""
    spoken = dict.fromkeys(["en-US", "de-DE", "de-AT"], frozenset[PhraseId]())
    known = RequestDefaults(locale="de-DE", spoken=spoken)
    assert parse_arguments(["verify", f"locale={tag}"], known).locale == meant


def test_a_phrase_must_be_recorded_in_the_callers_locale() -> None:
    """In another it could not be asked for."""
    sesame = frozenset({PhraseId("sesam")})
    known = RequestDefaults(spoken={"en-US": frozenset(), "de-DE": sesame})
    assert parse_arguments(["enroll", "phrase=sesam", "locale=de"], known).phrase == "sesam"
    with pytest.raises(BadRequestError, match="not recorded in en-US"):
        parse_arguments(["enroll", "phrase=sesam"], known)


def test_waiting_channel_shows_what_was_asked() -> None:
    """The line that a channel waits in holds the same arguments, after the application's name."""
    line = "countersign,verify,tenant=,locale=de-DE,account=a%2Cb%20(1"
    expected = CallRequest(Purpose.VERIFY, DEFAULTS.tenant, AccountId("a,b (1"), "de-DE")
    assert parse_app_data(line, DEFAULTS) == expected


@pytest.mark.parametrize("line", ["", "countersign", "500,^worker-,verify:account=1,yes"])
def test_other_lines_are_refused(line: str) -> None:
    """A channel that waits elsewhere shows nothing that could be taken for a request."""
    with pytest.raises(BadRequestError):
        parse_app_data(line, DEFAULTS)


@pytest.mark.parametrize(
    ("args", "argument"),
    [
        ([], "1"),
        (["listen"], "1"),
        (["Verify"], "1"),
        (["verify", "acount=1"], "2"),
        (["verify", "account"], "2"),
        (["verify", "locale=en-US", ""], "3"),
        (["verify", "account=1", "account=2"], "account"),
        (["verify", "account=%"], "account"),
        (["verify", "account=%4"], "account"),
        (["verify", "account=%zz"], "account"),
        (["verify", "account=%ff"], "account"),
        (["verify", "account=%00"], "account"),
        (["verify", "account=a%0d%0ab"], "account"),
        (["verify", "account=\udcff"], "account"),
        (["verify", "account=" + "9" * 129], "account"),
        (["verify", "tenant=" + "%C3%BC" * 129], "tenant"),
        (["verify", "locale=../../etc"], "locale"),
        (["verify", "mode=loud"], "mode"),
        (["identify", "account=1"], "group"),
        (["verify", "locale=en_US"], "locale"),
    ],
)
def test_bad_argument_is_named_and_not_quoted(args: list[str], argument: str) -> None:
    """Every malformation is the one error; its message holds no value a caller may have keyed."""
    with pytest.raises(BadRequestError, match=f"^argument {argument} of the dialplan: ") as caught:
        parse_arguments(args, DEFAULTS)
    assert caught.value.argument == argument
    for value in (arg.partition("=")[2] for arg in args):
        assert len(value) < 4 or value not in str(caught.value)


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_arguments_are_read_or_refused(args: list[str]) -> None:
    """Nothing that a dialplan can say raises anything else, and nothing unprintable comes in."""
    try:
        request = parse_arguments(["verify", *args], DEFAULTS)
    except BadRequestError:
        return
    for text in (request.account or "", request.tenant, request.locale):
        assert len(text) <= TEXT_MAX_CHARACTERS
        assert not any(unicodedata.category(character) == "Cc" for character in text)
