"""What a word of the command line may be, for more than one command."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from ivr.domain.call import AccountId
from ivr.domain.claim import account_fault


def account(text: str) -> AccountId:
    """Read the account of somebody who is to be enrolled; `ArgumentTypeError` where none can."""
    if (fault := account_fault(text)) is not None:
        raise argparse.ArgumentTypeError(fault)
    return AccountId(text)


def date(text: str) -> datetime:
    """Read a day as its midnight, UTC; `ArgumentTypeError` unless it is one that has begun."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2025-01-31") from error
    if day > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text} is in the future")
    return day
