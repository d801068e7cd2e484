"""What decides is ours: who can write the tables sets no rate, and makes no member, user or key."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from engine.types import Reason, Verdict
from ivr.domain.call import AccountId, CallRequest, TenantId
from ivr.domain.desk import DeskUser, Role
from ivr.domain.operating_point import PointPurpose
from ivr.flows.conduct import conduct
from ivr.storage.api_answers import Answered, ApiAnswers, Asked, Undertaking
from ivr.storage.api_keys import ApiKeys
from ivr.storage.database import Database
from ivr.storage.desk_users import DeskUsers
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring, MasterKeys
from ivr.storage.keys.rotation import rotate_master, rotate_tenant
from ivr.storage.operating_points import OperatingPoints
from ivr.storage.outbox import Outbox
from ivr.storage.stamps import API_KEYS
from ivr.storage.store import PostgresStore
from ivr.storage.watchlists import Watchlists
from tests.fakes.call import FakeCall, facts
from tests.postgres import MASTER, execute
from tests.unit.flows.conftest import Desk
from tests.unit.storage.records import ACCOUNT, OTHER_TENANT, TENANT, enrolled, opening
from tests.unit.storage.test_stamps import THIEF, outbox

__all__ = ["outbox"]

TOLD = {"who": "ann", "why": "a test"}
ANN = DeskUser("ann", TENANT, Role.AGENT, "1001")
COOKIE = hashlib.sha256(b"a cookie").digest()
LATER = datetime(2126, 1, 1, tzinfo=UTC)
NOT_OURS = "no stamp of ours"


async def steal(dsn: str, sql: str, tenant: TenantId = TENANT) -> None:
    """Write into the tables, as whoever has the DSN of the application's role."""
    await execute(dsn, THIEF.format(tenant=tenant) + sql)


@pytest.fixture
async def points(database: Database, keyring: Keyring) -> OperatingPoints:
    """The rates, of which one is set for each of two tenants."""
    points = OperatingPoints(database, keyring)
    await points.set(TENANT, PointPurpose.VERIFICATION, 0.01, **TOLD)
    await points.set(OTHER_TENANT, PointPurpose.VERIFICATION, 0.4, **TOLD)
    return points


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE operating_points SET target_fmr = 0.5",
        "UPDATE operating_points SET target_fmr = 0.5, stamp = NULL",
        "UPDATE operating_points SET purpose = 'watchlist'",
        f"INSERT INTO operating_points VALUES ('{TENANT}', 'watchlist', 0.5)",
    ],
)
async def test_a_rate_that_was_not_set_by_us_is_not_believed(
    postgres_store: PostgresStore, points: OperatingPoints, database_dsn: str, change: str
) -> None:
    """Changed, moved to another purpose, or written anew: the log says what to do."""
    await steal(database_dsn, change)
    with capture_logs() as logs:
        for read in (postgres_store.own_rates(TENANT), postgres_store.open(opening())):
            with pytest.raises(StoreRefusedError, match=NOT_OURS):
                await read
    with pytest.raises(StoreRefusedError, match=NOT_OURS):
        await points.of(TENANT)
    assert {(each["event"], each["table"]) for each in logs} == {
        ("row_not_ours", "operating_points")
    }
    assert "countersign keys stamp" in logs[0]["advice"]
    assert await postgres_store.own_rates(OTHER_TENANT) == {PointPurpose.VERIFICATION: 0.4}


async def test_another_tenants_rate_is_none_of_ours(
    postgres_store: PostgresStore, points: OperatingPoints, database_dsn: str
) -> None:
    """Though its stamp be good there: it names the tenant."""
    copied = (
        "UPDATE operating_points SET (target_fmr, stamp) = ("
        f"SELECT target_fmr, stamp FROM operating_points WHERE tenant = '{OTHER_TENANT}'"
        f") WHERE tenant = '{TENANT}'"
    )
    await execute(database_dsn, copied)
    with pytest.raises(StoreRefusedError, match=NOT_OURS):
        await postgres_store.own_rates(TENANT)


