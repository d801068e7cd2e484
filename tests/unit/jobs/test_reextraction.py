"""A change of the voice model: side by side, all or nothing, gone on with by anyone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from engine.errors import AudioError
from engine.types import Embedding, Locale, ModelId, PhraseId
from ivr.domain.call import AccountId
from ivr.domain.mode import Mode
from ivr.domain.profile import Profile, ProfileId
from ivr.jobs import Queue, Reextraction, Worker
from ivr.jobs.queue import Ticket
from ivr.jobs.worker import working
from ivr.storage.administration import ProfileAdministration
from ivr.storage.audit_chain import verify
from ivr.storage.database import Database
from ivr.storage.keys import Keyring
from ivr.storage.keys.rotation import rotate_tenant
from ivr.storage.reextraction import (
    Material,
    choose_model,
    keep_beside,
    newest_model,
    next_material,
    spread,
    switch,
    unreadable,
)
from ivr.storage.store import PostgresStore
from tests.postgres import execute
from tests.unit.jobs.conftest import NEWER, Model, found, until
from tests.unit.storage.records import ACCOUNT, MODEL, TENANT, assert_same_voice, enrolled


def models(profile: Profile) -> list[ModelId]:
    """Return whose voiceprints a call is compared with."""
    return [each.embedding.model for each in profile.voiceprints]


def ticket(profile: Profile) -> Ticket:
    return Ticket(TENANT, str(profile.id))


async def one(database: Database, keyring: Keyring, profile: ProfileId, model: Model) -> bool:
    """Make one voiceprint of the newer model."""
    about = (database, keyring, TENANT, profile)
    material = await next_material(*about, NEWER)
    assert material is not None
    return await keep_beside(*about, material, model.embed(material))


async def test_a_worker_finds_and_moves_the_profiles_of_the_older_model(
    database: Database,
    duty: Reextraction,
    model: Model,
    postgres_store: PostgresStore,
    person: Profile,
) -> None:
    """By itself, the parts of the passphrase too; the quality stays, the trail tells."""

    async def moved() -> bool:
        return models(await found(postgres_store)) == [NEWER] * 3

    async with working(Worker(database, [duty])):
        await until(moved)
    after = await found(postgres_store)
    enrollment = enrolled()
    for recording, before, now in zip(
        enrollment.recordings, person.voiceprints, after.voiceprints, strict=True
    ):
        assert now.quality == before.quality
        voice = Model().voice(recording.pcm, PhraseId(enrollment.passphrase))
        assert_same_voice(now.embedding, voice)
    assert len(model.heard) == 3
    assert (after.frames, after.fingerprints) == (person.frames, person.fingerprints)
    trail = await database.fetch("held-audit", TENANT, person.id, tenant=TENANT)
    assert [row["what"] for row in trail] == ["profile_enrolled", "profile_reextracted"]
    assert await verify(database, TENANT) is not None


async def test_what_was_said_comes_with_the_recording(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, person: Profile
) -> None:
    """The passphrase and its language; free speech is of no passphrase."""
    material = await next_material(database, keyring, TENANT, person.id, NEWER)
    assert material is not None
    assert (material.locale, material.phrase) == (Locale("en-US"), person.passphrase)
    other = AccountId("4712")
    await postgres_store.enroll(replace(enrolled(other), mode=Mode.TEXT_INDEPENDENT))
    free = await postgres_store.find(TENANT, other)
    assert free is not None
    material = await next_material(database, keyring, TENANT, free.id, NEWER)
    assert material is not None
    assert material.phrase is None


async def test_until_all_is_done_calls_are_compared_by_the_older_model(
    database: Database,
    keyring: Keyring,
    model: Model,
    postgres_store: PostgresStore,
    person: Profile,
) -> None:
    """Half a change shows nothing, and cannot be switched to."""
    assert await one(database, keyring, person.id, model)
    assert models(await found(postgres_store)) == [MODEL] * 3
    assert not await switch(database, TENANT, person.id, NEWER)
    assert models(await found(postgres_store)) == [MODEL] * 3
    assert (await spread(database, TENANT)).profiles == {MODEL: 1}


async def test_who_was_killed_halfway_is_continued(
    database: Database,
    keyring: Keyring,
    duty: Reextraction,
    model: Model,
    postgres_store: PostgresStore,
    person: Profile,
) -> None:
    """What was made is not made again; done twice, the second time does nothing."""
    await one(database, keyring, person.id, Model())
    await duty.work(ticket(person))
    assert models(await found(postgres_store)) == [NEWER] * 3
    assert len(model.heard) == 2
    await duty.work(ticket(person))
    assert len(model.heard) == 2


async def test_the_keys_may_be_changed_meanwhile(
    database: Database,
    keyring: Keyring,
    duty: Reextraction,
    model: Model,
    postgres_store: PostgresStore,
    person: Profile,
) -> None:
    """What lies beside is turned too; what was read before the change is not kept after it."""
    await one(database, keyring, person.id, model)
    about = (database, keyring, TENANT, person.id)
    material = await next_material(*about, NEWER)
    assert material is not None
    assert [done async for done in rotate_tenant(database, keyring, TENANT, who="a", why="b")]
    assert not await keep_beside(*about, material, model.embed(material))
    await duty.work(ticket(person))
    assert models(await found(postgres_store)) == [NEWER] * 3


async def _erase(database: Database, store: PostgresStore) -> None:
    assert await ProfileAdministration(database).erase(TENANT, ACCOUNT, who="a", why="b")


async def _enroll_anew(database: Database, store: PostgresStore) -> None:
    assert await ProfileAdministration(database).reset(TENANT, ACCOUNT, who="a", why="b")
    await store.enroll(enrolled())


@pytest.mark.parametrize("meanwhile", [_erase, _enroll_anew])
async def test_a_person_erased_or_enrolled_anew_meanwhile_is_left_alone(
    database: Database,
    keyring: Keyring,
    model: Model,
    postgres_store: PostgresStore,
    person: Profile,
    meanwhile: Callable[[Database, PostgresStore], Awaitable[None]],
) -> None:
    """No voiceprint of a voice that is gone is written."""
    about = (database, keyring, TENANT, person.id)
    material = await next_material(*about, NEWER)
    assert material is not None
    await meanwhile(database, postgres_store)
    assert not await keep_beside(*about, material, model.embed(material))


async def test_a_worker_with_an_older_model_moves_nobody_back(
    database: Database, keyring: Keyring, duty: Reextraction, person: Profile
) -> None:
    """The newest model of any worker is where profiles go, until an operator says otherwise."""
    async with (
        Queue.open(database) as queue,
        Reextraction(database, keyring, MODEL, Model(MODEL).embed) as older,
    ):
        await older.look(queue)
        await duty.look(queue)
        assert await newest_model(database) == NEWER
        assert await queue.waiting() == {duty.name: 1}
        await duty.look(queue)
        assert await queue.waiting() == {duty.name: 1}
        await duty.work(ticket(person))
        await older.look(queue)
        assert await queue.waiting() == {duty.name: 1}
        await choose_model(database, MODEL)
        await older.look(queue)
        assert await queue.waiting() == {duty.name: 1, older.name: 1}


async def test_altered_audio_is_not_taken_for_a_voice(
    database: Database, database_dsn: str, duty: Reextraction, model: Model, person: Profile
) -> None:
    """The seal says so, and the profile stays as it was: noted, until its audio is put back."""
    await execute(database_dsn, "UPDATE recordings SET audio = audio || '\\x00' WHERE number = 2")
    await duty.work(ticket(person))
    assert (await spread(database, TENANT)).profiles == {MODEL: 1}
    (noted,) = await unreadable(database, TENANT, NEWER)
    assert (noted.profile, noted.account) == (person.id, ACCOUNT)
    assert "seal" in noted.why
    await execute(
        database_dsn,
        "UPDATE recordings SET audio = substr(audio, 1, octet_length(audio) - 1) WHERE number = 2",
    )
    await duty.work(ticket(person))
    assert (await spread(database, TENANT)).profiles == {NEWER: 1}
    assert await unreadable(database, TENANT, NEWER) == ()


async def test_audio_that_no_voice_can_be_made_of_is_noted_as_well(
    database: Database, keyring: Keyring, person: Profile
) -> None:
    """An error of the engine is no reason to try for ever; enrolled anew, the note is gone."""

    def refuse(material: Material) -> Embedding:
        raise AudioError("nothing is left of it")

    async with Reextraction(database, keyring, NEWER, refuse) as duty:
        await duty.work(ticket(person))
    (noted,) = await unreadable(database, TENANT, NEWER)
    assert noted.why == "nothing is left of it"
    assert await ProfileAdministration(database).reset(TENANT, ACCOUNT, who="a", why="b")
    assert await unreadable(database, TENANT, NEWER) == ()


async def test_a_ticket_of_nobody_is_done(duty: Reextraction, model: Model) -> None:
    """The person was erased before the job's turn."""
    await duty.work(Ticket(TENANT, str(uuid4())))
    assert not model.heard


async def test_a_broken_profile_does_not_keep_the_others_waiting(
    database: Database,
    database_dsn: str,
    keyring: Keyring,
    duty: Reextraction,
    postgres_store: PostgresStore,
    person: Profile,
) -> None:
    """Its job fails and is looked for again later; the worker goes on."""

    await execute(database_dsn, "UPDATE recordings SET audio = audio || '\\x00'")
    await postgres_store.enroll(enrolled(AccountId("4712")))

    async def other_moved() -> bool:
        other = await postgres_store.find(TENANT, AccountId("4712"))
        return other is not None and models(other) == [NEWER] * 3

    async with working(Worker(database, [duty])):
        await until(other_moved)
    assert models(await found(postgres_store)) == [MODEL] * 3
