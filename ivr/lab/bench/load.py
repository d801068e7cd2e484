"""The second measurement: how long callers wait, the more of them there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic

import numpy as np

from engine import SpeakerEngine
from engine.types import Pcm
from ivr.ari.address import AriAddress
from ivr.ari.client import AriClient
from ivr.lab import Say
from ivr.lab.application import Application, Line
from ivr.lab.bench.asking import APP
from ivr.lab.bench.callers import Visit, visits
from ivr.lab.bench.cores import only, seconds_used
from ivr.lab.bench.person import enroll, hear, recordings
from ivr.lab.caller import spoken_s
from ivr.lab.system import System
from ivr.settings import Listening

CORES = 2
LEAST_CALLS = 6
"""So many calls are measured, however few there are at once."""
END_SILENCE_S = Listening().end_silence_s
LOG_PATIENCE_S = 2.0
"""A call whose media never connected has no line about its frames."""
LOST = ("silence_frames", "refused_frames", "unheard_frames")
DECIDED = {"ACCEPT", "REJECT"}


@dataclass(frozen=True, slots=True)
class CallFigures:
    """One call. All times in milliseconds."""

    delay_ms: float | None
    """From the end of speech at the caller to `continue`, less the end silence."""
    decided_in_ms: float | None
    """From the moment at which the end of speech was certain."""
    lost_frames: int
    """Of the caller's audio: filled with silence, refused or not listened to in time."""
    lost_packets: int
    """Of the prompts, on their way to the caller."""
    decided: bool
    """Whether the voice was judged; anything else is a failure of the benchmark."""


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What so many calls at once came to."""

    at_once: int
    calls: tuple[CallFigures, ...]
    application_cores: float
    """How many cores Countersign's process used in the mean."""

    @property
    def delays_ms(self) -> list[float]:
        """The delays of the calls that have one."""
        return [call.delay_ms for call in self.calls if call.delay_ms is not None]

    @property
    def decided_in_ms(self) -> list[float]:
        """The part of the delays that is our work."""
        return [call.decided_in_ms for call in self.calls if call.decided_in_ms is not None]

    @property
    def lost_frames(self) -> int:
        """Of the callers' audio."""
        return sum(call.lost_frames for call in self.calls)

    @property
    def lost_packets(self) -> int:
        """Of the prompts."""
        return sum(call.lost_packets for call in self.calls)

    @property
    def undecided(self) -> int:
        """Calls in which no voice was judged."""
        return sum(not call.decided for call in self.calls)


@dataclass(frozen=True, slots=True)
class WaitingFigures:
    """The whole measurement."""

    cores: int
    placed_ms: tuple[float, ...]
    """How late the engine places the end of speech in each recording, in milliseconds."""
    loads: tuple[LoadFigures, ...]


def measure_waiting(folder: Path, at_once: Sequence[int], rounds: int, say: Say) -> WaitingFigures:
    """Measure with the whole system, and the callers' telephones, on two cores."""
    with only(CORES) as cores:
        placed_ms, loads = asyncio.run(_measure(folder, at_once, rounds, say))
    return WaitingFigures(cores, placed_ms, loads)


async def _measure(
    folder: Path, at_once: Sequence[int], rounds: int, say: Say
) -> tuple[tuple[float, ...], tuple[LoadFigures, ...]]:
    engine = await asyncio.to_thread(SpeakerEngine.load)
    says = await asyncio.to_thread(recordings)
    placed_ms = tuple((hear(engine, pcm).ended_at_s - spoken_s(pcm)) * 1000 for pcm in says)
    # Where there are more calls than recordings, a recording is played again, and rejected as what
    # it is: that takes as long as any other verdict, and must not lock the profile.
    settings = {
        "COUNTERSIGN_VOICE_LISTENERS": str(max(at_once)),
        "COUNTERSIGN_LOCKOUT_DELAY_AFTER": "1000",
        "COUNTERSIGN_LOCKOUT_LOCK_AFTER": "1000",
    }
    async with System(folder, settings=settings, say=say) as system, _looking_on(system) as ari:
        await enroll(system.dsn, system.master_file, engine, APP)
        loads = []
        for count in at_once:
            turns = max(rounds, -(-LEAST_CALLS // count))
            say(f"{count} at once: {count * turns} calls")
            loads.append(await _load(system, ari, says, count, turns))
    return placed_ms, tuple(loads)


@asynccontextmanager
async def _looking_on(system: System) -> AsyncIterator[AriClient]:
    """Look at Asterisk's channels beside Countersign, as another application."""
    asterisk = system.asterisk
    address = AriAddress(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password, APP)
    async with AriClient(address) as ari:
        yield ari


async def _load(
    system: System, ari: AriClient, says: Sequence[Pcm], count: int, rounds: int
) -> LoadFigures:
    application = system.application
    began, used = monotonic(), seconds_used(application.pid)
    made = await visits(system.asterisk.sip_port, ari, says, count, rounds)
    cores = (seconds_used(application.pid) - used) / (monotonic() - began)
    figures = [await _figures(application, visit) for visit in made]
    return LoadFigures(count, tuple(figures), cores)


async def _figures(application: Application, visit: Visit) -> CallFigures:
    ended = await application.logged("verification_ended", call=visit.channel)
    try:
        async with asyncio.timeout(LOG_PATIENCE_S):
            media = await application.logged("media_ended", call=visit.channel)
    except TimeoutError:
        media = {}
    return figures_of(visit, ended, media)


def figures_of(visit: Visit, ended: Line, media: Line) -> CallFigures:
    """Join what the caller knows with what Countersign logged of the same call."""
    continued_at_s, spoke_until = ended["continued_at_s"], visit.experience.spoke_until
    delay_ms = None
    if continued_at_s is not None and spoke_until:
        delay_ms = (continued_at_s - spoke_until[-1] - END_SILENCE_S) * 1000
    return CallFigures(
        delay_ms=delay_ms,
        decided_in_ms=ended["decided_in_ms"],
        lost_frames=sum(media.get(name, 0) for name in LOST),
        lost_packets=visit.lost,
        decided=ended["verdict"] in DECIDED,
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile; NaN of nothing."""
    return float(np.percentile(values, percent)) if values else float("nan")


def middle(values: Sequence[float]) -> float:
    """Return the median; NaN of nothing."""
    return median(values) if values else float("nan")
