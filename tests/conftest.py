"""The fixtures that tests of every kind share, by the module they are written in."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import hypothesis
import pytest
import structlog

from tests.workers import take_own_ports

pytest_plugins = ["tests.postgres"]

# A deadline by the clock tells of what else the machine does, not of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_configure() -> None:
    """Keep out of the other workers' way."""
    take_own_ports()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that wait longest begin first, while the other workers do the rest."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Leave the log as it was: a command run by a test sends it to a stream that pytest closes."""
    root = logging.getLogger()
    configured, handlers, level = structlog.get_config(), root.handlers[:], root.level
    yield
    structlog.configure(**configured)
    root.handlers[:] = handlers
    root.setLevel(level)
