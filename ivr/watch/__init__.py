"""For those who watch the service: metrics, and whether it lives and is ready, over HTTP."""

from ivr.watch.health import Checks, Health
from ivr.watch.listener import listening
from ivr.watch.metrics import Metrics
from ivr.watch.present import Present

__all__ = ["Checks", "Health", "Metrics", "Present", "listening"]
