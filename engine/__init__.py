"""Speaker verification: synchronous, no calls, no database, no network. Start at SpeakerEngine."""

import os
from typing import TYPE_CHECKING

# Each call has one core and the products are small: threads of OpenBLAS would only wait for one
# another, at full speed. It reads this when numpy and scipy load it, so it comes first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# From 1.29 on onnxruntime tells its maker over the network of each process and model, unless this
# is set before it is loaded. What knows voices tells nobody anything.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from engine.speaker import SpeakerEngine

__all__ = ["SpeakerEngine"]


def __getattr__(name: str) -> object:
    """Load the engine only where it is asked for: its words alone (`types`) need no onnxruntime."""
    if name != "SpeakerEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.speaker import SpeakerEngine

    return SpeakerEngine
