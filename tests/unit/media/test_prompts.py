"""The folder of prompts, read and checked at start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.types import Locale, Pcm, PhraseId
from ivr.domain.prompt import PhrasePrompt, Prompt
from ivr.media import prompts as module
from ivr.media.errors import PromptError, PromptWordsError
from ivr.media.prompts import PromptLibrary, read_prompt


def tone(rate_hz: int, seconds: float = 0.1) -> Pcm:
    """Return a tone of 440 Hz at that rate."""
    return (8_000 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(
        np.int16
    )


def make_locale(folder: Path, seconds: float = 0.1) -> Path:
    """Write every prompt of a locale."""
    folder.mkdir(parents=True)
    for prompt in Prompt:
        soundfile.write(folder / f"{prompt.value}.wav", tone(8000, seconds), 8000, "PCM_16")
    (folder / "prompts.toml").write_text(f'consent_version = "{folder.name}/3"')
    return folder


@pytest.fixture
def built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand a folder of our own in for the one that ships."""
    root = tmp_path / "built-in"
    make_locale(root / "en-US")
    monkeypatch.setattr(module, "BUILT_IN", root)
    return root


def test_prompts_are_joined_in_order(built_in: Path) -> None:
    """Two prompts are their samples one after the other, bit for bit."""
    soundfile.write(built_in / "en-US/tone.wav", tone(8000, 0.3), 8000, "PCM_16")
    spoken = PromptLibrary.load().audio("en-US", [Prompt.CONSENT, Prompt.TONE])
    assert np.array_equal(spoken, np.concatenate((tone(8000), tone(8000, 0.3))))


def test_no_prompt_is_no_audio(built_in: Path) -> None:
    """An empty list is spoken in no time."""
    assert PromptLibrary.load().audio("en-US", []).shape == (0,)


def test_unknown_locale_is_spoken_in_english(built_in: Path) -> None:
    """A locale without a folder falls back as a whole."""
    library = PromptLibrary.load()
    english = library.audio("en-US", [Prompt.TONE])
    assert np.array_equal(library.audio("xx-YY", [Prompt.TONE]), english)


def test_folder_of_ones_own_replaces_a_locale(built_in: Path, tmp_path: Path) -> None:
    """A configured folder adds locales and replaces built-in ones."""
    make_locale(tmp_path / "own/de-DE", 0.2)
    make_locale(tmp_path / "own/en-US", 0.4)
    library = PromptLibrary.load(tmp_path / "own")
    assert set(library.locales) == {"de-DE", "en-US"}
    assert len(library.audio("de-DE", [Prompt.TONE])) == 1600
    assert len(library.audio("en-US", [Prompt.TONE])) == 3200


def test_missing_file_is_named(built_in: Path, tmp_path: Path) -> None:
    """A locale that lacks a prompt is no half locale: the error names the file."""
    (make_locale(tmp_path / "own/de-DE") / "tone.wav").unlink()
    with pytest.raises(PromptError, match=r"de-DE/tone\.wav: no such file; allowed is"):
        PromptLibrary.load(tmp_path / "own")


def test_missing_folder_is_named(built_in: Path, tmp_path: Path) -> None:
    """A folder that is not there is no empty one."""
    with pytest.raises(PromptError, match="nowhere: no such folder"):
        PromptLibrary.load(tmp_path / "nowhere")


def test_a_passphrase_is_said_in_its_own_language(built_in: Path, tmp_path: Path) -> None:
    """Whatever language the rest is in; those that were recorded can be listed."""
    german = make_locale(tmp_path / "own/de-DE")
    soundfile.write(german / "phrase-sesam.wav", tone(8000, 0.7), 8000, "PCM_16")
    library = PromptLibrary.load(tmp_path / "own")
    sesame = PhrasePrompt(Locale("de-DE"), PhraseId("sesam"))
    assert len(library.audio("en-US", [Prompt.TONE, sesame])) == 800 + 5600
    assert library.spoken("de-DE").phrases == ("sesam",)
    assert library.phrases == {"de-DE": {"sesam"}, "en-US": frozenset()}


def test_a_passphrase_that_nobody_recorded_is_named(built_in: Path) -> None:
    """Nothing is said in its place."""
    with pytest.raises(PromptError, match=r"en-US/phrase-sesam\.wav: no such file"):
        PromptLibrary.load().audio("en-US", [PhrasePrompt(Locale("en-US"), PhraseId("sesam"))])


def test_each_locale_has_the_version_of_its_consent(built_in: Path, tmp_path: Path) -> None:
    """It is what people agreed to."""
    make_locale(tmp_path / "own/de-DE")
    versions = PromptLibrary.load(tmp_path / "own").consent_versions
    assert versions == {"de-DE": "de-DE/3", "en-US": "en-US/3"}


@pytest.mark.parametrize(
    ("words", "found"), [(None, "cannot be read"), ("= 1", "is not TOML"), ("", "has no consent_v")]
)
def test_words_without_a_consent_version_are_refused(
    built_in: Path, words: str | None, found: str
) -> None:
    """A consent that names no words is none."""
    path = built_in / "en-US" / "prompts.toml"
    path.unlink() if words is None else path.write_text(words)
    with pytest.raises(PromptWordsError, match=found):
        PromptLibrary.load()


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_other_rates_are_resampled(tmp_path: Path, rate_hz: int) -> None:
    """A tone of any allowed rate becomes the same tone at 8 kHz."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(rate_hz, 0.5), rate_hz, "PCM_16")
    pcm = read_prompt(path)
    assert abs(len(pcm) - 4000) <= 1
    error = pcm[400:3600].astype(float) - tone(8000, 0.5)[400:3600]
    assert np.std(error) < 0.02 * np.std(tone(8000, 0.5))


@pytest.mark.parametrize(
    ("content", "rate_hz", "subtype", "found"),
    [
        (np.zeros((800, 2), np.int16), 8_000, "PCM_16", "has 2 channels"),
        (np.zeros(800, np.int16), 8_000, "PCM_24", "is WAV PCM_24"),
        (np.zeros(800, np.int16), 6_000, "PCM_16", "has 6000 Hz"),
        (np.zeros(0, np.int16), 8_000, "PCM_16", "lasts 0.000 s"),
    ],
)
def test_wrong_format_is_named(
    tmp_path: Path, content: Pcm, rate_hz: int, subtype: str, found: str
) -> None:
    """A file that is not what is allowed is refused, and the error says what it is instead."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, content, rate_hz, subtype)
    with pytest.raises(PromptError, match=found):
        read_prompt(path)


def test_no_sound_at_all_is_named(tmp_path: Path) -> None:
    """A file that is no sound file is an error that names it."""
    path = tmp_path / "tone.wav"
    path.write_bytes(b"not a sound")
    with pytest.raises(PromptError, match=r"tone\.wav: cannot be read"):
        read_prompt(path)
