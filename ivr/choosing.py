"""Writes into the configuration file which voice model the service loads."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from ivr.config import ConfigurationError

_HEADER = re.compile(r"^\[voice\][ \t]*(#.*)?$", re.MULTILINE)
_NEXT_HEADER = re.compile(r"^\[", re.MULTILINE)
_MODEL = re.compile(r"^[ \t]*model[ \t]*=.*$", re.MULTILINE)


def choose(file: Path, model: str) -> None:
    """Set `voice.model` in a TOML file and nothing else; the file is replaced in one step.

    `ConfigurationError` where it cannot be read, is written in a way that is not understood, or
    cannot be replaced; then it is as it was.
    """
    file = file.resolve()
    try:
        text = file.read_text(encoding="utf-8")
        changed = with_model(text, model)
        if changed != text:
            _replace(file, changed)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("--config", str(file), f"cannot be changed: {error}") from error


def with_model(text: str, model: str) -> str:
    """Return TOML with `voice.model` set, every other line and key as it was.

    Each way of changing the text is read back, and taken only if it says what it should.
    `ConfigurationError` where none does, `TOMLDecodeError` where the text is no TOML.
    """
    wanted = tomllib.loads(text)
    if isinstance(wanted.setdefault("voice", {}), dict):
        wanted["voice"]["model"] = model
        for changed in _ways(text, f"model = {json.dumps(model, ensure_ascii=False)}"):
            if _says(changed, wanted):
                return changed
    raise ConfigurationError(
        "voice.model", model, "cannot be written into this file: set it by hand"
    )


def _ways(text: str, line: str) -> Iterator[str]:
    header = _HEADER.search(text)
    if header is None:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        yield f"{text}{gap}[voice]\n{line}\n"
        return
    end = _NEXT_HEADER.search(text, header.end())
    begin, stop = header.end(), end.start() if end else len(text)
    section = text[begin:stop]
    yield text[:begin] + _MODEL.sub(lambda _: line, section, count=1) + text[stop:]
    yield f"{text[:begin]}\n{line}{text[begin:]}"


def _says(text: str, wanted: object) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _replace(file: Path, text: str) -> None:
    """Write beside the file, with its owner and permissions, and rename; `OSError`."""
    status = file.stat()
    with NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as beside:
        try:
            beside.write(text)
            beside.flush()
            os.fsync(beside.fileno())
            os.chown(beside.name, status.st_uid, status.st_gid)
            shutil.copymode(file, beside.name)
            os.replace(beside.name, file)
        except BaseException:
            os.unlink(beside.name)
            raise
