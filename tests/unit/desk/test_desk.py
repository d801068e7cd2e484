"""The desk: who sees which call, what is live, what may be changed, and by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from ivr.desk import asking_part
from ivr.desk.guard import HEADERS
from ivr.domain.call import AccountId, CallId, CallState, Purpose
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.desk import Role, StepUp
from ivr.domain.news import News
from ivr.domain.verification import Opening, Verification
from ivr.ports import StoreUnavailableError
from ivr.storage.administration import ProfileAdministration
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.store import PostgresStore
from tests.patience import PATIENCE_S
from tests.postgres import execute
from tests.unit.desk.site import PASSWORD, TOKEN, Line, Screen, Site, open_site
from tests.unit.storage.records import OTHER_TENANT, TENANT, WORKER, accepted, opening, rejected

ADDRESS = "https://desk.example.org"
"""Where a proxy serves the desk."""
CUT_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    """A desk that is served."""
    async with open_site(database) as site:
        yield site


async def closed_again_and_again(store: PostgresStore, verification: Verification) -> None:
    """Write a verdict as the outbox does: until it is written."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(StoreUnavailableError):
                await store.close(verification)
                return


def begins(site: Site, agent: str = "1001", begun: Opening | None = None) -> Opening:
    """Tell that a call begins, which is offered to an agent."""
    begun = begun or opening()
    claim = Claim(begun.tenant, AccountId("4711"), ClaimSource.DIALPLAN)
    news = News(begun.tenant, begun.id, begun.call, begun.worker, Purpose.VERIFY)
    agents = (agent,) if agent else ()
    site.feed.tell(replace(news, agents=agents, state=CallState.LISTENING, claim=claim))
    return begun


async def test_a_call_is_live_from_its_beginning_to_its_verdict(
    site: Site, postgres_store: PostgresStore
) -> None:
    """Claim and state, then verdict, reason, evidence and attempts: each as it happens."""
    ann = await site.user("ann", agent="1001")
    async with ann.events() as events:
        assert await events.calls_until_ready() == []
        begun = begins(site)
        _, call = await events.next()
        assert (call["account"], call["state"], call.get("verdict")) == ("4711", "listening", None)
        await postgres_store.close(accepted(begun))
        _, call = await events.next()
        assert (call["verdict"], call["reason"], call["confidence"]) == ("ACCEPT", "MATCH", 99)
        assert [each["reason"] for each in call["attempts"]] == ["NOT_ENOUGH_SPEECH", "MATCH"]
        assert call["attempts"][1]["snr_db"] == 23.4


async def test_of_a_repeat_it_is_told_how_it_was_known(
    site: Site, postgres_store: PostgresStore
) -> None:
    """While the verdict is being written, and of the verdict."""
    ann = await site.user("ann", agent="1001")
    begun = begins(site)
    whole = rejected(begun)
    repeat = replace(whole.attempts[1], replay=0.8, replay_shift_s=0.048)
    news = News(begun.tenant, begun.id, begun.call, begun.worker, attempts=(repeat,))
    site.feed.tell(news)
    await site.feed.written()
    shown = [await ann.get(f"/api/calls/{begun.id}")]
    await postgres_store.close(replace(whole, attempts=(repeat,)))
    shown.append(await ann.get(f"/api/calls/{begun.id}"))
    for (attempt,) in (call["attempts"] for call in shown):
        assert (attempt["replay"], attempt["replay_shift_s"]) == (0.8, 0.048)


async def test_an_agent_sees_the_calls_that_are_offered_to_them_alone(
    site: Site, postgres_store: PostgresStore
) -> None:
    """Neither another agent's nor another tenant's; a supervisor sees all of the tenant."""
    ann = await site.user("ann", agent="1001")
    bob = await site.user("bob", agent="1002")
    sue = await site.user("sue", Role.SUPERVISOR)
    eve = await site.user("eve", Role.SUPERVISOR, tenant=OTHER_TENANT)
    begun = begins(site)
    await site.feed.written()
    for screen, seen in ((ann, 1), (bob, 0), (sue, 1), (eve, 0)):
        async with screen.events() as events:
            assert len(await events.calls_until_ready()) == seen
        status = await screen.status("GET", f"/api/calls/{begun.id}")
        assert status == (200 if seen else 404)


