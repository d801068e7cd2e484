"""What differs between a processor and a GPU: precision, layout, generators, the optimiser."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import torch
from torch import Tensor, nn

from engine.training.recipe import Recipe

_HALF_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
"""Of glibc's mallopt(3)."""


def prepare(device: torch.device, seed: int) -> None:
    """Seed torch, and let the device have its habits.

    A GPU multiplies in TF32 and finds the best convolution for each length. A processor keeps the
    memory of a step for the next: fetched anew each time, it costs as much as the arithmetic.
    """
    torch.manual_seed(seed)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True
    elif sys.platform == "linux":
        _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Let glibc give nothing back; another C library, which lacks the call, is left alone."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def multiplies_halves(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32: on GPUs, and processors with instructions for it."""
    if device.type == "cuda":
        return True
    told: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return device.type == "cpu" and any(told.get(name) for name in _HALF_INSTRUCTIONS)


def dropout_state(device: torch.device) -> Tensor:
    """Where torch's own generator stands, which dropout draws from."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def restore_dropout(state: Tensor, device: torch.device) -> None:
    """Let torch's own generator go on from a state, which lies in the host's memory."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)


def placed(network: nn.Module, device: torch.device) -> nn.Module:
    """Move a network to the device, in the layout that a GPU's convolutions want."""
    if device.type == "cuda":
        return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
    return network.to(device)


def optimiser(
    recipe: Recipe, modules: tuple[nn.Module, ...], device: torch.device
) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019); norms and biases do not decay."""
    every = [each for module in modules for each in module.parameters()]
    decayed = [each for each in every if each.ndim > 1]
    free = [each for each in every if each.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": decayed}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(
        groups, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=device.type == "cuda"
    )
