"""How a receiver knows that a webhook is ours, and is no old one sent again."""

from __future__ import annotations

import hmac
from hashlib import sha256

HEADER = "Countersign-Signature"


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """Return the header for a body sent at a time (Unix, s): `t=1717171717,v1=<hex>`.

    `v1` is HMAC-SHA256 (RFC 2104) over the time in decimal, a full stop and the body.
    """
    signed = b"%d.%b" % (at_s, body)
    return f"t={at_s},v1={hmac.new(secret, signed, sha256).hexdigest()}"
