"""Audio from folders and shards: every kind that is taken, and what is refused."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio.g711 import encode_mulaw
from engine.audio.resample import upsample
from engine.evaluation.audio_files import Folder, Shards
from engine.evaluation.recordings import CorpusError, Recording
from engine.types import Samples


def tone(rate_hz: int, seconds: float = 0.5) -> Samples:
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def alike(a: Samples, b: Samples) -> float:
    """Correlation of the middle of two signals of nearly one length."""
    size = min(len(a), len(b))
    middle = slice(size // 4, 3 * size // 4)
    return float(np.corrcoef(a[:size][middle], b[:size][middle])[0, 1])


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_files_of_several_rates_arrive_at_16_khz(tmp_path: Path, name: str, rate_hz: int) -> None:
    """The tone stays the tone."""
    soundfile.write(tmp_path / name, tone(rate_hz), rate_hz)
    heard = Folder(tmp_path).samples(name)
    assert heard.dtype == np.float32
    assert len(heard) == 8000
    assert alike(heard, tone(16000)) > 0.999


def test_opus_is_read(tmp_path: Path) -> None:
    """Opus keeps a tone, though not its samples nor its delay."""
    soundfile.write(tmp_path / "a.opus", tone(8000), 8000, format="OGG", subtype="OPUS")
    heard = Folder(tmp_path).samples("a.opus")
    peak = np.argmax(np.abs(np.fft.rfft(heard, 16000)))
    assert abs(int(peak) - 440) <= 2


def test_raw_mu_law_is_8_khz(tmp_path: Path) -> None:
    """A `.ulaw` file has no header: bytes of the telephone."""
    pcm = (tone(8000) * 32768).astype(np.int16)
    (tmp_path / "a.ulaw").write_bytes(encode_mulaw(pcm))
    assert alike(Folder(tmp_path).samples("a.ulaw"), upsample(tone(8000))) > 0.999


def test_two_channels_become_one(tmp_path: Path) -> None:
    """Their mean."""
    stereo = np.stack([tone(16000), np.zeros_like(tone(16000))], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, 16000, subtype="FLOAT")
    np.testing.assert_allclose(Folder(tmp_path).samples("a.wav"), tone(16000) / 2, atol=1e-6)


def test_what_is_no_audio_is_refused_by_name(tmp_path: Path) -> None:
    """Absent, empty, of an odd rate, or not audio at all."""
    (tmp_path / "noise.wav").write_bytes(b"not audio")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), 8000)
    soundfile.write(tmp_path / "odd.wav", tone(11025), 11025)
    for name in ("absent.wav", "noise.wav", "empty.wav", "odd.wav"):
        with pytest.raises(CorpusError, match=name):
            Folder(tmp_path).samples(name)


def test_shards_give_their_members_and_refuse_others(tmp_path: Path) -> None:
    """By the manifest's member name; a tar that is missing is named."""
    content = io.BytesIO()
    soundfile.write(content, tone(8000), 8000, format="FLAC")
    with tarfile.open(tmp_path / "one.tar", "w") as tar:
        info = tarfile.TarInfo("a.flac")
        info.size = len(content.getvalue())
        tar.addfile(info, io.BytesIO(content.getvalue()))

    def listed(shard: str, member: str) -> Recording:
        return Recording("dev", "c", "s", "0", "en", "p", "", "", shard, member, 0.5)

    shards = Shards(tmp_path, [listed("one.tar", "a.flac"), listed("two.tar", "b.flac")])
    assert alike(shards.samples("a.flac"), tone(16000)) > 0.999
    for unknown in ("b.flac", "c.flac"):
        with pytest.raises(CorpusError, match=unknown):
            shards.samples(unknown)
    shards.close()
