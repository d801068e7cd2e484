"""The product's dialplan in a real Asterisk: what it hands over, how it falls back and routes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from ivr.lab.asterisk import ROUTE_BY_CAUSE, PrivateAsterisk
from ivr.lab.program import DIALPLANS
from ivr.lab.softphone.phone import Softphone
from tests.integration.line_caller import eventually
from tests.integration.probing import Applications

pytestmark = pytest.mark.asterisk

ACCOUNTS = [
    "1001",
    "with space",
    " leading and trailing ",
    "comma, comma,",
    'double "quotes"',
    "one 'quote",
    '"',
    "(open",
    "close)",
    "[square {curly",
    "back\\slash",
    "semicolon;",
    "a=b&c:d?e|f",
    "100%",
    "%41 is no A",
    "a+b",
    "${EXTEN} $[1+1]",
    "Zoë Müller",
    "账户",
    "emoji 😀👩‍🚀",
    "x" * 128,
    "😀" * 128,
]


@pytest_asyncio.fixture
async def apps(asterisk: PrivateAsterisk) -> AsyncIterator[Applications]:
    """The application that the subroutines call, and the one that sees what they left."""
    async with Applications(asterisk, "countersign", "probe") as both:
        yield both


@pytest_asyncio.fixture
async def probe(asterisk: PrivateAsterisk) -> AsyncIterator[Applications]:
    """Only the one that sees what the subroutines left: Countersign is away."""
    async with Applications(asterisk, "probe") as alone:
        yield alone


async def logged(asterisk: PrivateAsterisk, since: int, words: str) -> None:
    """Wait until Asterisk, which writes when it gets round to it, has these words in its log."""

    async def there() -> bool:
        return words.encode() in asterisk.log_path.read_bytes()[since:]

    await eventually(there)


async def test_a_wrong_password_is_refused(asterisk: PrivateAsterisk) -> None:
    """ARI answers to the generated password and to no other."""
    async with aiohttp.ClientSession() as session:
        ping = f"{asterisk.ari_url}/ari/asterisk/ping"
        headers = {"Authorization": "Basic Y291bnRlcnNpZ246d3Jvbmc="}
        async with session.get(ping, headers=headers) as reply:
            assert reply.status == 401


async def test_the_dialplan_names_only_what_is_loaded(asterisk: PrivateAsterisk) -> None:
    """Every application and function of the dialplan exists: one that does not ends the call."""
    dialplan = "".join((DIALPLANS / f).read_text() for f in ("countersign.conf", "examples.conf"))
    lines = [line for line in dialplan.splitlines() if not line.startswith(";")]
    applications = set(re.findall(r"(?:\d|n(?:\([\w-]+\))?),([A-Z]\w+)\(", "\n".join(lines)))
    functions = set(re.findall(r"(?:\$\{|Set\()([A-Z_]+)\(", "\n".join(lines)))
    assert applications >= {"Gosub", "Stasis", "Hangup", "Playtones"}
    assert functions >= {"URIENCODE", "JITTERBUFFER", "ISNULL"}
    for kind, names in (("application", applications), ("function", functions)):
        for name in names:
            shown = await asterisk.command(f"core show {kind} {name}")
            assert "Synopsis" in shown, f"{kind} {name}: {shown}"


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_an_account_in_the_variable_arrives_as_it_is(
    apps: Applications, account: str
) -> None:
    """Whatever the account holds, the application gets it whole, and the other arguments too."""
    await apps.call("verify", {"COUNTERSIGN_ACCOUNT": account, "COUNTERSIGN_TENANT": "acme"})
    asked = await apps.arrival("countersign", "verify")
    assert asked.given("account") == account
    assert asked.given("tenant") == "acme"
    assert asked.given("locale") == ""


@pytest.mark.parametrize("account", ["1001", "with space", "Zoë", "emoji 😀", "a=b"])
async def test_an_account_as_an_argument_arrives_as_it_is(apps: Applications, account: str) -> None:
    """What Gosub itself does not take apart can be an argument."""
    await apps.call("verify-argument", {"ACCOUNT": account})
    asked = await apps.arrival("countersign", "verify")
    assert asked.given("account") == account


async def test_arguments_go_before_variables(apps: Applications) -> None:
    """Account, tenant and locale of the Gosub win over what the channel carries."""
    channel = {f"COUNTERSIGN_{name}": "other" for name in ("ACCOUNT", "TENANT", "LOCALE")}
    given = {"ACCOUNT": "1001", "TENANT": "acme: east", "LOCALE": "de-DE"}
    await apps.call("verify-arguments", channel | given)
    asked = await apps.arrival("countersign", "verify")
    assert [asked.given(name.lower()) for name in given] == list(given.values())


async def test_a_call_may_go_to_an_application_of_its_own(apps: Applications) -> None:
    """The channel's COUNTERSIGN_APP wins over the global: so a dialplan spreads its calls."""
    await apps.call("verify", {"COUNTERSIGN_APP": "probe"})
    asked = await apps.arrival("probe", "verify")
    assert asked.given("account") == ""


