"""Callers who went on: who is told of whom, by which of Asterisk's events, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from ivr.ari.errors import AriRequestError
from ivr.ari.events import ChannelDestroyed, ChannelVarset, Dial, Event, StasisEnd
from ivr.ari.model import Channel
from ivr.domain.call import CallFacts, CallId, TenantId
from ivr.line.agents import agents_named
from ivr.line.following import Following
from tests.fakes.call import facts

CALLER = Channel(id="call-1", name="PJSIP/trunk-00000001", state="Up")
OTHER = replace(CALLER, id="call-2")


@dataclass
class Screens:
    """Takes what is told, and Asterisk's place at the subscription."""

    told: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    tenants: list[str] = field(default_factory=list)
    """Who was told, each time."""
    refuses: bool = False

    def offered(self, facts: CallFacts, agents: tuple[str, ...]) -> None:
        """See `Onlooker.offered`."""
        self.tenants.append(facts.request.tenant)
        self.told.append((facts.id, agents))

    def left(self, facts: CallFacts) -> None:
        """See `Onlooker.left`."""
        self.tenants.append(facts.request.tenant)
        self.gone.append(facts.id)

    async def subscribe(self, call: CallId) -> None:
        """Subscribe, unless Asterisk knows no such channel."""
        if self.refuses:
            raise AriRequestError(422, "POST", "applications", "Unprocessable Entity")
        self.subscribed.append(call)


def of(tenant: str) -> CallFacts:
    """Return the facts of the caller's visit for a tenant."""
    visit = facts(call="call-1")
    return replace(visit, request=replace(visit.request, tenant=TenantId(tenant)))


@pytest.fixture
def screens() -> Screens:
    """Nobody was told anything."""
    return Screens()


@pytest.fixture
async def following(screens: Screens) -> Following:
    """One caller is followed."""
    following = Following(screens.subscribe, screens)
    await following.begin(facts(call="call-1"))
    return following


def answered(peer: str, status: str = "ANSWER", caller: Channel = CALLER) -> Dial:
    """Return what Asterisk tells when a channel that was called does something."""
    return Dial(peer=Channel(id="p", name=peer, state="Up"), caller=caller, dialstatus=status)


def varset(variable: str, value: str, channel: Channel | None = CALLER) -> ChannelVarset:
    """Return what Asterisk tells when a variable is set."""
    return ChannelVarset(variable=variable, value=value, channel=channel)


@pytest.mark.parametrize(
    ("event", "names"),
    [
        (varset("COUNTERSIGN_AGENT", "1003"), ("1003",)),
        (varset("COUNTERSIGN_AGENT", ""), ()),
        (varset("MEMBERNAME", "Ann"), ("Ann",)),
        (varset("MEMBERINTERFACE", "PJSIP/1001"), ("PJSIP/1001", "1001")),
        (varset("MEMBERINTERFACE", "Local/1@a/n"), ("Local/1@a", "1@a", "1")),
        (varset("DIALEDPEERNUMBER", "1001"), ()),
        (answered("PJSIP/1001-0000002a"), ("PJSIP/1001", "1001")),
        (answered("PJSIP/al-ice-0000002a"), ("PJSIP/al-ice", "al-ice")),
        (answered("Local/1@agents-00000000;1"), ("Local/1@agents", "1@agents", "1")),
        (answered("PJSIP/1001-0000002a", "RINGING"), ()),
        (answered("PJSIP/1001-0000002a", ""), ()),
        (answered("odd"), ()),
        (StasisEnd(channel=CALLER), ()),
    ],
)
def test_an_agent_has_the_names_of_whoever_answered(event: Event, names: tuple[str, ...]) -> None:
    """Who only rings has not answered, and sees nothing."""
    assert agents_named(event) == names


async def test_a_call_is_offered_to_who_answers_its_caller(
    following: Following, screens: Screens
) -> None:
    """By the variable, or because somebody picked up; of nobody else's channel."""
    following.took(varset("COUNTERSIGN_AGENT", "1003"))
    following.took(answered("PJSIP/1001-0000002a"))
    following.took(answered("PJSIP/1001-0000002a", caller=OTHER))
    following.took(varset("COUNTERSIGN_AGENT", "1003", None))
    assert screens.told == [("call-1", ("1003",)), ("call-1", ("PJSIP/1001", "1001"))]


async def test_it_lasts_until_the_caller_hangs_up(following: Following, screens: Screens) -> None:
    """Leaving our application is not hanging up; who has hung up is forgotten, and told of once."""
    following.took(StasisEnd(channel=CALLER))
    assert following.calls == {"call-1"}
    following.took(ChannelDestroyed(channel=CALLER, cause=16))
    following.took(varset("COUNTERSIGN_AGENT", "1003"))
    assert (following.calls, screens.gone, screens.told) == (frozenset(), ["call-1"], [])


async def test_who_is_not_there_after_a_cut_has_left(
    following: Following, screens: Screens
) -> None:
    """Whoever still is goes on being followed."""
    await following.begin(facts(call="call-2"))
    following.keep({"call-2", "another"})
    assert following.calls == {"call-2"}
    assert screens.gone == ["call-1"]


async def test_a_second_visit_subscribes_no_second_time(
    following: Following, screens: Screens
) -> None:
    """A caller may come back to us from the dialplan."""
    await following.begin(facts(call="call-1"))
    assert screens.subscribed == ["call-1"]


async def test_a_caller_who_came_for_two_tenants_is_followed_for_both(screens: Screens) -> None:
    """An agent is the last one's; that he has hung up concerns either."""
    following = Following(screens.subscribe, screens)
    for tenant in ("harbour", "quay", "harbour", "quay"):
        await following.begin(of(tenant))
    following.took(varset("COUNTERSIGN_AGENT", "1003"))
    following.took(ChannelDestroyed(channel=CALLER, cause=16))
    assert screens.subscribed == ["call-1"]
    assert screens.tenants == ["quay", "harbour", "quay"]


async def test_a_refused_subscription_follows_nobody(screens: Screens) -> None:
    """The call itself goes on."""
    screens.refuses = True
    following = Following(screens.subscribe, screens)
    await following.begin(facts(call="call-1"))
    assert following.calls == frozenset()


async def test_who_hangs_up_while_we_subscribe_is_forgotten(screens: Screens) -> None:
    """The end of a channel may be told before the subscription to it is confirmed."""

    async def hangs_up_meanwhile(call: CallId) -> None:
        begun.took(ChannelDestroyed(channel=CALLER, cause=16))

    begun = Following(hangs_up_meanwhile, screens)
    await begun.begin(facts(call="call-1"))
    assert (begun.calls, screens.gone) == (frozenset(), ["call-1"])
