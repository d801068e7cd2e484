"""The configuration: one TOML file and the environment, checked whole before anything starts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from ivr.settings import Api, Configuration, Desk, Keys, VoiceModel
from ivr.site import LOCAL_HOSTS, is_private, origin

__all__ = ["Configuration", "ConfigurationError", "is_secret", "load", "load_voice"]

ENVIRONMENT_PREFIX = "COUNTERSIGN_"
NO_SETTINGS = frozenset({"COUNTERSIGN_CACHE", "COUNTERSIGN_KILLS", "COUNTERSIGN_TEST_DSN"})
"""Names of this program in the environment that set nothing here: of `./run` and of the tests."""

LISTS = frozenset({"claim", "allow"})
"""Keys whose value in the environment is split at commas."""

WEBHOOK_SECRET_MIN = 16
"""Characters: fewer could be found by trying."""


class ConfigurationError(Exception):
    """A setting cannot be used; the message names the key, the value and what is allowed.

    The value of a secret is not shown, nor of a key that is not known: it may be a misspelt one.
    """

    def __init__(self, key: str, value: object, allowed: str) -> None:
        found = "<not shown>" if is_secret(key) or value is ... else repr(value)
        super().__init__(f"{key} = {found}: {allowed}")
        self.key = key


def is_secret(key: str) -> bool:
    """Say whether the value of a dotted key must never be shown."""
    name = key.rpartition(".")[2]
    secret = any(word in name for word in ("password", "dsn", "token", "webhook"))
    return secret and not name.endswith("_file")


def load(
    path: Path | None, environment: Mapping[str, str], *, asterisk: bool = True
) -> Configuration:
    """Read the file, lay the environment over it, check everything.

    Without `asterisk` its password may be absent: for what needs the database alone.

    A key of a section is set from the environment as `COUNTERSIGN_<SECTION>_<KEY>`, for instance
    `COUNTERSIGN_ARI_URL`. Raises `ConfigurationError` at the first thing that cannot be used.
    """
    return _with_secrets(_checked(path, environment), asterisk=asterisk)


def load_voice(path: Path | None, environment: Mapping[str, str]) -> VoiceModel:
    """Read as `load`, for what needs neither Asterisk nor a database: no secret is asked for."""
    return _checked(path, environment).voice


def _checked(path: Path | None, environment: Mapping[str, str]) -> Configuration:
    """Read the file, lay the environment over it, and check each value by itself."""
    tables = {} if path is None else _file(path)
    _overlay(tables, environment)
    try:
        return msgspec.convert(tables, Configuration, strict=False)
    except msgspec.ValidationError as error:
        raise _named(error, tables) from error


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            "--config", str(path), f"cannot be read: {error.strerror}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError("--config", str(path), f"is not TOML: {error}") from error


def _overlay(tables: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Put what the environment sets into the tables; an unknown key is refused by the schema."""
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or name in NO_SETTINGS:
            continue
        section, key = _section_and_key(name)
        table = tables.setdefault(section, {})
        if not isinstance(table, dict):
            raise ConfigurationError(section, ..., "must be a table of keys")
        table[key] = value.split(",") if key in LISTS else value


def _section_and_key(name: str) -> tuple[str, str]:
    """Return what a name in the environment sets; one that names no section is an error."""
    section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("_")
    if section not in Configuration.__struct_fields__ or not key:
        raise ConfigurationError(
            name,
            ...,
            f"is no setting: names are {ENVIRONMENT_PREFIX}<SECTION>_<KEY>, and the sections are "
            f"{', '.join(Configuration.__struct_fields__)}; mend or unset it",
        )
    return section, key


def _named(error: msgspec.ValidationError, tables: Mapping[str, Any]) -> ConfigurationError:
    """Turn msgspec's `$.section.key` into the key, the value found and what is allowed."""
    what, _, path = str(error).partition(" - at `$")
    key = path.strip("`.").partition("[")[0]
    unknown = re.search(r"unknown field `(.+)`", what)
    if unknown is not None:
        what = f"is not known; known here are {', '.join(_fields(key))}"
        return ConfigurationError(f"{key}.{unknown[1]}".lstrip("."), ..., what)
    if choices := _choices(key):
        what += f"; allowed are {', '.join(choices)}"
    if "." not in key:
        # A section that is no table may be a secret that was put into the wrong place.
        return ConfigurationError(key, ..., what)
    value: Any = tables
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return ConfigurationError(key, ... if isinstance(value, Mapping) else value, what)


def _fields(section: str) -> tuple[str, ...]:
    """Return the keys of a section, or the sections themselves for the empty name."""
    hints = get_type_hints(Configuration)
    return tuple(get_type_hints(hints[section])) if section else tuple(hints)


def _choices(key: str) -> tuple[str, ...]:
    """Return the words that the key's type allows, if it is a choice of words."""
    section, _, name = key.partition(".")
    kind: Any = get_type_hints(get_type_hints(Configuration)[section]).get(name)
    while kind is not None and get_origin(kind) is not Literal:
        kind = next(iter(get_args(kind)), None)
    return get_args(kind)