async def test_a_call_of_yesterday_is_on_no_desk(site: Site, database_dsn: str) -> None:
    """Neither shown nor found nor offered, also where no later call had it removed."""
    ann = await site.user("ann", agent="1001")
    begun = begins(site)
    await site.feed.written()
    assert await ann.status("GET", f"/api/calls/{begun.id}") == 200
    await execute(database_dsn, "UPDATE desk_calls SET began_at = now() - interval '12 h 1 min'")
    assert await site.calls.cards(TENANT, 0, None) == ()
    assert await site.calls.card(TENANT, begun.id) is None
    assert await site.calls.offer(TENANT, begun.call, "1001") is None
    assert await ann.status("GET", f"/api/calls/{begun.call}") == 404


async def test_a_call_leaves_every_screen_with_its_person(site: Site, database: Database) -> None:
    """As they are erased; what else the tenant's screens show is told as ever."""
    sue = await site.user("sue", Role.SUPERVISOR)
    claim = Claim(TENANT, AccountId("77"), ClaimSource.KEYED)
    erased, other = opening(), opening()
    async with sue.events() as events:
        assert await events.calls_until_ready() == []
        site.feed.tell(News(TENANT, erased.id, erased.call, WORKER, claim=claim))
        assert (await events.next())[1]["account"] == "77"
        administration = ProfileAdministration(database)
        await administration.erase(TENANT, AccountId("77"), who="ann", why="asked")
        assert await events.next() == ("gone", {"id": str(erased.id)})
        site.feed.tell(News(TENANT, other.id, other.call, WORKER))
        assert (await events.next())[1]["id"] == str(other.id)


async def test_a_screen_that_comes_back_misses_nothing(
    site: Site, postgres_store: PostgresStore
) -> None:
    """By `Last-Event-ID` or `after`: what changed while it was away, once, as it is now."""
    ann = await site.user("ann", agent="1001")
    first, second = begins(site), begins(site, begun=replace(opening(), call=CallId("2.2")))
    await site.feed.written()
    async with ann.events() as events:
        reached = max(call["number"] for call in await events.calls_until_ready())
    await postgres_store.close(rejected(second))
    async with ann.events(after=reached) as events:
        (call,) = await events.calls_until_ready()
        assert (call["id"], call["verdict"]) == (str(second.id), "REJECT")
    async with ann.events(path=f"/api/events?after={call['number']}") as events:
        assert await events.calls_until_ready() == []
        await postgres_store.close(accepted(first))
        _, call = await events.next()
        assert call["id"] == str(first.id)


async def test_a_call_is_offered_by_another_program(site: Site) -> None:
    """With the token of programs, by channel or verification; the agent sees it at once."""
    bob = await site.user("bob", agent="1002")
    begun = begins(site, agent="")
    await site.feed.written()
    offer = {"call": begun.call, "agent": "1002", "tenant": TENANT}
    stranger = {"Authorization": "Bearer something else"}
    program = {"Authorization": f"Bearer {TOKEN}"}
    async with bob.events() as events:
        assert await events.calls_until_ready() == []
        assert await bob.status("POST", "/api/offers", json=offer, headers=stranger) == 401
        nothing = offer | {"call": "unknown"}
        assert await bob.status("POST", "/api/offers", json=nothing, headers=program) == 404
        assert await bob.status("POST", "/api/offers", json={}, headers=program) == 400
        assert await bob.status("POST", "/api/offers", json=offer, headers=program) == 200
        _, call = await events.next()
        assert call["id"] == str(begun.id)
    assert (await bob.get(f"/api/calls/{begun.call}"))["id"] == str(begun.id)


@pytest.mark.parametrize(("asked", "state"), [("challenge", "told"), ("pin", "gone")])
async def test_what_an_agent_asks_for_is_told_to_the_dialplan(
    site: Site, asked: str, state: str
) -> None:
    """The worker of the call tells it, and the screen says so, or that the caller has left."""
    ann = await site.user("ann", agent="1001")
    begun = begins(site)
    if state == "gone":
        site.line.gone.add(begun.call)
    await site.feed.written()
    async with ann.events() as events:
        await events.calls_until_ready()
        path = f"/api/calls/{begun.id}/step-up"
        assert await ann.status("POST", path, json={"ask": "a song"}) == 400
        assert await ann.status("POST", path, json={"ask": asked}) == 200
        states = []
        while state not in states:
            _, call = await events.next()
            states.append(call.get("step_up", {}).get("state"))
    told = [(begun.call, StepUp(asked))] if state == "told" else []
    assert site.line.told == told


