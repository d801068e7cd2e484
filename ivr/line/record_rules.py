"""How a caller is recorded and played to where chan_websocket is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.domain.prompt import PhrasePrompt, Spoken
from ivr.line.errors import SoundFolderError


@dataclass(frozen=True, slots=True)
class RecordRules:
    """How the caller is recorded. The end of speech is Asterisk's to find, in whole seconds.

    It finds none where the telephone suppresses silence: then the recording lasts to its limit.
    """

    sound_folder: str
    """Where Asterisk finds the prompts, absolute or below its sounds; `<locale>/<prompt>` in it."""
    locales: tuple[str, ...] = ("en-US",)
    """The folders in it; any other locale is spoken in the first."""
    format: str = "wav"
    max_silence_s: int = 2
    max_duration_s: int = 12

    def __post_init__(self) -> None:
        """Refuse a folder that would be taken for two."""
        if "," in self.sound_folder:
            raise SoundFolderError(self.sound_folder)

    def media(self, locale: str, prompts: Sequence[Spoken]) -> str:
        """Return the prompts as ARI's media URIs; a passphrase is said in its own language."""
        return ",".join(self._sound(locale, each) for each in prompts)

    def _sound(self, locale: str, prompt: Spoken) -> str:
        spoken_in = prompt.locale if isinstance(prompt, PhrasePrompt) else locale
        folder = spoken_in if spoken_in in self.locales else self.locales[0]
        return f"sound:{self.sound_folder}/{folder}/{prompt.value}"
