"""Adapting a model to a site: calibration and cohort from the site's own labelled calls.

The weights of the network stay as they are, so voiceprints enrolled before remain good. What is
reported was measured on speakers that the fit did not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from engine.decision.background import FEWEST_PEOPLE, centroids_of
from engine.decision.calibrate import calibration
from engine.decision.calibration import Calibration
from engine.decision.cohort import TOP, Cohort
from engine.decision.fit import FOLDS, HeldOut, Trials, held_out, hold_out
from engine.decision.measures import Floats
from engine.decision.operating_point import at_fmr
from engine.decision.trials import CallTakes, Condition, known, trials
from engine.errors import EngineError
from engine.evaluation.assessment import Figure
from engine.evaluation.pairs import Measured, measured
from engine.voice.card import CalibrationCard

FMR = 0.01
FEWEST_SPEAKERS = 15
"""With two calls each."""
FEWEST_PAIRS = FEWEST_SPEAKERS * (FEWEST_SPEAKERS - 1) // 2
"""Of two speakers who are compared, the least from which one in a hundred can be read."""
FEWEST_MEMBERS = 10
"""A cohort of fewer centroids has no spread to speak of."""
_PEOPLE_PER_MEMBER = 2 * FEWEST_PEOPLE
"""On average, so that most stand for as many as they must."""
BEFORE, SITE, SITE_COHORT = "before", "calibration", "calibration and cohort"
"""What is compared."""

_SAME_WORDS = 7
"""Column of `engine.decision.calibration.terms`."""

MOST_CALLS = 200
"""Compared with one another; everyone's voice takes part in the cohort."""

CONDITIONS = (
    Condition(("1",), "1"),
    Condition(("1", "2", "3"), "1"),
    Condition(("1", "2", "3"), "2"),
)
"""Which pieces of one call are enrolled, and which piece of another is tested."""


class TooFewCallsError(EngineError):
    """There are too few calls to adapt to (the operator's to mend)."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one calibration does on the site's calls."""

    name: str
    cllr: Figure
    min_cllr: Figure
    fmr: Figure
    """Realised where 1 % was asked for."""
    fnmr: Figure


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """What came of it."""

    calibration: CalibrationCard
    """The site's, without the name of a cohort's file."""
    cohort: Cohort | None
    """The cohort that its scores are normalised against; None where they are raw."""
    rows: list[Row]
    """Before, and each way that was tried."""
    kept: str
    """The name of the row to use; `BEFORE` where the calibration that came is surely better."""


def adapted(
    calls: Sequence[CallTakes],
    before: Calibration | None,
    replicates: int,
    done: Callable[[str], None] = lambda _step: None,
    version: int | None = None,
) -> Adapted:
    """Fit to the calls; `done` is told of each step.

    The calibration starts from the one that came, if one did: the fewer the speakers, the less it
    moves away. That must know none of them, so not be adapted to them already; `version` is the
    new one's, the next after that by default.
    The site's cohort is kept only where its Cllr is surely lower than without, 95 % interval by
    speaker. `TooFewCallsError` says what is needed.
    """
    everyone, start = usable(calls), Start.of(before, version)
    chosen = everyone[:MOST_CALLS]
    raw = trials(chosen, CONDITIONS, known(start.cohort))
    done("compared")
    found = {} if before is None else {BEFORE: as_it_is(before, raw)}
    towards = _towards(raw, start.weights)
    found[SITE] = held_out(raw, FMR, towards=towards)
    done("calibrated")
    members = _site_cohort(everyone, start.cohort, FEWEST_MEMBERS)
    if members is not None:
        found[SITE_COHORT] = _held_out_with_cohort(everyone, start.cohort, raw)
    done("normalised")
    measures = {name: measured(raw, each, replicates) for name, each in found.items()}
    rows = [row_of(name, each) for name, each in measures.items()]
    kept = _kept(measures)
    if kept != SITE_COHORT:
        made = calibration(raw, fitted_with(chosen), start.version, towards)
        return Adapted(made, start.cohort, rows, kept)
    used = trials(chosen, CONDITIONS, known(members))
    unknown = found[SITE_COHORT].llrs
    made = calibration(used, fitted_with(chosen), start.version, llrs=unknown)
    return Adapted(made, members, rows, kept)


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What there is before: nothing, where a model was never calibrated."""

    cohort: Cohort | None = None
    weights: Floats | None = None
    version: int = 1

    @classmethod
    def of(cls, before: Calibration | None, version: int | None) -> Start:
        if before is None:
            return cls(version=version or 1)
        weights = np.array(astuple(before.card.weights))
        return cls(before.cohort, weights, version or before.card.version + 1)


def _towards(raw: Trials, weights: Floats | None) -> Floats | None:
    """Return the weights to start from; 0 for the same words where no trial tells what was said.

    Then the fit is of what the site's callers say, be that the same or not.
    """
    if weights is None or raw.terms[:, _SAME_WORDS].any():
        return weights
    untold = weights.copy()
    untold[_SAME_WORDS] = 0.0
    return untold


def fitted_with(calls: Sequence[CallTakes]) -> str:
    return (
        f"{len(calls)} labelled calls of {len({call.speaker for call in calls})} speakers of a "
        "site, each pair of speakers counting alike; cllr, eer and points on speakers unknown to "
        f"the fit ({FOLDS} folds)"
    )


def _kept(measures: Mapping[str, Measured]) -> str:
    """The site's calibration, unless one of the others is surely better."""
    if SITE_COHORT in measures and surely_better(measures[SITE_COHORT], measures[SITE]):
        return SITE_COHORT
    if BEFORE in measures and surely_better(measures[BEFORE], measures[SITE]):
        return BEFORE
    return SITE


