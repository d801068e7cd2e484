"""The rendering of dialplans/: every name filled in, nothing shown, nothing readable by others."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ivr.lab.program import DIALPLANS

NAMES = sorted(
    {
        name
        for file in (DIALPLANS / "asterisk").glob("*.conf")
        for name in re.findall(r"@([A-Z][A-Z0-9_]*)@", file.read_text())
    }
)


def render(target: Path, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script as a user would."""
    pairs = [f"{name}={value}" for name, value in values.items()]
    command = [str(DIALPLANS / "render"), str(target), *pairs]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_name_is_filled_in(tmp_path: Path) -> None:
    """With a value for each name none is left, and the files are the owner's alone."""
    done = render(tmp_path / "etc", dict.fromkeys(NAMES, "a,b/c.d:e"))
    assert done.returncode == 0, done.stderr
    files = list((tmp_path / "etc").iterdir())
    assert {"ari.conf", "countersign.conf", "examples.conf"} <= {file.name for file in files}
    assert {file.stat().st_mode & 0o077 for file in files} == {0}
    assert "password = a,b/c.d:e\n" in (tmp_path / "etc/ari.conf").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_value_is_named(tmp_path: Path, name: str) -> None:
    """Whichever value is left out is named."""
    done = render(tmp_path, {other: "x" for other in NAMES if other != name})
    assert done.returncode == 1
    assert done.stderr == f"render: no value for @{name}@ \n"


@pytest.mark.parametrize("secret", ["with space", "quote'", "new\nline", "$(id)", "semi;colon"])
def test_a_value_that_could_break_out_is_refused_unseen(tmp_path: Path, secret: str) -> None:
    """A value that would not stay one value is refused, and not shown."""
    done = render(tmp_path, dict.fromkeys(NAMES, "x") | {"ARI_PASSWORD": secret})
    assert done.returncode == 1
    assert "ARI_PASSWORD: a value is made of" in done.stderr
    assert secret not in done.stderr


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    """NAME_FILE is read; a file that is not there is named."""
    values = dict.fromkeys(NAMES, "x")
    del values["ARI_PASSWORD"]
    (tmp_path / "secret").write_text("s3cret\n")
    done = render(tmp_path / "etc", values | {"ARI_PASSWORD_FILE": str(tmp_path / "secret")})
    assert done.returncode == 0, done.stderr
    assert "password = s3cret\n" in (tmp_path / "etc/ari.conf").read_text()
    lost = render(tmp_path / "etc", values | {"ARI_PASSWORD_FILE": str(tmp_path / "lost")})
    assert lost.returncode == 1
    assert "cannot read the file" in lost.stderr


def test_the_container_gives_every_name_a_value() -> None:
    """What the container's start script hands to the rendering is what the files ask for."""
    script = (DIALPLANS.parent / ".docker/start-asterisk").read_text()
    given = {name.removesuffix("_FILE") for name in re.findall(r"\b([A-Z][A-Z_]+)=", script)}
    assert given == set(NAMES)
