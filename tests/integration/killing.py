"""What the test of killed servers is made of: a server to kill, and people who write to it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.types import ModelId
from ivr.domain.call import AccountId
from ivr.domain.enrollment import Enrollment
from ivr.domain.profile import Profile
from ivr.domain.verification import Verification
from ivr.ports import StoreUnavailableError
from ivr.storage.administration import ProfileAdministration
from ivr.storage.cluster import Cluster
from ivr.storage.store import PostgresStore
from tests.unit.storage.records import TENANT, accepted, enrolled, opening

T = TypeVar("T")
RECORDINGS = 3
AGAIN_S = 0.02


class HalfProfileError(AssertionError):
    """A profile could be used that was neither as it was enrolled nor as it was re-extracted."""


@dataclass
class Claims:
    """What the store has acknowledged, and what was cut off on the way."""

    enrolled: dict[AccountId, Enrollment] = field(default_factory=dict)
    closed: list[Verification] = field(default_factory=list)
    erased: set[AccountId] = field(default_factory=set)
    erasing: set[AccountId] = field(default_factory=set)
    interrupted: Counter[str] = field(default_factory=Counter)
    looks: int = 0


@dataclass
class People:
    """They enroll, verify, erase and look, each again and again until it is acknowledged."""

    store: PostgresStore
    administration: ProfileAdministration
    chance: random.Random
    claims: Claims = field(default_factory=Claims)

    async def enroll(self) -> None:
        """Enroll one person after another."""
        for number in range(1_000_000):
            account = AccountId(f"{number:06}")
            enrollment = enrolled(account)
            stored = await self._until_done("enrollment", partial(self.store.enroll, enrollment))
            assert stored.result is enrollment.result
            self.claims.enrolled[account] = enrollment

    async def verify(self) -> None:
        """Open and close one verification after another."""
        while True:
            begun = opening()
            verification = accepted(begun)
            await self._until_done("verification", partial(self.store.open, begun))
            stored = await self._until_done("verification", partial(self.store.close, verification))
            assert stored == verification
            self.claims.closed.append(verification)

    async def erase(self) -> None:
        """Erase every fourth person or so, for good."""
        while True:
            account = self._somebody()
            if account is not None and self.chance.random() < 0.25:
                self.claims.erasing.add(account)
                await self._until_done("erasure", partial(self._erased, account))
                self.claims.erased.add(account)
            await asyncio.sleep(AGAIN_S)

    async def look(self) -> None:
        """Look at one person after another as a call does, and see nobody by halves."""
        while True:
            account = self._somebody()
            if account is not None:
                found = await self._until_done("lookup", partial(self.store.find, TENANT, account))
                self.claims.looks += 1
                if found is not None:
                    whole(found)
                elif account not in self.claims.erasing:
                    raise HalfProfileError(f"{account} is gone")
            await asyncio.sleep(0)

    async def some_more(self) -> None:
        """Wait until a further verdict and enrollment are acknowledged: the store works again."""
        before = len(self.claims.closed), len(self.claims.enrolled)
        while len(self.claims.closed) <= before[0] or len(self.claims.enrolled) <= before[1]:  # noqa: ASYNC110
            await asyncio.sleep(AGAIN_S)

    def _somebody(self) -> AccountId | None:
        left = sorted(self.claims.enrolled.keys() - self.claims.erasing)
        return self.chance.choice(left) if left else None

    async def _erased(self, account: AccountId) -> bool:
        return await self.administration.erase(TENANT, account, who="ann", why="asked")

    async def _until_done(self, what: str, act: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await act()
            except StoreUnavailableError:
                self.claims.interrupted[what] += 1
                await asyncio.sleep(AGAIN_S)


def whole(profile: Profile) -> ModelId:
    """Return the one voice model of a profile that has all it was enrolled with."""
    models = {each.embedding.model for each in profile.voiceprints}
    counts = {len(profile.voiceprints), len(profile.frames), len(profile.fingerprints)}
    if counts != {RECORDINGS} or len(models) != 1 or not profile.consented:
        raise HalfProfileError(f"{profile.account}: {counts} of {models}")
    return models.pop()


def kill(cluster: Cluster, chance: random.Random) -> str:
    """Kill the server with SIGKILL, all of it or one process, and start it if it must be."""
    pid_file = cluster.folder / "data" / "postmaster.pid"
    postmaster = int(pid_file.read_text().split()[0])
    children = _children(postmaster)
    if chance.random() < 0.5 and children:
        _killed(chance.choice(children))
        return "process"
    # Halted first: one that it starts meanwhile would outlive it.
    _halted(postmaster)
    children = _children(postmaster)
    for each in (postmaster, *children):
        _killed(each)
    _wait_for_end([postmaster, *children])
    # Where nobody reaps orphans, the dead postmaster's process id would pass for a running one.
    sockets = Path(pid_file.read_text().splitlines()[4])
    for lock in (pid_file, *sockets.glob(".s.PGSQL.*")):
        lock.unlink()
    cluster.start()
    return "server"


def _killed(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def _halted(process: int) -> None:
    os.kill(process, signal.SIGSTOP)
    while _state(process) not in ("T", None):
        os.sched_yield()


def _children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(each) for each in found]


def _wait_for_end(processes: list[int]) -> None:
    """The next server refuses to start while one of the last has its shared memory."""
    while any(_alive(each) for each in processes):
        os.sched_yield()


def _alive(process: int) -> bool:
    return _state(process) not in ("Z", None)


def _state(process: int) -> str | None:
    """Return the letter of the process's state (proc(5)), None where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
