"""Setting the voice model in a configuration file, and nothing else in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.choosing import choose, with_model
from ivr.config import ConfigurationError


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[voice]\nmodel = "new"\n'),
        ("[ari]\nuser = 'a'", "[ari]\nuser = 'a'\n\n[voice]\nmodel = \"new\"\n"),
        ("[voice]\nthreads = 2\n", '[voice]\nmodel = "new"\nthreads = 2\n'),
        (
            "[voice]\n# why\nmodel = 'old'\nthreads = 2",
            '[voice]\n# why\nmodel = "new"\nthreads = 2',
        ),
        (
            "[voice] # ours\n[log]\nlevel = 'info'",
            "[voice] # ours\nmodel = \"new\"\n[log]\nlevel = 'info'",
        ),
        ("[x]\nmodel = 1\n[voice]\nmodel='old'\n", '[x]\nmodel = 1\n[voice]\nmodel = "new"\n'),
    ],
)
def test_one_line_changes(before: str, after: str) -> None:
    """Comments, order and other sections stay."""
    assert with_model(before, "new") == after


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
@settings(deadline=None, max_examples=40)
def test_any_name_can_be_written(model: str) -> None:
    """Quotes, backslashes and other scripts are read back as they were."""
    assert tomllib.loads(with_model("[voice]\nmodel = 'old'\n", model))["voice"] == {"model": model}


@pytest.mark.parametrize(
    "text",
    [
        "voice = {threads = 2}\n",
        "voice.threads = 2\n",
        '[voice]\nmodel = """\nold"""\n',
        "voice = 1\n",
    ],
)
def test_what_is_not_understood_is_left_to_the_operator(text: str) -> None:
    """Rather than a file that says something else."""
    with pytest.raises(ConfigurationError, match="set it by hand"):
        with_model(text, "new")


def test_the_file_keeps_its_permissions(tmp_path: Path) -> None:
    """It may hold a password: whoever could not read it cannot read it afterwards."""
    file = tmp_path / "countersign.toml"
    file.write_text("[voice]\n")
    file.chmod(0o640)
    choose(file, "new")
    assert file.read_text() == '[voice]\nmodel = "new"\n'
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file that it leads to is changed."""
    file, link = tmp_path / "real.toml", tmp_path / "link.toml"
    file.write_text("")
    link.symlink_to(file)
    choose(link, "new")
    assert link.is_symlink()
    assert "new" in file.read_text()


@pytest.mark.parametrize("content", [b"[voice", b"\xff"])
def test_a_file_that_is_no_toml_stays_as_it_is(content: bytes, tmp_path: Path) -> None:
    """The message names it."""
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"broken\.toml.*cannot be changed"):
        choose(file, "new")
    assert file.read_bytes() == content


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    """None is made."""
    with pytest.raises(ConfigurationError, match=r"absent\.toml"):
        choose(tmp_path / "absent.toml", "new")
    assert not list(tmp_path.iterdir())
