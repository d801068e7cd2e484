"""Adapting to a site's own calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.decision.calibrate import calibration
from engine.decision.calibration import Calibration
from engine.decision.trials import CallTakes, Condition, known_by_parts, trials
from engine.evaluation import adaptation, adaptation_by_parts
from engine.evaluation.adaptation import (
    BEFORE,
    CONDITIONS,
    SITE,
    SITE_COHORT,
    TooFewCallsError,
    adapted,
    usable,
)
from engine.evaluation.adaptation_by_parts import adapted_by_parts
from engine.evaluation.labelled_calls import (
    SAID,
    known_words,
    labelled_calls,
    pieces,
    takes_of,
)
from engine.evaluation.recordings import CorpusError
from engine.evaluation.said import words
from engine.types import PhraseId, Voiceprint
from engine.voice.embedder import Embedder
from ivr.lab.scenes import PHRASE
from tests.unit.engine.voice.models import CARD
from tests.unit.evaluation.calls import MODEL, calls
from tests.unit.evaluation.test_command import rendered

NAMES = ("1", "2", "3")
ELSEWHERE = calls(30, 2, NAMES, noise=0.5, seed=8)
BEFORE_CARD = calibration(trials(ELSEWHERE, CONDITIONS[:1]), "made up", 1)
HERE = calls(18, 2, NAMES, noise=0.9)


def test_a_site_with_worse_lines_gets_a_calibration_of_its_own() -> None:
    """Its Llrs are to be believed where those of better lines were not."""
    found = adapted(HERE, Calibration(MODEL, BEFORE_CARD), replicates=20)
    rows = {row.name: row for row in found.rows}
    assert found.kept == SITE
    assert rows[SITE].cllr.value < rows[BEFORE].cllr.value
    assert found.calibration.version == 2
    assert "18 speakers" in found.calibration.fitted_with
    assert astuple(found.calibration.weights) != astuple(BEFORE_CARD.weights)


@pytest.mark.parametrize("told", [True, False])
def test_a_site_that_does_not_tell_what_was_said_takes_nothing_off_for_it(told: bool) -> None:
    """Its calibration is of what its callers say, be that the same or not."""
    weights = replace(BEFORE_CARD.weights, same_words=-2.0)
    before = Calibration(MODEL, replace(BEFORE_CARD, weights=weights))
    said = [replace(call, takes=all_saying(call.takes, "apple" if told else None)) for call in HERE]
    found = adapted(said, before, replicates=3).calibration.weights.same_words
    assert (found == 0.0) is not told


def all_saying(takes: Mapping[str, Voiceprint], phrase: str | None) -> dict[str, Voiceprint]:
    known = PhraseId(phrase) if phrase else None
    return {
        name: replace(take, embedding=replace(take.embedding, phrase=known))
        for name, take in takes.items()
    }


def test_a_model_that_was_never_calibrated_gets_its_first() -> None:
    """As one that was pulled: there is no before to compare with, and the site's is kept."""
    found = adapted(HERE, None, replicates=3)
    assert [row.name for row in found.rows] == [found.kept] == [SITE]
    assert found.calibration.version == 1


def test_adapting_again_has_the_next_version_and_the_same_start() -> None:
    """What is started from is the card of before any adapting, whose number was taken long ago."""
    before = Calibration(MODEL, BEFORE_CARD)
    once, again = adapted(HERE, before, 3), adapted(HERE, before, 3, version=3)
    assert again.calibration == replace(once.calibration, version=3)


def test_few_people_make_no_cohort() -> None:
    """It is tried from a hundred people on."""
    assert len(adapted(HERE, Calibration(MODEL, BEFORE_CARD), 3).rows) == 2


def test_many_people_make_a_cohort_that_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here with the bound lowered; it is measured on people who are not in it."""
    monkeypatch.setattr(adaptation, "FEWEST_MEMBERS", 1)
    found = adapted(HERE, Calibration(MODEL, BEFORE_CARD), 3)
    assert [row.name for row in found.rows] == [BEFORE, SITE, SITE_COHORT]


def test_a_card_with_a_cohort_says_what_strangers_to_the_cohort_will_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its figures are those of the row, made with cohorts that the speakers are not in."""
    monkeypatch.setattr(adaptation, "FEWEST_MEMBERS", 1)
    monkeypatch.setattr(adaptation, "surely_better", lambda _one, _other: True)
    found = adapted(HERE, Calibration(MODEL, BEFORE_CARD), 3)
    assert found.kept == SITE_COHORT
    assert found.cohort is not None
    row = next(row for row in found.rows if row.name == SITE_COHORT)
    card = found.calibration
    assert card.cllr == pytest.approx(row.cllr.value, abs=1e-4)
    assert card.min_cllr == pytest.approx(row.min_cllr.value, abs=1e-4)


