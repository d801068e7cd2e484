"""The API as a part of the service: off, on, with TLS, and its health."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ivr.api.office import ApiOffice
from ivr.api.server import api_server
from ivr.config import ConfigurationError
from ivr.settings import Api
from tests.unit.api.conftest import Client


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "api.pem", folder / "api.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


async def test_it_is_off_unless_it_is_enabled(api_office: ApiOffice) -> None:
    """Nothing listens."""
    async with api_server(Api(), api_office) as port:
        assert port is None


async def test_it_speaks_tls_with_a_certificate(api_office: ApiOffice, tmp_path: Path) -> None:
    """And nothing else then."""
    made, key = certificate(tmp_path)
    settings = Api(enabled=True, port=0, tls_certificate=str(made), tls_key=str(key))
    trust = ssl.create_default_context(cafile=made)
    async with api_server(settings, api_office) as port, aiohttp.ClientSession() as session:
        async with session.get(f"https://localhost:{port}/health/live", ssl=trust) as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://localhost:{port}/health/live")


async def test_what_it_cannot_serve_with_is_named(api_office: ApiOffice, tmp_path: Path) -> None:
    """Half of TLS, files that hold none, and a port that is taken."""
    made, _ = certificate(tmp_path)
    wrong = str(tmp_path / "absent")
    for settings, key in (
        (Api(enabled=True, port=0, tls_certificate=str(made)), "api.tls_key"),
        (Api(enabled=True, port=0, tls_certificate=wrong, tls_key=wrong), "api.tls_certificate"),
    ):
        with pytest.raises(ConfigurationError, match=key):
            async with api_server(settings, api_office):
                pass
    async with api_server(Api(enabled=True, port=0), api_office) as port:
        assert port is not None
        with pytest.raises(ConfigurationError, match=r"api\.port"):
            async with api_server(Api(enabled=True, port=port), api_office):
                pass


async def test_readiness_is_the_databases(client: Client, api_office: ApiOffice) -> None:
    """Ready while it answers; 503 with it gone, for every operation, and live all the same."""
    assert (await client.ask("GET", "/health/ready")).json == {"status": "ready"}
    await api_office.database.close()
    for path in ("/health/ready", "/v1/profiles"):
        answer = await client.ask("GET", path)
        assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert (await client.ask("GET", "/health/live")).status == 200
