"""Adapting to a site how its passphrases are compared part by part, where it says what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.decision.calibrate import calibration
from engine.decision.calibration import Calibration
from engine.decision.fit import held_out
from engine.decision.trials import CallTakes, Condition, known_by_parts, recognised, trials
from engine.evaluation.adaptation import (
    BEFORE,
    FEWEST_PAIRS,
    FEWEST_SPEAKERS,
    FMR,
    MOST_CALLS,
    SITE,
    Row,
    Start,
    as_it_is,
    fitted_with,
    numbered,
    row_of,
    surely_better,
    two_of_each_first,
)
from engine.evaluation.labelled_calls import SAID
from engine.evaluation.pairs import measured
from engine.voice.card import CalibrationCard

_PARTS = "{}, by parts"


@dataclass(frozen=True, slots=True, eq=False)
class AdaptedByParts:
    """What came of it."""

    calibration: CalibrationCard | None
    """To use; None where passphrases are compared as a whole."""
    rows: Sequence[Row] = ()
    """Before, where there was one, and the site's."""
    speakers: int = 0
    """Those of the calls compared who said one phrase in two and were understood."""
    pairs: int = 0
    """Pairs of them who said the same phrase."""


def adapted_by_parts(
    calls: Sequence[CallTakes],
    before: Calibration | None,
    replicates: int,
    version: int | None = None,
) -> AdaptedByParts:
    """Fit to what was said again, starting from the calibration by parts that came, if one did.

    `before` and `version` as in `engine.evaluation.adaptation.adapted`.
    That one stays where it is surely better. With fewer than `FEWEST_SPEAKERS` who said one phrase
    in two calls, or than `FEWEST_PAIRS` of them who said the same one, there is none: what came
    knows nothing of the site.
    """
    said = _said_again(calls)
    speakers = len({call.speaker for call in said})
    if speakers < FEWEST_SPEAKERS:
        return AdaptedByParts(None, speakers=speakers)
    names = sorted({name for call in said for name in call.takes})
    raw = trials(said, [Condition((name,), name) for name in names], known_by_parts)
    if raw.pairs < FEWEST_PAIRS:
        return AdaptedByParts(None, speakers=speakers, pairs=raw.pairs)
    start = Start.of(before, version)
    found = {SITE: held_out(raw, FMR, towards=start.weights)}
    if before is not None:
        found = {BEFORE: as_it_is(before, raw), **found}
    measures = {name: measured(raw, each, replicates) for name, each in found.items()}
    rows = [row_of(_PARTS.format(name), each) for name, each in measures.items()]
    if before is not None and surely_better(measures[BEFORE], measures[SITE]):
        return AdaptedByParts(before.card, rows, speakers, raw.pairs)
    made = calibration(raw, fitted_with(said), start.version, start.weights)
    return AdaptedByParts(made, rows, speakers, raw.pairs)


def _said_again(calls: Sequence[CallTakes]) -> list[CallTakes]:
    """Return what is compared: calls of people who said one phrase in two, with such takes alone.

    At most `MOST_CALLS`, two of each speaker first, speakers numbered anew from 0: phrase by
    phrase, so that those who say the same are spread over all folds.
    """
    said = [
        replace(call, takes={k: v for k, v in call.takes.items() if k.startswith(SAID)})
        for call in recognised(calls)
    ]
    chosen = two_of_each_first(_of_people_with_two(said))[:MOST_CALLS]
    return numbered(sorted(_of_people_with_two(chosen), key=lambda call: sorted(call.takes)))


def _of_people_with_two(calls: Sequence[CallTakes]) -> list[CallTakes]:
    """Return the calls with takes of those who said one phrase in two of them."""
    times = Counter((call.speaker, name) for call in calls for name in call.takes)
    people = {speaker for (speaker, _), count in times.items() if count > 1}
    return [call for call in calls if call.takes and call.speaker in people]
