"""What training asks for: speakers apart by a margin, and one speaker's crops together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


class MarginSoftmax(nn.Module):
    """Additive angular margin softmax with several centres a class.

    Deng et al., "ArcFace", 2019; "Sub-center ArcFace", 2020. Cosines with other classes of the
    same kin (corpus and language) are raised by `kin_margin`, so that telling corpora and languages
    apart earns little: the idea of Zhao et al., "Multi-query multi-head attention pooling and
    inter-topK penalty", 2022, with the hard classes known beforehand.
    """

    kin: Tensor

    def __init__(self, kin: Tensor, dim: int, subcentres: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.register_buffer("kin", kin)
        centres = torch.empty(subcentres, len(kin), dim)
        self.centres = nn.Parameter(nn.init.normal_(centres, std=dim**-0.5))

    def forward(
        self, embeddings: Tensor, classes: Tensor, margin: float, kin_margin: float
    ) -> tuple[Tensor, Tensor]:
        """Return the mean loss and the share of rows whose class has the highest cosine.

        `embeddings` are unit vectors `[batch, dim]`, `classes` int64 `[batch]`, margins in radians
        and in cosine.
        """
        centres = functional.normalize(self.centres, dim=2)
        cosines = (embeddings @ centres.transpose(1, 2)).amax(dim=0)
        right = cosines.detach().argmax(dim=1) == classes
        own = cosines.gather(1, classes.unsqueeze(1))
        relatives = self.kin[classes].unsqueeze(1) == self.kin.unsqueeze(0)
        logits = cosines + kin_margin * relatives
        logits = logits.scatter(1, classes.unsqueeze(1), _pushed(own, margin))
        loss = functional.cross_entropy(self.scale * logits, classes)
        return loss, right.float().mean()


def _pushed(cosine: Tensor, margin: float) -> Tensor:
    """The cosine of an angle larger by the margin, falling on past half a turn."""
    sine = (1 - cosine.square()).clamp_min(1e-7).sqrt()
    pushed = cosine * math.cos(margin) - sine * math.sin(margin)
    beyond = cosine - math.sin(math.pi - margin) * margin
    return torch.where(cosine > math.cos(math.pi - margin), pushed, beyond)


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """How the rows of a batch belong together: view by view, the speakers in the same order."""

    count: int
    kin: Tensor
    """Number of the corpus and language of each row `[views * speakers]`."""
    several: Tensor
    """Whether the speaker of each row has several recordings, bool `[views * speakers]`."""


def contrast(embeddings: Tensor, views: Views, scale: float, kin_margin: float) -> Tensor:
    """Each crop must find another crop of its speaker among all crops of the batch's next view.

    Angular prototypical loss (Chung et al., "In defence of metric learning", 2020) with a
    prototype of one crop: the crops are of different recordings and calls, so what they share is
    the voice. Speakers of a single recording are only among those to be told apart: their crops
    share a room too. `embeddings` are unit vectors `[views * speakers, dim]`.
    """
    rows = embeddings.unflatten(0, (views.count, -1))
    speakers = rows.shape[1]
    kin, counted = views.kin[:speakers], views.several[:speakers].float()
    raised = kin_margin * (kin.unsqueeze(1) == kin.unsqueeze(0)).float().fill_diagonal_(0)
    right = torch.arange(speakers, device=embeddings.device)
    losses = [
        functional.cross_entropy(
            scale * (rows[view] @ rows[(view + 1) % views.count].T + raised),
            right,
            reduction="none",
        )
        for view in range(views.count)
    ]
    return (torch.stack(losses).mean(0) * counted).sum() / counted.sum().clamp_min(1.0)