async def test_a_call_does_not_follow_a_rate_that_was_forged(
    outbox: Outbox, points: OperatingPoints, database_dsn: str
) -> None:
    """It ends INCONCLUSIVE; set anew by us, the rate holds again."""
    await steal(database_dsn, "UPDATE operating_points SET target_fmr = 0.5")
    services = replace(Desk().services, store=outbox, ledger=outbox)
    call = FakeCall(facts=replace(facts(account=ACCOUNT), request=asked()))
    await conduct(call, services)
    assert call.released is not None
    told = (call.released["COUNTERSIGN_VERDICT"], call.released["COUNTERSIGN_REASON"])
    assert told == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    await points.set(TENANT, PointPurpose.VERIFICATION, 0.05, **TOLD)
    assert await outbox.own_rates(TENANT) == {PointPurpose.VERIFICATION: 0.05}


def asked() -> CallRequest:
    """Return what the call of a caller of this tenant is for."""
    return replace(facts(account=ACCOUNT).request, tenant=TENANT)


async def test_nobody_joins_a_group_by_writing_the_table(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """The thief's own voice is not found where colleagues are looked for, nor is anybody."""
    for account in (ACCOUNT, AccountId("thief")):
        await postgres_store.enroll(enrolled(account))
    watchlists = Watchlists(database, keyring)
    assert await watchlists.join(TENANT, "staff", ACCOUNT, **TOLD)
    assert await watchlists.join(TENANT, "guests", AccountId("thief"), **TOLD)
    assert [each.account for each in await postgres_store.group(TENANT, "staff")] == [ACCOUNT]
    await steal(database_dsn, "UPDATE group_members SET name = 'staff'")
    with pytest.raises(StoreRefusedError, match=NOT_OURS):
        await postgres_store.group(TENANT, "staff")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE desk_users SET role = 'supervisor'",
        "UPDATE desk_users SET password = 'of another'",
        "UPDATE desk_users SET agent = '1002'",
        "UPDATE desk_users SET stamp = NULL",
    ],
)
async def test_a_user_who_was_changed_is_none(
    database: Database, keyring: Keyring, database_dsn: str, change: str
) -> None:
    """Neither at the door nor where they are signed in already."""
    users = DeskUsers(database, keyring)
    assert await users.add(ANN, "kept", **TOLD)
    assert await users.sign_in(ANN, "kept", COOKIE, LATER)
    assert await users.signed_in(COOKIE) == ANN
    await steal(database_dsn, change)
    assert await users.find("ann") is None
    assert await users.signed_in(COOKIE) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE desk_sessions SET token = sha256('another')",
        "UPDATE desk_sessions SET expires_at = '2226-01-01'",
        "UPDATE desk_sessions SET name = 'sue'",
        "INSERT INTO desk_sessions VALUES (sha256('another'), '{tenant}', 'sue', '2126-01-01')",
    ],
)
async def test_nobody_is_signed_in_by_writing_the_table(
    database: Database, keyring: Keyring, database_dsn: str, change: str
) -> None:
    """By a cookie of the thief's own, for longer, or as another user."""
    users = DeskUsers(database, keyring)
    for user in (ANN, DeskUser("sue", TENANT, Role.SUPERVISOR, "")):
        assert await users.add(user, "kept", **TOLD)
    assert await users.sign_in(ANN, "kept", COOKIE, LATER)
    await steal(database_dsn, change.replace("{tenant}", TENANT))
    another = await users.signed_in(hashlib.sha256(b"another").digest())
    mine = await users.signed_in(COOKIE)
    assert another is None
    assert mine is None if "UPDATE" in change else mine == ANN


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_keys SET hash = sha256('another')",
        "UPDATE api_keys SET scopes = '{{verify,groups:write}}'",
        "UPDATE api_keys SET expires_at = NULL",
        "UPDATE api_keys SET stamp = NULL",
    ],
)
async def test_a_key_that_was_changed_is_none(
    database: Database, keyring: Keyring, database_dsn: str, change: str
) -> None:
    """Its secret, its scopes or its end."""
    keys, key = ApiKeys(database, keyring), uuid4()
    await keys.add(TENANT, key, "crm", bytes(32), ["verify"], LATER, **TOLD)
    assert await keys.find(key) is not None
    await steal(database_dsn, change.format())
    assert await keys.find(key) is None


