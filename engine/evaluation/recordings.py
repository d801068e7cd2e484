"""What a corpus holds: its manifest, read into values."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from engine.errors import EngineError

MANIFEST = "manifest.tsv"


class CorpusError(EngineError):
    """A corpus, a trial list or one of their files is absent or broken (the operator's to mend)."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of the manifest: who says what, in which call, and where the audio lies."""

    split: str
    corpus: str
    speaker: str
    session: str
    """The call, within the speaker."""
    language: str
    prompt: str
    text: str
    phone: str
    """Kind of telephone; empty where it is not known."""
    shard: str
    """Tar file beside the manifest."""
    member: str
    """Name inside that tar."""
    seconds: float

    @property
    def call(self) -> tuple[str, str]:
        """The call this belongs to, over the whole corpus."""
        return self.speaker, self.session


def read_manifest(corpus: Path, split: str | None = None) -> list[Recording]:
    """Read the manifest of a corpus, or one split of it, in its own order.

    `CorpusError` where it is absent, a column is missing, or a line is broken.
    """
    path = corpus / MANIFEST
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            found = list(_recordings(lines, path))
    except FileNotFoundError as error:
        raise CorpusError(f"no {MANIFEST} in {corpus}: name the folder of the corpus") from error
    return [each for each in found if split in (None, each.split)]


def _recordings(lines: Iterator[str], path: Path) -> Iterator[Recording]:
    reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    names = [field.name for field in fields(Recording)]
    missing = set(names) - set(reader.fieldnames or ())
    if missing:
        raise CorpusError(f"{path} lacks the columns {', '.join(sorted(missing))}")
    for line in reader:
        yield _recording({name: line[name] for name in names}, path, reader.line_num)


def _recording(line: dict[str, str | None], path: Path, number: int) -> Recording:
    """One line; `CorpusError` where a field is missing or `seconds` is no number."""
    texts = {name: value for name, value in line.items() if value is not None}
    try:
        return Recording(**{**texts, "seconds": float(texts["seconds"])})  # type: ignore[arg-type]  # the columns are the fields
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"{path}, line {number} is broken: {error}") from error
