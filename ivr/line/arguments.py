"""What the dialplan asks for: `Stasis(app,verify,tenant=..,locale=..,account=..)` and its reading.

Besides `verify` there are `enroll`, `challenge`, `identify`, `passive` and `passive-enroll`;
besides those keys `mode`, `phrase`, `group` and `agent`.

The values are percent-encoded UTF-8 (the dialplan's `URIENCODE()`): commas, quotes and emoji come
through. An empty value is as good as none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from engine.types import PhraseId
from ivr.domain.call import AccountId, CallRequest, Purpose, TenantId
from ivr.domain.claim import ACCOUNT_MAX_CHARACTERS
from ivr.domain.locale import DEFAULT_LOCALE, nearest
from ivr.domain.mode import Mode

TEXT_MAX_CHARACTERS = ACCOUNT_MAX_CHARACTERS
DEFAULT_TENANT = TenantId("default")
KEYS = ("account", "tenant", "locale", "mode", "phrase", "group", "agent")

_LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadRequestError(Exception):
    """The dialplan's arguments cannot be used; the message names the argument, never its value."""

    def __init__(self, argument: str, found: str) -> None:
        super().__init__(f"argument {argument} of the dialplan: {found}")
        self.argument = argument


@dataclass(frozen=True, slots=True)
class RequestDefaults:
    """What holds where the dialplan says nothing."""

    tenant: TenantId = DEFAULT_TENANT
    locale: str = DEFAULT_LOCALE
    spoken: Mapping[str, frozenset[PhraseId]] | None = None
    """By locale that callers are spoken to in, the passphrases that can be asked for in it; None
    where any locale and any phrase may be named."""


def parse_arguments(args: Sequence[str], defaults: RequestDefaults) -> CallRequest:
    """Read the arguments after the application's name; `BadRequestError` names the bad one."""
    if not args:
        raise BadRequestError("1", f"missing; allowed are {', '.join(Purpose)}")
    values = _values(args[1:])
    locale = _locale(values.get("locale") or defaults.locale, defaults)
    account, purpose = values.get("account"), _purpose(args[0])
    if purpose is Purpose.IDENTIFY and not values.get("group"):
        raise BadRequestError("group", "missing; an identification needs one")
    return CallRequest(
        purpose=purpose,
        tenant=TenantId(values.get("tenant") or defaults.tenant),
        account=AccountId(account) if account else None,
        locale=locale,
        mode=_mode(values.get("mode", "")),
        phrase=_phrase(values.get("phrase", ""), locale, defaults),
        group=values.get("group", ""),
        agent=values.get("agent", ""),
    )


def parse_app_data(app_data: str, defaults: RequestDefaults) -> CallRequest:
    """Read the whole of a `Stasis()` line's arguments, as a channel that waits in it shows them."""
    return parse_arguments(app_data.split(",")[1:], defaults)


def as_app_data(app: str, request: CallRequest) -> str:
    """Return what `parse_app_data` reads as a request of the same purpose, tenant and locale."""
    tenant = quote(request.tenant, safe="")
    return f"{app},{request.purpose},tenant={tenant},locale={request.locale}"


def _purpose(word: str) -> Purpose:
    try:
        return Purpose(word)
    except ValueError:
        raise BadRequestError("1", f"allowed are {', '.join(Purpose)}") from None


def _mode(word: str) -> Mode | None:
    try:
        return Mode(word) if word else None
    except ValueError:
        raise BadRequestError("mode", f"allowed are {', '.join(Mode)}") from None


def _locale(tag: str, defaults: RequestDefaults) -> str:
    """Return the locale that the caller is spoken to in: his words are recognised in it, too."""
    if not _LOCALE.fullmatch(tag):
        raise BadRequestError("locale", "must be a BCP 47 tag such as en-US")
    if defaults.spoken is None:
        return tag
    return nearest(tag, [defaults.locale, *sorted(defaults.spoken)]) or DEFAULT_LOCALE


def _phrase(word: str, locale: str, defaults: RequestDefaults) -> PhraseId | None:
    phrase = PhraseId(word) if word else None
    if phrase is not None and defaults.spoken is not None:
        recorded = defaults.spoken[locale]
        if phrase not in recorded:
            allowed = ", ".join(sorted(recorded))
            raise BadRequestError("phrase", f"not recorded in {locale}; there are {allowed}")
    return phrase


def _values(pairs: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for position, pair in enumerate(pairs, start=2):
        key, equals, value = pair.partition("=")
        if not equals or key not in KEYS:
            raise BadRequestError(
                str(position), f"allowed are {', '.join(KEYS)}, each as key=value"
            )
        if key in values:
            raise BadRequestError(key, "given twice")
        values[key] = _text(key, value)
    return values


def _text(key: str, value: str) -> str:
    """Decode one value; the reverse of the dialplan's `URIENCODE()`."""
    raw = value.encode("utf-8", "surrogatepass")
    if _BROKEN_ESCAPE.search(raw):
        raise BadRequestError(key, "a % that two hex digits do not follow")
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequestError(key, "not UTF-8 once its percent-encoding is undone") from None
    if len(text) > TEXT_MAX_CHARACTERS:
        raise BadRequestError(key, f"{len(text)} characters; {TEXT_MAX_CHARACTERS} are allowed")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise BadRequestError(key, "holds a control character")
    return text
