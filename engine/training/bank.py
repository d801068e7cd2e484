"""Speech as one long tensor on the device, from which crops are gathered without leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.types import Pcm


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Recordings laid end to end."""

    flat: Tensor
    """int16 `[samples]`, 8 kHz."""
    starts: Tensor
    """int64 `[recordings]`."""
    lengths: Tensor
    """int64 `[recordings]`, in samples."""

    @classmethod
    def of(cls, samples: Sequence[Pcm], device: torch.device) -> Bank:
        """Copy recordings to the device."""
        lengths = np.array([len(each) for each in samples], dtype=np.int64)
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        flat = torch.from_numpy(np.concatenate(samples)).to(device)
        return cls(flat, torch.from_numpy(starts).to(device), torch.from_numpy(lengths).to(device))

    def joined(self, recordings: Tensor, offsets: Tensor, lengths: Tensor, size: int) -> Tensor:
        """Gather float32 `[batch, size]` in [-1, 1), each row joined from pieces.

        The three are int64 `[batch, pieces]`: which recording, from where in it, how many samples;
        the lengths of a row must add up to at least `size`.
        """
        ends = lengths.cumsum(1)
        time = torch.arange(size, device=lengths.device).expand(len(lengths), size).contiguous()
        piece = torch.searchsorted(ends, time, right=True).clamp_max(lengths.shape[1] - 1)
        begin = self.starts[recordings] + offsets - (ends - lengths)
        return self.flat[begin.gather(1, piece) + time].float() / 32768
