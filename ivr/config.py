"""The configuration: one TOML file and the environment, checked whole before anything starts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

ENVIRONMENT_PREFIX = "COUNTERSIGN_"
NO_SETTINGS = frozenset({"COUNTERSIGN_CACHE", "COUNTERSIGN_TEST_DSN"})
"""Names of this program in the environment that set nothing here: of `./run` and of the tests."""

Seconds = Annotated[float, Meta(gt=0, le=3600)]
Text = Annotated[str, Meta(min_length=1)]


LISTS = frozenset({"claim", "allow"})
"""Keys whose value in the environment is split at commas."""


class ConfigurationError(Exception):
    """A setting cannot be used; the message names the key, the value and what is allowed.

    The value of a secret is not shown, nor of a key that is not known: it may be a misspelt one.
    """

    def __init__(self, key: str, value: object, allowed: str) -> None:
        found = "<not shown>" if is_secret(key) or value is ... else repr(value)
        super().__init__(f"{key} = {found}: {allowed}")
        self.key = key


class Ari(Struct, frozen=True, forbid_unknown_fields=True):
    """`[ari]`: how to reach Asterisk's REST interface."""

    url: Text = "http://127.0.0.1:8088"
    user: Text = "countersign"
    password: str = ""
    password_file: str = ""
    app: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "countersign"


class Database(Struct, frozen=True, forbid_unknown_fields=True):
    """`[database]`: a server's DSN, or a folder for an embedded PostgreSQL. One of them."""

    dsn: str = ""
    dsn_file: str = ""
    folder: str = ""
    patience_s: Annotated[float, Meta(ge=0, le=30)] = 2.0
    outbox: Text = "outbox"


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    """`[keys]`: the master key, 32 random bytes in base64, of which every other key is derived.

    In a file, or printed by a command. Neither: the embedded database makes itself one.
    """

    master_file: str = ""
    master_command: str = ""


class Lockout(Struct, frozen=True, forbid_unknown_fields=True):
    """`[lockout]`: what follows on a profile's REJECTs in a row."""

    delay_after: Annotated[int, Meta(ge=1, le=1000)] = 3
    delay_s: Annotated[float, Meta(ge=0, le=86_400)] = 300.0
    lock_after: Annotated[int, Meta(ge=1, le=1000)] = 10


class VoiceModel(Struct, frozen=True, forbid_unknown_fields=True):
    """`[voice]`: which model, how sure it must be, and what speech it needs."""

    model: Text = "telephone-2026-11b"
    models_folder: Text = "models"
    previous_model: str = ""
    target_fmr: Annotated[float, Meta(gt=0, lt=0.5)] = 0.01
    threads: Annotated[int, Meta(ge=1, le=64)] = 2
    listeners: Annotated[int, Meta(ge=1, le=1000)] = 4
    net_speech_min_s: Annotated[float, Meta(ge=0.3, le=30)] = 1.0
    snr_min_db: Annotated[float, Meta(ge=-10, le=40)] = 6.0


class Jobs(Struct, frozen=True, forbid_unknown_fields=True):
    """`[jobs]`: whether this worker does what is to be done behind the calls."""

    run: bool = True
    batch_folder: Annotated[str, Meta(pattern=r"^(/.*)?$")] = ""


Days = Annotated[int, Meta(ge=0, le=36_500)]


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """`[retention]`: what is due after how many days, 0 for never, and when it is done (UTC)."""

    expire_days: Days = 0
    erase_days: Days = 0
    records_days: Days = 0
    hour: Annotated[int, Meta(ge=0, le=23)] = 3


class Listening(Struct, frozen=True, forbid_unknown_fields=True):
    """`[listening]`: when an utterance begins, ends and is too long."""

    wait_s: Seconds = 5.0
    end_silence_s: Annotated[float, Meta(ge=0.2, le=3)] = 0.6
    longest_s: Annotated[float, Meta(ge=1, le=30)] = 8.0
    barge_in: bool = True


ClaimName = Literal["dialplan", "caller_number", "keyed"]


class Verify(Struct, frozen=True, forbid_unknown_fields=True):
    """`[verify]`: the verification call."""

    attempts_max: Annotated[int, Meta(ge=1, le=10)] = 3
    claim: Annotated[tuple[ClaimName, ...], Meta(min_length=1)] = (
        "dialplan",
        "caller_number",
        "keyed",
    )
    key_wait_s: Seconds = 5.0
    free_speech_s: Annotated[float, Meta(ge=0, le=60)] = 4.0
    challenge_digits: Annotated[int, Meta(ge=3, le=12)] = 6
    challenge_when_unsure: bool = False


class Enroll(Struct, frozen=True, forbid_unknown_fields=True):
    """`[enroll]`: the enrollment call."""

    mode: Literal["text_dependent", "text_independent"] = "text_dependent"
    phrase: Text = "my-voice-is-my-passport"
    repetitions: Annotated[int, Meta(ge=3, le=50)] = 3
    tries_max: Annotated[int, Meta(ge=3, le=100)] = 7
    free_speech_s: Annotated[float, Meta(ge=0, le=300)] = 20.0
    free_speech_tries_max: Annotated[int, Meta(ge=1, le=100)] = 25
    activation_phrase: bool = False
    compare_profiles_max: Annotated[int, Meta(ge=0, le=100_000)] = 1000
    claim: Annotated[tuple[ClaimName, ...], Meta(min_length=1)] = ("dialplan",)
    consent_wait_s: Seconds = 8.0


