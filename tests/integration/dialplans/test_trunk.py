"""The trunk with TLS and SRTP: one Asterisk is the provider, and calls the other."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ivr.ari import AriAddress, AriClient
from ivr.ari.requests import Method, Request
from ivr.lab.asterisk import AsteriskProgram, PrivateAsterisk
from ivr.lab.freeports import LOOPBACK, free_port
from tests.integration.dialplans.conftest import RECIPES
from tests.integration.line_caller import eventually

pytestmark = pytest.mark.asterisk

PROVIDER = "127.0.0.2"
OURS = """
[inbound](+)
exten => secure,1,Answer()
 same => n,Set(GLOBAL(SECURED)=tls ${CHANNEL(pjsip,secure)} srtp ${CHANNEL(rtp,secure)})
 same => n,Wait(5)
"""
THEIRS = """
[out]
exten => s,1,Wait(5)
"""
PROVIDERS_SIDE = """
[tls]
type = transport
protocol = tls
bind = {own}
cert_file = {folder}/cert.pem
priv_key_file = {folder}/key.pem
ca_list_file = {folder}/cert.pem
verify_server = yes
method = tlsv1_2
[customer](!)
type = endpoint
transport = tls
context = out
aors = customer
disallow = all
allow = ulaw
[sealed](customer)
media_encryption = sdes
[clear](customer)
media_encryption = no
[customer]
type = aor
contact = sip:{them}\\;transport=tls
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Both ends of the trunk."""

    provider: PrivateAsterisk
    customer: PrivateAsterisk

    async def call(self, endpoint: str) -> None:
        """Let the provider call."""
        provider = self.provider
        address = AriAddress(provider.ari_url, provider.ari_user, provider.ari_password, "provider")
        query = {"endpoint": f"PJSIP/secure@{endpoint}", "context": "out", "extension": "s"}
        async with AriClient(address) as ari:
            await ari.request(Request(Method.POST, "channels", query))

    async def secured(self) -> str:
        """Return how the customer's Asterisk saw the call, empty where none came."""
        told = await self.customer.command("dialplan show globals")
        found = [line for line in told.splitlines() if line.strip().startswith("SECURED=")]
        return found[0].partition("=")[2].strip() if found else ""

    async def refused(self) -> bool:
        """Say whether the call is over at the provider's, and was none at the customer's."""
        return "0 active channels" in await self.provider.command("core show channels")


@asynccontextmanager
async def trunk(program: AsteriskProgram, folder: Path) -> AsyncIterator[Line]:
    """Start both, joined by the recipe as it stands but for names, addresses and files."""
    write_certificate(folder)
    us, them = (f"{LOOPBACK}:{_port()}", f"{PROVIDER}:{_port()}")
    recipe = (RECIPES / "pjsip-trunk-tls.conf").read_text()
    for example, real in {
        "0.0.0.0:5061": us,
        "/etc/asterisk/keys/EXAMPLE.crt": f"{folder}/cert.pem",
        "/etc/asterisk/keys/EXAMPLE.key": f"{folder}/key.pem",
        "/etc/ssl/certs/ca-certificates.crt": f"{folder}/cert.pem",
        "EXAMPLE.net:5061": them,
        "192.0.2.10": PROVIDER,
    }.items():
        assert example in recipe
        recipe = recipe.replace(example, real)
    provided = PROVIDERS_SIDE.format(folder=folder, own=them, them=us)
    async with (
        _asterisk(program, folder / "customer", recipe, OURS) as customer,
        _asterisk(program, folder / "provider", provided, THEIRS) as provider,
    ):
        yield Line(provider, customer)


def _asterisk(program: AsteriskProgram, folder: Path, pjsip: str, dialplan: str) -> PrivateAsterisk:
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/pjsip.site.conf").write_text(pjsip)
    return PrivateAsterisk(
        folder, program=program, extra_modules=("res_srtp",), extra_dialplan=dialplan
    )


def _port() -> int:
    return free_port(socket.SOCK_STREAM)


def write_certificate(folder: Path) -> None:
    """Write a key, and a certificate by itself for both ends' addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trunk")])
    addresses = [ipaddress.ip_address(each) for each in (LOOPBACK, PROVIDER)]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(map(x509.IPAddress, addresses)), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


async def test_calls_are_encrypted_or_refused(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    """Signalling by TLS and voice by SRTP; a call without SRTP is not taken in clear."""
    async with trunk(asterisk_program, tmp_path) as line:
        await line.call("clear")
        await eventually(line.refused)
        assert await line.secured() == ""
        await line.call("sealed")

        async def came() -> bool:
            return bool(await line.secured())

        await eventually(came)
        assert await line.secured() == "tls 1 srtp 1"
