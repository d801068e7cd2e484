"""The smallest applications that can stand in for ours: they see what a dialplan hands over."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import aiohttp

from ivr.lab.asterisk import PrivateAsterisk
from tests.integration.line_caller import eventually
from tests.patience import PATIENCE_S

DIALPLAN = """
; Calls the subroutines as a customer's dialplan would, and shows the application `probe` what
; they left behind. The caller's side sets the variables.
[probe]
exten => verify,1,Answer(,i)
 same => n,Gosub(countersign-verify,s,1)
 same => n,Goto(show,1)
exten => verify-argument,1,Answer(,i)
 same => n,Gosub(countersign-verify,s,1(${ACCOUNT}))
 same => n,Goto(show,1)
exten => verify-arguments,1,Answer(,i)
 same => n,Gosub(countersign-verify,s,1(${ACCOUNT},${TENANT},${LOCALE}))
 same => n,Goto(show,1)
exten => verify-twice,1,Answer(,i)
 same => n,Gosub(countersign-verify,s,1)
 same => n,Gosub(countersign-verify,s,1)
 same => n,Goto(show,1)
exten => challenge,1,Answer(,i)
 same => n,Gosub(countersign-challenge,s,1(1001))
 same => n,Goto(show,1)
exten => identify,1,Answer(,i)
 same => n,Gosub(countersign-identify,s,1(night shift))
 same => n,Goto(show,1)

exten => enroll,1,Answer(,i)
 same => n,Gosub(countersign-enroll,s,1)
 same => n,Goto(show,1)
exten => passive-again,1,Answer(,i)
 same => n,Set(SHARED(COUNTERSIGN_VERDICT)=ACCEPT)
 same => n,Set(SHARED(COUNTERSIGN_ID)=an earlier one)
 same => n,Gosub(countersign-passive,s,1)
 same => n,Gosub(countersign-passive-result,s,1)
 same => n,Goto(show,1)
exten => step-up,1,Answer(,i)
 same => n,GotoIf($[${LEN(${ASKED})} = 0]?look)
 same => n,Set(GLOBAL(COUNTERSIGN_STEP_UP_${UNIQUEID})=${ASKED})
 same => n(look),Gosub(countersign-step-up,s,1)
 same => n,Set(FIRST=${COUNTERSIGN_STEP_UP})
 same => n,Gosub(countersign-step-up,s,1)
 same => n,Stasis(probe,show,${FIRST},${COUNTERSIGN_STEP_UP})
 same => n,Hangup()
exten => show,1,Set(LEFT=${COUNTERSIGN_VERDICT}${COUNTERSIGN_ENROLLMENT})
 same => n,Stasis(probe,show,${LEFT},${COUNTERSIGN_REASON},${COUNTERSIGN_ID})
 same => n,Hangup()
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that entered an application."""

    app: str
    channel: str
    args: list[str]

    def given(self, name: str) -> str:
        """Return the value of an argument `name=value`, decoded."""
        found = [value for value in self.args if value.startswith(f"{name}=")]
        assert len(found) == 1, f"{name} among {self.args}"
        return unquote(found[0].removeprefix(f"{name}="), errors="strict")


class Applications:
    """ARI applications on one event socket; they do only what a test tells them."""

    def __init__(self, asterisk: PrivateAsterisk, *names: str) -> None:
        login = b64encode(f"{asterisk.ari_user}:{asterisk.ari_password}".encode()).decode()
        self._address = f"{asterisk.ari_url}/ari"
        self._headers = {"Authorization": f"Basic {login}"}
        self._names = names

    async def __aenter__(self) -> Applications:
        self._session = aiohttp.ClientSession(headers=self._headers)
        try:
            self._events = await self._session.ws_connect(
                f"{self._address}/events", params={"app": ",".join(self._names)}
            )
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave Asterisk as if nobody had been there: it notices an end a moment after it."""
        try:
            await eventually(self._empty)
            await self._events.close()
            await eventually(self._forgotten)
        finally:
            await self._events.close()
            await self._session.close()

    async def ask(self, method: str, path: str, **body: object) -> list[dict[str, str]]:
        """Send a request; return the reply's list, empty where it is not one."""
        request = self._session.request(method, f"{self._address}/{path}", json=body or None)
        async with request as reply:
            text = await reply.text()
            assert reply.status < 300 or reply.status == 404, f"{path}: {reply.status} {text}"
            found = json.loads(text) if text else []
            return found if isinstance(found, list) else []

    async def _empty(self) -> bool:
        """End all calls; say whether there were none any more."""
        channels = await self.ask("GET", "channels")
        for channel in channels:
            await self.ask("DELETE", f"channels/{channel['id']}")
        return not channels

    async def _forgotten(self) -> bool:
        """Say whether Asterisk takes none of ours for connected any more."""
        known = {each["name"] for each in await self.ask("GET", "applications")}
        return known.isdisjoint(self._names)

    async def call(self, extension: str, variables: Mapping[str, str] | None = None) -> None:
        """Call an extension of the probe dialplan, the variables set on its channel."""
        await self.ask(
            "POST",
            "channels",
            endpoint=f"Local/{extension}@probe/n",
            app="probe",
            appArgs="caller",
            variables=dict(variables or {}),
        )

    async def arrival(self, app: str, first_argument: str) -> Arrival:
        """Wait for the call that enters `app` with this first argument."""
        while True:
            event = await self._events.receive_json(timeout=PATIENCE_S)
            if event["type"] == "StasisStart" and event["application"] == app:
                found = Arrival(app, event["channel"]["id"], event["args"])
                if found.args[:1] == [first_argument]:
                    return found

    async def proceed(self, arrival: Arrival, **variables: str) -> None:
        """Set variables on the call and send it on in the dialplan."""
        if variables:
            await self.ask("POST", f"channels/{arrival.channel}/variables", variables=variables)
        await self.ask("POST", f"channels/{arrival.channel}/continue")
