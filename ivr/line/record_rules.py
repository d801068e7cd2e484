"""How a caller is recorded and played to where chan_websocket is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.domain.prompt import Prompt
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

    def media(self, locale: str, prompts: Sequence[Prompt]) -> str:
        """Return the prompts as ARI's media URIs."""
        folder = locale if locale in self.locales else self.locales[0]
        return ",".join(f"sound:{self.sound_folder}/{folder}/{each.value}" for each in prompts)