def _with_secrets(configuration: Configuration, *, asterisk: bool) -> Configuration:
    """Replace `*_file` by what the file holds, and check what must be set together."""
    ari, database = configuration.ari, configuration.database
    password = _secret("ari.password", ari.password, ari.password_file)
    if asterisk and not password:
        raise ConfigurationError(
            "ari.password", "", "must be set, or ari.password_file name a file"
        )
    dsn = _secret("database.dsn", database.dsn, database.dsn_file)
    if bool(dsn) == bool(database.folder):
        raise ConfigurationError(
            "database.folder",
            database.folder,
            "set either database.dsn (or dsn_file) for a server, or database.folder for the "
            "embedded PostgreSQL, not both",
        )
    _check_keys(configuration.keys, dsn)
    if asterisk:
        _check_enrollment(configuration)
    return msgspec.structs.replace(
        configuration,
        ari=msgspec.structs.replace(ari, password=password),
        database=msgspec.structs.replace(database, dsn=dsn),
        api=_api_of(configuration.api),
        desk=_desk_of(configuration.desk),
    )


def _check_enrollment(configuration: Configuration) -> None:
    """Refuse what would enroll nobody by telephone."""
    enroll, longest_s = configuration.enroll, configuration.listening.longest_s
    if enroll.tries_max < enroll.repetitions:
        raise ConfigurationError(
            "enroll.tries_max",
            enroll.tries_max,
            f"must be at least enroll.repetitions, {enroll.repetitions}",
        )
    most_s = min(enroll.free_speech_tries_max * longest_s, configuration.calls.longest_s)
    if enroll.free_speech_s > most_s:
        raise ConfigurationError(
            "enroll.free_speech_s",
            enroll.free_speech_s,
            f"at most {most_s:g} s can be said: raise calls.longest_s, or "
            "enroll.free_speech_tries_max or listening.longest_s, of which it takes the product",
        )


def _api_of(api: Api) -> Api:
    """Return the API's settings with its address, checked."""
    api = msgspec.structs.replace(api, url=_site("api.url", api.url))
    private = api.host in LOCAL_HOSTS or api.tls_certificate or api.url.startswith("https:")
    if api.enabled and not private:
        raise ConfigurationError(
            "api.host",
            api.host,
            "keys go to other machines by TLS alone: set api.tls_certificate and api.tls_key, or "
            "api.url = https://.. where a proxy does TLS",
        )
    return api


def _desk_of(desk: Desk) -> Desk:
    """Return the desk's settings with its secrets, checked."""
    secret = _secret("desk.webhook_secret", desk.webhook_secret, desk.webhook_secret_file)
    token = _secret("desk.token", desk.token, desk.token_file)
    desk = msgspec.structs.replace(
        desk, token=token, webhook_secret=secret, url=_site("desk.url", desk.url)
    )
    _check_desk(desk)
    if desk.webhook_url:
        _check_webhook(desk)
    return desk


def _check_desk(desk: Desk) -> None:
    """Refuse to serve passwords and calls in the clear to other machines."""
    local = desk.host in LOCAL_HOSTS
    if desk.port and not (local or desk.tls_certificate or desk.behind_proxy):
        raise ConfigurationError(
            "desk.host",
            desk.host,
            "other machines are served by TLS alone: set desk.tls_certificate and desk.tls_key, "
            "or desk.behind_proxy = true where a proxy does TLS",
        )


def _site(key: str, url: str) -> str:
    """Return a site's address, or nothing for none; `ConfigurationError`."""
    found = origin(url)
    if url and found is None:
        raise ConfigurationError(
            key,
            url,
            "must be the address that it is called at, with nothing after host and port: "
            f"https://{key.removesuffix('.url')}.example.org, or http:// on this machine "
            "(127.0.0.1, ::1 or localhost); a folder of another site will not do",
        )
    return found or ""


def _check_webhook(desk: Desk) -> None:
    """Refuse to post calls in the clear to other machines, or to any without a signature."""
    if not is_private(desk.webhook_url):
        raise ConfigurationError(
            "desk.webhook_url",
            desk.webhook_url,
            "must begin with https://, or with http:// on this machine (127.0.0.1, ::1 or "
            "localhost): it says who calls",
        )
    if len(desk.webhook_secret) < WEBHOOK_SECRET_MIN:
        raise ConfigurationError(
            "desk.webhook_secret",
            desk.webhook_secret,
            f"must have at least {WEBHOOK_SECRET_MIN} characters (`openssl rand -base64 32` makes "
            "them), or desk.webhook_secret_file name a file that holds them: by it the receiver "
            "knows who posts",
        )


def _check_keys(keys: Keys, dsn: str) -> None:
    if keys.master_file and keys.master_command:
        raise ConfigurationError(
            "keys.master_command", keys.master_command, "set it or keys.master_file, not both"
        )
    if dsn and not keys.master_file and not keys.master_command:
        raise ConfigurationError(
            "keys.master_file",
            "",
            "must name a file with 32 random bytes in base64 (`openssl rand -base64 32` makes "
            "them), or keys.master_command a command that prints them: keep them apart from the "
            "database, and keep a copy, for without them no stored voice can be used",
        )


def _secret(key: str, value: str, file: str) -> str:
    if not file:
        return value
    if value:
        raise ConfigurationError(f"{key}_file", file, f"set either {key} or {key}_file, not both")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{key}_file", file, f"cannot be read: {error}") from error
