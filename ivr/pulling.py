"""Pulls a public voice model: fetches its file, verifies and tries it, then puts it in place."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from tqdm import tqdm

from engine.voice.card import Card, write_card
from engine.voice.embedder import Embedder

LARGEST_BYTES = 1 << 30
"""More is no voice model, whatever a server sends."""
PATIENCE_S = 30.0
"""A server that is silent for so long is given up."""
_PIECE_BYTES = 1 << 16
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class PullError(Exception):
    """A voice model cannot be pulled; the message says why, and nothing was kept of it."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What the operator knows of the file that the card does not say."""

    sha256: str | None = None
    """The digest that the file must have."""
    trust: bool = False
    """Take what comes, where no digest is known, and pin it."""
    file: Path | None = None
    """The file itself, fetched by other means; None to fetch it from the card's address."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    bytes: int
    sha256: str


def pull(card: Card, folder: Path, demand: Demand | None = None) -> Path:
    """Put the model into `folder` as `ID/ID.json` with its file beside it; return the card's path.

    The whole of it appears at once, or nothing does: it is verified and tried in a folder of its
    own. `PullError` where it cannot be fetched, is not the file of the card, or is there already;
    `ModelError` where it does not work as the card says.
    """
    demand = demand or Demand()
    wanted = _digest(card, demand)
    target = folder / card.id
    if target.exists():
        raise PullError(f"{target} is there already: remove it to pull {card.id} again")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".pulling-", dir=folder) as place:
            made = Path(place, card.id)
            made.mkdir()
            fetched = _fetch(card, made / card.file, demand.file)
            _verify(card, fetched, wanted)
            pinned = replace(card, sha256=fetched.sha256, bytes=fetched.bytes)
            write_card(pinned, made / f"{card.id}.json")
            Embedder.load(made / f"{card.id}.json")
            made.rename(target)
    except OSError as error:
        raise PullError(
            f"{card.id} cannot be written to {folder.absolute()}: {error.strerror or error}"
        ) from error
    return target / f"{card.id}.json"


def _digest(card: Card, demand: Demand) -> str | None:
    """The digest that the file must have, or None where any is trusted; `PullError`."""
    given = demand.sha256.lower() if demand.sha256 else None
    if card.sha256 and given and given != card.sha256:
        raise PullError(f"the card of {card.id} states the sha256 {card.sha256}, not {given}")
    wanted = card.sha256 or given
    if wanted is None and not demand.trust:
        raise PullError(
            f"nobody states the sha256 of {card.id}: give it with --sha256, or take what comes "
            "and pin it with --trust-first-use"
        )
    return wanted


def _fetch(card: Card, file: Path, local: Path | None) -> _Fetched:
    """Write the file piece by piece; `PullError` where it breaks off or is too long."""
    digest, size = sha256(), 0
    with _opened(card, local) as (source, promised), file.open("wb") as out:
        expected = card.bytes or promised
        with tqdm(total=expected, desc=card.id, unit="B", unit_scale=True, disable=None) as bar:
            for piece in _pieces(source):
                size += len(piece)
                if size > (expected or LARGEST_BYTES):
                    raise PullError(f"{card.id}: more than {size} bytes came than belong to it")
                digest.update(piece)
                out.write(piece)
                bar.update(len(piece))
    if expected and size < expected:
        raise PullError(f"{card.id} broke off after {size} of {expected} bytes: pull it again")
    return _Fetched(size, digest.hexdigest())


def _verify(card: Card, fetched: _Fetched, wanted: str | None) -> None:
    if wanted is not None and fetched.sha256 != wanted:
        raise PullError(
            f"what came is not the file of {card.id}: {fetched.bytes} bytes with sha256 "
            f"{fetched.sha256}, expected {wanted}; it was thrown away. Do not take it unless you "
            "know why its publisher changed it"
        )


@contextmanager
def _opened(card: Card, local: Path | None) -> Iterator[tuple[IO[bytes], int | None]]:
    """Open the file where it is, with its length where that is known; `PullError`."""
    if local is not None:
        try:
            source = local.open("rb")
        except OSError as error:
            raise PullError(f"{local} cannot be read: {error.strerror}") from error
        with source:
            yield source, local.stat().st_size
        return
    if card.source is None:
        raise PullError(f"{card.id} is this project's own: it has no address to be pulled from")
    with closing(_requested(card.source.address)) as answer:
        promised = answer.headers.get("Content-Length", "")
        yield answer, int(promised) if promised.isdecimal() else None


def _requested(address: str) -> http.client.HTTPResponse:
    _check_safe(address)
    opener = urllib.request.build_opener(_SafeRedirects)
    request = urllib.request.Request(address, headers={"User-Agent": "countersign"})
    try:
        answer: http.client.HTTPResponse = opener.open(request, timeout=PATIENCE_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise PullError(
            f"{address} answers {error.code} {error.reason}: look it up anew"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise PullError(
            f"{address} cannot be reached: {reason}; fetch the file by other means and give it "
            "with --file"
        ) from error
    return answer


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    """Read to the end; an error of the network is told apart from one of the disk."""
    while True:
        try:
            piece = source.read(_PIECE_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise PullError(f"the connection broke off: {error}; pull it again") from error
        if not piece:
            return
        yield piece


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but to nowhere that the first address could not have been."""

    def redirect_request(  # the signature is urllib's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_safe(address: str) -> None:
    """Raise `PullError` unless the connection is encrypted or stays on this machine."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
        return
    raise PullError(f"{address} is no https address: nothing is fetched from there")
