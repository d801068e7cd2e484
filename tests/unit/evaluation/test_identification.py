"""The report on identification: voices found in a group, and strangers left alone."""

from __future__ import annotations

import json

import pytest

from engine.evaluation import identification
from engine.evaluation.identification import ENROLLED, FPIRS, GROUPS, SEARCHED, report, searches
from engine.evaluation.recordings import CorpusError
from engine.evaluation.reports import Report
from tests.unit.evaluation.calls import MODEL, calls

TAKES = (*ENROLLED, SEARCHED)
REPLICATES = 100


@pytest.fixture(scope="module")
def found() -> Report:
    """Of twelve speakers with clear voices."""
    return report(calls(12, 2, TAKES, noise=0.1), MODEL, REPLICATES)


def test_every_target_has_its_line(found: Report) -> None:
    """Clear voices come first; JSON can hold the figures."""
    assert [(each["group"], each["target_fpir"]) for each in found.figures] == [
        (group, fpir) for group in GROUPS for fpir in FPIRS
    ]
    assert all(each["first"][0] == 1.0 for each in found.figures)
    assert json.loads(json.dumps(found.figures)) == found.figures


def test_what_a_few_speakers_cannot_support_is_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said so, and the report goes on; no rate is made up."""
    monkeypatch.setattr(identification, "FPIRS", (1e-300, 0.1))
    found = report(calls(10, 2, TAKES), MODEL, REPLICATES)
    strict, lax = found.figures[:2]
    assert strict["tpir"] is strict["fpir"] is None
    assert strict["first"] == lax["first"]
    assert found.text.count("out of reach") >= 2


def test_only_a_member_is_wanted() -> None:
    """A stranger never comes first, whoever is named."""
    for search in searches(calls(10, 2, TAKES, noise=0.1), MODEL):
        assert search.member or not search.first


def test_one_call_of_each_is_refused() -> None:
    """Nobody could be found again; the message says what is needed."""
    with pytest.raises(CorpusError, match="two usable calls"):
        report(calls(10, 1, TAKES), MODEL, REPLICATES)
