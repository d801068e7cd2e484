"""Fixtures: the built-in model's card, and copies of the model to break."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.unit.engine.voice.models import CARD, copied_model


@pytest.fixture
def card_path() -> Path:
    """The built-in model's card."""
    return CARD


@pytest.fixture
def model_with(tmp_path: Path) -> Callable[..., Path]:
    """Copy the built-in model with keys of its card changed; called with those keys."""
    return partial(copied_model, tmp_path)
