"""Who is in the documents: people with rendered voices, their recordings, and their profiles."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache
from pathlib import Path
from uuid import uuid4

import soundfile

from engine.types import TELEPHONE_RATE_HZ
from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import EnrollmentId, Recording
from ivr.lab.scenes import NEW_CALL, PHRASE
from ivr.lab.speech import synthetic
from ivr.storage import Database, Keyring, PostgresStore
from tests.integration.faults.people import recordings_of
from tests.unit.storage.records import enrolled

TENANT = TenantId("default")
HIM, HER = "rms", "awb"
CALL = NEW_CALL
"""The take that somebody says when he calls again."""
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def record(path: Path, who: str, take: int, text: str = PHRASE) -> None:
    """Record somebody's words into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, synthetic(who).say(text, take), TELEPHONE_RATE_HZ, "PCM_16")


def record_digits(path: Path, line: str) -> bool:
    """Record the digits that a line asks for, and say whether it asked to press Enter then."""
    if line.startswith("Speak, in this order: "):
        words = (DIGITS[int(digit)] for digit in line.partition(": ")[2].split())
        record(path, HIM, 2 * CALL, " ".join(words))
    return "press Enter" in line


@cache
def _recordings() -> tuple[Recording, ...]:
    return recordings_of([synthetic(HIM).say(PHRASE, take) for take in range(3)])


async def enroll_somebody(database: Database, keyring: Keyring) -> AccountId:
    """Enroll a person whom nobody knows yet; return the account."""
    account = AccountId(f"person-{uuid4().hex[:8]}")
    recordings = await asyncio.to_thread(_recordings)
    person = replace(enrolled(account, TENANT), id=EnrollmentId(uuid4()), recordings=recordings)
    await PostgresStore(database, keyring).enroll(person)
    return account
