"""Whether someone is speaking now: repeats of earlier recordings, digits that nobody knew."""

from engine.liveness.fingerprint import fingerprint
from engine.liveness.repeat import how, repeat

__all__ = ["fingerprint", "how", "repeat"]
