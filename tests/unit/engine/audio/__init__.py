"""Tests of the engine's ears."""