async def test_an_account_is_used_once(apps: Applications) -> None:
    """A second Gosub in the same call does not fall back on the first one's account."""
    await apps.call("verify-twice", {"COUNTERSIGN_ACCOUNT": "1001"})
    first = await apps.arrival("countersign", "verify")
    await apps.proceed(first, COUNTERSIGN_VERDICT="ACCEPT")
    second = await apps.arrival("countersign", "verify")
    assert (first.given("account"), second.given("account")) == ("1001", "")


async def test_the_verdict_reaches_the_dialplan(apps: Applications) -> None:
    """What the application set is there after the subroutine."""
    await apps.call("verify")
    asked = await apps.arrival("countersign", "verify")
    await apps.proceed(asked, COUNTERSIGN_VERDICT="REJECT", COUNTERSIGN_REASON="NO_MATCH")
    shown = await apps.arrival("probe", "show")
    assert shown.args[1:3] == ["REJECT", "NO_MATCH"]


async def test_no_verdict_is_inconclusive(apps: Applications) -> None:
    """An application that lets the call go without a verdict has not accepted it."""
    await apps.call("verify", {"COUNTERSIGN_VERDICT": "ACCEPT", "COUNTERSIGN_REASON": "MATCH"})
    await apps.proceed(await apps.arrival("countersign", "verify"))
    shown = await apps.arrival("probe", "show")
    assert shown.args[1:3] == ["INCONCLUSIVE", "UNAVAILABLE"]


async def test_an_old_verdict_does_not_stand_in_for_an_application_away(
    probe: Applications,
) -> None:
    """With the application away the verdict is INCONCLUSIVE, whatever the channel carried."""
    old = {"VERDICT": "ACCEPT", "REASON": "MATCH", "ID": "old"}
    await probe.call("verify", {f"COUNTERSIGN_{name}": value for name, value in old.items()})
    shown = await probe.arrival("probe", "show")
    assert shown.args[1:] == ["INCONCLUSIVE", "UNAVAILABLE", ""]


async def test_an_enrollment_without_the_application_has_failed(probe: Applications) -> None:
    """Enrollment falls back as verification does."""
    await probe.call("enroll", {"COUNTERSIGN_ENROLLMENT": "ENROLLED"})
    shown = await probe.arrival("probe", "show")
    assert shown.args[1:3] == ["FAILED", "UNAVAILABLE"]


async def test_the_result_of_an_enrollment_reaches_the_dialplan(apps: Applications) -> None:
    """What the application set is there after the subroutine."""
    await apps.call("enroll", {"COUNTERSIGN_ACCOUNT": "1001"})
    asked = await apps.arrival("countersign", "enroll")
    assert asked.given("account") == "1001"
    await apps.proceed(asked, COUNTERSIGN_ENROLLMENT="DECLINED", COUNTERSIGN_REASON="NO_CONSENT")
    shown = await apps.arrival("probe", "show")
    assert shown.args[1:3] == ["DECLINED", "NO_CONSENT"]


async def test_a_challenge_is_asked_for_with_what_it_needs(apps: Applications) -> None:
    """Account and mode arrive, and the verdict comes back as after verify."""
    await apps.call("challenge", {"COUNTERSIGN_MODE": "text_independent"})
    asked = await apps.arrival("countersign", "challenge")
    assert (asked.given("account"), asked.given("mode")) == ("1001", "text_independent")
    await apps.proceed(asked, COUNTERSIGN_VERDICT="ACCEPT", COUNTERSIGN_REASON="MATCH")
    shown = await apps.arrival("probe", "show")
    assert shown.args[1:3] == ["ACCEPT", "MATCH"]


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        ({"VERDICT": "ACCEPT", "REASON": "MATCH", "IDENTITY": "1001"}, ["ACCEPT", "MATCH"]),
        ({"VERDICT": "ACCEPT", "REASON": "MATCH"}, ["INCONCLUSIVE", "UNAVAILABLE"]),
        ({"VERDICT": "REJECT", "REASON": "NO_MATCH"}, ["REJECT", "NO_MATCH"]),
        ({}, ["INCONCLUSIVE", "UNAVAILABLE"]),
    ],
)
async def test_an_identification_that_names_nobody_accepts_nobody(
    apps: Applications, left: dict[str, str], shown: list[str]
) -> None:
    """The group arrives, and no account: an ACCEPT must say of whom it is."""
    await apps.call("identify", {"COUNTERSIGN_IDENTITY": "an earlier one"})
    asked = await apps.arrival("countersign", "identify")
    assert (asked.given("group"), asked.given("account")) == ("night shift", "")
    await apps.proceed(asked, **{f"COUNTERSIGN_{name}": value for name, value in left.items()})
    assert (await apps.arrival("probe", "show")).args[1:3] == shown


