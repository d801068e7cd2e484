"""Trial lists: read, written, refused."""

from pathlib import Path

import pytest

from engine.evaluation.recordings import CorpusError, read_manifest
from engine.evaluation.trials import Trial, read_trials, write_trials

HEAD = "enroll\ttest\ttarget\tenroll_speaker\ttest_speaker\tsex\n"


def test_a_list_survives_writing_and_reading(tmp_path: Path) -> None:
    """Groups, files and traits come back as they were."""
    trials = [
        Trial((("a.wav", "b.wav"), ("c.wav",)), ("d.wav", "e.wav"), True, "s", "s", {"sex": "f"}),
        Trial((("a.wav",),), ("x.wav",), False, "s", "t", {"sex": "m"}, "open the door"),
    ]
    write_trials(trials, tmp_path / "list.tsv")
    assert read_trials(tmp_path / "list.tsv") == trials


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("enroll\ttest\n", "lacks the columns enroll_speaker, target, test_speaker"),
        (HEAD, "holds no trial"),
        (HEAD + "a\tb\tyes\ts\ts\tf\n", "line 2: target is 'yes'"),
        (HEAD + "a|\tb\t1\ts\ts\tf\n", "names an empty file"),
        (HEAD + "a\tb\t1\ts\n", "not as many fields"),
        (HEAD + "a\tb\t1\ts\ts\tf\tmore\n", "not as many fields"),
    ],
)
def test_a_broken_list_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    """The message says which line, and what it must be."""
    (tmp_path / "list.tsv").write_text(text)
    with pytest.raises(CorpusError, match=complaint):
        read_trials(tmp_path / "list.tsv")


def test_an_absent_list_or_corpus_is_named(tmp_path: Path) -> None:
    """No traceback for a wrong path."""
    with pytest.raises(CorpusError, match="no trial list"):
        read_trials(tmp_path / "list.tsv")
    with pytest.raises(CorpusError, match=r"no manifest\.tsv"):
        read_manifest(tmp_path)


def test_a_broken_manifest_is_refused_with_its_line(tmp_path: Path) -> None:
    """Missing columns and numbers that are none."""
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("split\tspeaker\n")
    with pytest.raises(CorpusError, match="lacks the columns"):
        read_manifest(tmp_path)
    names = "split corpus speaker session language prompt text phone shard member seconds"
    manifest.write_text("\t".join(names.split()) + "\n" + "x\t" * 10 + "long\n")
    with pytest.raises(CorpusError, match="line 2"):
        read_manifest(tmp_path)
