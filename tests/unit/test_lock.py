"""What is installed for the service: all that it needs, as it is tested, and nothing that tests."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
SERVICE = (*PROJECT["dependencies"], *EXTRAS["embedded"], "setuptools")


def pinned(file: str) -> dict[str, str]:
    """Return what a lock holds, each with its version, its marker and its hashes."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for each in re.finditer(r"^(\w[^\n=]*)==.*(?:\n    .*)*\n", text, re.MULTILINE):
        name = canonicalize_name(each[1])
        # One for each range of Python's versions, where they differ.
        found[name] = found.get(name, "") + each[0]
    return found


def needed(*named: str) -> set[str]:
    """Return the packages that these need here, directly or through others."""
    found: set[tuple[str, frozenset[str]]] = set()
    todo = [Requirement(each) for each in named]
    while todo:
        each = todo.pop()
        key = canonicalize_name(each.name), frozenset(each.extras)
        if key not in found:
            found.add(key)
            todo += _required(each)
    return {name for name, _ in found}


def _required(package: Requirement) -> Iterator[Requirement]:
    for text in importlib.metadata.requires(package.name) or []:
        each = Requirement(text)
        if each.marker is None or any(
            each.marker.evaluate({"extra": extra}) for extra in ("", *package.extras)
        ):
            yield each


def test_the_service_has_what_it_needs() -> None:
    """Everything on this machine, in the versions and of the hashes that are tested."""
    service = pinned("requirements-service.lock")
    assert needed(*SERVICE) <= service.keys()
    assert service.items() <= pinned("requirements.lock").items()


def test_the_service_has_nothing_that_only_tests_need() -> None:
    """No browser, no web server of others and no compiler of types beside a PBX."""
    service = pinned("requirements-service.lock")
    tests = {canonicalize_name(Requirement(each).name) for each in EXTRAS["dev"]}
    assert not service.keys() & tests
    assert not service.keys() & (needed(*EXTRAS["dev"]) - needed(*SERVICE))
