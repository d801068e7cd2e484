"""Debian packages in a cache folder: whole or not there, with apt stood in for by a script."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ivr.lab import LabError
from ivr.lab.apt import AptError
from ivr.lab.debian import DebianRoot

FAKE_APT = """#!/bin/sh
# Stands in for apt-get, apt-cache and apt-config over a folder per suite.
echo "$0 $*" >> "$SHELVES/calls"
[ "${COMPLAINT:-}" ] && case "$*" in *update*|*install*) echo "$COMPLAINT" >&2; exit 100 ;; esac
suite=$(cut -d' ' -f4 "$(dirname "$APT_CONFIG")/sources.list" 2>/dev/null)
case "${0##*/} $*" in
    *indextargets*) echo "https://mirror.example/debian stable main" ;;
    *update*)
        [ -d "$SHELVES/$suite" ] && exit
        echo "E: The repository does not have a Release file." >&2
        exit 100 ;;
    *policy*) echo "  Candidate: $(cat "$SHELVES/$suite/version" 2>/dev/null || echo '(none)')" ;;
    *install*) cp "$SHELVES/$suite"/*.deb "$(dirname "$APT_CONFIG")/archives/" ;;
esac
"""


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with nothing on it, and the script that plays apt first on the path."""
    shelves, programs = tmp_path / "shelves", tmp_path / "bin"
    shelves.mkdir()
    programs.mkdir()
    for name in ("apt-get", "apt-cache", "apt-config"):
        (programs / name).write_text(FAKE_APT)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SHELVES", str(shelves))
    return shelves


def stock(shelves: Path, suite: str, version: str) -> None:
    """Put the package `hello`, with a setuid program, into a suite."""
    package = shelves / suite / "package"
    (package / "DEBIAN").mkdir(parents=True)
    control = (
        f"Package: hello\nVersion: {version}\nArchitecture: all\nMaintainer: x\nDescription: x\n"
    )
    (package / "DEBIAN/control").write_text(control)
    (package / "usr/bin").mkdir(parents=True)
    (package / "usr/bin/hello").write_text("hello")
    (package / "usr/bin/hello").chmod(0o4755)
    archive = shelves / suite / f"hello_{version.replace(':', '%3a')}_all.deb"
    subprocess.run(["dpkg-deb", "-b", str(package), str(archive)], check=True, capture_output=True)
    (shelves / suite / "version").write_text(version)


def fetch(cache: Path, *, at_least: str = "0") -> DebianRoot:
    """Fetch `hello`, saying nothing."""
    return DebianRoot.fetch(
        ["hello"], at_least={"hello": at_least}, cache=cache, say=lambda line: None
    )


def test_a_package_is_unpacked_without_privileges(shelves: Path, tmp_path: Path) -> None:
    """Files are there, the stamp says which versions, and no setuid bit is left."""
    stock(shelves, "stable", "1:2.0-1")
    root = fetch(tmp_path / "cache")
    program = root.folder / "usr/bin/hello"
    assert program.read_text() == "hello"
    assert program.stat().st_mode & 0o7777 == 0o755
    assert (root.suite, root.packages) == ("stable", {"hello": "1:2.0-1"})
    assert sorted(p.name for p in root.folder.parent.iterdir()) == ["packages.json", "root"]


def test_the_second_time_asks_nobody(shelves: Path, tmp_path: Path) -> None:
    """What is there and recent enough is used as it is."""
    stock(shelves, "stable", "2.0")
    first = fetch(tmp_path / "cache")
    (shelves / "calls").unlink()
    assert fetch(tmp_path / "cache") == first
    assert not (shelves / "calls").exists()


def test_a_later_suite_is_asked_where_the_own_is_too_old(shelves: Path, tmp_path: Path) -> None:
    """The machine's release comes first, then testing, then sid."""
    stock(shelves, "stable", "1.0")
    stock(shelves, "sid", "2.0")
    assert fetch(tmp_path / "cache", at_least="2.0").suite == "sid"


def test_an_old_root_is_replaced(shelves: Path, tmp_path: Path) -> None:
    """A root of an earlier fetch that is too old now makes way."""
    stock(shelves, "stable", "1.0")
    stock(shelves, "testing", "2.0")
    assert fetch(tmp_path / "cache").packages["hello"] == "1.0"
    assert fetch(tmp_path / "cache", at_least="2.0").packages["hello"] == "2.0"


def test_nothing_that_would_do_is_told_with_what_there_is(shelves: Path, tmp_path: Path) -> None:
    """The error lists what each suite has."""
    stock(shelves, "stable", "1.0")
    told = r"stable has hello 1\.0, older than 2\.0; the mirror .* has no suite testing"
    with pytest.raises(AptError, match=told):
        fetch(tmp_path / "cache", at_least="2.0")


@pytest.mark.parametrize(
    ("complaint", "advice"),
    [
        ("E: You don't have enough free space in /x.", "no space left .* COUNTERSIGN_CACHE"),
        ("Err: NO_PUBKEY 6ED0E7B82643E131", "keys .* too old .* debian-archive-keyring"),
        ("W: Temporary failure resolving 'mirror.example'", "cannot be reached"),
        ("E: Release file is expired (invalid since 9d)", "out of date, .* clock"),
        ("E: Something else broke", "Something else broke"),
    ],
)
def test_a_complaint_of_apt_says_what_to_do(
    shelves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str, advice: str
) -> None:
    """Each trouble of apt has its own advice, and nothing half-fetched is left behind."""
    stock(shelves, "stable", "1.0")
    monkeypatch.setenv("COMPLAINT", complaint)
    with pytest.raises(AptError, match=advice):
        fetch(tmp_path / "cache")
    assert [p.name for p in (tmp_path / "cache/debian").iterdir()] == [".lock"]


def test_a_broken_archive_leaves_nothing(shelves: Path, tmp_path: Path) -> None:
    """An archive that cannot be unpacked is named, and the next fetch starts anew."""
    stock(shelves, "stable", "1.0")
    archive = shelves / "stable/hello_1.0_all.deb"
    whole = archive.read_bytes()
    archive.write_bytes(whole[:100])
    with pytest.raises(LabError, match=r"hello_1\.0_all\.deb"):
        fetch(tmp_path / "cache")
    archive.write_bytes(whole)
    assert fetch(tmp_path / "cache").packages == {"hello": "1.0"}


def test_without_apt_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is not Debian is told so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AptError, match="apt-get is missing"):
        fetch(tmp_path / "cache")


def test_a_program_that_is_not_there_is_named(shelves: Path, tmp_path: Path) -> None:
    """A command for a program that no package brought is refused."""
    stock(shelves, "stable", "1.0")
    with pytest.raises(LabError, match="usr/bin/goodbye"):
        fetch(tmp_path / "cache").command("usr/bin/goodbye")
