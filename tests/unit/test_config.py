"""The configuration names what is wrong, shows no secret, and reads file and environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import ConfigurationError, is_secret, load

MINIMAL = {"COUNTERSIGN_ARI_PASSWORD": "pepper", "COUNTERSIGN_DATABASE_FOLDER": "pg"}


def written(folder: Path, text: str) -> Path:
    """Write a configuration file."""
    path = folder / "countersign.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(text: str, tmp_path: Path, environment: dict[str, str] | None = None) -> str:
    """Return the message with which a configuration is refused."""
    with pytest.raises(ConfigurationError) as refused:
        load(written(tmp_path, text), MINIMAL | (environment or {}))
    return str(refused.value)


def test_the_environment_alone_is_enough() -> None:
    """Two settings have no default; the rest works as it is."""
    configuration = load(None, MINIMAL)
    assert configuration.ari.password == "pepper"
    assert configuration.verify.attempts_max == 3


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """What the operator sets at start counts."""
    path = written(tmp_path, "[verify]\nattempts_max = 2\n[listening]\nwait_s = 3\n")
    configuration = load(path, MINIMAL | {"COUNTERSIGN_VERIFY_ATTEMPTS_MAX": "1"})
    assert configuration.verify.attempts_max == 1
    assert configuration.listening.wait_s == 3.0


def test_a_bad_value_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    """Key, value, allowed: all three in one line."""
    message = refusal("[verify]\nattempts_max = 99\n", tmp_path)
    assert message == "verify.attempts_max = 99: Expected `int` <= 10"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[enroll]\nrepetitions = 8\n",
            "enroll.tries_max = 7: must be at least enroll.repetitions, 8",
        ),
        (
            "[enroll]\nfree_speech_s = 250\n",
            "enroll.free_speech_s = 250.0: at most 200 s can be said",
        ),
        (
            "[enroll]\nfree_speech_s = 60\n[calls]\nlongest_s = 50\n",
            "enroll.free_speech_s = 60.0: at most 50 s can be said",
        ),
    ],
)
def test_limits_that_would_enroll_nobody_are_refused(text: str, told: str, tmp_path: Path) -> None:
    """Each is allowed by itself; files take longer than a call does."""
    assert refusal(text, tmp_path).startswith(told)
    load(written(tmp_path, text), MINIMAL, asterisk=False)


def test_a_misspelt_key_is_named_with_those_that_exist(tmp_path: Path) -> None:
    """A typo never goes unnoticed, and its value is not shown: it may be a secret."""
    message = refusal('[ari]\npasword = "pepper"\n', tmp_path)
    assert message.startswith("ari.pasword = <not shown>: is not known; known here are url, user")
    assert "pepper" not in message


def test_a_misspelt_section_is_named(tmp_path: Path) -> None:
    """The sections that exist are told."""
    assert "known here are ari, database" in refusal("[asterisk]\nurl = 1\n", tmp_path)


@pytest.mark.parametrize("name", ["COUNTERSIGN_VERFY_ATTEMPTS_MAX", "COUNTERSIGN_ARI"])
def test_a_name_in_the_environment_that_sets_nothing_is_refused(name: str, tmp_path: Path) -> None:
    """A misspelt section would otherwise leave the default in force; the value is not shown."""
    message = refusal("", tmp_path, {name: "pepper"})
    assert message.startswith(f"{name} = <not shown>: is no setting")
    assert "verify" in message
    assert "pepper" not in message


def test_what_others_read_from_the_environment_is_no_setting() -> None:
    """The run script's folder and the tests' server."""
    load(None, MINIMAL | {"COUNTERSIGN_CACHE": "/tmp/cache", "COUNTERSIGN_TEST_DSN": "x"})


def test_choices_are_listed(tmp_path: Path) -> None:
    """Where one of a few words is allowed, they are all named."""
    message = refusal("", tmp_path, {"COUNTERSIGN_VERIFY_CLAIM": "psychic"})
    assert message.endswith("allowed are dialplan, caller_number, keyed")


@pytest.mark.parametrize(
    "text",
    [
        "[ari]\npassword = 7\n",
        '[database]\ndsn = ["pepper"]\n',
        'database = "postgresql://u:pepper@h/d"\n',
    ],
)
def test_a_secret_of_the_wrong_type_is_not_shown(text: str, tmp_path: Path) -> None:
    """Not even a broken secret is printed."""
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError, match="<not shown>") as refused:
        load(path, {"COUNTERSIGN_DATABASE_FOLDER": "pg"})
    assert "pepper" not in str(refused.value)


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    """A file, such as a container's secret, holds the password; its last newline is not part."""
    secret = tmp_path / "secret"
    secret.write_text("pepper\n")
    environment = {
        "COUNTERSIGN_ARI_PASSWORD_FILE": str(secret),
        "COUNTERSIGN_DATABASE_FOLDER": "pg",
    }
    assert load(None, environment).ari.password == "pepper"


def test_an_absent_secret_file_is_named(tmp_path: Path) -> None:
    """The path is told: it is no secret."""
    message = refusal("", tmp_path, {"COUNTERSIGN_DATABASE_DSN_FILE": "/nowhere/dsn"})
    assert message.startswith("database.dsn_file = '/nowhere/dsn': cannot be read")


