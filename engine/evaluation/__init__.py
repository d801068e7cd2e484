"""How well a voice model tells people apart: trials, error rates with intervals, and pictures."""

from engine.evaluation.command import main

__all__ = ["main"]
