"""Verdicts that wait for PostgreSQL, one file each: written whole or not at all, first one wins."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from engine.types import Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.verification import Attempt, Verification, VerificationId
from ivr.storage.keys.sealing import SealBrokenError, seal, unseal

STALE_S = 60.0
"""A draft this old belongs to a writer that died: writing one takes milliseconds."""

SUFFIX = ".sealed"
ASIDE = ".undeliverable"
ASIDE_KEPT_S = 30 * 86_400.0
"""Who has not looked at a letter by then has been told of it often: it names a person."""

_LETTER_OCTETS = 8192
"""As much as a long verdict takes: a full disk has room for an empty file, still."""


class CorruptLetterError(Exception):
    """A file of the outbox does not hold a verification."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of the letters when a person was taken out of them."""

    letters: int
    """How many named the person, and do no longer."""
    unreadable: tuple[Path, ...]
    """Those that cannot be opened, as they were: they may name anybody."""


class LetterBox:
    """A folder of verdicts, `<verification id>.sealed`, mode 0600; several processes may share it.

    A letter holds the account that was claimed: each is sealed with `key`, 32 octets, for its name.
    Methods block for the disk and raise `OSError`. A `Verification` has no audio or embedding.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def prepare(self, now_s: float) -> None:
        """Make the folder if need be, try it, and clear the drafts of writers that died.

        `now_s` is the time of day in seconds since 1970, to tell old drafts from those of others.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.attempt()
        self._clear(".*.draft", now_s - STALE_S)

    def clear_aside(self, now_s: float) -> None:
        """Delete what was set aside 30 days ago or earlier."""
        self._clear(f"*{ASIDE}", now_s - ASIDE_KEPT_S)

    def _clear(self, pattern: str, before_s: float) -> None:
        for path in self._folder.glob(pattern):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before_s:
                    path.unlink()

    def attempt(self) -> None:
        """Find out now, not in the first outage, whether a letter could be kept here."""
        draft = self._folder / f".{uuid4()}.draft"
        published = draft.with_suffix(".tried")
        try:
            _write(draft, bytes(_LETTER_OCTETS))
            published.hardlink_to(draft)
            _sync_folder(self._folder)
        finally:
            published.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)

    def put(self, verification: Verification) -> Verification:
        """Keep the verdict, on disk when this returns, and return the one that is kept.

        That is an earlier one where there is one: the first verdict of a call stands.
        """
        draft = self._folder / f".{uuid4()}.draft"
        try:
            _write(draft, self._sealed(verification))
            return self._publish(draft, verification)
        finally:
            draft.unlink(missing_ok=True)

    def _publish(self, draft: Path, verification: Verification) -> Verification:
        final = self._path(verification.opening.id)
        try:
            final.hardlink_to(draft)
        except FileExistsError:
            return self.get(verification.opening.id) or verification
        _sync_folder(self._folder)
        return verification

    def get(self, verification: VerificationId) -> Verification | None:
        """Return the verdict that waits for this verification, or None; `CorruptLetterError`.

        It is always INCONCLUSIVE: no file can make an ACCEPT.
        """
        return self._read(self._path(verification), verification)

    def _read(self, path: Path, verification: VerificationId) -> Verification | None:
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            letter = decode(unseal(self._key, sealed, *_place(verification)))
        except SealBrokenError:
            raise CorruptLetterError("not sealed here") from None
        if letter.opening.id != verification:
            raise CorruptLetterError("another verification than its name says")
        if letter.verdict is not Verdict.INCONCLUSIVE:
            raise CorruptLetterError("a verdict that never waits")
        return letter

    def remove(self, verification: VerificationId) -> None:
        """Forget a verdict that is stored now; no matter if somebody else did."""
        self._path(verification).unlink(missing_ok=True)

    def forget(self, tenant: TenantId, account: AccountId) -> Forgotten:
        """Take a person out of the letters that wait, and of those that were set aside.

        The verdict stays in each.
        """
        letters, unreadable = 0, []
        # One that is set aside meanwhile is met again there.
        for path, verification in chain(self._letters(SUFFIX), self._letters(ASIDE)):
            try:
                letter = self._read(path, verification)
            except (CorruptLetterError, OSError):
                unreadable.append(path)
                continue
            if letter is not None and _claims(letter, tenant, account):
                self._replace(path, replace(letter, claim=None, profile=None, fingerprints=()))
                letters += 1
        return Forgotten(letters, tuple(unreadable))

    def _replace(self, path: Path, verification: Verification) -> None:
        draft = self._folder / f".{uuid4()}.draft"
        try:
            _write(draft, self._sealed(verification))
            draft.replace(path)
            _sync_folder(self._folder)
        finally:
            draft.unlink(missing_ok=True)

    def _sealed(self, verification: Verification) -> bytes:
        return seal(self._key, encode(verification), *_place(verification.opening.id))

    def set_aside(self, verification: VerificationId) -> str | None:
        """Rename a letter that cannot be delivered, and return its new name for the log."""
        path = self._path(verification)
        aside = path.with_suffix(ASIDE)
        try:
            path.rename(aside)
            os.utime(aside)
        except FileNotFoundError:
            return None
        return aside.name

    def depth(self) -> tuple[int, int]:
        """Return how many verdicts wait, and how many were set aside."""
        names = [path.suffix for path in self._folder.iterdir()]
        return names.count(SUFFIX), names.count(ASIDE)

    def waiting(self) -> Iterator[VerificationId]:
        """Yield the ids of the verdicts that wait, in no order; other files are ignored."""
        for _, verification in self._letters(SUFFIX):
            yield verification

    def _letters(self, suffix: str) -> Iterator[tuple[Path, VerificationId]]:
        """Yield the letters that end so; none where there is no folder yet."""
        try:
            paths = list(self._folder.iterdir())
        except FileNotFoundError:
            return
        for path in paths:
            with suppress(ValueError):
                if path.suffix == suffix:
                    yield path, VerificationId(UUID(path.stem))

    def _path(self, verification: VerificationId) -> Path:
        return self._folder / f"{verification}{SUFFIX}"


def _place(verification: VerificationId) -> tuple[str, ...]:
    return ("a verdict that waits", str(verification))


def _claims(verification: Verification, tenant: TenantId, account: AccountId) -> bool:
    claim = verification.claim
    return claim is not None and (claim.tenant, claim.account) == (tenant, account)


def encode(verification: Verification) -> bytes:
    """Return the verification as JSON, with None for numbers that JSON cannot hold."""
    attempts = tuple(_finite(attempt) for attempt in verification.attempts)
    return msgspec.json.encode(replace(verification, attempts=attempts))


def _finite(attempt: Attempt) -> Attempt:
    quality = attempt.quality
    if quality is None or all(
        math.isfinite(number)
        for number in (quality.net_speech_s, quality.snr_db, quality.level_dbfs, quality.clipped)
    ):
        return attempt
    return replace(attempt, quality=None)


def decode(octets: bytes) -> Verification:
    """Return the verification that `encode` wrote; `CorruptLetterError`, without quoting it."""
    try:
        return msgspec.json.decode(octets, type=Verification)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise CorruptLetterError("not a verification") from None


def _write(path: Path, octets: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
