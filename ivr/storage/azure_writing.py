"""How one more recording of the Azure-compatible API is written: all of it in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.domain.azure import Addition, AzureProfile, Stand
from ivr.domain.call import TenantId
from ivr.domain.enrollment import Enrollment
from ivr.domain.profile import ProfileState
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Row, Transaction
from ivr.storage.enrollment_rows import enrollment_columns
from ivr.storage.keys import Keyring, PersonKey
from ivr.storage.rows import voiceprint_columns
from ivr.storage.text import storable


@dataclass(frozen=True, slots=True)
class AdditionWriting:
    """One addition on its way into the database."""

    keyring: Keyring
    tenant: TenantId
    profile: AzureProfile
    addition: Addition
    who: str

    async def write(self, transaction: Transaction) -> bool:
        """Write it once; False, and nothing is written, where the profile is not as it was read.

        The audit entry is always last.
        """
        if await transaction.fetch_one("recording-exists", self._tenant, self.addition.id):
            return True
        row = await transaction.fetch_one("hold-azure-profile", self._tenant, self.profile.id)
        if row is None or _stand(row) != self.profile.stand:
            return False
        key = await self._key(transaction, row)
        await transaction.execute(
            "drop-recordings", self._tenant, self.profile.id, list(self.addition.dropped)
        )
        await self._record(transaction, key)
        if self.addition.completes is not None:
            await self._complete(transaction, self.addition.completes)
        await transaction.execute("touch-azure-profile", self._tenant, self.profile.id)
        await self._audit(transaction)
        return True

    @property
    def _tenant(self) -> str:
        return storable(self.tenant)

    async def _key(self, transaction: Transaction, row: Row) -> PersonKey:
        """The person's key; with the first recording it is made, and the consent noted."""
        if row["data_key"] is not None:
            tenant_key = await self.keyring.key(self._tenant, row["tenant_key"])
            wrapped = row["data_key"]
            key = tenant_key.person(self.profile.id, row["account"], wrapped)
        else:
            tenant_key = await self.keyring.newest(transaction, self.tenant)
            key, wrapped = tenant_key.new_person(self.profile.id, row["account"])
            await self._consent(transaction)
        held = (storable(self.addition.phrase or ""), tenant_key.generation, wrapped)
        await transaction.execute("hold-voice", self._tenant, self.profile.id, *held)
        return key

    async def _consent(self, transaction: Transaction) -> None:
        consent = self.addition.consent
        said = (storable(consent.text_version), consent.given, consent.at)
        await transaction.execute("add-consent", self._tenant, self.profile.id, None, *said)

    async def _record(self, transaction: Transaction, key: PersonKey) -> None:
        last = await transaction.fetch_one("last-recording", self._tenant, self.profile.id)
        number, enrollment = (1, None) if last is None else (last["number"] + 1, last["enrollment"])
        about = (self._tenant, self.profile.id, enrollment, self.addition.id)
        recording, one = self.addition.recording, self.addition.id
        await transaction.execute(
            "add-recording",
            *about,
            number,
            key.seal_audio(one, recording.pcm),
            key.seal_frames(one, recording.frames),
            recording.fingerprint,
        )
        voiceprint = voiceprint_columns(recording.voiceprint, one, key)
        await transaction.execute("add-voiceprint", *about, *voiceprint)

    async def _complete(self, transaction: Transaction, enrollment: Enrollment) -> None:
        """Write the enrollment of which this was the last recording needed."""
        columns = enrollment_columns(enrollment, self.profile.id)
        await transaction.execute("add-enrollment", *columns)
        about = (self._tenant, self.profile.id, enrollment.id)
        await transaction.execute("place-recordings", *about)
        warnings = [warning.value for warning in enrollment.warnings]
        await transaction.execute("add-enrollment-warnings", *about, warnings)
        await transaction.execute("admit-profile", self._tenant, self.profile.id)

    async def _audit(self, transaction: Transaction) -> None:
        """A change of what a person is compared with; what still waits changes nothing yet."""
        completes = self.addition.completes
        if completes is None and self.profile.stand.state is not ProfileState.ENROLLED:
            return
        why = "one more recording" if completes is None else str(completes.reason)
        what = AuditEvent.PROFILE_ENROLLED
        await note(transaction, what, self.tenant, self.profile.id, self.who, why)


def _stand(row: Row) -> Stand:
    return Stand(ProfileState(row["state"]), row["version"], row["changed_at"])