def test_one_database_is_chosen(tmp_path: Path) -> None:
    """A server and an embedded one at once is a contradiction, and nothing is no better."""
    both = refusal("", tmp_path, {"COUNTERSIGN_DATABASE_DSN": "postgresql://u:pepper@h/d"})
    assert "not both" in both
    assert "pepper" not in both
    with pytest.raises(ConfigurationError, match=r"database\.folder"):
        load(None, {"COUNTERSIGN_ARI_PASSWORD": "pepper"})


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    """The place of the error is told."""
    assert "is not TOML" in refusal("[ari\n", tmp_path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    """The path is told."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "absent.toml", MINIMAL)


SERVER = {"COUNTERSIGN_DATABASE_FOLDER": "", "COUNTERSIGN_DATABASE_DSN": "postgresql://h/d"}


def test_a_server_needs_a_master_key(tmp_path: Path) -> None:
    """A key in the database's own folder is only for the embedded one."""
    assert "openssl rand -base64 32" in refusal("", tmp_path, SERVER)
    load(None, MINIMAL | SERVER | {"COUNTERSIGN_KEYS_MASTER_FILE": "/etc/key"})


def test_one_master_key_is_enough(tmp_path: Path) -> None:
    """Of two, nobody could say which holds."""
    both = {"COUNTERSIGN_KEYS_MASTER_FILE": "/etc/key", "COUNTERSIGN_KEYS_MASTER_COMMAND": "pass"}
    assert "not both" in refusal("", tmp_path, both)


def test_the_desk_is_served_to_other_machines_by_tls_alone(tmp_path: Path) -> None:
    """Passwords do not cross a network in the clear; a proxy may do the TLS."""
    text = '[desk]\nport = 8444\nhost = "0.0.0.0"\n'
    assert "TLS" in refusal(text, tmp_path)
    allowed = load(written(tmp_path, text + "behind_proxy = true\n"), MINIMAL)
    assert allowed.desk.port == 8444


def test_the_api_is_served_to_other_machines_by_tls_alone(tmp_path: Path) -> None:
    """Its keys go with every request; a proxy before it is known by the address it is called at."""
    far = '[api]\nenabled = true\nhost = "0.0.0.0"\n'
    assert "keys go to other machines by TLS alone" in refusal(far, tmp_path)
    for more in (
        'tls_certificate = "/c.pem"\ntls_key = "/k.pem"\n',
        'url = "https://voice.example.org"\n',
    ):
        assert load(written(tmp_path, far + more), MINIMAL).api.host == "0.0.0.0"
    assert not load(written(tmp_path, '[api]\nhost = "0.0.0.0"\n'), MINIMAL).api.enabled


def test_calls_are_posted_to_other_machines_by_tls_alone(tmp_path: Path) -> None:
    """They say who calls; on this machine nobody listens in between."""
    secret = 'webhook_secret = "sixteen or more characters"\n'
    for url in (
        "http://crm.example/",
        "ftp://crm.example/",
        "https://",
        "crm.example",
        "https://a:b/",
    ):
        assert "https://" in refusal(f'[desk]\nwebhook_url = "{url}"\n{secret}', tmp_path)
    for url in ("https://crm.example/calls", "http://127.0.0.1:8080/", "http://[::1]/calls"):
        text = f'[desk]\nwebhook_url = "{url}"\n{secret}'
        assert load(written(tmp_path, text), MINIMAL).desk.webhook_url == url


@pytest.mark.parametrize("section", ["api", "desk"])
def test_an_address_is_a_host_and_perhaps_a_port(tmp_path: Path, section: str) -> None:
    """By TLS or on this machine; written as browsers write it."""
    for url in (
        "desk.example.org",
        "http://desk.example.org",
        "https://example.org/desk",
        "https://desk.example.org/?call=1",
        "https://desk.example.org/#top",
        "https://ann@desk.example.org",
        "https://",
    ):
        assert f"https://{section}.example.org" in refusal(
            f'[{section}]\nurl = "{url}"\n', tmp_path
        )
    for url, shown in (
        ("https://Desk.Example.org:443/", "https://desk.example.org"),
        ("https://desk.example.org:8444", "https://desk.example.org:8444"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8444/", "http://[::1]:8444"),
        ("", ""),
    ):
        read = load(written(tmp_path, f'[{section}]\nurl = "{url}"\n'), MINIMAL)
        assert getattr(read, section).url == shown


def test_a_webhook_needs_a_secret_which_is_not_shown(tmp_path: Path) -> None:
    """It may lie in a file; the URL is not shown either, for it may hold credentials."""
    url = '[desk]\nwebhook_url = "https://user:pepper@crm.example/"\n'
    assert "openssl rand -base64 32" in refusal(url, tmp_path)
    assert "salt" not in refusal(url + 'webhook_secret = "salt"\n', tmp_path)
    assert "pepper" not in refusal(url.replace("https", "http"), tmp_path)
    (tmp_path / "secret").write_text("sixteen or more characters\n")
    text = f'{url}webhook_secret_file = "{tmp_path}/secret"\n'
    assert load(written(tmp_path, text), MINIMAL).desk.webhook_secret.endswith("characters")
    assert is_secret("desk.webhook_url")
    assert not is_secret("desk.webhook_secret_file")


def test_the_token_of_the_desk_is_not_shown(tmp_path: Path) -> None:
    """It is a secret as a password is, and may lie in a file."""
    assert "pepper" not in refusal('[desk]\ntoken = ["pepper"]\n', tmp_path)
    (tmp_path / "token").write_text("salt\n")
    text = f'[desk]\ntoken_file = "{tmp_path}/token"\n'
    assert load(written(tmp_path, text), MINIMAL).desk.token == "salt"
