"""A run on disk: enough to go on as if nothing had happened."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # as it comes
from onnx import numpy_helper
from torch import nn

from engine.errors import EngineError

CHECKPOINT = "checkpoint.pt"
HALF = ".half"
"""Ends the names of weights that an exported file stores at half precision."""
_COUNTS = ".num_batches_tracked"
"""Of norms; only their training knows them."""


class CheckpointError(EngineError):
    """A checkpoint is broken, or belongs to another recipe (the operator's to mend)."""


def save(state: dict[str, Any], path: Path) -> None:
    """Write beside the place, then move there: a crash leaves the old file whole."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def load(path: Path, device: torch.device) -> dict[str, Any]:
    """Read what `save` wrote; `CheckpointError` where the file is broken."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"{path} is broken ({error}): delete it to begin anew") from error
    return state


def save_weights(network: nn.Module, path: Path) -> None:
    """Write the weights alone, at half precision: small enough to carry anywhere."""
    floats = network.state_dict().items()
    save({n: v.half() if v.is_floating_point() else v for n, v in floats}, path)


def load_weights(network: nn.Module, path: Path, device: torch.device) -> None:
    """Read weights into a network, from `save_weights` or out of an exported ONNX file.

    `CheckpointError` where they are another network's.
    """
    try:
        network.load_state_dict(
            _shipped(path, network) if path.suffix == ".onnx" else load(path, device)
        )
    except (RuntimeError, AttributeError, KeyError) as error:
        raise CheckpointError(f"{path} holds the weights of another recipe's network") from error


def _shipped(path: Path, network: nn.Module) -> dict[str, torch.Tensor]:
    try:
        stored = onnx.load(path).graph.initializer
    except (OSError, DecodeError) as error:
        raise CheckpointError(f"{path} is no ONNX file that can be read ({error})") from error
    values = {each.name.removesuffix(HALF): numpy_helper.to_array(each) for each in stored}
    return {
        name: own if name.endswith(_COUNTS) else torch.from_numpy(values[name].copy())
        for name, own in network.state_dict().items()
    }
