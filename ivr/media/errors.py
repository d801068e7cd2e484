"""What can go wrong with media: one root, one named error per malformation."""

from __future__ import annotations


class MediaError(Exception):
    """Root of everything this package raises on purpose."""


class MalformedControlError(MediaError):
    """Asterisk's media socket sent text that is not a control message; no content is quoted."""

    def __init__(self, event: str, found: str) -> None:
        super().__init__(f"malformed {event}: {found}")
        self.event = event
        self.found = found


class FrameSizeError(MediaError):
    """A media frame does not hold a whole number of samples."""

    def __init__(self, format: str, size: int, sample: int) -> None:
        super().__init__(
            f"a {format} frame of {size} bytes: must be a multiple of {sample} above 0"
        )
        self.size = size
        """The frame's size in bytes."""


class MediaUnreachableError(MediaError):
    """The media socket could not be opened."""

    def __init__(self, host: str, found: str) -> None:
        super().__init__(
            f"no media socket at {host}: {found}; check that chan_websocket is loaded and that "
            "http.conf is reachable from here"
        )


class MediaClosedError(MediaError):
    """The media socket is closed, and nothing more can be sent."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"Asterisk closed the media socket (code {code})")
        self.code = code


class PromptError(MediaError):
    """A prompt's file is absent or not what is allowed (the operator's to mend)."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(
            f"prompt {path}: {found}; allowed is a mono WAV file of 16-bit PCM, "
            "8000 to 48000 Hz, 10 ms to 120 s"
        )
        self.path = path


class PromptWordsError(MediaError):
    """A locale's `prompts.toml` is absent or does not say what people agree to."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(
            f'{path} {found}; it must hold a line such as consent_version = "en-US/1", which is '
            "stored with each consent"
        )
        self.path = path


class NoPhrasePromptError(PromptError):
    """Nobody has recorded this passphrase in this language."""

    def __init__(self, locale: str, name: str) -> None:
        super().__init__(f"{locale}/{name}.wav", "no such file")


class MalformedAudioSocketError(MediaError):
    """The peer of an AudioSocket sent what is none; no content is quoted."""

    def __init__(self, what: str, found: str) -> None:
        super().__init__(f"malformed AudioSocket {what}: {found}")
        self.what = what


class AudioSocketListenError(MediaError):
    """The port for AudioSockets cannot be listened on (the operator's to mend)."""

    def __init__(self, host: str, port: int, found: str) -> None:
        super().__init__(
            f"agi.audio_port = {port} on {host} cannot be listened on: {found}; choose a free "
            "port and an address of this machine"
        )
