"""What stands inside SIP headers: addresses, tags, branches, lists (RFC 3261, clause 20)."""

from __future__ import annotations

import re
from urllib.parse import quote

from ivr.lab.softphone.errors import MalformedError

_USER_SAFE = "&=+$,;?/-_.!~*'()"
_ITEM = re.compile(r'(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,"<])+')


def sip_uri(user: str, host: str, port: int | None = None) -> str:
    """Return a SIP URI; what a user part cannot hold is escaped (RFC 3261, clause 25.1)."""
    where = host if port is None else f"{host}:{port}"
    return f"sip:{quote(user, safe=_USER_SAFE)}@{where}" if user else f"sip:{where}"


def name_address(name: str, uri: str) -> str:
    """Return `"name" <uri>`; without a name only `<uri>`."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{uri}>' if name else f"<{uri}>"


def uri_of(value: str) -> str:
    """Return the URI of a From, To, Contact or Route value."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", value)
    _, bracket, rest = bare.partition("<")
    uri = rest.partition(">")[0] if bracket else bare.partition(";")[0]
    if not uri.strip():
        raise MalformedError("SIP address without a URI")
    return uri.strip()


def parameter(value: str, name: str) -> str | None:
    """Return a parameter that stands after the address, such as `tag`, or None."""
    outside = re.sub(r'"(?:\\.|[^"\\])*"|<[^>]*>', "", value)
    for part in outside.split(";")[1:]:
        key, _, held = part.partition("=")
        if key.strip().lower() == name:
            return held.strip()
    return None


def items(values: list[str]) -> list[str]:
    """Return the members of comma-separated header values, in order."""
    found = (match.group().strip() for value in values for match in _ITEM.finditer(value))
    return [item for item in found if item]


def host_and_port(uri: str) -> tuple[str, int]:
    """Return where a SIP URI of an IPv4 address points; the port is 5060 where it names none."""
    where = uri.partition(":")[2].rpartition("@")[2].partition(";")[0].partition("?")[0]
    host, _, port = where.partition(":")
    if not host or (port and not port.isdecimal()):
        raise MalformedError("SIP URI without a host")
    return host, int(port) if port else 5060
