"""The flags of `countersign evaluate` that ask for a report; a new report adds one line."""

from __future__ import annotations

from engine.evaluation import (
    backends,
    calibrating,
    disturbances,
    enrolling,
    identification,
    phrases,
    replays,
)
from engine.evaluation.reports import Question

QUESTIONS: dict[str, Question] = {
    "disturbances": Question(disturbances.run, "how often tones, music, two talkers are heard"),
    "identification": Question(identification.run, "how often a voice is found in a group"),
    "enrollment": Question(enrolling.run, "how often a caller cannot be enrolled"),
    "calibration": Question(calibrating.run, "whether the likelihood ratios can be believed"),
    "scoring": Question(backends.run, "compare ways to compare voices (needs --background)"),
    "phrases": Question(phrases.run, "how often a passphrase is known, other speech refused"),
    "replay": Question(replays.run, "how often a replay is known (no voice model needed)"),
}
"""By the name of the flag."""
