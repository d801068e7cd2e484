"""`countersign identify`: whose voice of a group recordings in files are, if anyone's."""

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
from ivr.domain.call import TenantId
from ivr.offline import Found, identify

SHOWN = 5

Answer = tuple[Path, Found | AudioFileError]


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    add_paths(command)
    command.add_argument("--group", required=True, help="the tenant's group to look in")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Search for the voice of each file, print who it is, and return the gravest status."""
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
    tenant = TenantId(chosen.tenant)
    answers: list[Answer] = []
    async with office_of(configuration, tenant) as office:
        for path in with_progress(files, "identifying"):
            file = read(path)
            if not isinstance(file, AudioFileError):
                answers.append((path, await identify(tenant, chosen.group, file, office)))
            else:
                answers.append((path, file))
    return answers


def status(answer: Found | AudioFileError) -> int:
    """Return 0 where somebody was found, 1 for none of them or a replay, 3 for no search."""
    return STATUS_CANNOT if isinstance(answer, AudioFileError) else VERDICTS[answer.verdict]


def told(path: Path, answer: Found | AudioFileError) -> str:
    """Return who it is, and the likeliest few with their LLRs."""
    if isinstance(answer, AudioFileError):
        return str(answer)
    if answer.identification is None:
        return f"{path}: {answer.verdict} {answer.reason}"
    found = answer.identification.found
    who = "none of them" if found is None else found.name
    ranked = (f"{each.name} {each.llr:+.1f}" for each in answer.identification.ranked[:SHOWN])
    threshold = f"threshold {answer.identification.threshold:+.1f}"
    return f"{path}: {who} (LLR: {', '.join(ranked)}; {threshold})"


def plain(path: Path, answer: Found | AudioFileError) -> dict[str, Any]:
    """Return plain values."""
    if isinstance(answer, AudioFileError):
        return {"file": str(path), "error": str(answer)}
    searched = answer.identification
    found, ranked = (None, ()) if searched is None else (searched.found, searched.ranked)
    return {
        "file": str(path),
        "verdict": answer.verdict,
        "reason": answer.reason,
        "llr": ranked[0].llr if ranked else None,
        "threshold": None if searched is None else searched.threshold,
        "found": None if found is None else found.name,
        "ranked": [{"account": each.name, "llr": each.llr} for each in ranked],
    }
