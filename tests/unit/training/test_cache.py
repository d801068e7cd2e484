"""The corpus decoded shard by shard."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.evaluation.recordings import CorpusError

from . import needs  # noqa: F401  # isort: skip
from engine.training.cache import decode, missing, open_cache

from .conftest import recordings


def test_shards_that_arrive_one_by_one_add_up(corpus: Path, tmp_path: Path) -> None:
    """Each folder holds one shard; the cache ends with every sample of all."""
    cache = tmp_path / "cache"
    for shard in sorted(corpus.glob("*.tar")):
        here = tmp_path / shard.stem
        here.mkdir()
        shutil.copy(corpus / "manifest.tsv", here)
        shutil.copy(shard, here)
        assert decode(here, cache, workers=1) == [shard.name]
        assert decode(here, cache, workers=1) == []
    assert missing(corpus, cache) == []
    whole = open_cache(cache)
    expected = {recording.member: pcm for recording, pcm in recordings()}
    assert len(whole.recordings) == len(expected)
    for recording, pcm in zip(whole.recordings, whole.samples, strict=True):
        np.testing.assert_array_equal(pcm, expected[recording.member])


def test_several_processes_decode_the_same(corpus: Path, tmp_path: Path) -> None:
    """The order is the manifest's, whoever is first."""
    decode(corpus, tmp_path / "one", workers=1)
    decode(corpus, tmp_path / "two", workers=2)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_split_is_a_part(corpus: Path, tmp_path: Path) -> None:
    """Training sees its own split alone."""
    decode(corpus, tmp_path, workers=1)
    train = open_cache(tmp_path).split("train")
    assert {recording.speaker for recording in train.recordings} == {f"t{k}" for k in range(8)}


def test_what_is_missing_or_broken_is_named(corpus: Path, tmp_path: Path) -> None:
    """An empty cache, a truncated shard, samples shorter than their index."""
    with pytest.raises(CorpusError, match="no decoded shard"):
        open_cache(tmp_path)
    assert missing(corpus, tmp_path) == ["noise.tar", "shard-0.tar", "shard-1.tar", "shard-2.tar"]
    broken = tmp_path / "broken"
    broken.mkdir()
    shutil.copy(corpus / "manifest.tsv", broken)
    (broken / "shard-0.tar").write_bytes((corpus / "shard-0.tar").read_bytes()[:2000])
    with pytest.raises(CorpusError, match=r"shard-0\.tar"):
        decode(broken, tmp_path / "cache", workers=1)
    decode(corpus, tmp_path / "cache", workers=1)
    np.save(tmp_path / "cache" / "noise.npy", np.zeros(5, np.int16))
    with pytest.raises(CorpusError, match="longer than its samples"):
        open_cache(tmp_path / "cache")
