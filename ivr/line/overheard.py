"""A caller whom a process before us overheard: what it left to know, and how he is told the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from ivr.ari.channels import Channels
from ivr.ari.model import Channel
from ivr.domain.call import CallFacts
from ivr.line.adopted_call import AdoptedCall
from ivr.line.arguments import as_app_data
from ivr.line.leg import TAG, Leg, record_of
from ivr.line.names import Names
from ivr.line.shared import shared
from ivr.line.tidying import tidied

CALLER, ASKED = "COUNTERSIGN_CALLER", "COUNTERSIGN_ASKED"
"""Variables of the snoop channel, which outlives us: whom it hears, and what was asked for."""
TOLD = ("COUNTERSIGN_VERDICT", "COUNTERSIGN_ENROLLMENT")
"""By either a dialplan knows that something came of a passive call."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """A snoop channel whose process is no more."""

    snoop: str
    caller: Channel
    asked: str
    """As `parse_app_data` reads it."""


def left_to_know(app: str, facts: CallFacts, record: UUID | None) -> dict[str, str]:
    """Return the variables by which another process can end a passive call of ours."""
    known = {CALLER: facts.id, ASKED: as_app_data(app, facts.request)}
    return known if record is None else {**known, TAG: str(record)}


async def overheard(channels: Channels, snoop: str) -> Overheard | None:
    """Return whom a snoop channel hears, None where nothing was left to know; `AriError`."""
    caller = await channels.get_variable(snoop, CALLER)
    asked = await channels.get_variable(snoop, ASKED)
    if not caller or not asked:
        return None
    return Overheard(snoop, await channels.get(caller), asked)


class OverheardCall(AdoptedCall):
    """`AdoptedCall` of a caller who waits for nothing: he talks on, and his dialplan is told."""

    def __init__(self, leg: Leg, names: Names, snoop: str) -> None:
        """Take the caller's leg, and the channel of ours by which his variables can be written."""
        super().__init__(leg, names)
        self._snoop = snoop

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`."""
        return record_of(
            await self.leg.through(self.leg.ari.channels.get_variable(self._snoop, TAG))
        )

    async def release(self, variables: Mapping[str, str]) -> None:
        """Set SHARED() variables, unless he was told meanwhile; he stays where he is.

        What he was told is not ours: the dialplan asked once more while nobody was there, of
        another account perhaps.
        """
        try:
            await self.leg.through(self._tell(variables))
        finally:
            self.leg.leave()

    async def _tell(self, variables: Mapping[str, str]) -> None:
        channels, caller = self.leg.ari.channels, self.leg.facts.id
        told = [await channels.get_variable(caller, f"SHARED({name})") for name in TOLD]
        if variables and not any(told):
            await channels.set_variables(self._snoop, shared(caller, variables))

    async def _dismantle(self) -> None:
        await super()._dismantle()
        if not self.leg.abandoned:
            ari = self.leg.ari
            await tidied(
                ari.applications.unsubscribe(ari.address.app, self.leg.facts.id),
                ari.channels.hangup(self._snoop),
            )
