"""The trial: who is enrolled with what, who is tested with what, and whether they are one."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.decision.known_words import spoken
from engine.evaluation.recordings import CorpusError

Group = tuple[str, ...]
"""Names of audio files that are joined, in this order, to one utterance."""

_REQUIRED = ("enroll", "test", "target", "enroll_speaker", "test_speaker")
_TEXT = "text"
_BETWEEN_FILES = ";"
_BETWEEN_GROUPS = "|"


@dataclass(frozen=True, slots=True)
class Trial:
    """One comparison."""

    enroll: tuple[Group, ...]
    """One voiceprint for each group."""
    test: Group
    target: bool
    """True where both sides are the same speaker."""
    enroll_speaker: str
    test_speaker: str
    traits: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What results can be split by: `{"phone": "cellphone"}`."""
    text: str = ""
    """What each group says, as `spoken`, where all say the same; empty otherwise."""


def read_trials(path: Path) -> list[Trial]:
    """Read a trial list.

    Tab-separated with a header: `enroll` (files joined by `;`, groups of one voiceprint each
    separated by `|`), `test` (files joined by `;`), `target` (0 or 1), `enroll_speaker`,
    `test_speaker`; optional is `text`, what every group of the trial says, where all say the same
    words of US English. Every further column is a trait. `CorpusError` names what is wrong, and
    where.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            trials = list(_trials(lines, path))
    except FileNotFoundError as error:
        raise CorpusError(f"no trial list at {path}") from error
    if not trials:
        raise CorpusError(f"{path} holds no trial")
    return trials


def without_speakers(name: str, trials: Sequence[Trial], left_out: Collection[str]) -> list[Trial]:
    """Return the trials that have none of these speakers on either side.

    `CorpusError`, with the name of the trials, where a speaker is in none or nothing is left.
    """
    there = {side for trial in trials for side in (trial.enroll_speaker, trial.test_speaker)}
    for speaker in left_out:
        if speaker not in there:
            raise CorpusError(f"--leave-out {speaker}: no trial of {name} is of that speaker")
    kept = [t for t in trials if not {t.enroll_speaker, t.test_speaker} & set(left_out)]
    if not kept:
        raise CorpusError(f"--leave-out leaves no trial of {name}")
    return kept


def write_trials(trials: Iterable[Trial], path: Path) -> None:
    """Write a trial list that `read_trials` reads; traits absent from a trial are left empty."""
    trials = list(trials)
    names = sorted({name for trial in trials for name in trial.traits})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        writer.writerow([*_REQUIRED, _TEXT, *names])
        writer.writerows(_row(trial, names) for trial in trials)


def _row(trial: Trial, names: list[str]) -> list[str]:
    enroll = _BETWEEN_GROUPS.join(_BETWEEN_FILES.join(group) for group in trial.enroll)
    test = _BETWEEN_FILES.join(trial.test)
    fixed = [enroll, test, str(int(trial.target)), trial.enroll_speaker, trial.test_speaker]
    return [*fixed, trial.text] + [trial.traits.get(name, "") for name in names]


def _trials(lines: Iterator[str], path: Path) -> Iterator[Trial]:
    reader = csv.DictReader(lines, delimiter="\t")
    missing = set(_REQUIRED) - set(reader.fieldnames or ())
    if missing:
        raise CorpusError(f"{path} lacks the columns {', '.join(sorted(missing))}")
    for line in reader:
        yield _trial(line, f"{path}, line {reader.line_num}")


def _trial(line: dict[str, str], where: str) -> Trial:
    if None in line or None in line.values():
        raise CorpusError(f"{where} has not as many fields as the header")
    if line["target"] not in ("0", "1"):
        raise CorpusError(f"{where}: target is {line['target']!r}, it must be 0 or 1")
    return Trial(
        enroll=tuple(_group(text, where) for text in line["enroll"].split(_BETWEEN_GROUPS)),
        test=_group(line["test"], where),
        target=line["target"] == "1",
        enroll_speaker=line["enroll_speaker"],
        test_speaker=line["test_speaker"],
        traits={name: line[name] for name in line if name not in (*_REQUIRED, _TEXT)},
        text=spoken(line.get(_TEXT, "")),
    )


def _group(text: str, where: str) -> Group:
    files = tuple(text.split(_BETWEEN_FILES))
    if not all(files):
        raise CorpusError(f"{where} names an empty file in {text!r}")
    return files
