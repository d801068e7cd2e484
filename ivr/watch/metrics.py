"""The metrics, as Prometheus reads them; `ivr.ports.Meter` for the calls.

No label holds anything of a person: labels are words of the program, of which there are few.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from ivr.domain.call import CallState, Purpose
from ivr.domain.enrollment import Enrollment
from ivr.domain.metering import FrameCounts, Posting, Stage
from ivr.domain.verification import Verification
from ivr.watch.present import Present

STAGE_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Attaching takes milliseconds; a verdict that waits for PostgreSQL 2 s."""

ABANDONED = "abandoned"
"""In place of the purpose, where a verification was ended after its process had died."""


class Metrics:
    """Every metric of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._make_counters()
        self._make_gauges()
        ProcessCollector(namespace="countersign", registry=self.registry)

    def _make_counters(self) -> None:
        self._verifications = Counter(
            "countersign_verifications",
            "Verdicts written, by what the dialplan asked for.",
            ("purpose", "verdict", "reason"),
            registry=self.registry,
        )
        self._enrollments = Counter(
            "countersign_enrollments",
            "Enrollment calls ended.",
            ("result", "reason"),
            registry=self.registry,
        )
        self._frames = Counter(
            "countersign_frames",
            "Frames of callers' audio (20 ms), by what became of them.",
            ("fate",),
            registry=self.registry,
        )
        self._webhook = Counter(
            "countersign_webhook_events",
            "Events for the desk's webhook, by what became of them.",
            ("fate",),
            registry=self.registry,
        )
        self._stages = Histogram(
            "countersign_stage_seconds",
            "How long the stages of calls took.",
            ("stage",),
            buckets=STAGE_BUCKETS_S,
            registry=self.registry,
        )
        for stage in Stage:
            self._stages.labels(stage.value)
        for posting in Posting:
            self._webhook.labels(posting.value)
        self.carried(FrameCounts(0, 0, 0, 0))

    def _make_gauges(self) -> None:
        self._calls = Gauge(
            "countersign_calls", "Calls at present.", ("state",), registry=self.registry
        )
        self._outbox = Gauge(
            "countersign_outbox_letters",
            "Verdicts in the outbox: those that wait for PostgreSQL, those set aside.",
            ("state",),
            registry=self.registry,
        )
        self._connections = Gauge(
            "countersign_database_connections",
            "Connections to PostgreSQL.",
            ("state",),
            registry=self.registry,
        )
        self._jobs = Gauge(
            "countersign_jobs",
            "Jobs in the queue that all workers share, those being done too.",
            ("duty",),
            registry=self.registry,
        )
        self._check = Gauge(
            "countersign_check",
            "1 where a check of readiness succeeds, 0 where it fails.",
            ("check",),
            registry=self.registry,
        )
        self._model = Info("countersign_model", "The voice model in use.", registry=self.registry)

    def took(self, stage: Stage, seconds: float) -> None:
        """See `ivr.ports.Meter.took`."""
        self._stages.labels(stage.value).observe(seconds)

    def verified(self, purpose: Purpose | None, verification: Verification) -> None:
        """See `ivr.ports.Meter.verified`."""
        asked = ABANDONED if purpose is None else purpose.value
        verdict, reason = verification.verdict.value, verification.reason.value
        self._verifications.labels(asked, verdict, reason).inc()

    def enrolled(self, enrollment: Enrollment) -> None:
        """See `ivr.ports.Meter.enrolled`."""
        self._enrollments.labels(enrollment.result.value, enrollment.reason.value).inc()

    def carried(self, frames: FrameCounts) -> None:
        """See `ivr.ports.Meter.carried`."""
        self._frames.labels("heard").inc(frames.heard)
        self._frames.labels("filled").inc(frames.filled)
        self._frames.labels("refused").inc(frames.refused)
        self._frames.labels("unheard").inc(frames.unheard)

    def posted(self, posting: Posting) -> None:
        """Note what became of an event of the desk's webhook."""
        self._webhook.labels(posting.value).inc()

    def uses(self, model: str) -> None:
        """Note the id of the voice model."""
        self._model.info({"model": model})

    def show(self, present: Present, faults: Mapping[str, str]) -> None:
        """Set the gauges to what holds now; a call's state that no call is in is 0."""
        for state in CallState:
            self._calls.labels(state.value).set(present.calls.get(state, 0))
        _set(self._outbox, present.outbox)
        _set(self._connections, present.connections)
        _set(self._jobs, present.jobs)
        for name, fault in faults.items():
            self._check.labels(name).set(0 if fault else 1)


def _set(gauge: Gauge, values: Mapping[str, int]) -> None:
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