async def test_a_worker_without_a_desk_hears_what_is_asked_of_its_callers(
    site: Site, database: Database
) -> None:
    """An agent asks on another worker's desk; that one leaves the call alone."""
    ann, line = await site.user("ann", agent="1001"), Line()
    begun = begins(site, begun=replace(opening(), worker="another worker"))
    await site.feed.written()
    async with asking_part(DeskCalls(database), "another worker", line.ask), ann.events() as events:
        await events.calls_until_ready()
        path = f"/api/calls/{begun.id}/step-up"
        assert await ann.status("POST", path, json={"ask": "pin"}) == 200
        state = ""
        while state != "told":
            _, call = await events.next()
            state = call.get("step_up", {}).get("state", "")
    assert line.told == [(begun.call, StepUp.PIN)]
    assert site.line.told == []


async def test_feedback_is_kept_with_its_evidence(
    site: Site, postgres_store: PostgresStore
) -> None:
    """It can be given once there is a verdict, and changed; it stands beside the llr."""
    ann = await site.user("ann", agent="1001")
    begun = begins(site)
    await site.feed.written()
    path = f"/api/calls/{begun.id}/feedback"
    assert await ann.status("POST", path, json={"same_person": False}) == 409
    await postgres_store.close(accepted(begun))
    assert await ann.status("POST", path, json={"same_person": True}) == 200
    assert await ann.status("POST", path, json={"same_person": False}) == 200
    (kept,) = await site.calls.all_feedback(TENANT)
    assert (kept.same_person, kept.verdict, kept.llr) == (False, "ACCEPT", 7.25)
    assert (await ann.get(f"/api/calls/{begun.id}"))["same_person"] is False


async def test_nothing_is_shown_or_changed_without_signing_in(site: Site) -> None:
    """401 for programs, the form for people; the form forgets nobody's link."""
    nobody = Screen(site.http, site.url)
    for path in ("/api/me", "/api/events", "/api/figures", "/api/calls/1"):
        assert await nobody.status("GET", path) == 401
    seen = await site.http.get(f"{site.url}/?call=1.2", allow_redirects=False)
    assert (seen.status, seen.headers["Location"]) == (303, "/sign-in?call=1.2")
    form = {"name": "ann", "password": "mistyped", "call": "1.2"}
    seen = await site.http.post(f"{site.url}/sign-in", data=form, allow_redirects=False)
    assert seen.headers["Location"] == "/sign-in?wrong=1&call=1.2"


async def test_a_change_needs_the_token_of_the_page(site: Site) -> None:
    """A request that another site makes the browser send changes nothing."""
    ann = await site.user("ann", agent="1001")
    begun = begins(site)
    await site.feed.written()
    forged = {"X-CSRF-Token": "guessed"}
    path = f"/api/calls/{begun.id}/step-up"
    assert await ann.status("POST", path, json={"ask": "pin"}, headers=forged) == 403
    elsewhere = {"Origin": "https://evil.example"}
    form = {"name": "ann", "password": "x"}
    assert await ann.status("POST", "/sign-in", data=form, headers=elsewhere) == 403
    assert site.line.told == []


async def test_who_signed_out_or_was_removed_sees_nothing_more(site: Site) -> None:
    """Sessions end on the server, not only in the browser."""
    ann, bob = await site.user("ann", agent="1001"), await site.user("bob", agent="1002")
    assert await ann.status("POST", "/sign-out") == 200
    assert await ann.status("GET", "/api/me") == 401
    assert await site.users.remove(TENANT, "bob", who="ann", why="left")
    assert await bob.status("GET", "/api/me") == 401


async def test_wrong_passwords_tire_a_name(site: Site) -> None:
    """After five a name rests, even for the right one; nobody learns which names there are."""
    await site.user("ann", agent="1001")

    async def answer(name: str, password: str) -> str:
        form = {"name": name, "password": password}
        seen = await site.http.post(f"{site.url}/sign-in", data=form, allow_redirects=False)
        return seen.headers["Location"]

    assert await answer("nobody", "wrong") == "/sign-in?wrong=1"
    for _ in range(5):
        assert await answer("ann", "wrong") == "/sign-in?wrong=1"
    assert await answer("ann", PASSWORD) == "/sign-in?wrong=often"


async def test_the_form_comes_back_where_the_database_is_away(
    site: Site, database_dsn: str
) -> None:
    """It can say so in the reader's language."""
    await execute(database_dsn, "ALTER FUNCTION desk_user(text) RENAME TO away")
    form = {"name": "ann", "password": PASSWORD}
    seen = await site.http.post(f"{site.url}/sign-in", data=form, allow_redirects=False)
    assert (seen.status, seen.headers["Location"]) == (303, "/sign-in?wrong=away")


