"""A tenant's key: it wraps the data keys of the tenant's persons and turns their voiceprints."""

from __future__ import annotations

from uuid import UUID

from ivr.storage.keys.person import PersonKey
from ivr.storage.keys.sealing import derive, new_key, seal, unseal
from ivr.storage.keys.turning import Turning


class TenantKey:
    """One generation of a tenant's key. `SealBrokenError` for a data key that is not as wrapped.

    A profile's data key is wrapped for the person's account, too: whoever exchanges the accounts
    of two profiles in the tables exchanges no voices. A suspect has none. Where not `binds`, the
    generation is of before that was so: its data keys open under any account, until they are
    rotated.
    """

    def __init__(self, tenant: str, generation: int, key: bytes, *, binds: bool = True) -> None:
        self.tenant = tenant
        self.generation = generation
        self.binds = binds
        self._wrapping = derive(key, "wrapping")
        self._turning = derive(key, "turning")
        self._turnings: dict[int, Turning] = {}

    def new_person(self, person: UUID, account: str | None) -> tuple[PersonKey, bytes]:
        """Make a data key for a profile or suspect, and return it with its wrapped form."""
        data_key = new_key()
        return self._opened(person, data_key), self._wrap(person, account, data_key)

    def person(self, person: UUID, account: str | None, wrapped: bytes) -> PersonKey:
        """Unwrap the data key of a profile or suspect."""
        return self._opened(person, self._unwrapped(person, account, wrapped))

    def rewrap(self, person: UUID, account: str | None, wrapped: bytes, other: TenantKey) -> bytes:
        """Return a data key that this key wrapped, wrapped by another generation."""
        return other._wrap(person, account, self._unwrapped(person, account, wrapped))

    def turning(self, dim: int) -> Turning:
        """Return the secret matrix for vectors of `dim`; the first time it is made."""
        if dim not in self._turnings:
            self._turnings[dim] = Turning(self._turning, dim)
        return self._turnings[dim]

    def _wrap(self, person: UUID, account: str | None, data_key: bytes) -> bytes:
        return seal(self._wrapping, data_key, *self._place(person, account))

    def _unwrapped(self, person: UUID, account: str | None, wrapped: bytes) -> bytes:
        return unseal(self._wrapping, wrapped, *self._place(person, account))

    def _opened(self, person: UUID, data_key: bytes) -> PersonKey:
        return PersonKey(self, person, data_key)

    def _place(self, person: UUID, account: str | None) -> tuple[str, ...]:
        if account is None or not self.binds:
            return ("a data key", self.tenant, str(person))
        return ("a data key of an account", self.tenant, str(person), account)
