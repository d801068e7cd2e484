"""What a person says in the recordings of an enrollment is known of the voiceprints, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.domain.profile import Mode
from ivr.storage.store import PostgresStore
from tests.unit.storage.records import ACCOUNT, TENANT, enrolled


@pytest.mark.parametrize(
    ("mode", "phrase"),
    [(Mode.TEXT_DEPENDENT, "my-voice-is-my-passport"), (Mode.TEXT_INDEPENDENT, None)],
)
async def test_voiceprints_say_the_passphrase(
    postgres_store: PostgresStore, mode: Mode, phrase: str | None
) -> None:
    """In one person's profile, and in those of everybody who is searched; free speech says none."""
    await postgres_store.enroll(replace(enrolled(), mode=mode))
    profile = await postgres_store.find(TENANT, ACCOUNT)
    assert profile is not None
    everybody = await postgres_store.enrolled(TENANT, 10)
    for found in (profile, *everybody):
        assert [each.embedding.phrase for each in found.voiceprints] == [phrase] * 3
    assert len(everybody) == 1
