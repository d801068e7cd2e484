"""What the commands on files share: which files, how far, what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from engine.audio.files import AudioFile, AudioFileError, read_audio
from engine.types import Verdict

SUFFIXES = (".wav", ".flac", ".opus", ".ogg", ".ulaw", ".mulaw", ".alaw")
"""What is taken from a folder; a file that is named is read whatever it is called."""

STATUS_YES, STATUS_NO, STATUS_CANNOT, STATUS_UNDECIDED = 0, 1, 2, 3
STATUSES = "0 yes (accepted, enrolled, found), 1 no, 2 cannot be done, 3 undecided"

VERDICTS = {
    Verdict.ACCEPT: STATUS_YES,
    Verdict.REJECT: STATUS_NO,
    Verdict.INCONCLUSIVE: STATUS_UNDECIDED,
}

_GRAVITY = (STATUS_YES, STATUS_UNDECIDED, STATUS_NO, STATUS_CANNOT)


def add_paths(command: argparse.ArgumentParser) -> None:
    """Add the files, and what every command on files takes."""
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of files"
    )
    add_common(command)


def add_common(command: argparse.ArgumentParser) -> None:
    """Add what every command on files takes besides them."""
    command.add_argument("--tenant", default="default", help="whose customer it is (default)")
    command.add_argument("--json", action="store_true", help="print JSON for programs")
    command.epilog = f"Exit status: {STATUSES}."


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files, those of folders in the order of their names.

    `AudioFileError` where a folder holds no file of an audio suffix.
    """
    return [file for path in paths for file in (_below(path) if path.is_dir() else [path])]


def with_progress(files: Sequence[Path], doing: str) -> Iterator[Path]:
    """Go through the files, with a bar on a terminal where there are several."""
    quiet = True if len(files) < 2 else None
    yield from tqdm(files, desc=doing, unit="file", disable=quiet, leave=False)


def read(file: Path) -> AudioFile | AudioFileError:
    """Read a file, or return why it cannot be: the others are gone on with."""
    try:
        return read_audio(file, str(file))
    except AudioFileError as error:
        return error


def worst(statuses: Iterable[int]) -> int:
    """Return the gravest exit status: what cannot be done, then no, then undecided."""
    return max(statuses, key=_GRAVITY.index, default=STATUS_CANNOT)


def _below(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    files = [path for path in found if path.is_file()]
    if not files:
        raise AudioFileError(
            str(folder),
            "the folder holds no audio file",
            f"taken from it are {', '.join(SUFFIXES)}",
        )
    return files
