"""No ACCEPT is told that was not a worker's: who can write the tables opens no call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from engine.types import Llr, Reason, Verdict
from ivr.domain.call import CallId
from ivr.domain.verification import Opening, Verification
from ivr.flows.conduct import adopt
from ivr.storage.browsing import Browsing
from ivr.storage.database import Database
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring, MasterKeys
from ivr.storage.keys.rotation import rotate_master, rotate_tenant
from ivr.storage.outbox import Outbox
from ivr.storage.store import PostgresStore
from tests.fakes.call import FakeCall
from tests.postgres import MASTER, execute
from tests.unit.flows.conftest import Desk
from tests.unit.storage.records import (
    ACCOUNT,
    LETTER_KEY,
    accepted,
    enrolled,
    hung_up,
    opening,
    rejected,
)

THIEF = "SET ROLE countersign_app; SELECT set_config('countersign.tenant', '{tenant}', false);"
FORGE = """
UPDATE verifications SET verdict = 'ACCEPT', reason = 'MATCH', claim_account = '4711',
    claim_source = 'dialplan', llr = 7.25, confidence = 99, ended_at = now() WHERE id = '{id}';
"""
LOST = (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)


async def forge(dsn: str, begun: Opening, sql: str = FORGE) -> None:
    """Write into the row of a verification, as whoever has the DSN of the application's role."""
    await execute(dsn, (THIEF + sql).format(tenant=begun.tenant, id=begun.id))


@pytest.fixture
async def outbox(postgres_store: PostgresStore, tmp_path: Path) -> AsyncIterator[Outbox]:
    """The ledger of a worker on a real store."""
    async with Outbox(tmp_path / "outbox", postgres_store, LETTER_KEY) as outbox:
        yield outbox


def ending(verification: Verification) -> tuple[Verdict, Reason]:
    """Return how it ended."""
    return verification.verdict, verification.reason


@pytest.mark.parametrize("end", [accepted, rejected, hung_up])
async def test_a_call_whose_verdict_was_forged_is_unavailable(
    outbox: Outbox, database_dsn: str, end: object
) -> None:
    """Whatever it came to: what is written there may be known to the thief alone. The log says."""
    assert callable(end)
    begun = opening()
    await outbox.open(begun)
    await forge(database_dsn, begun)
    with capture_logs() as logs:
        told = await outbox.close(end(begun))
    assert (*ending(told), told.llr) == (*LOST, None)
    (entry,) = [each for each in logs if each["event"] == "verdict_not_ours"]
    assert (entry["log_level"], entry["verification"]) == ("error", str(begun.id))
    assert "password" in entry["advice"]


async def test_an_adopted_call_is_not_told_what_was_forged(
    outbox: Outbox, database_dsn: str
) -> None:
    """A thief who writes while the worker is away gains nothing by it."""
    services = replace(Desk().services, store=outbox, ledger=outbox)
    begun = opening()
    call = FakeCall(tag=begun.id)
    begun = replace(begun, call=call.facts.id, tenant=call.facts.request.tenant)
    await outbox.open(begun)
    await forge(database_dsn, begun)
    await adopt(call, services)
    assert call.released is not None
    told = (call.released["COUNTERSIGN_VERDICT"], call.released["COUNTERSIGN_REASON"])
    assert told == LOST


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE verifications SET stamp = NULL",
        "UPDATE verifications SET claim_account = '666'",
        "UPDATE verifications SET claim_source = 'keyed'",
        "UPDATE verifications SET profile = NULL",
        "UPDATE verifications SET call = 'another'",
        "UPDATE verifications SET llr = 70",
        "UPDATE verifications SET confidence = 100",
    ],
)
async def test_an_accept_is_as_it_was_written(
    postgres_store: PostgresStore, database_dsn: str, change: str
) -> None:
    """Of another account, another profile or another call it is none."""
    await postgres_store.enroll(enrolled())
    begun = opening()
    profile = await postgres_store.find(begun.tenant, ACCOUNT)
    assert profile is not None
    closed = replace(accepted(begun), profile=profile.id)
    await postgres_store.close(closed)
    assert await postgres_store.verdict(begun.id) == closed
    await forge(database_dsn, begun, f"{change} WHERE id = '{{id}}'")
    with pytest.raises(StoreRefusedError, match="no stamp of ours"):
        await postgres_store.verdict(begun.id)
    with pytest.raises(StoreRefusedError, match="no stamp of ours"):
        await postgres_store.close(closed)


@pytest.mark.parametrize("columns", ["stamp", "stamp, call"])
async def test_an_accept_is_its_calls_alone(
    postgres_store: PostgresStore, database_dsn: str, columns: str
) -> None:
    """The thief's own, from a call of his, does not pass for that of another."""
    his, hers = opening(), replace(opening(), call=CallId("1700000000.43"))
    await postgres_store.open(hers)
    await postgres_store.close(accepted(his))
    moved = f"""UPDATE verifications SET ({columns}) = (
        SELECT {columns} FROM verifications WHERE id = '{his.id}'
    ) WHERE id = '{{id}}'"""
    await forge(database_dsn, hers, FORGE + moved)
    with pytest.raises(StoreRefusedError, match="no stamp of ours"):
        await postgres_store.close(rejected(hers))


@pytest.mark.parametrize("end", [rejected, hung_up])
async def test_a_verdict_that_opens_nothing_needs_no_stamp(
    postgres_store: PostgresStore, database_dsn: str, end: object
) -> None:
    """What an older version wrote is told as it is."""
    assert callable(end)
    begun = opening()
    await postgres_store.close(end(begun))
    await forge(database_dsn, begun, "UPDATE verifications SET stamp = NULL")
    assert await postgres_store.verdict(begun.id) == end(begun)
    assert await postgres_store.close(accepted(begun)) == end(begun)


async def test_records_are_shown_as_they_are(
    postgres_store: PostgresStore, database: Database, database_dsn: str
) -> None:
    """Those of an older version, too: nothing hangs on what is listed."""
    begun = opening()
    await postgres_store.close(accepted(begun))
    await forge(database_dsn, begun, "UPDATE verifications SET stamp = NULL")
    shown = await Browsing(database).verification(begun.tenant, begun.id)
    assert shown == accepted(begun)


async def test_no_change_of_keys_takes_an_accept_away(
    postgres_store: PostgresStore, database: Database, keyring: Keyring
) -> None:
    """Neither of the master key nor of the tenant's, while a call is adopted."""
    begun = opening()
    await postgres_store.enroll(enrolled())
    await postgres_store.close(accepted(begun))
    both = await Keyring.open(database, MasterKeys((bytes(32), *MASTER.keys)))
    told = {"who": "ann", "why": "yearly"}
    await rotate_master(database, both, (begun.tenant,), **told)
    turned = [each async for each in rotate_tenant(database, both, begun.tenant, **told)]
    assert turned == [1]
    newest = await Keyring.open(database, MasterKeys((bytes(32),)))
    store = PostgresStore(database, newest)
    assert await store.verdict(begun.id) == accepted(begun)


async def test_of_two_who_accept_at_once_both_are_told_so(postgres_store: PostgresStore) -> None:
    """Whoever comes second knows the first one's stamp."""
    begun = opening()
    later = replace(accepted(begun), llr=Llr(5.5))
    first, second = await asyncio.gather(
        postgres_store.close(accepted(begun)), postgres_store.close(later)
    )
    assert first == second
    assert first.verdict is Verdict.ACCEPT
