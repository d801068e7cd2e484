"""Addresses: what cannot work is refused by its key, and no credential is in any address."""

from __future__ import annotations

import pytest

from ivr.ari.address import AriAddress
from ivr.ari.errors import AriAddressError


def address(
    url: str = "http://127.0.0.1:8088",
    user: str = "countersign",
    password: str = "a:secret",
    app: str = "countersign",
) -> AriAddress:
    """A good address, or one with something changed."""
    return AriAddress(url=url, user=user, password=password, app=app)


@pytest.mark.parametrize(
    ("url", "events"),
    [
        ("http://127.0.0.1:8088", "ws://127.0.0.1:8088/ari/events"),
        ("http://127.0.0.1:8088/", "ws://127.0.0.1:8088/ari/events"),
        ("http://127.0.0.1:8088/ari/", "ws://127.0.0.1:8088/ari/events"),
        ("https://pbx.example/prefix", "wss://pbx.example/prefix/ari/events"),
        ("http://[::1]:8088/prefix/ari", "ws://[::1]:8088/prefix/ari/events"),
    ],
)
def test_the_events_socket_lies_below_the_root(url: str, events: str) -> None:
    """With or without http.conf's prefix, with or without `/ari`."""
    assert address(url).events == f"{events}?app=countersign&subscribeAll=false"


def test_a_resource_lies_below_ari() -> None:
    """Its path is taken as it is."""
    assert address().resource("channels/a%2Fb") == "http://127.0.0.1:8088/ari/channels/a%2Fb"


def test_credentials_travel_in_the_header_alone() -> None:
    """RFC 7617's example of the form; neither the addresses nor `repr` show the password."""
    aladdin = address(user="Aladdin", password="open sesame")
    assert aladdin.authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert "sesame" not in aladdin.events + aladdin.resource("channels") + repr(aladdin)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("ari.url", {"url": "127.0.0.1:8088"}),
        ("ari.url", {"url": "ftp://127.0.0.1"}),
        ("ari.url", {"url": "http://"}),
        ("ari.url", {"url": "http://user:secret@127.0.0.1:8088"}),
        ("ari.url", {"url": "http://127.0.0.1:port"}),
        ("ari.url", {"url": "http://[::1"}),
        ("ari.url", {"url": "http://127.0.0.1:8088/?api_key=user:secret"}),
        ("ari.user", {"user": ""}),
        ("ari.user", {"user": "a:b"}),
        ("ari.password", {"password": ""}),
        ("ari.app", {"app": ""}),
        ("ari.app", {"app": "one,two"}),
        ("ari.app", {"app": "a" * 65}),
    ],
)
def test_what_cannot_work_is_refused_by_its_key(key: str, wrong: dict[str, str]) -> None:
    """Before anything is tried, and without showing a secret."""
    with pytest.raises(AriAddressError, match=f"^{key} ") as caught:
        address(**wrong)
    assert caught.value.key == key
    assert "secret" not in str(caught.value)
