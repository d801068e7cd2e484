"""One side's memory of a SIP dialog (RFC 3261, clause 12), and the requests made in it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ivr.lab.softphone import sip
from ivr.lab.softphone.address import items, parameter, uri_of

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS"
AGENT = "Countersign softphone"


@dataclass(frozen=True, slots=True)
class Line:
    """Where this phone can be reached."""

    host: str
    port: int

    @property
    def contact(self) -> str:
        """The Contact header's value."""
        return f"<sip:softphone@{self.host}:{self.port}>"

    def via(self) -> str:
        """Return a Via value with a branch of its own."""
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        return f"SIP/2.0/UDP {self.host}:{self.port};rport;branch={branch}"


@dataclass(slots=True)
class Dialog:
    """A call as SIP sees it from our side."""

    line: Line
    call_id: str
    local: str
    """The From value, with our tag."""
    remote: str
    """The To value; with the peer's tag once it has one."""
    target: str
    """The URI that requests go to."""
    routes: list[str] = field(default_factory=list)
    _cseq: int = 0

    @classmethod
    def of_call(cls, invite: sip.Request, line: Line) -> Dialog:
        """Begin the dialog of a call that came in, from the side that is called."""
        dialog = cls(
            line,
            invite.headers["Call-ID"],
            _tagged(invite.headers["To"]),
            invite.headers["From"],
            invite.uri,
            items(invite.headers.all("Record-Route")),
        )
        dialog.refresh(invite)
        return dialog

    def confirm(self, response: sip.Response) -> None:
        """Learn the peer's tag, target and route from the response that set the dialog up."""
        self.remote = response.headers["To"]
        contacts = items(response.headers.all("Contact"))
        self.target = uri_of(contacts[0]) if contacts else self.target
        self.routes = items(response.headers.all("Record-Route"))[::-1]

    def refresh(self, request: sip.Request) -> None:
        """Learn the peer's new target from its re-INVITE."""
        contacts = items(request.headers.all("Contact"))
        self.target = uri_of(contacts[0]) if contacts else self.target

    @property
    def tag(self) -> str | None:
        """Our tag."""
        return parameter(self.local, "tag")

    def request(
        self, method: str, body: bytes = b"", extra: tuple[tuple[str, str], ...] = ()
    ) -> sip.Request:
        """Return the next request; an ACK keeps the number of the INVITE before it."""
        self._cseq += method != "ACK"
        content = [("Content-Type", "application/sdp")] if body else []
        found = sip.headers(
            ("Via", self.line.via()),
            ("Max-Forwards", "70"),
            ("Route", self.routes),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self._cseq} {method}"),
            ("Contact", self.line.contact),
            ("Allow", ALLOW),
            ("User-Agent", AGENT),
            *extra,
            *content,
        )
        return sip.Request(method, self.target, found, body)


def answer(
    request: sip.Request, status: int, phrase: str, line: Line, body: bytes = b"", to: str = ""
) -> sip.Response:
    """Return a response to a peer's request (RFC 3261, clause 8.2.6); `to` has our tag."""
    kept = request.headers
    content = [("Content-Type", "application/sdp")] if body else []
    found = sip.headers(
        ("Via", kept.all("Via")),
        ("From", kept["From"]),
        ("To", to or _tagged(kept["To"])),
        ("Call-ID", kept["Call-ID"]),
        ("CSeq", kept["CSeq"]),
        ("Contact", line.contact),
        ("Allow", ALLOW),
        ("Accept", "application/sdp"),
        *content,
    )
    return sip.Response(status, phrase, found, body)


def _tagged(to: str) -> str:
    return to if parameter(to, "tag") else f"{to};tag={secrets.token_hex(4)}"
