"""Pulling a model from a server: it comes whole and verified, or nothing of it stays."""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.voice.card import Card, read_card
from engine.voice.catalogue import PUBLIC
from engine.voice.embedder import Embedder
from ivr.pulling import Demand, PullError, pull
from tests.ports import refusing_port
from tests.unit.engine.voice.tiny_network import tiny_network

NETWORK = tiny_network("feats", "embs", 256)
DIGEST = sha256(NETWORK).hexdigest()
PUBLISHED = read_card(PUBLIC / "wespeaker-resnet34-lm.json")

Answer = Callable[[BaseHTTPRequestHandler], None]


def whole(request: BaseHTTPRequestHandler) -> None:
    """Send the network."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(NETWORK)))
    request.end_headers()
    request.wfile.write(NETWORK)


def cut_off(request: BaseHTTPRequestHandler) -> None:
    """Announce the whole network, send half of it and hang up."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(NETWORK)))
    request.end_headers()
    request.wfile.write(NETWORK[: len(NETWORK) // 2])


def without_length(request: BaseHTTPRequestHandler) -> None:
    """Send the network, and the end of it is where the connection ends."""
    request.send_response(200)
    request.end_headers()
    request.wfile.write(NETWORK)


def too_much(request: BaseHTTPRequestHandler) -> None:
    """Send the network and then more."""
    without_length(request)
    request.wfile.write(b"more")


def absent(request: BaseHTTPRequestHandler) -> None:
    """There is no such file."""
    request.send_error(404)


def to_a_file(request: BaseHTTPRequestHandler) -> None:
    """Redirect to where no encrypted connection leads."""
    request.send_response(302)
    request.send_header("Location", "http://example.invalid/model.onnx")
    request.end_headers()


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """Serve on this machine; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/model.onnx"
        finally:
            server.shutdown()
            serving.join()


def card(address: str, digest: str | None = DIGEST, size: int | None = len(NETWORK)) -> Card:
    """A public card for the tiny network at an address."""
    assert PUBLISHED.source is not None
    source = replace(PUBLISHED.source, address=address)
    return replace(PUBLISHED, source=source, sha256=digest, bytes=size)


def left_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden or not."""
    return sorted(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("answer", [whole, without_length])
def test_a_model_that_is_what_its_card_says_can_be_loaded(answer: Answer, tmp_path: Path) -> None:
    """The card lies beside the file, and both are readable as any file is."""
    with served(answer) as address:
        path = pull(card(address), tmp_path / "models")
    assert path == tmp_path / "models" / PUBLISHED.id / f"{PUBLISHED.id}.json"
    assert Embedder.load(path).card.sha256 == DIGEST
    assert left_in(tmp_path / "models") == sorted(
        [PUBLISHED.id, f"{PUBLISHED.id}.json", PUBLISHED.file]
    )
    assert path.parent.stat().st_mode & 0o700 == 0o700


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (cut_off, "broke off"),
        (too_much, "more than .* bytes came"),
        (absent, "answers 404"),
        (to_a_file, "no https address"),
    ],
)
def test_what_does_not_come_whole_is_refused(answer: Answer, message: str, tmp_path: Path) -> None:
    """And nothing of it stays."""
    with served(answer) as address, pytest.raises(PullError, match=message):
        pull(card(address), tmp_path)
    assert left_in(tmp_path) == []


def test_another_file_than_the_cards_is_refused(tmp_path: Path) -> None:
    """Both digests are told, and the file is thrown away."""
    with served(whole) as address, pytest.raises(PullError, match=f"{DIGEST}, expected {'0' * 64}"):
        pull(card(address, digest="0" * 64), tmp_path)
    assert left_in(tmp_path) == []


def test_nobody_there_is_told_what_else_can_be_done(tmp_path: Path) -> None:
    """A machine without the internet can be given the file."""
    message = r"cannot be reached: .*refused.*--file"
    with refusing_port() as port, pytest.raises(PullError, match=message):
        pull(card(f"http://127.0.0.1:{port}/model.onnx"), tmp_path)
    assert left_in(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """The message says where there was no space; the file's first part is removed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with served(whole) as address:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(NETWORK) // 2, before[1]))
        try:
            with pytest.raises(PullError, match=f"cannot be written to {tmp_path}: File too large"):
                pull(card(address), tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert left_in(tmp_path) == []


def test_a_digest_that_nobody_states_is_asked_for(tmp_path: Path) -> None:
    """Nothing is fetched before the operator gave one or said that he trusts."""
    with pytest.raises(PullError, match=r"--sha256.*--trust-first-use"):
        pull(card("https://example.invalid/model.onnx", digest=None, size=None), tmp_path)


@pytest.mark.parametrize("demand", [Demand(sha256=DIGEST.upper()), Demand(trust=True)])
def test_a_digest_is_pinned_at_the_first_use(demand: Demand, tmp_path: Path) -> None:
    """The card that is written states it, so that a later change of the file is found."""
    with served(whole) as address:
        path = pull(card(address, digest=None, size=None), tmp_path, demand)
    assert (read_card(path).sha256, read_card(path).bytes) == (DIGEST, len(NETWORK))


def test_trust_does_not_overrule_a_digest(tmp_path: Path) -> None:
    """Where one is stated or given, it counts."""
    with served(whole) as address, pytest.raises(PullError, match="is not the file"):
        pull(card(address, digest="0" * 64), tmp_path, Demand(trust=True))
    with pytest.raises(PullError, match="states the sha256"):
        pull(card("https://example.invalid/x.onnx"), tmp_path, Demand(sha256="0" * 64))


def test_a_file_fetched_by_other_means_is_verified_too(tmp_path: Path) -> None:
    """A right one is copied, a wrong one refused, an absent one named."""
    fetched = tmp_path / "fetched.onnx"
    fetched.write_bytes(NETWORK)
    unreachable = card("https://example.invalid/model.onnx")
    pulled = pull(unreachable, tmp_path / "models", Demand(file=fetched))
    assert Embedder.load(pulled).card.sha256 == DIGEST
    fetched.write_bytes(NETWORK[:-1] + b"?")
    with pytest.raises(PullError, match="is not the file"):
        pull(unreachable, tmp_path / "others", Demand(file=fetched))
    with pytest.raises(PullError, match=r"nowhere\.onnx cannot be read"):
        pull(unreachable, tmp_path / "others", Demand(file=tmp_path / "nowhere.onnx"))
    assert left_in(tmp_path / "others") == []


def test_a_model_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """It may have been calibrated since."""
    with served(whole) as address:
        pull(card(address), tmp_path)
        with pytest.raises(PullError, match="is there already: remove it"):
            pull(card(address), tmp_path)


def test_a_network_that_the_card_misdescribes_is_not_kept(tmp_path: Path) -> None:
    """It is tried before it is put in place."""
    with served(whole) as address, pytest.raises(ModelError, match="dim 192"):
        pull(replace(card(address), dim=192), tmp_path)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("address", ["http://example.invalid/m.onnx", "file:///etc/passwd"])
def test_only_encrypted_connections_leave_this_machine(address: str, tmp_path: Path) -> None:
    """Neither plain http nor a local file by a card's address."""
    with pytest.raises(PullError, match="no https address"):
        pull(card(address), tmp_path)
