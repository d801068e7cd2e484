"""Passphrases are read from files that say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import PassphraseFileError, RecogniserError, UnknownPassphraseError
from engine.phrase import PhraseList, PhraseRecogniser, load_phrases
from engine.phrase.lexicon import pronunciations
from engine.types import Locale, PhraseId

EN_US = Locale("en-US")
GERMAN = """
[passphrases]
meine-stimme = "Meine Stimme  ist mein Ausweis"
"""


def written(folder: Path, text: str, locale: str = "de-DE") -> Path:
    """Put a file of phrases where an operator would."""
    (folder / locale).mkdir(exist_ok=True)
    (folder / locale / "own.toml").write_text(text, "utf-8")
    return folder


def test_english_has_ten_phrases_and_ten_digits() -> None:
    """Two of the phrases are those that everybody knows from the lost services."""
    phrases = load_phrases(EN_US)
    texts = {each.text for each in phrases.phrases.values()}
    assert len(texts) == 10
    assert {"my voice is my passport verify me", "my voice is stronger than passwords"} <= texts
    assert phrases.digits[0] == ("zero", "oh")
    assert len(phrases.digits) == 10
    assert all(4 <= len(each.words) <= 9 for each in phrases.phrases.values())


def test_every_english_word_can_be_pronounced() -> None:
    """By the dictionary, or by the locale's own pronunciations."""
    phrases = load_phrases(EN_US)
    words = {word for each in phrases.phrases.values() for word in each.words}
    assert all(pronunciations(words, phrases.pronunciations).values())


def test_another_locale_is_a_folder(tmp_path: Path) -> None:
    """Its words are lower case with single spaces; it has no recogniser and no digits."""
    german = load_phrases(Locale("de-DE"), written(tmp_path, GERMAN))
    assert german.passphrase(PhraseId("meine-stimme")).text == "meine stimme ist mein ausweis"
    assert (german.recogniser, german.digits) == (None, ())
    with pytest.raises(RecogniserError, match="no recogniser knows de-DE"):
        PhraseRecogniser.load(german)


def test_own_phrases_come_beside_those_that_are_there(tmp_path: Path) -> None:
    """With their pronunciations."""
    own = '[passphrases]\nacme = "acme knows my voxx"\n[pronunciations]\nvoxx = ["V AA K S"]\n'
    phrases = load_phrases(EN_US, written(tmp_path, own, "en-US"))
    assert len(phrases.phrases) == 11
    assert phrases.passphrase(PhraseId("acme")).pronunciations == {"voxx": ("V AA K S",)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[passphrases\n", "is not valid TOML: .*line 1"),
        ("[passphrases]\nfoo = 1\n", r"Expected `str`, got `int` - at `\$.passphrases"),
        ("[phrases]\nfoo = 'a b'\n", "unknown field `phrases`"),
        ("[passphrases]\n'My Foo' = 'a b'\n", "matching regex"),
        ("[passphrases]\nfoo = 'word'\n", "gives foo 1 words: 2 to 16"),
        ("[passphrases]\nfoo = 'call 911 now'\n", "the word '911': write words in letters"),
        ("[passphrases]\nfoo = 'a b'\nbar = 'A  b'\n", "gives bar the words of another"),
        ("[digits]\n1 = ['eins']\n", "no \\[passphrases\\]|lacks words"),
        ("[passphrases]\nfoo = 'a b'\n[digits]\n1 = ['eins']\n", "lacks words for the digits 0, 2"),
        ("[passphrases]\nfoo = 'a b'\n[pronunciations]\na = ['ei']\n", "mend that key"),
    ],
)
def test_a_broken_file_is_named_with_what_to_do(text: str, complaint: str, tmp_path: Path) -> None:
    """The message has the file, the key or line, and the remedy."""
    with pytest.raises(PassphraseFileError, match=complaint) as raised:
        load_phrases(Locale("de-DE"), written(tmp_path, text))
    assert "de-DE" in str(raised.value)


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    """Profiles keep the name: its words must not change under them."""
    text = '[passphrases]\nmy-voice-is-my-passport = "something else entirely"\n'
    with pytest.raises(PassphraseFileError, match="choose another name"):
        load_phrases(EN_US, written(tmp_path, text, "en-US"))


def test_a_locale_without_files_is_refused(tmp_path: Path) -> None:
    """It says where they are missed."""
    with pytest.raises(PassphraseFileError, match=r"fr-FR has no \*.toml"):
        load_phrases(Locale("fr-FR"), tmp_path)


def test_a_word_without_pronunciation_is_refused() -> None:
    """And phones that the recogniser lacks."""
    with pytest.raises(RecogniserError, match="no pronunciation of qwrtz"):
        pronunciations(["qwrtz"], {})
    with pytest.raises(RecogniserError, match="phones XX"):
        pronunciations(["foo"], {"foo": ("F XX",)})


def test_a_t_between_vowels_may_be_a_quick_d() -> None:
    """Behind what the dictionary or the locale says, which stays the usual way."""
    said = pronunciations(["operator", "until", "foo"], {"foo": ("F UW T IY", "F UW D IY")})
    assert said["operator"] == ("AA P ER EY T ER", "AA P ER EY D ER")
    assert said["until"] == ("AH N T IH L",)
    assert said["foo"] == ("F UW T IY", "F UW D IY")


def test_an_unknown_phrase_is_an_error_of_its_own(listed: PhraseList) -> None:
    """Which carries the phrase and the locale."""
    with pytest.raises(UnknownPassphraseError, match="'nonsense' for en-US") as raised:
        listed.passphrase(PhraseId("nonsense"))
    assert (raised.value.phrase, raised.value.locale) == ("nonsense", "en-US")
