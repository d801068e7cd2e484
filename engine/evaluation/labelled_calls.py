"""A customer's own calls whose speakers are known: where they lie, and what is heard in them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.audio import Segment, measure, speech_in, to_float, upsample
from engine.audio.files import read_audio
from engine.decision.policy import QualityLimits, shortcoming
from engine.decision.trials import CallTakes
from engine.evaluation.recordings import CorpusError
from engine.types import TELEPHONE_RATE_HZ, Pcm, Utterance, Voiceprint
from engine.voice.embedder import Embedder

_COLUMNS = ("speaker", "call", "file")
PIECE_S = 2.5
"""Net speech from which on a piece of a call is long enough: a passphrase has two to three."""
PAUSE_S = 1.0
"""A pause of that length ends a piece."""
MOST_PIECES = 6
_MARGIN_S = 0.2


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """One call of a known speaker."""

    speaker: str
    name: str
    files: tuple[Path, ...]
    """In the order in which they were recorded."""


def labelled_calls(source: Path) -> list[LabelledCall]:
    """List the calls of a folder (one subfolder per speaker, one file per call), or of a table.

    A table is tab-separated with the columns `speaker`, `call` and `file`, files relative to it;
    several files of one call are joined. `CorpusError` where there is nothing or it is broken.
    """
    found = list(_of_folder(source) if source.is_dir() else _of_table(source))
    if not found:
        raise CorpusError(
            f"no calls in {source}: give a folder with one subfolder per speaker and one file per "
            f"call, or a table with the columns {', '.join(_COLUMNS)}"
        )
    return found


def takes_of(call: LabelledCall, speaker: int, embedder: Embedder) -> CallTakes:
    """Hear a call: pieces of a passphrase's length that are fit to use, named `1`, `2`, ...

    `AudioFileError` where a file is no audio.
    """
    limits = QualityLimits()
    takes: dict[str, Voiceprint] = {}
    for pcm in (read_audio(file, str(file)).telephone for file in call.files):
        for piece, segments in pieces(pcm):
            quality = measure(piece, segments)
            if shortcoming(quality, limits) is None and len(takes) < MOST_PIECES:
                voice = embedder.embed(Utterance(upsample(to_float(piece))))
                takes[str(len(takes) + 1)] = Voiceprint(voice, quality)
    return CallTakes(speaker, takes)


def pieces(pcm: Pcm) -> Iterator[tuple[Pcm, Sequence[Segment]]]:
    """Cut int16 `[n]` at 8 kHz into pieces, and say where in each there is speech."""
    collected: list[Segment] = []
    for segment in speech_in(pcm):
        if collected and segment.start - collected[-1].end > PAUSE_S * TELEPHONE_RATE_HZ:
            yield _piece(pcm, collected)
            collected = []
        collected.append(segment)
        if sum(map(len, collected)) >= PIECE_S * TELEPHONE_RATE_HZ:
            yield _piece(pcm, collected)
            collected = []
    if collected:
        yield _piece(pcm, collected)


def _piece(pcm: Pcm, segments: list[Segment]) -> tuple[Pcm, Sequence[Segment]]:
    margin = int(_MARGIN_S * TELEPHONE_RATE_HZ)
    start = max(0, segments[0].start - margin)
    cut = pcm[start : segments[-1].end + margin]
    return cut, [Segment(each.start - start, min(each.end - start, len(cut))) for each in segments]


def _of_folder(folder: Path) -> Iterator[LabelledCall]:
    for speaker in sorted(each for each in folder.iterdir() if each.is_dir()):
        for file in sorted(each for each in speaker.iterdir() if each.is_file()):
            if not file.name.startswith("."):
                yield LabelledCall(speaker.name, file.name, (file,))


def _of_table(table: Path) -> Iterator[LabelledCall]:
    calls: dict[tuple[str, str], list[Path]] = defaultdict(list)
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, delimiter="\t")
            missing = set(_COLUMNS) - set(reader.fieldnames or ())
            if missing:
                raise CorpusError(f"{table} lacks the columns {', '.join(sorted(missing))}")
            for line in reader:
                speaker, call, file = (line[name] for name in _COLUMNS)
                if not (speaker and call and file):
                    raise CorpusError(f"{table}, line {reader.line_num} has an empty field")
                calls[speaker, call].append(table.parent / file)
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"the table {table} cannot be read: {error}") from error
    for (speaker, call), files in calls.items():
        yield LabelledCall(speaker, call, tuple(files))
