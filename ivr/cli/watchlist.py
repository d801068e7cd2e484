"""`countersign watchlist`: voices to warn of; who they are, nobody here knows."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from engine.audio.files import AudioFileError
from engine.types import Reason, Voiceprint
from ivr.cli.administration import Desk, entry, everything, list_name, run, with_reason
from ivr.cli.office import furnished
from ivr.cli.output import print_json
from ivr.cli.recordings import (
    STATUS_CANNOT,
    STATUS_UNDECIDED,
    STATUS_YES,
    add_paths,
    files_in,
    read,
    with_progress,
)
from ivr.cli.settings import configuration_of
from ivr.config import Configuration
from ivr.domain.call import TenantId
from ivr.domain.enrollment import EnrollmentReason
from ivr.logs import configure_log
from ivr.offline import Office, Watchable, of_one_person, voiceprint
from ivr.storage import FIRST, Listed, Watchlists

Heard = tuple[Path, Watchable]
"""A file, and its voice or why it is of no use."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What became of the files of one suspect."""

    suspect: UUID | None
    """None where no file could be used: nothing was written."""
    files: Sequence[Heard]

    @property
    def voices(self) -> list[Voiceprint]:
        """What the suspect is known by."""
        return [found for _, found in self.files if isinstance(found, Voiceprint)]


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the voices of all watchlists, one a line")
    listing.add_argument("--json", action="store_true", help="print JSON for programs")
    listing.set_defaults(run=run, action=_list)
    adding = actions.add_parser("add", help="watch for the voice that some recordings hold")
    adding.add_argument("watchlist", type=list_name, metavar="NAME", help="made if need be")
    add_paths(adding)
    with_reason(adding).set_defaults(run=run_add)
    removing = actions.add_parser("remove", help="forget a voice")
    removing.add_argument("suspect", type=UUID, metavar="ID", help="as `add` and `list` print it")
    with_reason(removing).set_defaults(run=run, action=_remove)
    for action in (listing, removing):
        action.add_argument("--tenant", default="default", help="whose watchlist it is (default)")


def run_add(chosen: argparse.Namespace) -> int:
    """Add one voice, print what became of each file, and return the exit status."""
    configure_log("console", "error")
    configuration = configuration_of(chosen, asterisk=False)
    watched = asyncio.run(_add(chosen, files_in(chosen.paths), configuration))
    if chosen.json:
        print_json(plain(watched))
    else:
        print(told(watched))
    return status(watched)


async def _add(
    chosen: argparse.Namespace, files: list[Path], configuration: Configuration
) -> Watched:
    tenant = TenantId(chosen.tenant)
    async with furnished(configuration) as parts:
        found = [
            await _heard(tenant, file, parts.office) for file in with_progress(files, "listening")
        ]
        heard = list(zip(files, of_one_person(found, parts.office.voice), strict=True))
        watched = Watched(None, heard)
        if not watched.voices:
            return watched
        add = Watchlists(parts.database, parts.keyring).add_suspect
        suspect = await add(tenant, chosen.watchlist, watched.voices, **entry(chosen))
    return Watched(suspect, heard)


async def _heard(
    tenant: TenantId, path: Path, office: Office
) -> Voiceprint | Reason | AudioFileError:
    file = await asyncio.to_thread(read, path)
    return file if isinstance(file, AudioFileError) else await voiceprint(tenant, file, office)


def status(watched: Watched) -> int:
    """Return 0 where a voice was added; else 2 where a file cannot be read, or 3."""
    if watched.suspect is not None:
        return STATUS_YES
    unread = any(isinstance(found, AudioFileError) for _, found in watched.files)
    return STATUS_CANNOT if unread else STATUS_UNDECIDED


def told(watched: Watched) -> str:
    """Return a line for each file, and the suspect's id."""
    voices = watched.voices
    speech_s = sum(each.quality.net_speech_s for each in voices)
    end = f"{watched.suspect} is watched for: {len(voices)} recordings, {speech_s:.1f} s of speech"
    if watched.suspect is None:
        end = "nobody is watched for: no recording can be used"
    return "\n".join([*(_line(*each) for each in watched.files), end])


def plain(watched: Watched) -> dict[str, Any]:
    """Return plain values."""
    return {
        "id": None if watched.suspect is None else str(watched.suspect),
        "recordings": len(watched.voices),
        "files": [
            {
                "file": str(path),
                "used": isinstance(found, Voiceprint),
                "why": found if isinstance(found, Reason | EnrollmentReason) else None,
                "error": str(found) if isinstance(found, AudioFileError) else None,
            }
            for path, found in watched.files
        ],
    }


def _line(path: Path, found: Watchable) -> str:
    match found:
        case Voiceprint():
            return f"used      {path}"
        case Reason() | EnrollmentReason():
            return f"not used  {path}: {found}"
        case AudioFileError():
            return f"not used  {found}"


async def _list(desk: Desk, chosen: argparse.Namespace) -> int:
    page = partial(desk.browsing.suspects, TenantId(chosen.tenant))
    found: list[Listed] = await everything(page, FIRST, attrgetter("id"))
    found.sort(key=attrgetter("watchlist", "created_at"))
    if chosen.json:
        print_json([msgspec.to_builtins(each) for each in found])
        return 0
    for each in found:
        print(f"{each.id}  {each.created_at:%Y-%m-%d %H:%M %Z}  {each.watchlist}")
    return 0


async def _remove(desk: Desk, chosen: argparse.Namespace) -> int:
    remove = (await desk.watchlists()).remove_suspect
    if await remove(TenantId(chosen.tenant), chosen.suspect, **entry(chosen)):
        return 0
    print(f"no watchlist of tenant {chosen.tenant!r} has {chosen.suspect}")
    return 1
