"""What is held on a person, written to a folder that only this user can read."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import msgspec

from engine.types import TELEPHONE_RATE_HZ, Pcm
from ivr.config import ConfigurationError
from ivr.storage import Holding

RECORD = "held.json"


def write_holding(folder: Path, held: Holding) -> None:
    """Write `held.json`, and each recording as `<id>.wav`: 8 kHz, mono, 16 bits.

    `ConfigurationError` for a folder that cannot be made or is not empty.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise ConfigurationError("folder", str(folder), "must be new or empty")
        folder.chmod(0o700)
        record = msgspec.json.format(msgspec.json.encode(held.record))
        _private(folder / RECORD).write_bytes(record)
        for recording, pcm in held.audio:
            _write_wav(_private(folder / f"{recording}.wav"), pcm)
    except OSError as error:
        raise ConfigurationError(
            "folder", str(folder), f"cannot be written to: {error.strerror}"
        ) from error


def _private(path: Path) -> Path:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    return path


def _write_wav(path: Path, pcm: Pcm) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(TELEPHONE_RATE_HZ)
        file.writeframes(pcm.astype("<i2").tobytes())
