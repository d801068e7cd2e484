"""The demo: real calls through a real Asterisk into a real PostgreSQL, and what became of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.lab import say_on_stderr
from ivr.lab.application import Line
from ivr.lab.caller import Experience, converse
from ivr.lab.freeports import LOOPBACK
from ivr.lab.scenes import Cast, Scene, scenes
from ivr.lab.softphone import Softphone
from ivr.lab.speech import people, synthetic
from ivr.lab.system import System

ENDED = ("verification_ended", "enrollment_ended")
VOICES = ("rms", "awb")
"""Two people that flite's voices were made from; the first one's speaks the prompts too."""
PEOPLE = slice(1, 3)
"""Who plays the parts of a corpus: two whom the voice model tells apart. It is a choice
after the fact, for a demo; how well voices are told apart is what `evaluate` shows."""

FALLBACK_ROUTE, FALLBACK = "pin-only", ("INCONCLUSIVE", "UNAVAILABLE")
"""The examples take nothing but this verdict for this reason there."""

SENTENCES = {
    "COUNTERSIGN_LISTENING_END_SILENCE_S": "1.0",
    "COUNTERSIGN_ENROLL_MODE": "text_independent",
    "COUNTERSIGN_ENROLL_FREE_SPEECH_S": "6",
    "COUNTERSIGN_VERIFY_FREE_SPEECH_S": "2",
}
"""People of a corpus say whole sentences of their own, with pauses that a passphrase does not have,
and three of them in a call."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scene."""

    scene: Scene
    verdict: str
    reason: str
    route: str
    line: Line
    experience: Experience

    @property
    def as_announced(self) -> bool:
        """Whether verdict, reason and route are what the scene says."""
        told = self.verdict, self.reason, self.route
        return told == (self.scene.verdict, self.scene.reason, self.scene.route)

    @property
    def delay_ms(self) -> float | None:
        """From the caller's last speech to `continue`, end silence included; None without."""
        continued = self.line.get("continued_at_s")
        if continued is None or not self.experience.spoke_until:
            return None
        return (float(continued) - self.experience.spoke_until[-1]) * 1000


async def demonstrate(corpus: Path | None, *, stay: bool) -> int:
    """Play all scenes, print them as they happen and then as a table; 0 if all is as announced."""
    cast = await asyncio.to_thread(_cast, corpus)
    with tempfile.TemporaryDirectory(prefix="countersign-demo-") as folder:
        async with System(Path(folder), settings=SENTENCES if corpus else None) as system:
            outcomes = await _played(system, scenes(cast))
            print(table(outcomes))
            if stay:
                await _stay(system)
    return 0 if all(outcome.as_announced for outcome in outcomes) else 1


def _cast(corpus: Path | None) -> Cast:
    if corpus is None:
        say_on_stderr("voices rendered by flite; --corpus DIR takes recordings of real people")
        person, other = (synthetic(name) for name in VOICES)
        return Cast(person, person, other)
    person_in_corpus, other_in_corpus = people(corpus)[PEOPLE]
    say_on_stderr(f"{person_in_corpus.enrolling.name} enrolls, and calls from another call")
    return Cast(
        person_in_corpus.enrolling,
        person_in_corpus.verifying,
        other_in_corpus.verifying,
        says_the_phrase=False,
    )


async def _played(system: System, program: Sequence[Scene]) -> list[Outcome]:
    outcomes = []
    async with Softphone(LOOPBACK) as phone:
        for number, scene in enumerate(program, start=1):
            print(f"\n{number}. {scene.title}: dials {scene.extension}", flush=True)
            if not scene.application_up:
                await system.application.stop()
            outcomes.append(await _play(system, phone, scene))
            print(f"   {summary(outcomes[-1])}", flush=True)
    return outcomes


async def _play(system: System, phone: Softphone, scene: Scene) -> Outcome:
    application = system.application
    seen = len(application.lines)
    says = await asyncio.to_thread(scene.says)
    where = LOOPBACK, system.asterisk.sip_port
    experience = await converse(phone, scene.extension, where, says=says, keys=scene.keys)
    enrolling = bool(scene.keys)
    route = experience.route[enrolling]
    if not scene.application_up:
        # Nobody wrote a record: what the dialplan's variables held is read from where it went.
        verdict, reason = FALLBACK if route == FALLBACK_ROUTE else ("?", "?")
        return Outcome(scene, verdict, reason, route, {}, experience)
    line = await application.logged(ENDED[enrolling], since=seen)
    verdict = str(line.get("result") or line.get("verdict"))
    return Outcome(scene, verdict, str(line["reason"]), route, line, experience)


def summary(outcome: Outcome) -> str:
    """Return one outcome in one line."""
    mark = "as announced" if outcome.as_announced else f"ANNOUNCED WAS {outcome.scene.verdict}"
    return f"-> {outcome.verdict} ({outcome.reason}), routed to {outcome.route}: {mark}"


COLUMNS = ("call", "verdict", "reason", "route", "LLR", "attempts", "net speech", "to verdict")


def table(outcomes: Sequence[Outcome]) -> str:
    """Return all outcomes as a table; `to verdict` is from end of speech, end silence included."""
    rows = [COLUMNS, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(["", lines[0], "-" * len(lines[0]), *lines[1:], ""])


def _row(outcome: Outcome) -> tuple[str, ...]:
    line = outcome.line
    speech = sum(line.get("net_speech_s") or ())
    delay = outcome.delay_ms
    return (
        outcome.scene.title,
        outcome.verdict,
        outcome.reason,
        outcome.route,
        "" if line.get("llr") is None else f"{line['llr']:+.1f}",
        str(line.get("attempts", "")),
        f"{speech:.1f} s" if speech else "",
        "" if delay is None else f"{delay:.0f} ms",
    )


async def _stay(system: System) -> None:
    await system.application.start()
    print(
        f"The system stays up. Point a softphone (no registration) at {LOOPBACK}:"
        f"{system.asterisk.sip_port} over UDP and dial enroll-NAME, verify-NAME or verify-keyed.\n"
        f"Log: {system.application.log_path}\nCtrl-C ends it."
    )
    await asyncio.Event().wait()