async def test_a_key_that_was_revoked_stays_so(
    database: Database, keyring: Keyring, database_dsn: str
) -> None:
    """It is found as one that was; and where the time of that is taken out, not at all."""
    keys, key = ApiKeys(database, keyring), uuid4()
    await keys.add(TENANT, key, "crm", bytes(32), ["verify"], None, **TOLD)
    assert await keys.revoke(TENANT, key, **TOLD)
    with capture_logs() as logs:
        found = await keys.find(key)
    assert found is not None
    assert found.revoked_at is not None
    # A program that still shows it is no sign that somebody writes the tables.
    assert logs == []
    await steal(database_dsn, "UPDATE api_keys SET revoked_at = NULL")
    assert await keys.find(key) is None


async def _answered(database: Database, keyring: Keyring) -> tuple[ApiAnswers, Asked]:
    key, answers = uuid4(), ApiAnswers(database, keyring)
    await ApiKeys(database, keyring).add(TENANT, key, "crm", bytes(32), [], None, **TOLD)
    asked = Asked(TENANT, key, bytes(32), bytes(32))
    undertaking = await answers.begin(asked, datetime.now(UTC))
    assert isinstance(undertaking, Undertaking)
    await answers.keep(undertaking, 200, b'{"verdict":"REJECT"}')
    return answers, asked


@pytest.mark.parametrize(
    "change",
    [
        'UPDATE api_answers SET body = \'{{"verdict":"ACCEPT"}}\'',
        "UPDATE api_answers SET status = 404",
        "UPDATE api_answers SET stamp = NULL",
    ],
)
async def test_an_answer_that_was_changed_is_not_told(
    database: Database, keyring: Keyring, database_dsn: str, change: str
) -> None:
    """To the program that sends its request again."""
    answers, asked = await _answered(database, keyring)
    known = await answers.begin(asked, datetime.now(UTC))
    assert known == Answered(same=True, status=200, body=b'{"verdict":"REJECT"}')
    await steal(database_dsn, change.format())
    with pytest.raises(StoreRefusedError, match=NOT_OURS):
        await answers.begin(asked, datetime.now(UTC))


async def test_no_change_of_keys_makes_a_row_a_strangers(
    database: Database, keyring: Keyring, points: OperatingPoints
) -> None:
    """Neither of the master key nor of the tenant's."""
    users = DeskUsers(database, keyring)
    assert await users.add(ANN, "kept", **TOLD)
    both = await Keyring.open(database, MasterKeys((bytes(32), *MASTER.keys)))
    await rotate_master(database, both, (TENANT,), **TOLD)
    assert [each async for each in rotate_tenant(database, both, TENANT, **TOLD)] == []
    newest = await Keyring.open(database, MasterKeys((bytes(32),)))
    assert newest.stamped
    assert await DeskUsers(database, newest).find("ann") == (ANN, "kept")
    rates = await OperatingPoints(database, newest).of(TENANT)
    assert rates == {PointPurpose.VERIFICATION: 0.01}


def test_no_two_rows_are_told_alike() -> None:
    """See `ivr.storage.stamps`: a time is the same in all zones, and an empty text is not none."""
    row = {"tenant": "a", "id": UUID(int=1), "hash": b"", "scopes": ["a"], "expires_at": LATER}
    keyring = Keyring(object(), MASTER, bytes(32))  # type: ignore[arg-type]  # never asked
    elsewhere = LATER.astimezone(timezone(timedelta(hours=2)))
    changes: tuple[dict[str, object], ...] = (
        {},
        {"scopes": ["a", ""]},
        {"scopes": ["a,", ""]},
        {"scopes": []},
        {"expires_at": None},
        {"hash": b"-"},
    )
    stamps = {API_KEYS.stamp(row | change, keyring) for change in changes}
    assert len(stamps) == len(changes)
    assert API_KEYS.stamp(row | {"expires_at": elsewhere}, keyring) in stamps