@pytest.mark.parametrize("purpose", ["challenge", "identify"])
async def test_other_calls_without_the_application_are_inconclusive(
    probe: Applications, purpose: str
) -> None:
    """They fall back as verification does."""
    await probe.call(purpose, {"COUNTERSIGN_VERDICT": "ACCEPT", "COUNTERSIGN_IDENTITY": "1001"})
    shown = await probe.arrival("probe", "show")
    assert shown.args[1:3] == ["INCONCLUSIVE", "UNAVAILABLE"]


async def test_a_passive_call_without_the_application_shows_no_earlier_ones(
    probe: Applications,
) -> None:
    """It is inconclusive, and names no record."""
    await probe.call("passive-again")
    shown = await probe.arrival("probe", "show")
    assert shown.args[1:] == ["INCONCLUSIVE", "UNAVAILABLE", ""]


@pytest.mark.parametrize(
    ("dialled", "left", "cause"),
    [
        ("verify-1001", {"VERDICT": "ACCEPT", "REASON": "MATCH"}, 30),
        ("verify-1001", {"VERDICT": "REJECT", "REASON": "NO_MATCH"}, 21),
        ("verify-1001", {"VERDICT": "INCONCLUSIVE", "REASON": "TOO_NOISY"}, 31),
        ("verify-1001", {}, 41),
        ("enroll-1001", {"ENROLLMENT": "ENROLLED", "REASON": "COMPLETE"}, 30),
        ("enroll-1001", {"ENROLLMENT": "DECLINED", "REASON": "NO_CONSENT"}, 21),
        ("enroll-1001", {"ENROLLMENT": "FAILED", "REASON": "INCONSISTENT"}, 31),
        ("enroll-1001", {}, 41),
    ],
)
async def test_a_caller_sees_where_the_examples_sent_the_call(
    asterisk: PrivateAsterisk, apps: Applications, dialled: str, left: dict[str, str], cause: int
) -> None:
    """The cause in the BYE tells a SIP caller which extension took the call."""
    purpose = dialled.partition("-")[0]
    logged_before = asterisk.log_path.stat().st_size
    variables = {f"COUNTERSIGN_{name}": value for name, value in left.items()}
    async with Softphone() as phone:
        dialling = asyncio.create_task(phone.dial(dialled, "127.0.0.1", asterisk.sip_port))
        asked = await apps.arrival("countersign", purpose)
        await apps.proceed(asked, **variables)
        ending = await (await dialling).ended()
    assert asked.given("account") == "1001"
    assert ending.cause == cause
    verified, enrolled = ROUTE_BY_CAUSE[cause]
    route = verified if purpose == "verify" else enrolled
    reason = left.get("REASON", "UNAVAILABLE")
    await logged(asterisk, logged_before, f"countersign-route: {route} {reason}")


@pytest.mark.parametrize(
    ("dialled", "purpose", "account"),
    [
        ("verify-caller", "verify", "5551234"),
        ("2", "verify", "5551234"),
        ("verify-keyed", "verify", ""),
        ("3", "verify", ""),
        ("17", "verify", "7"),
        ("41001", "enroll", "1001"),
        ("verify-1001,acme", "verify", "1001,acme"),
    ],
)
async def test_the_examples_make_the_claim_as_they_say(
    asterisk: PrivateAsterisk, apps: Applications, dialled: str, purpose: str, account: str
) -> None:
    """Each number of the examples asks for what its comment says; a comma names no tenant."""
    async with Softphone() as phone:
        dialling = asyncio.create_task(
            phone.dial(dialled, "127.0.0.1", asterisk.sip_port, caller_number="5551234")
        )
        asked = await apps.arrival("countersign", purpose)
        await apps.proceed(asked)
        ending = await (await dialling).ended()
    assert (asked.given("account"), asked.given("tenant")) == (account, "")
    assert ending.cause == 41


async def test_the_log_holds_no_account(asterisk: PrivateAsterisk, apps: Applications) -> None:
    """The log tells where a call went, not who called."""
    logged_before = asterisk.log_path.stat().st_size
    async with Softphone() as phone:
        dialling = asyncio.create_task(
            phone.dial("verify-2718281828", "127.0.0.1", asterisk.sip_port, caller_number="31415")
        )
        await apps.proceed(await apps.arrival("countersign", "verify"))
        await (await dialling).ended()
    await logged(asterisk, logged_before, "countersign-route: ")
    log = asterisk.log_path.read_text()
    assert "2718281828" not in log
    assert "31415" not in log
