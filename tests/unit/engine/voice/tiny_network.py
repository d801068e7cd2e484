"""A tiny ONNX file with the signature of the public voice models, written byte by byte.

The bytes are Protocol Buffers, the field numbers those of onnx.proto: a network that means
nothing, but takes and gives what the great ones do, is made here without the package onnx.
"""

from __future__ import annotations

import numpy as np

BANDS = 80
_IR_VERSION, _OPSET = 8, 13
_FLOAT, _INT, _INTS = 1, 2, 7


def tiny_network(input_name: str, output_name: str, dim: int) -> bytes:
    """Features `[batch, frames, 80]`: their mean magnitude over time, times a matrix, moved."""
    rng = np.random.default_rng(dim)
    matrix = rng.standard_normal((BANDS, dim)).astype("<f4")
    nodes = [
        _node("Abs", [input_name], ["magnitude"]),
        _node("ReduceMean", ["magnitude"], ["mean"], _ints("axes", 1), _int("keepdims", 0)),
        _node("MatMul", ["mean", "matrix"], ["product"]),
        _node("Add", ["product", "offset"], [output_name]),
    ]
    graph = [
        *(_field(1, node) for node in nodes),
        _field(2, b"tiny"),
        _field(5, _tensor("matrix", matrix)),
        _field(5, _tensor("offset", rng.standard_normal((1, dim)).astype("<f4"))),
        _field(11, _value(input_name, "N", "T", BANDS)),
        _field(12, _value(output_name, "N", dim)),
    ]
    return _number(1, _IR_VERSION) + _field(8, _number(2, _OPSET)) + _field(7, b"".join(graph))


def _node(kind: str, inputs: list[str], outputs: list[str], *attributes: bytes) -> bytes:
    parts = [_field(1, name.encode()) for name in inputs]
    parts += [_field(2, name.encode()) for name in outputs]
    parts += [_field(4, kind.encode()), *(_field(5, each) for each in attributes)]
    return b"".join(parts)


def _int(name: str, value: int) -> bytes:
    return _field(1, name.encode()) + _number(3, value) + _number(20, _INT)


def _ints(name: str, *values: int) -> bytes:
    return _field(1, name.encode()) + b"".join(_number(8, v) for v in values) + _number(20, _INTS)


def _tensor(name: str, values: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> bytes:
    sizes = b"".join(_number(1, size) for size in values.shape)
    return sizes + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, values.tobytes())


def _value(name: str, *sizes: int | str) -> bytes:
    """A name with its type: float, and each size a number or a free variable."""
    sized = (_number(1, s) if isinstance(s, int) else _field(2, s.encode()) for s in sizes)
    shape = b"".join(_field(1, size) for size in sized)
    tensor = _number(1, _FLOAT) + _field(2, shape)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