@pytest.mark.parametrize(
    "given",
    [
        calls(10, 3, NAMES),
        calls(40, 1, NAMES),
        [CallTakes(n % 20, {}) for n in range(60)],
        [],
    ],
)
def test_too_little_is_refused_with_what_is_needed(given: list[CallTakes]) -> None:
    """Too few speakers, one call each, or nothing that can be heard."""
    with pytest.raises(TooFewCallsError, match="at least 15 speakers with two usable calls"):
        adapted(given, Calibration(MODEL, BEFORE_CARD), 3)


def test_of_many_calls_two_of_each_speaker_come_first() -> None:
    """However many there are, what is compared holds both kinds of trial."""
    everyone = usable([*calls(40, 5, ("1",)), CallTakes(99, calls(1, 1, ("1",))[0].takes)])
    assert sorted(call.speaker for call in everyone[:80]) == sorted([*range(40)] * 2)
    assert everyone[-1].speaker == 40


SAID_NAMES = (SAID + "open the door", SAID + "close the window")
SAID_ELSEWHERE = calls(30, 2, SAID_NAMES, noise=1.0, seed=8, parts=3)
AGAIN = [Condition((name,), name) for name in SAID_NAMES]
PARTS_BEFORE = calibration(trials(SAID_ELSEWHERE, AGAIN, known_by_parts), "made up", 1)


@pytest.mark.parametrize("before", [None, Calibration(MODEL, PARTS_BEFORE)])
def test_what_a_site_says_again_is_calibrated_part_by_part(before: Calibration | None) -> None:
    """From its own calls, each phrase against itself in another call."""
    here = calls(18, 2, (*NAMES, *SAID_NAMES), noise=1.8, parts=3)
    found = adapted_by_parts(here, before, replicates=20)
    assert found.calibration is not None
    assert "18 speakers" in found.calibration.fitted_with
    assert found.calibration.target_trials == 2 * 18 * 2
    rows = {row.name: row for row in found.rows}
    assert len(rows) == (1 if before is None else 2)
    if before is not None:
        assert rows["calibration, by parts"].cllr.value < rows["before, by parts"].cllr.value


@pytest.mark.parametrize(
    ("here", "speakers"),
    [
        (calls(18, 2, NAMES, parts=3), 0),
        (calls(18, 2, SAID_NAMES), 0),
        (calls(14, 2, SAID_NAMES, parts=3), 14),
        (calls(40, 1, SAID_NAMES, parts=3), 0),
    ],
    ids=["nothing known", "nothing recognised", "too few", "one call each"],
)
def test_a_site_that_says_too_little_again_compares_as_a_whole(
    here: list[CallTakes], speakers: int
) -> None:
    """What came knows nothing of its lines."""
    found = adapted_by_parts(here, Calibration(MODEL, PARTS_BEFORE), replicates=3)
    assert (found.calibration, found.rows, found.speakers) == (None, (), speakers)


def saying(phrase_of: Callable[[int], int], speakers: int) -> list[CallTakes]:
    """Two calls each of some speakers, each of whom says one phrase."""
    return [
        replace(call, takes={f"{SAID}{phrase_of(call.speaker)}": call.takes[SAID_NAMES[0]]})
        for call in calls(speakers, 2, SAID_NAMES[:1], noise=1.8, parts=3)
    ]


