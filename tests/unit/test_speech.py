"""Voices: what a telephone line does to them, and real people out of a corpus folder."""

from __future__ import annotations

import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from engine.types import Pcm, Samples
from ivr.lab.softphone import PCMU
from ivr.lab.speech import CorpusError, people
from ivr.lab.speech.level import active_dbfs, at_level, faded, silence, trimmed
from ivr.lab.speech.line import Line
from ivr.lab.speech.synthesis import _write_whole

HEADER = "split corpus speaker session language prompt text phone shard member seconds"
SENTENCES = ("u006", "u007", "u008")


def tone(seconds: float, hz: float = 700.0) -> Samples:
    """Return a sine of -12 dBFS."""
    time_s = np.arange(round(seconds * 8_000)) / 8_000
    return (0.355 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def level(pcm: Pcm) -> float:
    """Return the active level of samples on the wire."""
    return active_dbfs(pcm.astype(np.float32) / np.float32(32_768))


def test_two_who_render_the_same_words_at_once_keep_them_both(tmp_path: Path) -> None:
    """Processes or threads of one: neither takes the other's half of a file."""
    kept = tmp_path / "words.wav"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: _write_whole(kept, bytes(10_000)), range(200)))
    assert kept.read_bytes() == bytes(10_000)
    assert list(tmp_path.iterdir()) == [kept]


def test_the_level_is_that_of_the_speech_alone() -> None:
    """Pauses do not make speech quieter; of silence there is none."""
    spoken = np.concatenate([silence(2.0), tone(1.0), silence(1.0), tone(1.0)])
    assert active_dbfs(spoken) == pytest.approx(-12.0, abs=0.1)
    assert active_dbfs(at_level(spoken, -20.0)) == pytest.approx(-20.0, abs=0.01)
    assert active_dbfs(silence(1.0)) == -100.0


def test_silence_at_the_ends_is_cut_and_a_pause_is_not() -> None:
    """Exact to a frame of 20 ms."""
    spoken = np.concatenate([silence(0.5), tone(0.2), silence(0.3), tone(0.2), silence(0.7)])
    assert len(trimmed(spoken)) == pytest.approx(0.7 * 8_000, abs=160)
    assert len(trimmed(silence(1.0))) == 0


def test_a_fade_takes_the_ends_to_nothing() -> None:
    """Both ends begin near zero, the middle is untouched, and nothing is too short for it."""
    shaped = faded(np.ones(400, np.float32), 0.01)
    assert max(shaped[0], shaped[-1]) < 0.001
    assert (shaped[80:320] == 1.0).all()
    assert len(faded(np.ones(3, np.float32), 0.01)) == 3


def test_a_line_sets_level_and_noise_and_speaks_mu_law() -> None:
    """The level is the line's, the noise lies as far below, every sample is one of mu-law's."""
    line = Line(handset=0.1, noise_db=30.0, level_dbfs=-22.0)
    heard = line.carry(tone(1.0), np.random.default_rng(1))
    assert level(heard) == pytest.approx(-22.0, abs=0.5)
    assert level(heard[:780]) == pytest.approx(-52.0, abs=2.0)
    assert len(heard) == 9_600
    assert np.array_equal(PCMU.decode(PCMU.encode(heard)), heard)


def test_a_line_carries_the_telephone_s_band_only() -> None:
    """100 Hz is gone, 1 kHz is not."""
    line = Line(handset=0.0, noise_db=60.0, level_dbfs=-20.0)
    both = tone(1.0, 100.0) + tone(1.0, 1_000.0)
    spectrum = np.abs(
        np.fft.rfft(line.carry(both, np.random.default_rng(1))[800:8_800].astype(float))
    )
    assert spectrum[100] < 0.02 * spectrum[1_000]


def test_lines_are_drawn_alike_from_the_same_seed() -> None:
    """A seed is a line; another one is another."""
    first, again, other = (Line.draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


class Shelf:
    """A corpus folder in the making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = [HEADER.replace(" ", "\t")]
        self.members: dict[str, bytes] = {}

    def add(
        self, speaker: str, call: str, prompt: str, seconds: float, phone: str = "landlinephone"
    ) -> None:
        """Add a recording, a tone whose pitch tells its call."""
        member = f"wuw2/{speaker}/{call}-{prompt}.flac"
        row = ("dev", "wuw2", speaker, call, "en", prompt, "words", phone, "s.tar", member)
        self.rows.append("\t".join((*row, f"{seconds:.3f}")))
        content = io.BytesIO()
        sf.write(content, tone(seconds, 100.0 * int(call)), 8_000, format="FLAC")
        self.members[member] = content.getvalue()

    def write(self) -> Path:
        """Write it; return the folder."""
        (self.folder / "manifest.tsv").write_text("\n".join(self.rows) + "\n")
        with tarfile.open(self.folder / "s.tar", "w") as shard:
            for name, content in self.members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                shard.addfile(entry, io.BytesIO(content))
        return self.folder


def test_people_enroll_in_one_call_and_verify_in_another(tmp_path: Path) -> None:
    """Who has two landline calls of three usable sentences counts; most speech comes first."""
    shelf = Shelf(tmp_path)
    for call in ("3", "4", "5"):
        for prompt in SENTENCES:
            shelf.add("short", call, prompt, 3.0)
            shelf.add("long", call, prompt, 4.0)
            shelf.add("mobile", call, prompt, 5.0, phone="cellphone" if call != "3" else "landline")
            shelf.add("hasty", call, prompt, 1.0)
            shelf.add("endless", call, prompt, 9.0)
    found = people(shelf.write())
    assert [person.enrolling.name for person in found] == ["long call 3", "short call 3"]
    assert [person.verifying.name for person in found] == ["long call 4", "short call 4"]
    assert found[0].seconds == pytest.approx(12.0)


def test_a_person_s_takes_are_the_sentences_of_the_call_in_turn(tmp_path: Path) -> None:
    """Whatever the text; the same take is the same audio; the calls do not mix."""
    shelf = Shelf(tmp_path)
    for call in ("3", "9"):
        for seconds, prompt in zip((3.0, 3.5, 4.0), SENTENCES, strict=True):
            shelf.add("person", call, prompt, seconds)
    person = people(shelf.write())[0]
    said = [person.enrolling.say("whatever", take) for take in range(4)]
    assert [len(pcm) for pcm in said] == [24_000, 28_000, 32_000, 24_000]
    assert np.array_equal(said[0], said[3])
    loudest = np.abs(np.fft.rfft(person.verifying.say("", 0).astype(float))).argmax()
    assert int(loudest) / 3.0 == pytest.approx(900.0)


def test_a_folder_that_is_no_corpus_is_named(tmp_path: Path) -> None:
    """No manifest, or nobody in it who made two calls, is an error that says so."""
    with pytest.raises(CorpusError, match=r"manifest\.tsv cannot be read"):
        people(tmp_path)
    with pytest.raises(CorpusError, match="nobody in"):
        people(Shelf(tmp_path).write())
