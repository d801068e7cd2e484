"""What can be set: a section each, every key with its type, its limits and its default."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=3600)]
Text = Annotated[str, Meta(min_length=1)]


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

    model: Text = "telephone-2026-11c"
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
    """`[prompts]`: a folder with one folder of sound files per locale; empty for the built-in.

    And one with passphrases of the customer's own, laid out alike.
    """

    folder: str = ""
    phrases_folder: str = ""
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


Connections = Annotated[int, Meta(ge=1, le=100_000)]


class Api(Struct, frozen=True, forbid_unknown_fields=True):
    """`[api]`: the REST API for programs; off unless it is enabled."""

    enabled: bool = False
    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8443
    tls_certificate: str = ""
    tls_key: str = ""
    url: str = ""
    body_max_octets: Annotated[int, Meta(ge=1024, le=256 * 1024 * 1024)] = 64 * 1024 * 1024
    requests_per_s: Annotated[float, Meta(gt=0, le=10_000)] = 20.0
    burst: Annotated[int, Meta(ge=1, le=100_000)] = 100
    connections_max: Connections = 300
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
    url: str = ""
    connections_max: Connections = 500
    session_hours: Annotated[float, Meta(ge=0.1, le=168)] = 10.0
    token: str = ""
    token_file: str = ""
    tell: bool = False
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_secret_file: str = ""


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
