"""`countersign verify`: verify a person against recordings in files."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from engine.audio.files import AudioFileError
from ivr.cli.office import office_of
from ivr.cli.output import print_json
from ivr.cli.recordings import (
    STATUS_CANNOT,
    VERDICTS,
    add_paths,
    files_in,
    read,
    with_progress,
    worst,
)
from ivr.cli.settings import configuration_of
from ivr.config import Configuration
from ivr.domain.call import AccountId, TenantId
from ivr.domain.verification import Verification
from ivr.offline import verify

Answer = tuple[Path, Verification | AudioFileError]


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    add_paths(command)
    command.add_argument("--account", required=True, help="whom each file claims to be")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Verify each file by itself, print the verdicts, and return the gravest status."""
    configuration = configuration_of(chosen, asterisk=False)
    answers = asyncio.run(_run(chosen, files_in(chosen.paths), configuration))
    if chosen.json:
        print_json([plain(*answer) for answer in answers])
    else:
        print("\n".join(told(*answer) for answer in answers))
    return worst(status(answer) for _, answer in answers)


async def _run(
    chosen: argparse.Namespace, files: list[Path], configuration: Configuration
) -> list[Answer]:
    tenant, account = TenantId(chosen.tenant), AccountId(chosen.account)
    answers: list[Answer] = []
    async with office_of(configuration, tenant) as office:
        for path in with_progress(files, "verifying"):
            file = read(path)
            if not isinstance(file, AudioFileError):
                answers.append((path, await verify(tenant, account, file, office)))
            else:
                answers.append((path, file))
    return answers


def status(answer: Verification | AudioFileError) -> int:
    """Return the exit status for one file."""
    return STATUS_CANNOT if isinstance(answer, AudioFileError) else VERDICTS[answer.verdict]


def told(path: Path, answer: Verification | AudioFileError) -> str:
    """Return one line for people."""
    if isinstance(answer, AudioFileError):
        return str(answer)
    llr = "" if answer.llr is None else f" (LLR {answer.llr:+.1f}, confidence {answer.confidence})"
    repeats = [f"({each.replay_how})" for each in answer.attempts if each.replay_how]
    words = [f"{path}: {answer.verdict} {answer.reason}{llr}", answer.explanation, *repeats]
    return " ".join(filter(None, words))


def plain(path: Path, answer: Verification | AudioFileError) -> dict[str, Any]:
    """Return plain values."""
    if isinstance(answer, AudioFileError):
        return {"file": str(path), "error": str(answer)}
    return {
        "file": str(path),
        "id": str(answer.opening.id),
        "verdict": answer.verdict,
        "reason": answer.reason,
        "llr": answer.llr,
        "threshold": answer.threshold,
        "confidence": answer.confidence,
        "explanation": answer.explanation,
        "phrase": [each.phrase for each in answer.attempts],
        "replay": [each.replay for each in answer.attempts],
        "replay_shift_s": [each.replay_shift_s for each in answer.attempts],
        "replay_how": [each.replay_how for each in answer.attempts],
        "net_speech_s": [each.quality and each.quality.net_speech_s for each in answer.attempts],
    }
