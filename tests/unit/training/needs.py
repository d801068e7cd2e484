"""What the tests of training need, or they are left out: the extra `train`."""

import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # at import, some of these warn of each other
    for name in ("torch", "onnx", "onnxscript", "tqdm", "matplotlib.figure"):
        pytest.importorskip(name, reason="needs the extra 'train'")
