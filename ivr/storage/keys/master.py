"""The master key: 32 random octets outside the database that wrap every key inside it."""

from __future__ import annotations

import base64
import binascii
import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.storage.errors import MasterKeyError
from ivr.storage.keys.sealing import KEY_OCTETS, derive, new_key, seal, unseal

COMMAND_TIMEOUT_S = 30.0
_HOW = (
    "it holds 32 random bytes in base64, one key a line and the current one first; "
    "`openssl rand -base64 32` makes one"
)


@dataclass(frozen=True, slots=True, repr=False)
class MasterKeys:
    """The current master key, and earlier ones that may still be needed to unwrap."""

    keys: tuple[bytes, ...]
    """The current one first, 32 octets each."""

    @property
    def current(self) -> str:
        """Id of the key that wraps."""
        return key_id(self.keys[0])

    def wrap(self, plain: bytes, *where: str) -> bytes:
        """Wrap a key with the current master key, for one place."""
        return seal(self.keys[0], plain, *where)

    def unwrap(self, master: str, wrapped: bytes, *where: str) -> bytes:
        """Unwrap a key that the master key of this id wrapped.

        `MasterKeyError` where that is not among ours; `SealBrokenError` where the key is altered.
        """
        for key in self.keys:
            if key_id(key) == master:
                return unseal(key, wrapped, *where)
        known = ", ".join(key_id(key) for key in self.keys)
        raise MasterKeyError(
            f"the database's keys are wrapped by master key {master}, and keys.master_file or "
            f"keys.master_command gives {known}; put the missing key on a further line"
        )


def key_id(key: bytes) -> str:
    """Return what a master key is called, 16 hexadecimal digits that tell nothing of it."""
    return derive(key, "countersign", "master key id").hex()[:16]


def master_from_file(path: Path) -> MasterKeys:
    """Read the master keys of a file; `MasterKeyError` says what is wrong, without quoting it."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) else "not base64"
        raise MasterKeyError(
            f"the master key file {path} cannot be used ({found}); {_HOW}"
        ) from None
    return _parsed(text, f"the key file {path}")


def master_from_command(command: str) -> MasterKeys:
    """Read the master keys that a command prints; it is run without a shell, for 30 s at most."""
    words = shlex.split(command)
    try:
        done = subprocess.run(words, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=True)
        text = done.stdout.decode("ascii")
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise MasterKeyError(
            f"keys.master_command ({words[0]}) gives no key ({type(error).__name__}); run it by "
            "hand as this user to see why"
        ) from None
    return _parsed(text, "what keys.master_command prints")


def make_master_file(path: Path) -> MasterKeys:
    """Return the master keys of a file, made with mode 0600 and a new key where there is none."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if path.exists():
        return master_from_file(path)
    try:
        _write_private(draft, base64.b64encode(new_key()) + b"\n")
        # A link, not a rename: of two who make it at once, the first one's key stands.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    except OSError as error:
        raise MasterKeyError(
            f"no master key can be made at {path}: {error.strerror}; mend the folder's owner and "
            "mode, or set keys.master_file"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return master_from_file(path)


def _write_private(path: Path, octets: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def _parsed(text: str, source: str) -> MasterKeys:
    keys = _decoded([line.strip() for line in text.splitlines() if line.strip()])
    if not keys or any(len(key) != KEY_OCTETS for key in keys):
        raise MasterKeyError(f"{source} cannot be used; {_HOW}")
    return MasterKeys(keys)


def _decoded(lines: Sequence[str]) -> tuple[bytes, ...]:
    try:
        return tuple(base64.b64decode(line, validate=True) for line in lines)
    except binascii.Error:
        return ()
