"""What aiohttp says of requests to our servers, without quoting what it could not read as HTTP."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


class _Unquoted(logging.Filter):
    """Drops what is said of requests that are no HTTP.

    It quotes them, and with them accounts, passwords and cookies.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


def http_logger(name: str) -> logging.Logger:
    """Return the logger for a server's `AppRunner`."""
    logger = logging.getLogger(name)
    logger.filters[:] = [_Unquoted()]
    return logger
