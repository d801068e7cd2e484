"""Speaker verification: synchronous, no calls, no database, no network. Start at SpeakerEngine."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.speaker import SpeakerEngine

__all__ = ["SpeakerEngine"]


def __getattr__(name: str) -> object:
    """Load the engine only where it is asked for: its words alone (`types`) need no onnxruntime."""
    if name != "SpeakerEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.speaker import SpeakerEngine

    return SpeakerEngine