async def test_figures_are_for_supervisors(site: Site, postgres_store: PostgresStore) -> None:
    """Rates, line quality and profiles of the tenant; the model as its card says."""
    ann = await site.user("ann", agent="1001")
    sue = await site.user("sue", Role.SUPERVISOR)
    assert await ann.status("GET", "/api/figures") == 403
    assert await ann.status("GET", "/supervisor") == 303
    assert await sue.status("GET", "/api/figures?days=400") == 400
    await postgres_store.close(accepted(opening()))
    await postgres_store.close(rejected(opening()))
    figures = await sue.get("/api/figures?days=31")
    assert figures["model"]["points"][0]["fmr"] == 0.2
    assert figures["profiles"]["rejected"] == 0
    assert set(figures["rates"]) >= {"calls", "verdicts", "reasons", "hours", "median_s", "line"}


async def test_behind_a_proxy_the_desks_own_address_counts(database: Database) -> None:
    """Where it is set the proxy may call the desk by any name; other addresses are of others."""
    form = {"name": "ann", "password": "wrong password"}
    async with open_site(database, address=ADDRESS) as site:
        nobody = Screen(site.http, site.url)
        for origin, status in (
            (ADDRESS, 303),
            (site.url, 403),
            ("http://desk.example.org", 403),
            ("https://desk.example.org.evil.example", 403),
            ("null", 403),
        ):
            sent = await nobody.status("POST", "/sign-in", data=form, headers={"Origin": origin})
            assert sent == status, origin


async def test_a_link_to_a_call_is_whole_where_the_address_is_known(database: Database) -> None:
    """The answer to an offer opens the call from another program; else it is a path."""
    for address in ("", ADDRESS):
        async with open_site(database, address=address) as site:
            begun = begins(site)
            await site.feed.written()
            offer = {"call": begun.call, "agent": "1001", "tenant": TENANT}
            program = {"Authorization": f"Bearer {TOKEN}"}
            path = f"{site.url}/api/offers"
            async with site.http.post(path, json=offer, headers=program) as answer:
                assert (await answer.json())["url"] == f"{address}/?call={begun.id}"


async def test_every_answer_carries_the_limits_of_the_page(site: Site) -> None:
    """Also refusals, files and the stream; the cookie is for this host and TLS, not for scripts."""
    ann = await site.user("ann", agent="1001")
    for path in ("/", "/sign-in", "/page/desk.js", "/nothing", "/api/events", "/api/offers"):
        seen = await site.http.get(site.url + path, headers=ann.headers)
        for name, value in HEADERS.items():
            assert seen.headers[name] == value, (path, name)
        seen.close()
    form = {"name": "ann", "password": "correct horse battery"}
    seen = await site.http.post(f"{site.url}/sign-in", data=form, allow_redirects=False)
    cookie = seen.headers["Set-Cookie"]
    for mark in ("__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert mark in cookie


async def test_what_one_worker_learns_is_on_every_workers_desk(
    site: Site, database: Database, postgres_store: PostgresStore
) -> None:
    """Another process serves another agent's screen; a session holds at either."""
    ann = await site.user("ann", agent="1001")
    async with open_site(database) as other:
        elsewhere = Screen(other.http, other.url, ann.cookie, ann.csrf)
        async with elsewhere.events() as events:
            await events.calls_until_ready()
            begun = begins(site)
            assert (await events.next())[1]["state"] == "listening"
            await postgres_store.close(rejected(begun))
            assert (await events.next())[1]["verdict"] == "REJECT"


async def test_what_happens_while_the_database_is_cut_off_is_shown_afterwards(
    site: Site, database_dsn: str, postgres_store: PostgresStore
) -> None:
    """The listening connection is made anew, and what may have been missed is asked for."""
    ann = await site.user("ann", agent="1001")
    begun = begins(site)
    await site.feed.written()
    async with ann.events() as events:
        while (await events.next())[0] != "ready":
            pass
        await execute(database_dsn, CUT_ALL)
        await closed_again_and_again(postgres_store, accepted(begun))
        seen = [await events.next()]
        while "verdict" not in seen[-1][1]:
            seen.append(await events.next())
        assert seen[-1][1]["verdict"] == "ACCEPT"
