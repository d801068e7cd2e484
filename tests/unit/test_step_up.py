"""A step-up is told to the dialplan by ARI: what an agent reads where that fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
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
        (ari.asterisk, "set_global", exchange.of_all.__setitem__),
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
