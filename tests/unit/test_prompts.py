"""Every prompt of every locale has its words and a sound file that a telephone can carry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from engine.phrase.passphrases import load_phrases
from engine.types import Locale, Pcm
from ivr.domain.prompt import PHRASE_PREFIX, Prompt
from ivr.lab import LabError, make_prompts
from ivr.lab.softphone.tone import ToneListener
from ivr.lab.speech.level import active_dbfs

LOCALES = sorted(path.parent for path in make_prompts.FOLDER.glob("*/prompts.toml"))
LISTED = {PHRASE_PREFIX + phrase for phrase in load_phrases(Locale("en-US")).phrases}
SPOKEN = sorted({prompt.value for prompt in Prompt} - {Prompt.TONE.value} | LISTED)
BOUNDS_S = {
    Prompt.CONSENT: (10.0, 30.0),
    **dict.fromkeys(LISTED, (2.0, 5.0)),
    **{f"digit-{digit}": (0.4, 1.2) for digit in range(10)},
}
SECONDS_PER_LETTER = (0.04, 0.12)
BYTES_PER_LOCALE = 4_000_000

locales = pytest.mark.parametrize("folder", LOCALES, ids=lambda folder: folder.name)


def read(folder: Path, prompt: str) -> Pcm:
    """Return a prompt's samples; fail where the file is not 8 kHz, mono, 16 bit."""
    with sf.SoundFile(folder / f"{prompt}.wav") as file:
        shape = (file.format, file.subtype, file.samplerate, file.channels)
        assert shape == ("WAV", "PCM_16", 8_000, 1)
        return np.asarray(file.read(dtype="int16"), np.int16)


def test_there_is_english() -> None:
    """The locale that everything falls back to."""
    assert "en-US" in [folder.name for folder in LOCALES]


@locales
def test_every_prompt_has_words_and_nothing_else_has(folder: Path) -> None:
    """The words agree with the prompts there are, and the consent has a version."""
    found = make_prompts.read_words(folder)
    assert set(found.words) == set(SPOKEN)
    assert found.consent_version.startswith(f"{folder.name}/")
    assert {path.stem for path in folder.glob("*.wav")} == {*SPOKEN, Prompt.TONE.value}
    assert sum(path.stat().st_size for path in folder.iterdir()) < BYTES_PER_LOCALE


@locales
@pytest.mark.parametrize("prompt", SPOKEN)
def test_a_prompt_is_loud_enough_and_as_long_as_its_words(folder: Path, prompt: str) -> None:
    """-20 dBFS where there is speech, no peak at full scale, and the pace of speech."""
    pcm = read(folder, prompt)
    samples = pcm.astype(np.float32) / np.float32(32_768)
    assert active_dbfs(samples) == pytest.approx(-20.0, abs=1.0)
    assert int(np.abs(pcm.astype(int)).max()) < 32_500
    letters = len(make_prompts.read_words(folder).words[prompt])
    least, most = BOUNDS_S.get(prompt, (letters * SECONDS_PER_LETTER[0], 0.5 + letters * 0.12))
    assert least <= len(pcm) / 8_000 <= most


@locales
@pytest.mark.parametrize("prompt", SPOKEN)
def test_a_prompt_begins_and_ends_in_silence_without_a_click(folder: Path, prompt: str) -> None:
    """Silence at both ends, no offset, and hardly anything below 100 Hz."""
    pcm = read(folder, prompt).astype(float)
    assert np.abs(pcm[:400]).max() < 100
    assert np.abs(pcm[-1_600:]).max() < 100
    spectrum = np.abs(np.fft.rfft(pcm)) ** 2
    low = round(100 * len(pcm) / 8_000)
    assert spectrum[:low].sum() < 0.01 * spectrum.sum()


@locales
@pytest.mark.parametrize("prompt", SPOKEN)
def test_no_words_are_taken_for_the_tone(folder: Path, prompt: str) -> None:
    """A scripted caller speaks after the tone, never in the middle of a prompt."""
    ears, pcm = ToneListener(), read(folder, prompt)
    assert not any(ears.hear(pcm[i : i + 160], 0.0) for i in range(0, len(pcm), 160))


@locales
def test_the_tone_is_250_ms_of_1000_hz_after_100_ms_of_silence(folder: Path) -> None:
    """At -15 dBFS, to its last sample, and heard as the tone."""
    pcm = read(folder, Prompt.TONE)
    assert len(pcm) == 2_800
    assert not pcm[:800].any()
    middle = pcm[880:2_720].astype(float) / 32_768
    assert 10 * np.log10((middle**2).mean()) == pytest.approx(-15.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(middle[:1_600]))
    assert int(spectrum.argmax()) * 5 == 1_000
    assert np.abs(pcm[-3:]).max() < 400
    ears = ToneListener()
    heard = [*pcm, *np.zeros(240, np.int16)]
    told = [ears.hear(np.array(heard[i : i + 160]), 0.0) for i in range(0, len(heard), 160)]
    assert told.index(True) in (17, 18)
    assert sum(told) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("consent_version = 1", "consent_version"),
        ('consent_version = "a"\nvoice = {synthesiser = "x", name = "y"}\nwords = {}', "synthes"),
        (
            'consent_version = "a"\nvoice = {synthesiser = "flite", name = "y"}\n'
            'words = {consent = "Yes?"}',
            "no words for after-the-tone-digits",
        ),
        (
            'consent_version = "a"\nvoice = {synthesiser = "flite", name = "y"}\n'
            'words = {nonsense = "Yes?"}',
            "nonsense",
        ),
        ("= 1", "line 1"),
    ],
)
def test_words_that_will_not_do_are_named(tmp_path: Path, text: str, why: str) -> None:
    """A missing word, an unknown prompt or a misspelt key is an error with the file's name."""
    (tmp_path / "prompts.toml").write_text(text)
    with pytest.raises(LabError, match=f"prompts.toml.*{why}"):
        make_prompts.read_words(tmp_path)


def test_an_unknown_locale_is_an_error_on_the_command_line() -> None:
    """It says which file is missing, and the status is not zero."""
    command = (sys.executable, "-m", "ivr.lab.make_prompts", "--locale", "xx-XX")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "xx-XX/prompts.toml" in done.stderr
