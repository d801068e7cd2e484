"""A tenant's key: it wraps the data keys of the tenant's persons and turns their voiceprints."""

from __future__ import annotations

from uuid import UUID

from ivr.storage.keys.person import PersonKey
from ivr.storage.keys.sealing import derive, new_key, seal, unseal
from ivr.storage.keys.turning import Turning


class TenantKey:
    """One generation of a tenant's key. `SealBrokenError` for a data key that is not as wrapped."""

    def __init__(self, tenant: str, generation: int, key: bytes) -> None:
        self.tenant = tenant
        self.generation = generation
        self._wrapping = derive(key, "wrapping")
        self._turning = derive(key, "turning")
        self._turnings: dict[int, Turning] = {}

    def new_person(self, person: UUID) -> tuple[PersonKey, bytes]:
        """Make a data key for a profile or suspect, and return it with its wrapped form."""
        data_key = new_key()
        return self._opened(person, data_key), self._wrap(person, data_key)

    def person(self, person: UUID, wrapped: bytes) -> PersonKey:
        """Unwrap the data key of a profile or suspect."""
        return self._opened(person, unseal(self._wrapping, wrapped, *self._place(person)))

    def rewrap(self, person: UUID, wrapped: bytes, other: TenantKey) -> bytes:
        """Return a data key that this key wrapped, wrapped by another generation."""
        return other._wrap(person, unseal(self._wrapping, wrapped, *self._place(person)))

    def turning(self, dim: int) -> Turning:
        """Return the secret matrix for vectors of `dim`; the first time it is made."""
        if dim not in self._turnings:
            self._turnings[dim] = Turning(self._turning, dim)
        return self._turnings[dim]

    def _wrap(self, person: UUID, data_key: bytes) -> bytes:
        return seal(self._wrapping, data_key, *self._place(person))

    def _opened(self, person: UUID, data_key: bytes) -> PersonKey:
        return PersonKey(self, person, data_key)

    def _place(self, person: UUID) -> tuple[str, ...]:
        return ("a data key", self.tenant, str(person))
