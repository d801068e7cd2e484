"""The command that calibrates a voice model: `python -m engine.decision.calibrate CARD CORPUS`.

It hears the corpus's telephone split as the application would, compares calls with one another
(`engine.decision.trials`), fits the calibration, measures it on speakers that the fit did not
know, and writes the result into the card; so it does for passphrases, compared part by part. It
takes some minutes on one core. Run it when the model, the listener, the phrase recogniser or the
limits of the policy change. With `--background` the scores are normalised against its cohort, which
is written beside the card.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import log
from pathlib import Path

import numpy as np

from engine.decision.background import Background
from engine.decision.cohort import TOP, Cohort
from engine.decision.fit import Trials, cross_validated, fit
from engine.decision.measures import Floats, Judged, cllr, eer, min_cllr, rates, threshold_at
from engine.decision.recordings import calls_of
from engine.decision.trials import (
    CONDITIONS,
    SAID_AGAIN,
    WORDS,
    CallTakes,
    Condition,
    known,
    known_by_parts,
    recognised,
    trials,
)
from engine.errors import EngineError
from engine.voice.card import CalibrationCard, MeasuredPoint, write_card
from engine.voice.embedder import Embedder

MEASURED_FMR = (0.2, 0.1, 0.05, 0.02, 0.01)
"""Less would rest on a handful of pairs of speakers: there the bound is the honest threshold."""

_log = logging.getLogger(__name__)


def calibration(
    all_trials: Trials,
    fitted_with: str,
    version: int,
    towards: Floats | None = None,
    llrs: Floats | None = None,
) -> CalibrationCard:
    """Fit and measure a calibration on trials of at least ten speakers; `towards` as in `fit`.

    It is measured on held-out `llrs` `[n]`, where more than the fit must not know the speakers.
    """
    if llrs is None:
        llrs = cross_validated(all_trials, towards=towards)
    judged = all_trials.judged(llrs)
    return CalibrationCard(
        version=version,
        fitted_on=datetime.now(UTC).date().isoformat(),
        fitted_with=fitted_with,
        weights=fit(all_trials, towards=towards),
        limit=round(log(all_trials.pairs), 2),
        speakers=len(np.unique(all_trials.speakers)),
        target_trials=int(judged.same.sum()),
        non_target_trials=int((~judged.same).sum()),
        cllr=round(cllr(judged), 4),
        min_cllr=round(min_cllr(judged), 4),
        eer=round(eer(judged), 4),
        points=tuple(_point(judged, fmr) for fmr in MEASURED_FMR),
    )


def words_eer(calls: Sequence[CallTakes]) -> float:
    """The EER of the words protocol on raw scores, every trial counting alike."""
    words: Trials = trials([replace(call, noisier={}) for call in calls], (WORDS,))
    return eer(Judged(words.terms[:, 0], words.same, np.ones(len(words.terms))))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the status is 0, or 1 with a message where something is amiss."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    asked = _parser().parse_args(arguments)
    try:
        _calibrate(asked)
    except (EngineError, OSError, KeyError, ValueError) as error:
        _log.error("not calibrated: %s", error)
        return 1
    return 0


def _calibrate(asked: argparse.Namespace) -> None:
    embedder = Embedder.load(asked.card)
    calls = calls_of(asked.corpus, embedder, by_parts=True, noisier=True)
    before = embedder.card.calibration
    version, cohort = before.version + 1 if before else 1, _cohort(asked)
    whole = trials(calls, terms_of=known(cohort))
    found = calibration(whole, _fitted_with(calls, CONDITIONS), version)
    if cohort is not None:
        file = asked.card.with_name(f"{embedder.card.id}-cohort.npy")
        found = replace(found, cohort=cohort.save(file))
    by_parts = _by_parts(recognised(calls), version)
    write_card(replace(embedder.card, calibration=found, calibration_by_parts=by_parts), asked.card)
    _log.info("%s", found)
    _log.info("part by part: %s", by_parts)
    _log.info("words protocol, raw scores: EER %.2f %%", 100 * words_eer(calls))


def _by_parts(calls: Sequence[CallTakes], version: int) -> CalibrationCard | None:
    """Calibrate passphrases compared part by part; None where no call has any."""
    if not any(call.takes for call in calls):
        return None
    again = trials(calls, SAID_AGAIN, known_by_parts)
    return calibration(again, _fitted_with(calls, SAID_AGAIN, ", part by part"), version)


def _fitted_with(calls: Sequence[CallTakes], conditions: Sequence[Condition], how: str = "") -> str:
    return (
        f"{len(calls)} calls of the telephone split, each also with noise added, "
        f"{len(conditions)} conditions of "
        f"engine.decision.trials{how}, each pair of speakers counting alike; cllr, eer and points "
        "on speakers unknown to the fit (5 folds)"
    )


def _cohort(asked: argparse.Namespace) -> Cohort | None:
    if asked.background is None:
        return None
    return Cohort(Background.load(asked.background).cohort, asked.top)


def _point(judged: Judged, fmr: float) -> MeasuredPoint:
    """The threshold for a false match rate, rounded up, and the misses that it costs."""
    threshold = round(threshold_at(judged, fmr) + 5e-4, 3)
    return MeasuredPoint(fmr, round(rates(judged, threshold)[1], 4), threshold)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.decision.calibrate")
    parser.add_argument("card", type=Path, help="the model card, which is written anew")
    parser.add_argument("corpus", type=Path, help="folder with manifest.tsv and its tar shards")
    parser.add_argument("--background", type=Path, metavar="FILE", help="normalise against it")
    parser.add_argument("--top", type=int, default=TOP, help=f"of its cohort, the nearest ({TOP})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