class Passive(Struct, frozen=True, forbid_unknown_fields=True):
    """`[passive]`: listening while the caller talks to somebody else."""

    enough_s: Annotated[float, Meta(ge=1, le=300)] = 30.0
    margin: Annotated[float, Meta(ge=0, le=10)] = 1.0
    longest_s: Annotated[float, Meta(gt=0, le=14_400)] = 1800.0
    recording_s: Annotated[float, Meta(ge=1, le=30)] = 4.0


class Prompts(Struct, frozen=True, forbid_unknown_fields=True):
    """`[prompts]`: a folder with one folder of sound files per locale; empty for the built-in."""

    folder: str = ""
    locale: Text = "en-US"
    asterisk_folder: str = ""


class Calls(Struct, frozen=True, forbid_unknown_fields=True):
    """`[calls]`: limits of the whole conversation."""

    longest_s: Seconds = 300.0
    media_timeout_s: Seconds = 5.0
    drain_s: Seconds = 30.0


class Health(Struct, frozen=True, forbid_unknown_fields=True):
    """`[health]`: where metrics and health are told to those who ask; port 0: nowhere."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 0
    outbox_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000


class Api(Struct, frozen=True, forbid_unknown_fields=True):
    """`[api]`: the REST API for programs; off unless it is enabled."""

    enabled: bool = False
    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8443
    tls_certificate: str = ""
    tls_key: str = ""
    body_max_octets: Annotated[int, Meta(ge=1024, le=256 * 1024 * 1024)] = 64 * 1024 * 1024
    requests_per_s: Annotated[float, Meta(gt=0, le=10_000)] = 20.0
    burst: Annotated[int, Meta(ge=1, le=100_000)] = 100
    azure_consent: Annotated[str, Meta(max_length=128)] = ""


Port = Annotated[int, Meta(ge=1, le=65_535)]


class Agi(Struct, frozen=True, forbid_unknown_fields=True):
    """`[agi]`: FastAGI beside ARI. It knows no password: whoever may connect is Asterisk to us."""

    enabled: bool = False
    host: Text = "127.0.0.1"
    port: Port = 4573
    audio_host: Text = "127.0.0.1"
    audio_port: Port = 4574
    audio_address: str = ""
    allow: Annotated[tuple[str, ...], Meta(min_length=1)] = ("127.0.0.1", "::1")


class Desk(Struct, frozen=True, forbid_unknown_fields=True):
    """`[desk]`: where agents see their calls; port 0: nowhere."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 0
    tls_certificate: str = ""
    tls_key: str = ""
    behind_proxy: bool = False
    session_hours: Annotated[float, Meta(ge=0.1, le=168)] = 10.0
    token: str = ""
    token_file: str = ""
    tell: bool = False


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    """`[log]`: lines for machines (`json`) or for people (`console`)."""

    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Configuration(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    ari: Ari = msgspec.field(default_factory=Ari)
    database: Database = msgspec.field(default_factory=Database)
    keys: Keys = msgspec.field(default_factory=Keys)
    lockout: Lockout = msgspec.field(default_factory=Lockout)
    voice: VoiceModel = msgspec.field(default_factory=VoiceModel)
    jobs: Jobs = msgspec.field(default_factory=Jobs)
    retention: Retention = msgspec.field(default_factory=Retention)
    listening: Listening = msgspec.field(default_factory=Listening)
    verify: Verify = msgspec.field(default_factory=Verify)
    enroll: Enroll = msgspec.field(default_factory=Enroll)
    passive: Passive = msgspec.field(default_factory=Passive)
    prompts: Prompts = msgspec.field(default_factory=Prompts)
    calls: Calls = msgspec.field(default_factory=Calls)
    health: Health = msgspec.field(default_factory=Health)
    api: Api = msgspec.field(default_factory=Api)
    agi: Agi = msgspec.field(default_factory=Agi)
    desk: Desk = msgspec.field(default_factory=Desk)
    log: Log = msgspec.field(default_factory=Log)


def is_secret(key: str) -> bool:
    """Say whether the value of a dotted key must never be shown."""
    name = key.rpartition(".")[2]
    secret = any(word in name for word in ("password", "dsn", "token"))
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
    desk = configuration.desk
    _check_desk(desk)
    return msgspec.structs.replace(
        configuration,
        ari=msgspec.structs.replace(ari, password=password),
        database=msgspec.structs.replace(database, dsn=dsn),
        desk=msgspec.structs.replace(
            desk, token=_secret("desk.token", desk.token, desk.token_file)
        ),
    )


def _check_desk(desk: Desk) -> None:
    """Refuse to serve passwords and calls in the clear to other machines."""
    local = desk.host in ("127.0.0.1", "::1", "localhost")
    if desk.port and not (local or desk.tls_certificate or desk.behind_proxy):
        raise ConfigurationError(
            "desk.host",
            desk.host,
            "other machines are served by TLS alone: set desk.tls_certificate and desk.tls_key, "
            "or desk.behind_proxy = true where a proxy does TLS",
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
