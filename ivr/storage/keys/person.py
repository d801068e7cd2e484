"""The data key of one person: it seals what is kept of the voice, and with it all is lost."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from engine.types import Pcm
from ivr.storage.keys.sealing import SealBrokenError, derive, place, seal, unseal

if TYPE_CHECKING:
    from ivr.storage.keys.tenant import TenantKey


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

    def turn(self, vector: NDArray[np.float32]) -> bytes:
        """Return an embedding, float32 `[dim]`, as it is stored: turned, little-endian."""
        return self._tenant_key.turning(len(vector)).turn(vector).astype("<f4").tobytes()

    def turn_back(self, octets: bytes) -> NDArray[np.float32]:
        """Return the embedding, float32 `[dim]`, of what `turn` returned."""
        turned = np.frombuffer(octets, "<f4").astype(np.float32)
        return self._tenant_key.turning(len(turned)).turn_back(turned)

    def stamp(
        self, recording: UUID, model: str, octets: bytes, quality: tuple[float, ...]
    ) -> bytes:
        """Return 32 octets that bind a stored voiceprint to this person and recording."""
        where = place(*self._place("voiceprint", recording), model)
        message = where + np.asarray(quality, "<f8").tobytes() + octets
        return hmac.digest(self._stamping, message, "sha256")

    def check(
        self,
        recording: UUID,
        model: str,
        octets: bytes,
        quality: tuple[float, ...],
        stamp: bytes,
    ) -> None:
        """Raise `SealBrokenError` unless the voiceprint is the one that was stamped."""
        if not hmac.compare_digest(stamp, self.stamp(recording, model, octets, quality)):
            raise SealBrokenError("a voiceprint")

    def _place(self, what: str, recording: UUID) -> tuple[str, ...]:
        return (f"a recording's {what}", self._tenant_key.tenant, str(self._person), str(recording))
