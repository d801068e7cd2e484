"""The log: one JSON object a line in production, whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import asyncpg
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
        raise ZeroDivisionError("a slip")
    except ZeroDivisionError:
        logging.getLogger("asyncpg.pool").warning("lost %s", "it", exc_info=True)
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["level"]) == ("service_ready", "info")
    assert (theirs["event"], theirs["level"]) == ("lost it", "warning")
    assert theirs["logger"] == "asyncpg.pool"
    assert "ZeroDivisionError: a slip" in theirs["exception"]


@pytest.mark.parametrize(
    ("library", "error"),
    [
        ("pgqueuer", asyncpg.InterfaceError("connection is closed")),
        ("pgqueuer", asyncpg.ConnectionDoesNotExistError("closed in the middle")),
        ("pgqueuer", asyncpg.AdminShutdownError("terminating connection")),
        ("asyncpg.pool", ConnectionRefusedError(111, "Connection refused")),
        ("asyncpg.pool", FileNotFoundError(2, "no such socket")),
    ],
)
@pytest.mark.parametrize("form", ["json", "console"])
def test_a_lost_database_is_one_plain_warning(
    library: str,
    error: Exception,
    form: Literal["json", "console"],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever restarts PostgreSQL reads no traceback of a library."""
    configure_log(form, "info")
    logging.getLogger(library).error("Manager failed during shutdown", exc_info=error)
    (line,) = capsys.readouterr().err.splitlines()
    for told in ("database_connection_lost", "warning", library, str(error)):
        assert told in line


@pytest.mark.parametrize(
    ("library", "error"),
    [
        ("pgqueuer", asyncpg.InterfaceError("another operation is in progress")),
        ("pgqueuer", FileNotFoundError(2, "no such recording")),
        ("asyncio", OSError("not fetched")),
        ("asyncpg.pool", KeyError("x")),
    ],
)
def test_any_other_error_of_a_library_keeps_its_traceback(
    library: str, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be a fault of the program."""
    configure_log("json", "info")
    logging.getLogger(library).error("failed", exc_info=error)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"]) == ("failed", "error")
    assert type(error).__name__ in line["exception"]


def test_libraries_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Their debug lines may hold what must not be logged."""
    configure_log("console", "debug")
    logging.getLogger("asyncio").info("detail")
    assert capsys.readouterr().err == ""
