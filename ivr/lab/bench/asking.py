"""The stages of a call in which we wait for another process: PostgreSQL and Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from engine.types import Llr, ModelId, Quality, Reason, Verdict
from ivr.ari.address import AriAddress
from ivr.ari.client import AriClient
from ivr.ari.events import StasisStart
from ivr.domain.call import CallId
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.verification import Attempt, Opening, Verification, VerificationId
from ivr.flows.variables import verification_variables
from ivr.lab.asterisk import PrivateAsterisk
from ivr.lab.bench.person import ACCOUNT, TENANT
from ivr.lab.freeports import LOOPBACK
from ivr.lab.softphone import Softphone
from ivr.storage import PostgresStore

APP = "countersign-bench"
DIALPLAN = f"""
[inbound](+)
exten => round,1,Answer()
 same => n(again),Stasis({APP})
 same => n,Goto(again)
"""
"""A caller who comes back to the application each time that it sends him on."""


class Filing:
    """What a verification asks of PostgreSQL: note that it began, find the profile, write it."""

    def __init__(self, store: PostgresStore, model: ModelId) -> None:
        self._store = store
        self._model = model

    async def once(self) -> None:
        """Open, find and close one verification."""
        opening = begun()
        await self._store.open(opening)
        profile = await self._store.find(TENANT, ACCOUNT)
        if profile is None:
            raise RuntimeError("the profile of the benchmark is gone")
        await self._store.close(accepted(opening, self._model))


def begun() -> Opening:
    """Return the beginning of a verification."""
    return Opening(VerificationId(uuid4()), CallId("bench"), TENANT, APP, datetime.now(UTC))


def accepted(opening: Opening, model: ModelId) -> Verification:
    """Return a verification that ends well."""
    quality = Quality(net_speech_s=2.5, snr_db=30.0, level_dbfs=-20.0, clipped=0.0)
    return Verification(
        opening=opening,
        claim=Claim(TENANT, ACCOUNT, ClaimSource.DIALPLAN),
        profile=None,
        verdict=Verdict.ACCEPT,
        reason=Reason.MATCH,
        llr=Llr(5.0),
        confidence=99,
        attempts=(Attempt(Verdict.ACCEPT, Reason.MATCH, Llr(5.0), quality),),
        model=model,
        ended_at=datetime.now(UTC),
    )


class Handing:
    """What the end of a call asks of Asterisk: the channel variables, and `continue`."""

    def __init__(self, ari: AriClient, model: ModelId) -> None:
        self._ari = ari
        self._variables = verification_variables(accepted(begun(), model))
        self._arrivals: asyncio.Queue[str] = asyncio.Queue()
        self._channel = ""

    async def watch(self) -> None:
        """Note each time that the caller comes back."""
        async for notice in self._ari.events():
            if isinstance(notice, StasisStart):
                self._arrivals.put_nowait(notice.channel.id)

    async def welcome(self) -> None:
        """Wait until the caller is here again."""
        self._channel = await self._arrivals.get()

    async def send_on(self) -> None:
        """Tell the dialplan the verdict and let the caller go on."""
        await self._ari.channels.set_variables(self._channel, self._variables)
        await self._ari.channels.continue_in_dialplan(self._channel)


@asynccontextmanager
async def caller(asterisk: PrivateAsterisk, model: ModelId) -> AsyncIterator[Handing]:
    """Have one caller on the line, who comes back each time that he is sent on."""
    address = AriAddress(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password, APP)
    async with AriClient(address) as ari, Softphone(LOOPBACK) as phone:
        handing = Handing(ari, model)
        watching = asyncio.create_task(handing.watch())
        try:
            call = await phone.dial("round", LOOPBACK, asterisk.sip_port)
            yield handing
            await call.hang_up()
        finally:
            watching.cancel()
            await asyncio.wait({watching})
