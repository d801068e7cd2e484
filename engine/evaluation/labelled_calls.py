"""A customer's own calls whose speakers are known: where they lie, and what is heard in them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.audio import Segment, measure, speech_in, to_float, upsample
from engine.audio.files import read_audio
from engine.decision.known_words import KnownWords, spoken
from engine.decision.policy import QualityLimits, shortcoming
from engine.decision.trials import CallTakes
from engine.evaluation.recordings import CorpusError
from engine.types import TELEPHONE_RATE_HZ, Pcm, PhraseId, Utterance, Voiceprint
from engine.voice.embedder import Embedder

_COLUMNS = ("speaker", "call", "file")
_TEXT = "text"
SAID = "said: "
"""What the takes of a known text are called, with the text behind it."""
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
    texts: tuple[str, ...] = ()
    """What each file says, as `spoken`, empty where that is not known; or none at all."""


def labelled_calls(source: Path) -> list[LabelledCall]:
    """List the calls of a folder (one subfolder per speaker, one file per call), or of a table.

    A table is tab-separated with the columns `speaker`, `call` and `file`, files relative to it;
    several files of one call belong together. It may have a column `text`: what the file says,
    words of US English. `CorpusError` where there is nothing or it is broken.
    """
    found = list(_of_folder(source) if source.is_dir() else _of_table(source))
    if not found:
        raise CorpusError(
            f"no calls in {source}: give a folder with one subfolder per speaker and one file per "
            f"call, or a table with the columns {', '.join(_COLUMNS)}"
        )
    return found


def known_words(calls: Sequence[LabelledCall]) -> KnownWords | None:
    """Return what knows the texts of calls; None where they have none, `RecogniserError`."""
    texts = {text for call in calls for text in call.texts if text}
    return KnownWords(texts) if texts else None


def takes_of(
    call: LabelledCall, speaker: int, embedder: Embedder, known: KnownWords | None = None
) -> CallTakes:
    """Hear a call: pieces of a passphrase's length that are fit to use, named `1`, `2`, ...

    And, where the text of a file is `known` and recognised, all of it with its parts, the first
    such take of each text. `AudioFileError` where a file is no audio.
    """
    takes: dict[str, Voiceprint] = {}
    whole: dict[str, Voiceprint] = {}
    for file, text in zip(call.files, call.texts or ("",) * len(call.files), strict=True):
        pcm = read_audio(file, str(file)).telephone
        for piece in pieces(pcm):
            voiceprint = _voiceprint(piece, embedder, text) if len(takes) < MOST_PIECES else None
            if voiceprint is not None:
                takes[str(len(takes) + 1)] = voiceprint
        if known is not None and text and SAID + text not in whole:
            whole |= _said(pcm, text, known, embedder)
    return CallTakes(speaker, takes | whole)


def _said(pcm: Pcm, text: str, known: KnownWords, embedder: Embedder) -> dict[str, Voiceprint]:
    """Return the take of a known text by its name, if the text is recognised in it."""
    segments = speech_in(pcm)
    piece = _piece(pcm, segments) if segments else (pcm, segments)
    voiceprint = _voiceprint(piece, embedder, text)
    if voiceprint is None:
        return {}
    utterance = _utterance(piece)
    parts = known.parts(utterance, text)
    if not parts:
        return {}
    in_parts = replace(voiceprint.embedding, parts=embedder.embed(utterance, parts).parts)
    return {SAID + text: replace(voiceprint, embedding=in_parts)}


def _voiceprint(piece: Piece, embedder: Embedder, text: str) -> Voiceprint | None:
    """Return the voiceprint of a piece of a file; None where it is not fit to use."""
    quality = measure(*piece)
    if shortcoming(quality, QualityLimits()) is not None:
        return None
    said = PhraseId(text) if text else None
    return Voiceprint(replace(embedder.embed(_utterance(piece)), phrase=said), quality)


def _utterance(piece: Piece) -> Utterance:
    return Utterance(upsample(to_float(piece[0])))


Piece = tuple[Pcm, Sequence[Segment]]
"""Int16 `[n]` at 8 kHz, and where in it there is speech."""


def pieces(pcm: Pcm) -> Iterator[Piece]:
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


def _piece(pcm: Pcm, segments: Sequence[Segment]) -> Piece:
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
    calls: dict[tuple[str, str], list[tuple[Path, str]]] = defaultdict(list)
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
                calls[speaker, call].append((table.parent / file, spoken(line.get(_TEXT) or "")))
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"the table {table} cannot be read: {error}") from error
    for (speaker, call), said in calls.items():
        files, texts = zip(*said, strict=True)
        yield LabelledCall(speaker, call, files, texts if any(texts) else ())
