"""FastAGI without a socket: what Asterisk 22.10 sent, any cut, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.agi.commands import LINE_MAX_BYTES, Command, execute, get_variable, set_variable
from ivr.agi.environment import Environment
from ivr.agi.errors import CommandTextError, MalformedAgiError, OutOfTurnError
from ivr.agi.protocol import BUFFER_MAX_BYTES, AgiProtocol, Arrived
from ivr.agi.replies import HungUp, Reply, parse_reply

CAPTURED = b"""agi_network: yes
agi_network_script: verify?account=a%2Cb&tenant=
agi_request: agi://127.0.0.1:34333/verify?account=a%2Cb&tenant=
agi_channel: Local/keys@line-00000000;1
agi_uniqueid: c1
agi_version: 22.10.1+dfsg+~cs6.17.60671434-1
agi_callerid: unknown
agi_accountcode:\x20
agi_threadid: 140339402380992

"""
USAGE = b"""520-Invalid command syntax.  Proper usage follows:
Sets a variable to the current channel.
520 End of proper usage.
"""


def begun() -> AgiProtocol:
    """Return a protocol past its environment."""
    protocol = AgiProtocol()
    protocol.receive(CAPTURED)
    return protocol


def test_environment_tells_what_is_asked_and_of_whom() -> None:
    """Script and query of the dialplan's address; an unknown caller has no number."""
    (environment,) = AgiProtocol().receive(CAPTURED)
    assert isinstance(environment, Environment)
    assert environment.arguments == ("verify", "account=a%2Cb", "tenant=")
    assert environment.channel == "c1"
    assert environment.caller_number == ""
    assert environment.values["accountcode"] == ""


@given(st.lists(st.integers(0, len(CAPTURED)), max_size=6))
def test_bytes_may_be_cut_anywhere(cuts: list[int]) -> None:
    """However the network cuts them, the same comes out."""
    protocol, arrived = AgiProtocol(), list[Arrived]()
    edges = [0, *sorted(cuts), len(CAPTURED)]
    for first, last in pairwise(edges):
        arrived += protocol.receive(CAPTURED[first:last])
    assert arrived == AgiProtocol().receive(CAPTURED)


@given(st.binary(max_size=400))
def test_garbage_raises_nothing_but_the_named_error(data: bytes) -> None:
    """Whoever connects by mistake is told apart from Asterisk."""
    protocol = AgiProtocol()
    with suppress(MalformedAgiError):
        assert protocol.receive(data) == []


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"GET / HTTP/1.1\r\n", "a line that is not"),
        (b"agi_network\n\n", "a line that is not"),
        (b"agi_network: yes\n\n", "no agi_network_script"),
        (b"agi_network_script: verify\n\n", "no agi_uniqueid"),
        (b"agi_a: 1\n" * 201, "over 200 lines"),
        (b"a" * (BUFFER_MAX_BYTES + 1), "longer than"),
    ],
)
def test_what_is_no_environment_is_refused(sent: bytes, told: str) -> None:
    """One message per malformation."""
    with pytest.raises(MalformedAgiError, match=told):
        AgiProtocol().receive(sent)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("200 result=0", Reply(200, 0)),
        ("200 result=-1", Reply(200, -1)),
        ('200 result=1 (a "b" \\ (c) d)', Reply(200, 1, 'a "b" \\ (c) d')),
        ("200 result=0 (timeout) endpos=12", Reply(200, 0, "timeout")),
        ("200 result=1 ()", Reply(200, 1, "")),
        ("510 Invalid or unknown command", Reply(510)),
        ("511 Command Not Permitted on a dead channel or intercept routine", Reply(511)),
        ("HANGUP", HungUp()),
    ],
)
def test_replies_are_read(line: str, reply: Reply | HungUp) -> None:
    """As Asterisk was seen to send them."""
    assert parse_reply(line) == reply


@pytest.mark.parametrize("line", ["", "hello", "20 result=0", "200 OK"])
def test_what_is_no_reply_is_refused(line: str) -> None:
    """A reply has a code, and success a result."""
    with pytest.raises(MalformedAgiError):
        parse_reply(line)


def test_one_command_at_a_time() -> None:
    """The next command waits for the reply to the last one."""
    protocol = begun()
    assert protocol.give(get_variable("X")) == b'GET VARIABLE "X"\n'
    with pytest.raises(OutOfTurnError):
        protocol.give(get_variable("Y"))
    assert protocol.receive(b"200 result=0\n") == [Reply(200, 0)]
    assert protocol.give(get_variable("Y"))


def test_no_command_before_the_environment() -> None:
    """Asterisk speaks first."""
    with pytest.raises(OutOfTurnError):
        AgiProtocol().give(get_variable("X"))


def test_reply_of_several_lines_is_one() -> None:
    """The usage that Asterisk explains is passed over."""
    protocol = begun()
    protocol.give(Command("SET VARIABLE"))
    assert protocol.receive(USAGE) == [Reply(520)]
    assert protocol.give(get_variable("X"))


def test_hang_up_may_come_at_any_time() -> None:
    """Before a command, or between it and its reply; the turn stays."""
    protocol = begun()
    assert protocol.receive(b"HANGUP\n") == [HungUp()]
    protocol.give(set_variable("V", "1"))
    assert protocol.receive(b"HANGUP\n200 result=1\n") == [HungUp(), Reply(200, 1)]


def test_reply_that_nobody_asked_for_is_refused() -> None:
    """Two ends that lost count of each other do not go on."""
    with pytest.raises(MalformedAgiError, match="nothing was asked"):
        begun().receive(b"200 result=1\n")


def test_quotes_and_backslashes_are_escaped() -> None:
    """As Asterisk 22.10 was seen to read them back."""
    line = set_variable("V", 'a "b" \\ é').encode()
    assert line == 'SET VARIABLE "V" "a \\"b\\" \\\\ é"\n'.encode()


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "\0", "x" * LINE_MAX_BYTES])
def test_what_does_not_fit_into_a_line_is_refused(text: str) -> None:
    """No argument can smuggle in a second command, nor is one cut short."""
    with pytest.raises(CommandTextError):
        execute("AudioSocket", text).encode()
