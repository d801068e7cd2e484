"""The flags of `countersign evaluate` that ask for a report; a new report adds one line."""

from __future__ import annotations

from engine.evaluation import backends
from engine.evaluation.reports import Question

QUESTIONS: dict[str, Question] = {
    "scoring": Question(backends.run, "compare ways to compare voices (needs --background)"),
}
"""By the name of the flag."""