@pytest.mark.parametrize(("together", "pairs"), [(1, 0), (2, 10), (10, 90)])
def test_people_who_say_phrases_of_their_own_are_nobodys_impostors(
    together: int, pairs: int
) -> None:
    """Twenty people, but hardly a pair of them who said the same: one in a hundred of nothing."""
    here = saying(lambda speaker: speaker // together, 20)
    found = adapted_by_parts(here, Calibration(MODEL, PARTS_BEFORE), replicates=3)
    assert (found.calibration, found.rows) == (None, ())
    assert (found.speakers, found.pairs) == (20, pairs)


def test_those_who_say_the_same_are_in_every_fold() -> None:
    """Wherever they stand in the table: each fold is fitted on some of them."""
    found = adapted_by_parts(saying(lambda n: n if n % 5 else 0, 75), None, replicates=3)
    assert found.calibration is not None
    assert found.pairs == 105
    assert found.calibration.limit == pytest.approx(np.log(105), abs=0.005)


def test_a_table_sorted_by_speaker_is_fitted_on_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of many calls two of each speaker come first; those beyond the bound are not counted."""
    monkeypatch.setattr(adaptation_by_parts, "MOST_CALLS", 36)
    here = calls(18, 4, SAID_NAMES[:1], noise=1.8, parts=3)
    found = adapted_by_parts(sorted(here, key=lambda call: call.speaker), None, replicates=3)
    assert found.calibration is not None
    assert found.speakers == found.calibration.speakers == 18
    assert "36 labelled calls of 18 speakers" in found.calibration.fitted_with


def test_speakers_beyond_the_bound_do_not_make_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not compared does not count among those who are needed."""
    monkeypatch.setattr(adaptation_by_parts, "MOST_CALLS", 28)
    found = adapted_by_parts(calls(18, 2, SAID_NAMES, parts=3), None, replicates=3)
    assert (found.calibration, found.speakers) == (None, 14)


def test_a_text_is_recognised_and_has_parts(tmp_path: Path) -> None:
    """In the files that say it; another file, and another's text, has pieces alone."""
    said, other = rendered(PHRASE, 0, "rms"), rendered("Good morning to you all.", 1, "rms")
    for name, pcm in (("said.wav", said), ("other.wav", other)):
        soundfile.write(tmp_path / name, pcm, 8000)
    text = " ".join(words(PHRASE))
    lines = [f"ann\t1\tsaid.wav\t{text.title()}\n", "ann\t2\tother.wav\t\n"]
    lines += [f"ann\t3\tother.wav\t{text}\n"]
    (tmp_path / "calls.tsv").write_text("speaker\tcall\tfile\ttext\n" + "".join(lines))
    told = labelled_calls(tmp_path / "calls.tsv")
    known, embedder = known_words(told), Embedder.load(CARD)
    first, second, third = (takes_of(call, 0, embedder, known).takes for call in told)
    parts = first[SAID + text].embedding.parts
    assert parts is not None
    assert len(parts) == 3
    assert all(take.embedding.parts is None for name, take in first.items() if name in NAMES)
    assert {take.embedding.phrase for take in first.values()} == {text}
    assert {take.embedding.phrase for take in second.values()} == {None}
    assert not any(name.startswith(SAID) for name in (*second, *third))


def test_calls_without_texts_need_nothing_that_knows_words(tmp_path: Path) -> None:
    """As before there was such a column."""
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "1.wav").write_bytes(b"")
    assert known_words(labelled_calls(tmp_path)) is None


def speech(seconds: float, pauses: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Silence alone: what a call is without anybody."""
    return np.zeros(int(8000 * seconds * (pauses + 1)), np.int16)


def test_a_call_without_speech_has_no_pieces() -> None:
    """Silence is nobody's voice."""
    assert list(pieces(speech(1.0, 1))) == []


def test_a_folder_and_a_table_name_the_same_calls(tmp_path: Path) -> None:
    """One subfolder per speaker and one file per call, or lines that say so."""
    for speaker in ("ann", "bob"):
        (tmp_path / "calls" / speaker).mkdir(parents=True)
        for call in ("1.wav", "2.wav"):
            soundfile.write(tmp_path / "calls" / speaker / call, speech(1.0, 0), 8000)
    table = tmp_path / "calls.tsv"
    found = labelled_calls(tmp_path / "calls")
    lines = [f"{c.speaker}\t{c.name}\tcalls/{c.speaker}/{c.name}\n" for c in found]
    table.write_text("speaker\tcall\tfile\n" + "".join(lines))
    assert labelled_calls(table) == found
    assert [(call.speaker, call.name) for call in found][:2] == [("ann", "1.wav"), ("ann", "2.wav")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("speaker\tfile\n", "lacks the columns call"), ("speaker\tcall\tfile\na\t\tb\n", "line 2")],
)
def test_a_broken_table_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """With what is missing, and where."""
    (tmp_path / "calls.tsv").write_text(text)
    with pytest.raises(CorpusError, match=complaint):
        labelled_calls(tmp_path / "calls.tsv")


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    """A subfolder per speaker, or a table."""
    with pytest.raises(CorpusError, match="one subfolder per speaker"):
        labelled_calls(tmp_path)
