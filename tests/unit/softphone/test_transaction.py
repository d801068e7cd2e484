"""SIP transactions in virtual time: what is sent again, when, and when it is given up."""

from __future__ import annotations

import pytest

from ivr.lab.softphone import MalformedError, sip
from ivr.lab.softphone.transaction import Answered, ClientTransaction, State, cancel_of, key_of


def request(method: str, branch: str = "z9hG4bK1") -> sip.Request:
    """Return a request of a branch."""
    found = sip.headers(
        ("Via", f"SIP/2.0/UDP h;branch={branch}"),
        ("From", "<sip:a@h>;tag=1"),
        ("To", "<sip:b@h>"),
        ("Call-ID", "c"),
        ("CSeq", f"4 {method}"),
    )
    return sip.Request(method, "sip:b@h", found)


def response(to: sip.Request, status: int) -> sip.Response:
    """Return a response with the peer's tag."""
    fields = ((n, f"{v};tag=2" if n == "To" else v) for n, v in to.headers.fields)
    return sip.Response(status, "", sip.Headers(tuple(fields)))


class Listening:
    """A transaction with somebody who notes what it tells."""

    def __init__(self, method: str) -> None:
        self.heard: list[int | None] = []
        self.request = request(method)
        self.transaction = ClientTransaction(
            self.request, 0.0, lambda r: self.heard.append(r.status if r else None)
        )

    def resent_at(self, until_s: float) -> list[float]:
        """Poll every 20 ms from the start; return when the request went out again."""
        times = (beat * 0.02 for beat in range(round(until_s / 0.02) + 1))
        return [round(now, 1) for now in times if self.transaction.poll(now)]


def test_an_invite_goes_out_again_at_doubling_intervals_and_is_given_up() -> None:
    """Timer A doubles from 0.5 s; timer B ends it at 32 s (RFC 3261, clause 17.1.1.2)."""
    invite = Listening("INVITE")
    assert invite.resent_at(40.0) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert (invite.heard, invite.transaction.state) == ([None], State.TERMINATED)


def test_another_request_goes_out_again_at_most_every_four_seconds() -> None:
    """Timer E is capped at 4 s; timer F ends it at 32 s (clause 17.1.2.2)."""
    bye = Listening("BYE")
    assert bye.resent_at(40.0)[:6] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5]
    assert bye.heard == [None]


def test_a_ringing_call_rings_for_as_long_as_the_caller_waits() -> None:
    """After a provisional response the INVITE is neither repeated nor given up."""
    invite = Listening("INVITE")
    invite.transaction.receive(response(invite.request, 180), 0.1)
    assert invite.resent_at(200.0) == []
    assert (invite.heard, invite.transaction.pending) == ([180], True)


def test_a_refusal_is_acknowledged_every_time_and_told_once() -> None:
    """The ACK has the INVITE's branch and number and the peer's tag (clause 17.1.1.3)."""
    invite = Listening("INVITE")
    busy = response(invite.request, 486)
    acks = [invite.transaction.receive(busy, now) for now in (0.1, 0.6, 1.6)]
    assert invite.heard == [486]
    assert all(ack is not None and ack.method == "ACK" for ack in acks)
    assert acks[0] is not None
    assert acks[0].headers["To"] == "<sip:b@h>;tag=2"
    assert acks[0].headers["CSeq"] == "4 ACK"
    assert key_of(acks[0]) == key_of(invite.request)


def test_an_answer_that_comes_again_is_told_again_for_32_seconds() -> None:
    """Its ACK was lost: whoever made it sends it again (RFC 6026)."""
    invite = Listening("INVITE")
    for now in (0.1, 0.6):
        assert invite.transaction.receive(response(invite.request, 200), now) is None
    invite.transaction.poll(31.9)
    assert (invite.heard, invite.transaction.state) == ([200, 200], State.ACCEPTED)
    invite.transaction.poll(32.2)
    assert invite.transaction.state is State.TERMINATED


def test_a_cancel_is_of_the_same_branch_but_its_own_transaction() -> None:
    """It names what it cancels by branch and number (clause 9.1)."""
    cancel = cancel_of(request("INVITE"))
    assert key_of(cancel) == ("z9hG4bK1", "CANCEL")
    assert cancel.headers["CSeq"] == "4 CANCEL"


def test_a_repeated_request_gets_the_same_answer_for_32_seconds() -> None:
    """Nothing is done twice because an answer was lost (clause 17.2.2)."""
    answered, bye = Answered(), request("BYE")
    assert answered.again(bye) is None
    answered.remember(bye, b"done", 0.0)
    answered.poll(31.0)
    assert answered.again(bye) == b"done"
    assert answered.again(request("BYE", "z9hG4bK2")) is None
    answered.poll(32.0)
    assert answered.again(bye) is None


def test_a_message_without_a_branch_belongs_nowhere() -> None:
    """RFC 2543's matching is not attempted."""
    with pytest.raises(MalformedError, match="branch"):
        key_of(sip.Request("BYE", "sip:b@h", sip.headers(("Via", "x"), ("CSeq", "1 BYE"))))
