"""A step-up is told to the dialplan by ARI: what an agent reads where that fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest

from ivr.ari import AriAddress, AriClient
from ivr.ari.errors import AriError, AriRequestError, AriTimeoutError
from ivr.ari.model import Channel
from ivr.domain.call import CallId
from ivr.domain.desk import StepUp, StepUpState
from ivr.showing import Asking

T = TypeVar("T")

CALLER = Channel(id="1764365926.12", name="PJSIP/trunk-00000001", state="Up")
LEFT = AriRequestError(404, "GET", "channels/1764365926.12", "Channel not found")
SILENT = AriTimeoutError("GET", "channels/1764365926.12", 5.0)


@dataclass
class Exchange:
    """Asterisk's side, which fails at one of the requests perhaps."""

    fails_at: str = ""
    by: AriError = SILENT
    of_caller: dict[str, str] = field(default_factory=dict)
    of_all: dict[str, str] = field(default_factory=dict)
    hung_up: list[str] = field(default_factory=list)
    here: list[Channel] = field(default_factory=lambda: [CALLER])

    def at(self, name: str, answer: Callable[..., T]) -> Callable[..., Awaitable[T]]:
        """Return a request that is answered, or fails."""

        async def request(*values: str) -> T:
            if self.fails_at == name:
                raise self.by
            return answer(*values)

        return request

    def get_variable(self, _: str, name: str) -> str | None:
        """Return a variable of the caller's."""
        return self.of_caller.get(name)


@pytest.fixture
def exchange() -> Exchange:
    """The caller is with an agent, and may be taken back."""
    return Exchange(of_caller={"COUNTERSIGN_HAND_BACK": "yes", "BRIDGEPEER": "PJSIP/1001-2"})


@pytest.fixture
def asking(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """What asks there."""
    ari = AriClient(AriAddress("http://127.0.0.1:1", "user", "secret", "countersign"))
    for part, name, answer in (
        (ari.channels, "get", lambda _: CALLER),
        (ari.channels, "get_variable", exchange.get_variable),
        (ari.channels, "hangup", exchange.hung_up.append),
        (ari.channels, "list", lambda: tuple(exchange.here)),
        (ari.asterisk, "set_global", exchange.of_all.__setitem__),
        (ari.asterisk, "drop_global", exchange.of_all.pop),
    ):
        monkeypatch.setattr(part, name, exchange.at(name, answer))
    return Asking(ari)


async def test_a_caller_is_taken_back_where_the_dialplan_allows_it(
    asking: Asking, exchange: Exchange
) -> None:
    """The agent's channel is hung up, once the variable of the caller's is set."""
    state = await asking.ask(CallId(CALLER.id), StepUp.PIN)
    assert (state, exchange.hung_up) == (StepUpState.NOW, ["PJSIP/1001-2"])
    assert exchange.of_all == {f"COUNTERSIGN_STEP_UP_{CALLER.id}": "pin"}


@pytest.mark.parametrize(
    ("fails_at", "by", "state"),
    [
        ("get", LEFT, StepUpState.GONE),
        ("get", SILENT, StepUpState.FAILED),
        ("get", AriRequestError(500, "GET", "channels", "Failed"), StepUpState.FAILED),
        ("set_global", SILENT, StepUpState.FAILED),
        ("get_variable", SILENT, StepUpState.TOLD),
        ("hangup", SILENT, StepUpState.TOLD),
    ],
)
async def test_only_who_is_not_there_any_more_has_left(
    asking: Asking, exchange: Exchange, fails_at: str, by: AriError, state: StepUpState
) -> None:
    """Before the variable is set a fault is one; after it the dialplan finds what is asked."""
    exchange.fails_at, exchange.by = fails_at, by
    assert await asking.ask(CallId(CALLER.id), StepUp.PIN) is state
    assert bool(exchange.of_all) == (state is StepUpState.TOLD)


async def test_nothing_stays_in_asterisk_of_callers_who_left(
    asking: Asking, exchange: Exchange
) -> None:
    """Whoever is asked for last is there; a thousand before hung up, and no variable is of them."""
    for number in range(1000):
        caller = replace(CALLER, id=f"1764365926.{number}")
        exchange.here = [caller]
        await asking.ask(CallId(caller.id), StepUp.PIN)
    assert exchange.of_all == {"COUNTERSIGN_STEP_UP_1764365926.999": "pin"}


@pytest.mark.parametrize("fails_at", ["list", "drop_global"])
async def test_what_could_not_be_dropped_is_dropped_later(
    asking: Asking, exchange: Exchange, fails_at: str
) -> None:
    """The agent reads how far it has come all the same."""
    await asking.ask(CallId(CALLER.id), StepUp.PIN)
    exchange.here, exchange.fails_at = [], fails_at
    assert await asking.ask(CallId("1764365926.13"), StepUp.PIN) is StepUpState.NOW
    assert len(exchange.of_all) == 2
    exchange.fails_at = ""
    await asking.ask(CallId("1764365926.14"), StepUp.PIN)
    assert exchange.of_all == {}
