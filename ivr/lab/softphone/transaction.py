"""SIP transactions over UDP (RFC 3261, clause 17): what is sent again, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from ivr.lab.softphone import sip
from ivr.lab.softphone.address import parameter
from ivr.lab.softphone.errors import MalformedError

T1_S = 0.5
T2_S = 4.0
PATIENCE_S = 64 * T1_S
"""Timers B, D, F, H and J: how long an answer is waited for, and a repeat still expected."""

Key = tuple[str, str]
"""What tells transactions apart: branch and method (RFC 3261, clause 17.1.3)."""


def key_of(message: sip.Message) -> Key:
    """Return which transaction a message belongs to; an ACK belongs to its INVITE's."""
    branch = parameter(message.headers["Via"].partition(",")[0], "branch")
    if branch is None:
        raise MalformedError("Via without a branch")
    method = sip.method_of(message)
    return branch, "INVITE" if method == "ACK" else method


class Resending:
    """When a message goes out again: the interval doubles, up to a cap."""

    def __init__(self, now: float, cap_s: float) -> None:
        self._interval_s = T1_S
        self._cap_s = cap_s
        self._due_at = now + T1_S
        self._until = now + PATIENCE_S

    def due(self, now: float) -> bool:
        """Say whether to send again now."""
        if now < self._due_at:
            return False
        self._interval_s = min(2 * self._interval_s, self._cap_s)
        self._due_at = now + self._interval_s
        return True

    def over(self, now: float) -> bool:
        """Say whether it is time to give up."""
        return now >= self._until

    def slow_down(self, now: float) -> None:
        """Send only at the longest interval from now on: the peer is there."""
        self._interval_s = self._cap_s
        self._due_at = now + self._cap_s


class State(StrEnum):
    """Where a client transaction is."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    """An INVITE's 2xx was heard; it may come again (RFC 6026)."""
    COMPLETED = "completed"
    """An INVITE was refused; the refusal may come again."""
    TERMINATED = "terminated"


class ClientTransaction:
    """One request until its final response. Time is a parameter; what is returned is to be sent."""

    def __init__(
        self, request: sip.Request, now: float, heard: Callable[[sip.Response | None], None]
    ) -> None:
        """`heard` is told each response, every 2xx to an INVITE, and None after 32 s of nothing."""
        self.request = request
        self.state = State.CALLING
        self._heard = heard
        self._inviting = request.method == "INVITE"
        self._resending = Resending(now, PATIENCE_S if self._inviting else T2_S)
        self._ack: sip.Request | None = None

    @property
    def pending(self) -> bool:
        """Whether the final response is still to come."""
        return self.state in (State.CALLING, State.PROCEEDING)

    def receive(self, response: sip.Response, now: float) -> sip.Request | None:
        """Take a response; return the ACK that a refused INVITE asks for."""
        if self.pending:
            self._advance(response, now)
            self._heard(response)
        elif self.state is State.ACCEPTED and 200 <= response.status < 300:
            self._heard(response)
        return self._ack

    def poll(self, now: float) -> sip.Request | None:
        """Return the request where it is time to send it again."""
        if self._inviting and self.state is State.PROCEEDING:
            return None  # it rings: how long is for the caller to say
        if self._resending.over(now):
            self._expire()
            return None
        return self.request if self.pending and self._resending.due(now) else None

    def _advance(self, response: sip.Response, now: float) -> None:
        if response.status < 200:
            self.state = State.PROCEEDING
            self._resending.slow_down(now)
        elif not self._inviting:
            self.state = State.TERMINATED
        else:
            self._await_repeats(response, now)

    def _await_repeats(self, response: sip.Response, now: float) -> None:
        self._resending = Resending(now, PATIENCE_S)
        self.state = State.ACCEPTED
        if response.status >= 300:
            self.state = State.COMPLETED
            self._ack = ack_of_refusal(self.request, response)

    def _expire(self) -> None:
        unanswered, self.state = self.pending, State.TERMINATED
        if unanswered:
            self._heard(None)


def ack_of_refusal(invite: sip.Request, response: sip.Response) -> sip.Request:
    """Return the ACK of a final response other than 2xx (RFC 3261, clause 17.1.1.3)."""
    return _like(invite, "ACK", response.headers["To"])


def cancel_of(invite: sip.Request) -> sip.Request:
    """Return the CANCEL of an INVITE (RFC 3261, clause 9.1)."""
    return _like(invite, "CANCEL", invite.headers["To"])


def _like(invite: sip.Request, method: str, to: str) -> sip.Request:
    kept = invite.headers
    found = sip.headers(
        ("Via", kept["Via"]),
        ("Max-Forwards", "70"),
        ("From", kept["From"]),
        ("To", to),
        ("Call-ID", kept["Call-ID"]),
        ("CSeq", f"{sip.cseq_of(invite)} {method}"),
        ("Route", kept.all("Route")),
    )
    return sip.Request(method, invite.uri, found)


class Answered:
    """Requests already answered: a repeated one gets the same answer again (clause 17.2)."""

    def __init__(self) -> None:
        self._answers: dict[Key, tuple[bytes, float]] = {}

    def again(self, request: sip.Request) -> bytes | None:
        """Return the answer already given to this request, or None for a new one."""
        answer = self._answers.get(key_of(request))
        return answer[0] if answer else None

    def remember(self, request: sip.Request, answer: bytes, now: float) -> None:
        """Keep an answer for 32 s."""
        self._answers[key_of(request)] = (answer, now + PATIENCE_S)

    def poll(self, now: float) -> None:
        """Forget what is too old to be asked again."""
        for key in [key for key, (_, until) in self._answers.items() if now >= until]:
            del self._answers[key]
