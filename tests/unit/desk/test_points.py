"""The operating point on the desk: who may set it, what becomes of it, and what is kept of that."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest

from ivr.domain.desk import Role
from ivr.domain.operating_point import PointPurpose
from ivr.storage import Browsing
from ivr.storage.database import Database
from tests.unit.desk.site import Site, open_site
from tests.unit.storage.records import OTHER_TENANT, TENANT

PATH = "/api/operating-point"
VERIFICATION = PointPurpose.VERIFICATION


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    """A desk that is served."""
    async with open_site(database) as site:
        yield site


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
async def test_a_point_is_applied_and_audited(site: Site, database: Database, role: Role) -> None:
    """It holds for the tenant's next call, the page says so, and the trail who it was and why."""
    sue = await site.user("sue", role)
    assert (await sue.get("/api/figures"))["points"]["verification"]["own"] is False
    change = {"target_fmr": 0.05, "why": "too many honest callers are asked"}
    assert await sue.status("POST", PATH, json=change) == 200
    assert await site.points.of(TENANT) == {VERIFICATION: 0.05}
    assert await site.points.of(OTHER_TENANT) == {}
    point = (await sue.get("/api/figures"))["points"]["verification"]
    assert (point["own"], point["target_fmr"]) == (True, 0.05)
    assert (await sue.get("/api/me"))["threshold"] == -math.log(0.05)
    entry = (await Browsing(database).audit(TENANT, 0, 100))[-1]
    assert (entry.what, entry.who) == ("operating_point_changed", "desk user sue")
    assert entry.why == "verification 0.05: too many honest callers are asked"


@pytest.mark.parametrize("purpose", PointPurpose)
async def test_each_purpose_has_a_point_of_its_own(
    site: Site, database: Database, purpose: PointPurpose
) -> None:
    """It alone is set, shown and audited, and gone back from."""
    sue = await site.user("sue", Role.SUPERVISOR)
    change = {"purpose": purpose, "target_fmr": 0.1}
    assert await sue.status("POST", PATH, json=change) == 200
    assert await site.points.of(TENANT) == {purpose: 0.1}
    figures = await sue.get("/api/figures")
    assert {each for each, point in figures["points"].items() if point["own"]} == {purpose}
    assert not any(point["own"] for point in figures["installation"].values())
    entry = (await Browsing(database).audit(TENANT, 0, 100))[-1]
    assert entry.why.startswith(f"{purpose} 0.1")
    assert await sue.status("POST", PATH, json=change | {"target_fmr": None}) == 200
    assert await site.points.of(TENANT) == {}


async def test_a_purpose_that_does_not_exist_is_refused(site: Site) -> None:
    """400, and nothing changes."""
    sue = await site.user("sue", Role.SUPERVISOR)
    assert await sue.status("POST", PATH, json={"purpose": "guess", "target_fmr": 0.1}) == 400
    assert await site.points.of(TENANT) == {}


async def test_what_can_be_chosen_is_what_was_measured(site: Site) -> None:
    """For every purpose the rates of the calibration's points, and what comes of each."""
    sue = await site.user("sue", Role.SUPERVISOR)
    choices = (await sue.get("/api/figures"))["choices"]
    assert choices.keys() == set(PointPurpose)
    for purpose, found in choices.items():
        assert [each["target_fmr"] for each in found] == [0.2, 0.1, 0.05, 0.02, 0.01]
        assert all(bool(each["searches"]) is (purpose != VERIFICATION) for each in found)


async def test_the_configurations_point_is_gone_back_to(site: Site) -> None:
    """With null; again is harmless."""
    sue = await site.user("sue", Role.SUPERVISOR)
    await site.points.set(TENANT, VERIFICATION, 0.2, who="a program", why="to see")
    for _ in range(2):
        assert await sue.status("POST", PATH, json={"target_fmr": None}) == 200
        assert await site.points.of(TENANT) == {}


@pytest.mark.parametrize("rate", [0, 1, 0.5, -0.1, "0.1", 1e-9])
async def test_what_is_no_rate_or_out_of_reach_is_not_applied(site: Site, rate: object) -> None:
    """400 says why, and nothing changes."""
    sue = await site.user("sue", Role.SUPERVISOR)
    assert await sue.status("POST", PATH, json={"target_fmr": rate}) == 400
    assert await site.points.of(TENANT) == {}


async def test_agents_and_other_sites_apply_nothing(site: Site) -> None:
    """403 for the role, and for a request that no page of ours sent."""
    ann = await site.user("ann", agent="1001")
    sue = await site.user("sue", Role.SUPERVISOR)
    change = {"target_fmr": 0.4}
    assert await ann.status("POST", PATH, json=change) == 403
    forged = {"X-CSRF-Token": "guessed"}
    assert await sue.status("POST", PATH, json=change, headers=forged) == 403
    assert await site.points.of(TENANT) == {}


async def test_a_point_that_a_new_model_cannot_reach_is_told(site: Site) -> None:
    """The page still opens, and says why every call is inconclusive."""
    sue = await site.user("sue", Role.SUPERVISOR)
    await site.points.set(TENANT, VERIFICATION, 1e-9, who="a program", why="to see")
    point = (await sue.get("/api/figures"))["points"]["verification"]
    assert (point["threshold"], point["fault"]) == (None, "aim for a higher rate")
    assert (await sue.get("/api/me"))["threshold"] is None
