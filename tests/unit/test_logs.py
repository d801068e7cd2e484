"""The log: one JSON object a line in production, whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from ivr.logs import configure_log


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave structlog and the root logger as they were."""
    root, before = logging.getLogger(), (logging.getLogger().level, logging.getLogger().handlers[:])
    yield
    structlog.reset_defaults()
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def test_traceback_of_a_library_is_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Our events and what a library logs have the same form; `logger` says which library."""
    configure_log("json", "info")
    structlog.get_logger().info("service_ready")
    try:
        raise ConnectionResetError("gone")
    except ConnectionResetError:
        logging.getLogger("asyncpg.pool").warning("lost %s", "it", exc_info=True)
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["level"]) == ("service_ready", "info")
    assert (theirs["event"], theirs["level"]) == ("lost it", "warning")
    assert theirs["logger"] == "asyncpg.pool"
    assert "ConnectionResetError: gone" in theirs["exception"]


def test_libraries_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Their debug lines may hold what must not be logged."""
    configure_log("console", "debug")
    logging.getLogger("asyncio").info("detail")
    assert capsys.readouterr().err == ""
