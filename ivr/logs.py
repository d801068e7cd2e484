"""The log: one event a line, for machines or for people; never a voice, a name or a number."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Literal

import structlog

from ivr.storage.errors import connection_lost


def configure_log(form: Literal["json", "console"], level: str) -> None:
    """Send structlog's events to standard error, stamped in UTC."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        # A pretty traceback would show local variables, and with them who called.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.types.Processor] = [
        *([structlog.processors.format_exc_info] if form == "json" else []),
        renderer,
    ]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _configure_libraries(shared, last, max(number, logging.WARNING))


def _configure_libraries(
    shared: Sequence[structlog.types.Processor],
    last: Sequence[structlog.types.Processor],
    level: int,
) -> None:
    """Give what libraries log (asyncpg's pool, asyncio) the same form, with `logger` for whose."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, _without_lost_connection],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)


def _without_lost_connection(
    _: object, __: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Make a plain warning of a library's traceback where it tells only that PostgreSQL is away."""
    error = event["exc_info"][1] if event.get("exc_info") else None
    pool_waits = event["logger"] == "asyncpg.pool" and isinstance(error, OSError)
    if error is None or not (pool_waits or connection_lost(error)):
        return event
    event.pop("exc_info")
    why = str(error) or type(error).__name__
    says = event.pop("event")
    plain = {"event": "database_connection_lost", "level": "warning", "says": says, "why": why}
    return {**event, **plain}
