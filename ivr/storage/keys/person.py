"""The data key of one person: it seals what is kept of the voice, and with it all is lost."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import numpy as np

from engine.types import Embedding, ModelId, Pcm
from ivr.storage.keys.sealing import SealBrokenError, derive, place, seal, unseal

if TYPE_CHECKING:
    from ivr.storage.keys.tenant import TenantKey


_VOICEPRINT: Final = "a voiceprint"


class TurnedVoice(NamedTuple):
    """An embedding as it is stored: turned by the tenant's matrix, float32 little-endian."""

    model: str
    vector: bytes
    """4 octets a dimension."""
    parts: bytes | None
    """Those of the passphrase, one after another, each as long as the vector; None without any."""


class PersonKey:
    """A profile's or a suspect's data key. `SealBrokenError` for what it did not seal so."""

    def __init__(self, tenant_key: TenantKey, person: UUID, key: bytes) -> None:
        self._tenant_key = tenant_key
        self._person = person
        self._sealing = derive(key, "sealing")
        self._stamping = derive(key, "stamping")

    def seal_audio(self, recording: UUID, pcm: Pcm) -> bytes:
        """Seal a recording, int16 `[n]`."""
        return seal(self._sealing, pcm.astype("<i2").tobytes(), *self._place("audio", recording))

    def open_audio(self, recording: UUID, sealed: bytes) -> Pcm:
        """Return the recording, int16 `[n]`."""
        octets = unseal(self._sealing, sealed, *self._place("audio", recording))
        return np.frombuffer(octets, "<i2").astype(np.int16)

    def seal_frames(self, recording: UUID, frames: bytes) -> bytes:
        """Seal a recording's phrase frames."""
        return seal(self._sealing, frames, *self._place("frames", recording))

    def open_frames(self, recording: UUID, sealed: bytes) -> bytes:
        """Return a recording's phrase frames."""
        return unseal(self._sealing, sealed, *self._place("frames", recording))

    def turn(self, embedding: Embedding) -> TurnedVoice:
        """Return an embedding as it is stored; its parts are turned as the whole is."""
        turn = self._tenant_key.turning(len(embedding.vector)).turn
        vector, parts = embedding.vector, embedding.parts
        return TurnedVoice(
            embedding.model,
            turn(vector).astype("<f4").tobytes(),
            None if parts is None else turn(parts).astype("<f4").tobytes(),
        )

    def turn_back(self, voice: TurnedVoice) -> Embedding:
        """Return the embedding of what `turn` returned.

        `SealBrokenError` where the parts are not as long as the vector.
        """
        dim, octets = len(voice.vector) // 4, voice.vector + (voice.parts or b"")
        if not dim or len(octets) % (4 * dim):
            raise SealBrokenError(_VOICEPRINT)
        turned = np.frombuffer(octets, "<f4").astype(np.float32).reshape(-1, dim)
        back = self._tenant_key.turning(dim).turn_back(turned)
        return Embedding(back[0], ModelId(voice.model), None if voice.parts is None else back[1:])

    def stamp(self, recording: UUID, voice: TurnedVoice, quality: tuple[float, ...]) -> bytes:
        """Return 32 octets that bind a stored voiceprint to this person and recording."""
        measured = np.asarray(quality, "<f8").tobytes()
        message = self._bound(recording, voice) + measured + voice.vector + (voice.parts or b"")
        return hmac.digest(self._stamping, message, "sha256")

    def check(
        self, recording: UUID, voice: TurnedVoice, quality: tuple[float, ...], stamp: bytes
    ) -> None:
        """Raise `SealBrokenError` unless the voiceprint is the one that was stamped."""
        if not hmac.compare_digest(stamp, self.stamp(recording, voice, quality)):
            raise SealBrokenError(_VOICEPRINT)

    def _bound(self, recording: UUID, voice: TurnedVoice) -> bytes:
        """Return what the octets are bound to; with parts, where the vector ends is told as well.

        Without parts it is as it was before there were any: what was stamped then still holds.
        """
        if voice.parts is None:
            return place(*self._place("voiceprint", recording), voice.model)
        where = self._place("voiceprint in parts", recording)
        return place(*where, voice.model, str(len(voice.vector)))

    def _place(self, what: str, recording: UUID) -> tuple[str, ...]:
        return (f"a recording's {what}", self._tenant_key.tenant, str(self._person), str(recording))
