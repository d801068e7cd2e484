"""The reports besides the error rates: one flag each."""

import json
from pathlib import Path

import pytest

from engine.evaluation import main
from engine.evaluation.questions import QUESTIONS
from engine.evaluation.reports import Question, Report, corpus_of


def test_a_flag_asks_for_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its text is printed, its figures stand under its name, and its pictures are drawn."""

    def drawn(folder: Path) -> list[Path]:
        (folder / "picture").touch()
        return [folder / "picture"]

    answer = Question(lambda arguments: Report(f"of {arguments.corpus}", {"eer": 0.1}, drawn), "?")
    monkeypatch.setitem(QUESTIONS, "example", answer)
    out, plots = tmp_path / "out.json", tmp_path / "plots"
    arguments = ["--example", "--corpus", "x", "--json", str(out), "--plot", str(plots)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "of x\n"
    assert json.loads(out.read_text()) == {"example": {"eer": 0.1}}
    assert (plots / "picture").exists()


def test_a_report_without_the_corpus_it_needs_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer is 2 and a line on standard error."""
    question = Question(lambda arguments: Report(str(corpus_of(arguments)), {}), "?")
    monkeypatch.setitem(QUESTIONS, "example", question)
    assert main(["--example"]) == 2
    assert "needs --corpus" in capsys.readouterr().err
