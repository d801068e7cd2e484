"""The agents' page in a real browser, without a telephone: what it does as time goes by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, Route, async_playwright, expect

from ivr.desk import stream
from ivr.domain.call import CallId, CallState, Purpose
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.desk import Role
from ivr.domain.news import News
from ivr.domain.verification import VerificationId
from ivr.lab import browser
from ivr.storage.administration import ProfileAdministration
from ivr.storage.database import Database
from ivr.storage.store import PostgresStore
from tests.patience import PATIENCE_S
from tests.unit.desk.site import PASSWORD, Site, open_site
from tests.unit.storage.records import ACCOUNT, TENANT, WORKER, accepted, opening, rejected

SPY = """
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(...more) {
    super(...more);
    window.streams.push(this);
  }
};
"""
BEAT = """
new Promise((done) => {
  streams.at(-1).addEventListener("beat", () => done(), { once: true });
})
"""
SEEN = """
(isSeen) => {
  Object.defineProperty(document, "hidden", { value: !isSeen, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


@dataclass
class Looking:
    """A supervisor's page, whose clock the test sets."""

    site: Site
    page: Page

    async def open(self, path: str = "/") -> None:
        """Open the desk, and wait until all is there."""
        await self.page.goto(self.site.url + path)
        await expect(self.page.locator("#list")).to_have_attribute("aria-busy", "false")

    async def stop_the_clock(self) -> None:
        """Let no time pass but what the test lets pass: a busy machine takes its own."""
        now_ms = await self.page.evaluate("Date.now()")
        # Into the past it cannot be set.
        await self.page.clock.pause_at(now_ms / 1000 + 5)

    async def later(self, seconds: int) -> None:
        """Let time pass, without anything that happens on the server in it."""
        await self.page.clock.fast_forward(seconds * 1000)

    async def calls(self, count: int) -> list[str]:
        """Let so many calls be told, one after another, and return their names."""
        told = [VerificationId(uuid4()) for _ in range(count)]
        for number, call in enumerate(told):
            channel = CallId(f"1764365926.{number}")
            self.site.feed.tell(
                News(TENANT, call, channel, WORKER, Purpose.VERIFY, state=CallState.RELEASED)
            )
        await self.site.feed.written()
        return [str(each) for each in told]

    async def is_(self, state: str) -> None:
        """Wait until the page says so of its connection."""
        await expect(self.page.locator("#live")).to_have_attribute("data-state", state)

    async def seen(self, is_seen: bool) -> None:
        """Bring the page's tab to the front, or another one."""
        await self.page.evaluate(SEEN, is_seen)

    async def streams(self) -> list[bool]:
        """Return of each stream that there was whether it is open."""
        return list(await self.page.evaluate("streams.map(each => each.readyState === 1)"))

    async def until_a_beat(self) -> None:
        """Wait until the page has heard one more."""
        async with asyncio.timeout(PATIENCE_S):
            await self.page.evaluate(BEAT)


@pytest.fixture
async def looking(database: Database, chromium: str) -> AsyncIterator[Looking]:
    """Sue, who is signed in."""
    async with open_site(database) as site, async_playwright() as playwright:
        await site.user("sue", Role.SUPERVISOR)
        arguments = list(browser.ARGUMENTS)
        running = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = await (await running.new_context(locale="en-US")).new_page()
        await page.clock.install()
        await page.add_init_script(SPY)
        await page.goto(f"{site.url}/sign-in")
        await page.fill("#name", "sue")
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_url(f"{site.url}/")
        yield Looking(site, page)
        await running.close()


async def test_a_connection_that_is_dead_is_said_to_be_lost(looking: Looking) -> None:
    """It need not be told of: where nothing comes, not even a beat, the page connects anew."""
    await looking.open()
    await looking.is_("live")
    await looking.stop_the_clock()
    await looking.later(41)
    await looking.is_("lost")
    assert await looking.streams() == [False]
    await looking.later(2)
    await looking.is_("live")
    assert await looking.streams() == [False, True]


async def test_a_quiet_line_is_not_a_dead_one(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each beat is a sign of life, that the page hears."""
    monkeypatch.setattr(stream, "BEAT_S", 0.1)
    await looking.open()
    await looking.stop_the_clock()
    for _ in range(3):
        await looking.until_a_beat()
        await looking.later(30)
    await looking.is_("live")
    assert await looking.streams() == [True]


async def test_a_page_that_nobody_sees_holds_no_connection(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute; a shorter look elsewhere costs nothing, and what was missed is shown then."""
    monkeypatch.setattr(stream, "BEAT_S", 0.1)
    await looking.open()
    await looking.stop_the_clock()
    await looking.seen(False)
    await looking.later(30)
    await looking.seen(True)
    await looking.until_a_beat()
    await looking.later(35)
    assert await looking.streams() == [True]
    await looking.seen(False)
    await looking.until_a_beat()
    await looking.later(30)
    await looking.until_a_beat()
    await looking.later(31)
    assert await looking.streams() == [False]
    await looking.calls(1)
    await looking.later(300)
    await looking.seen(True)
    await looking.is_("live")
    await expect(looking.page.locator("article")).to_have_count(1)
    assert await looking.streams() == [False, True]


@pytest.mark.parametrize("is_seen", [True, False])
async def test_a_call_leaves_the_page_with_its_person(
    looking: Looking, database: Database, is_seen: bool
) -> None:
    """At once, or where nobody looked at the page meanwhile, when it is seen again."""
    await looking.open()
    begun, claim = opening(), Claim(TENANT, ACCOUNT, ClaimSource.DIALPLAN)
    looking.site.feed.tell(News(TENANT, begun.id, begun.call, WORKER, claim=claim))
    (other,) = await looking.calls(1)
    cards = looking.page.locator("article")
    await expect(cards).to_have_count(2)
    await looking.stop_the_clock()
    if not is_seen:
        await looking.seen(False)
        await looking.later(61)
    await ProfileAdministration(database).erase(TENANT, ACCOUNT, who="ann", why="asked")
    await looking.seen(True)
    await expect(cards).to_have_count(1)
    await expect(cards).to_have_id(f"call-{other}")


async def test_a_call_leaves_the_page_after_twelve_hours(looking: Looking) -> None:
    """Though nobody says so: the connection may be lost meanwhile."""
    await looking.open()
    await looking.calls(1)
    cards = looking.page.locator("article")
    await expect(cards).to_have_count(1)
    await looking.stop_the_clock()
    await looking.page.route("**/api/me", lambda route: route.abort())
    await looking.later(11 * 3600)
    await expect(cards).to_have_count(1)
    await looking.later(3660)
    await expect(cards).to_have_count(0)


async def test_a_double_click_asks_once(looking: Looking) -> None:
    """Both buttons rest for a moment; after it one may ask again."""
    await looking.open()
    await looking.calls(1)
    await looking.stop_the_clock()
    challenge = looking.page.locator("article .challenge")
    await challenge.dblclick()
    await expect(looking.page.locator(".asked")).to_contain_text("when you hand the call back")
    await expect(challenge).to_be_disabled()
    await looking.later(2)
    await expect(challenge).to_be_enabled()
    assert len(looking.site.line.told) == 1


@pytest.mark.parametrize("newer", [60, 510])
async def test_a_link_opens_a_call_however_many_are_newer(looking: Looking, newer: int) -> None:
    """It stays on the page, where others make room, and is asked for where the stream lacks it."""
    wanted, *_ = await looking.calls(1 + newer)
    await looking.open(f"/?call={wanted}")
    await expect(looking.page.locator(f"#call-{wanted} summary")).to_be_focused()
    await expect(looking.page.locator("article")).to_have_count(51)
    await expect(looking.page.locator("#notice")).to_be_hidden()


@pytest.mark.parametrize(
    ("shift_s", "english", "german"),
    [
        (0.0, "found at the same place", "an derselben Stelle gefunden"),
        (-0.048, "found shifted by -48 ms", "um -48 ms verschoben gefunden"),
    ],
)
async def test_a_repeat_is_said_to_be_known_how(
    looking: Looking, postgres_store: PostgresStore, shift_s: float, english: str, german: str
) -> None:
    """With the attempt that it was, in the page's language; of other attempts nothing is said."""
    await looking.open()
    fresh, repeat = opening(), opening()
    for begun in (fresh, repeat):
        looking.site.feed.tell(News(TENANT, begun.id, begun.call, WORKER, Purpose.VERIFY))
    await looking.site.feed.written()
    await postgres_store.close(accepted(fresh))
    whole = rejected(repeat)
    attempt = replace(whole.attempts[1], replay=0.8, replay_shift_s=shift_s)
    await postgres_store.close(replace(whole, attempts=(attempt,)))
    told = looking.page.locator(f"#call-{repeat.id} .attempts")
    await expect(told).to_have_text(
        f"1 · an earlier recording again: 80% of the landmarks {english}"
    )
    await expect(looking.page.locator(f"#call-{fresh.id} .attempts")).to_have_text("2")
    await looking.page.select_option("#language", "de")
    await expect(told).to_have_text(
        f"1 · eine frühere Aufnahme noch einmal: 80\N{NO-BREAK SPACE}% der Merkmale {german}"
    )


async def open_figures(looking: Looking) -> Locator:
    """Open the supervisors' page, and return how many calls it says there were."""
    await looking.page.goto(f"{looking.site.url}/supervisor")
    calls = looking.page.locator("#tiles .tile").first.locator("dd")
    await expect(calls).to_have_text("0 ")
    return calls


async def test_an_answer_that_comes_late_is_not_shown_for_another_time(looking: Looking) -> None:
    """Who asked for a month and then for a day sees the day, though the month took longer."""
    calls, month = await open_figures(looking), asyncio.Event()

    async def late(route: Route) -> None:
        figures = await (await route.fetch()).json()
        figures["rates"]["calls"] = 31
        await month.wait()
        await route.fulfill(json=figures)

    page = looking.page
    await page.route("**/api/figures?days=31", late)
    async with page.expect_response(lambda seen: seen.url.endswith("days=31")) as answered:
        await page.select_option("#days", "31")
        async with page.expect_response(lambda seen: seen.url.endswith("days=1")):
            await page.select_option("#days", "1")
        month.set()
    await (await answered.value).finished()
    await page.evaluate("fetch('/api/me').then((answer) => answer.text())")
    assert await calls.text_content() == "0 "


async def test_figures_that_cannot_be_had_are_said_to_be_old(looking: Looking) -> None:
    """Until they come again, by themselves."""
    await open_figures(looking)
    await looking.stop_the_clock()
    notice, everything = looking.page.locator("#notice"), "**/api/figures*"
    await looking.page.route(everything, lambda route: route.abort())
    await looking.page.select_option("#days", "7")
    await expect(notice).to_have_text("connection lost, trying again")
    await looking.page.unroute(everything)
    await looking.later(31)
    await expect(notice).to_be_hidden()
