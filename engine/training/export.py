"""From weights to what ships: an ONNX file, its card, and the proof that both say the same."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxscript import optimizer
from torch import nn

from engine.audio.resample import upsample
from engine.errors import EngineError
from engine.training.checkpoint import HALF
from engine.training.features import LogMel, front_end
from engine.training.recipe import Recipe
from engine.types import Pcm, Utterance
from engine.voice.card import Card, write_card
from engine.voice.embedder import Embedder
from engine.voice.frontend import LogMel as NumpyLogMel

INPUT = "feats"
SPANS = "spans"
OUTPUT = "embedding"
TOLERANCE = 1e-4
"""Greatest difference of a value of a unit vector between torch and onnxruntime."""

WHOLE_TOLERANCE = 2e-3
"""The same where the features are computed by torch at 8 kHz and by engine.voice at 16 kHz."""

_OPSET = 18
_SMALL = 256
"""Weights fewer than this stay at full precision."""


class ExportError(EngineError):
    """The exported network does not say what the trained one says (the program's fault)."""


def export(network: nn.Module, recipe: Recipe, folder: Path, card: tuple[str, str, str]) -> Path:
    """Write `ID.onnx` and `ID.json`; return the card's path.

    `card` is id, description and licence. Weights are stored at half precision and computed with
    at single, so the network is rounded to half precision first: what is verified is what ships.
    """
    name, description, licence = card
    rounded = network.cpu().float().eval()
    rounded.load_state_dict({k: _rounded(v) for k, v in rounded.state_dict().items()})
    file = folder / f"{name}.onnx"
    _write(rounded, recipe, file)
    content = file.read_bytes()
    described = Card(
        id=name, description=description, licence=licence, file=file.name,
        sha256=sha256(content).hexdigest(), bytes=len(content), sample_rate_hz=16_000,
        input=INPUT, spans=SPANS, output=OUTPUT, dim=recipe.dim,
        features=front_end(recipe.mel_bins),
    )  # fmt: skip
    write_card(described, file.with_suffix(".json"))
    return file.with_suffix(".json")


def _rounded(value: torch.Tensor) -> torch.Tensor:
    return value.half().float() if value.is_floating_point() else value


def _write(network: nn.Module, recipe: Recipe, file: Path) -> None:
    example = torch.randn(1, recipe.mel_bins, 150), torch.tensor([[0, 150], [20, 90]])
    sizes = {2: torch.export.Dim("frames", min=16, max=6000)}, {0: torch.export.Dim("spans", min=1)}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the exporter warns of its own future
        for chatty in ("onnxscript", "torch.onnx"):
            logging.getLogger(chatty).setLevel(logging.ERROR)
        program = torch.onnx.export(
            network, example, dynamo=True, opset_version=_OPSET, dynamic_shapes=sizes,
            input_names=[INPUT, SPANS], output_names=[OUTPUT], verbose=False, optimize=False,
        )  # fmt: skip
    assert program is not None
    _fold(program.model)
    model = program.model_proto
    _halve(model.graph)
    _forget(model)
    onnx.checker.check_model(model)
    file.write_bytes(model.SerializeToString())


def _fold(model: Any) -> None:
    """Work out what is constant, but leave norms apart from convolutions.

    onnxruntime merges them when it loads the file, at single precision; merged here, weights would
    be rounded that nobody trained.
    """
    optimizer.inline(model)
    optimizer.fold_constants(model)
    optimizer.remove_unused_nodes(model)


def _forget(model: onnx.ModelProto) -> None:
    """Leave out which lines of which files made a node: they hold paths of the machine."""
    graph = model.graph
    parts = (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output)
    for each in (*parts, *graph.initializer):
        del each.metadata_props[:]


def _halve(graph: onnx.GraphProto) -> None:
    """Store large weights as float16 with a cast behind each, which onnxruntime folds at start."""
    large = [
        weight
        for weight in graph.initializer
        if weight.data_type == TensorProto.FLOAT and np.prod(weight.dims) >= _SMALL
    ]
    casts = []
    for weight in large:
        full = weight.name
        half = numpy_helper.to_array(weight).astype(np.float16)
        weight.CopyFrom(numpy_helper.from_array(half, f"{full}{HALF}"))
        casts.append(helper.make_node("Cast", [f"{full}{HALF}"], [full], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    for value in [
        value for value in graph.value_info if value.name in {c.output[0] for c in casts}
    ]:
        graph.value_info.remove(value)


def verify(
    network: nn.Module, recipe: Recipe, card: Path, speech: list[Pcm]
) -> tuple[float, float]:
    """Compare the trained network with what ships, through engine.voice, on real speech.

    `network` is the one that `export` returned from, rounded. Returns the greatest difference of
    any value: of the two networks on the same features, and of the whole ways from 8 kHz samples to
    the embedding, front ends included. `ExportError` where one is beyond its tolerance.
    """
    embedder, features = Embedder.load(card), LogMel(front_end(recipe.mel_bins))
    reference = NumpyLogMel(front_end(recipe.mel_bins))
    alone = whole = 0.0
    for pcm in speech:
        samples = pcm.astype(np.float32) / np.float32(32768)
        wide = upsample(samples)
        shipped = embedder.embed(Utterance(wide)).vector
        same = torch.from_numpy(reference(Utterance(wide))).unsqueeze(0)
        alone = max(alone, _apart(network, same, shipped))
        trained = features(torch.from_numpy(samples).unsqueeze(0))
        whole = max(whole, _apart(network, trained, shipped))
    if not (alone <= TOLERANCE and whole <= WHOLE_TOLERANCE):
        raise ExportError(
            f"{card} differs from the trained network by {alone:.1e}, with its front end by "
            f"{whole:.1e}: do not ship it"
        )
    return alone, whole


@torch.inference_mode()
def _apart(network: nn.Module, features: torch.Tensor, shipped: NDArray[np.float32]) -> float:
    return float(np.abs(network(features)[0].numpy() - shipped).max())