def surely_better(one: Measured, other: Measured) -> bool:
    gain: Floats = one.cllr - other.cllr
    return Measured.figure(gain).high < 0


def usable(calls: Sequence[CallTakes]) -> list[CallTakes]:
    """The calls with usable speech, those to compare first, speakers numbered anew from 0.

    First come two calls of each speaker who has two, then further two. `TooFewCallsError` where
    fewer than `FEWEST_SPEAKERS` have two calls with usable speech.
    """
    good = [call for call in calls if "1" in call.takes]
    several = [who for who, count in Counter(call.speaker for call in good).items() if count > 1]
    if len(several) < FEWEST_SPEAKERS:
        raise TooFewCallsError(
            f"too few calls to adapt to: at least {FEWEST_SPEAKERS} speakers with two usable calls "
            f"each are needed, {len(several)} have them ({len(calls)} calls were given, "
            f"{len(good)} of them with a second of clear speech); twice as many is better"
        )
    return numbered(two_of_each_first(good))


def two_of_each_first(calls: Sequence[CallTakes]) -> list[CallTakes]:
    """Order calls: two of each speaker who has two, then further two, at last who has one.

    The two of one speaker stay together, so that a cut after any number parts one pair at most.
    """
    times, turn = Counter(call.speaker for call in calls), Counter[int]()
    order: list[tuple[bool, int, int, int]] = []
    for place, call in enumerate(calls):
        order.append((times[call.speaker] == 1, turn[call.speaker] // 2, call.speaker, place))
        turn[call.speaker] += 1
    return [calls[place] for *_, place in sorted(order)]


def numbered(calls: Sequence[CallTakes]) -> list[CallTakes]:
    """Number the speakers anew, from 0 as they come."""
    numbers = {who: n for n, who in enumerate(dict.fromkeys(call.speaker for call in calls))}
    return [replace(call, speaker=numbers[call.speaker]) for call in calls]


def as_it_is(before: Calibration, raw: Trials) -> HeldOut:
    """The Llrs of the calibration that the model came with, and its own threshold."""
    card = before.card
    llrs = np.einsum("ij,j->i", raw.terms, np.array(astuple(card.weights)))
    llrs = np.clip(llrs, -card.limit, card.limit)
    return HeldOut(llrs, np.full(len(llrs), at_fmr(FMR, before).threshold))


def _site_cohort(calls: Sequence[CallTakes], own: Cohort | None, fewest: int) -> Cohort | None:
    """The model's cohort and centroids of the callers; None where these are too few."""
    people = _people(calls)
    if len(people) < fewest * _PEOPLE_PER_MEMBER:
        return None
    members = centroids_of(people, max(1, len(people) // _PEOPLE_PER_MEMBER))
    if own is not None:
        members = np.concatenate([own.members, members])
    return Cohort(members, min(TOP, len(members)))


def _people(calls: Sequence[CallTakes]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The mean voice of each speaker, `[speakers, dim]`."""
    voices: dict[int, list[np.ndarray[tuple[int], np.dtype[np.float32]]]] = {}
    for call in calls:
        found = [take.embedding.vector for take in call.takes.values()]
        voices.setdefault(call.speaker, []).extend(found)
    return np.stack([np.mean(each, axis=0) for each in voices.values()]).astype(np.float32)


def _held_out_with_cohort(calls: Sequence[CallTakes], own: Cohort | None, raw: Trials) -> HeldOut:
    """Cross-validate with cohorts that, too, knew neither of a trial's speakers."""
    found, chosen = HeldOut(*np.full((2, len(raw.terms)), np.nan)), calls[:MOST_CALLS]
    for pair in combinations_with_replacement(range(FOLDS), 2):
        known_calls = [call for call in calls if call.speaker % FOLDS not in pair]
        cohort = _site_cohort(known_calls, own, fewest=1)
        hold_out(trials(chosen, CONDITIONS, known(cohort)), FMR, pair, found)
    return found


def row_of(name: str, each: Measured) -> Row:
    cllr, min_cllr = Measured.figure(each.cllr), Measured.figure(each.min_cllr)
    return Row(name, cllr, min_cllr, each.fmr_figure, each.fnmr_figure)
