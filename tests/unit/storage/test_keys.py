"""Keys: what is sealed for one place opens nowhere else, and keys change without a gap."""

from __future__ import annotations

import base64
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain.call import AccountId
from ivr.storage.database import Database
from ivr.storage.errors import MasterKeyError
from ivr.storage.keys import (
    Keyring,
    MasterKeys,
    SealBrokenError,
    TenantKey,
    TurnedVoice,
    make_master_file,
    master_from_command,
    master_from_file,
)
from ivr.storage.keys.person import PersonKey
from ivr.storage.keys.rotation import rotate_master, rotate_tenant
from ivr.storage.keys.sealing import place, seal, unseal
from ivr.storage.keys.turning import Turning
from ivr.storage.store import PostgresStore
from ivr.storage.watchlists import Watchlists
from tests.postgres import MASTER, execute
from tests.unit.storage.records import (
    ACCOUNT,
    OTHER_TENANT,
    TENANT,
    assert_same_voice,
    enrolled,
    recording,
    voiceprint,
)

KEY = bytes(range(1, 33))
NEW_MASTER = MasterKeys((bytes(32), *MASTER.keys))
OLD_MASTER = MasterKeys((*MASTER.keys, bytes(32)))
DIM = 64


@given(st.binary(max_size=300), st.lists(st.text(max_size=9), min_size=1, max_size=3))
def test_what_is_sealed_opens_in_its_place(plain: bytes, where: list[str]) -> None:
    """Whatever it is, and whatever the place is called."""
    sealed = seal(KEY, plain, *where)
    assert len(sealed) == len(plain) + 28
    assert unseal(KEY, sealed, *where) == plain


def test_what_is_sealed_twice_looks_different() -> None:
    """Equal recordings cannot be told by their seals."""
    assert seal(KEY, b"same", "x") != seal(KEY, b"same", "x")


@given(st.data())
def test_an_altered_seal_does_not_open(data: st.DataObject) -> None:
    """Not with one bit changed, cut short, elsewhere, or under another key."""
    sealed = seal(KEY, b"a voice", "here")
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    altered = bytearray(sealed)
    altered[bit // 8] ^= 1 << bit % 8
    for key, octets, where in (
        (KEY, bytes(altered), "here"),
        (KEY, sealed[: bit // 8], "here"),
        (KEY, sealed, "there"),
        (bytes(32), sealed, "here"),
    ):
        with pytest.raises(SealBrokenError):
            unseal(key, octets, where)


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_two_places_are_never_written_alike(one: list[str], other: list[str]) -> None:
    """No separator in a name can make one place look like another."""
    assert (place(*one) == place(*other)) is (one == other)


def _vectors(count: int, dim: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    vectors = np.random.default_rng(5).standard_normal((count, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


@pytest.mark.parametrize("dim", [1, 2, 192, 256])
def test_turned_voices_compare_as_they_did(dim: int) -> None:
    """Every cosine to 1e-5, the way back to 1e-6, and the same key gives the same matrix."""
    vectors, turning = _vectors(40, dim), Turning(KEY, dim)
    turned = turning.turn(vectors)
    assert np.abs(turned @ turned.T - vectors @ vectors.T).max() < 1e-5
    np.testing.assert_allclose(turning.turn_back(turned), vectors, atol=1e-6)
    np.testing.assert_array_equal(Turning(KEY, dim).turn(vectors), turned)


def test_two_tenants_copies_of_one_voice_do_not_match() -> None:
    """Their cosine is that of strangers, and so is that with the voice itself."""
    vectors = _vectors(40, 192)
    ours, theirs = (Turning(key, 192).turn(vectors) for key in (KEY, bytes(32)))
    for left, right in ((ours, theirs), (ours, vectors)):
        cosines = np.einsum("nd,nd->n", left, right)
        assert np.abs(cosines).max() < 0.35
        assert abs(cosines.mean()) < 0.05


def test_a_data_key_seals_for_one_person_and_recording() -> None:
    """Audio, frames and voiceprints moved to another person, recording or tenant do not open."""
    person, one, other = uuid4(), uuid4(), uuid4()
    tenant_key = TenantKey(TENANT, 1, KEY)
    key, wrapped = tenant_key.new_person(person, ACCOUNT)
    again = tenant_key.person(person, ACCOUNT, wrapped)
    kept = recording(1)
    audio, frames = key.seal_audio(one, kept.pcm), key.seal_frames(one, kept.frames)
    np.testing.assert_array_equal(again.open_audio(one, audio), kept.pcm)
    assert again.open_frames(one, frames) == kept.frames
    stranger, _ = tenant_key.new_person(other, ACCOUNT)
    for reader, where in ((again, other), (stranger, one)):
        with pytest.raises(SealBrokenError):
            reader.open_audio(where, audio)
        with pytest.raises(SealBrokenError):
            reader.open_frames(where, frames)
    with pytest.raises(SealBrokenError):
        again.open_frames(one, audio)
    for elsewhere in (TenantKey(OTHER_TENANT, 1, KEY), TenantKey(TENANT, 1, bytes(32))):
        with pytest.raises(SealBrokenError):
            elsewhere.person(person, ACCOUNT, wrapped)
    with pytest.raises(SealBrokenError):
        tenant_key.person(other, ACCOUNT, wrapped)


def _key() -> PersonKey:
    return PersonKey(TenantKey(TENANT, 1, KEY), UUID(int=1), bytes(32))


@given(st.integers(1, 4))
def test_the_parts_of_a_passphrase_are_turned_as_the_whole_is(count: int) -> None:
    """Their cosines with each other and with the whole stay, and they come back."""
    key, given_one = _key(), replace(voiceprint(1).embedding, parts=_vectors(count, 192))
    turned = key.turn(given_one)
    assert turned.parts is not None
    assert len(turned.parts) == count * len(turned.vector) == count * 192 * 4
    whole, parts = (np.frombuffer(each, "<f4") for each in (turned.vector, turned.parts))
    assert given_one.parts is not None
    cosines = given_one.parts @ given_one.vector
    np.testing.assert_allclose(parts.reshape(count, 192) @ whole, cosines, atol=1e-5)
    assert_same_voice(key.turn_back(turned), given_one)


@pytest.mark.parametrize("left_out", [1, 4])
def test_parts_that_are_not_as_long_as_the_whole_are_refused(left_out: int) -> None:
    """Neither half a number nor half a vector is a part."""
    key = _key()
    turned = key.turn(voiceprint(2).embedding)
    assert turned.parts is not None
    with pytest.raises(SealBrokenError):
        key.turn_back(turned._replace(parts=turned.parts[:-left_out]))
    with pytest.raises(SealBrokenError):
        key.turn_back(turned._replace(vector=b""))


def test_a_stamp_binds_the_parts() -> None:
    """Altered, added, taken away, reordered, or cut elsewhere between whole and parts: refused."""
    key, one, quality = _key(), UUID(int=2), (1.7, 23.4, -21.5, 0.001)
    whole, first, second = b"wholewho", b"firstfir", b"secondse"
    voice = TurnedVoice("telephone/1", whole, first + second)
    stamp = key.stamp(one, voice, quality)
    key.check(one, voice, quality, stamp)
    for altered in (
        voice._replace(parts=first + first),
        voice._replace(parts=second + first),
        voice._replace(parts=first),
        voice._replace(parts=first + second + second),
        voice._replace(parts=b""),
        voice._replace(parts=None),
        voice._replace(vector=whole + first, parts=second),
        voice._replace(vector=whole + first + second, parts=None),
        voice._replace(vector=whole + first + second, parts=b""),
    ):
        with pytest.raises(SealBrokenError):
            key.check(one, altered, quality, stamp)
    plain = voice._replace(parts=None)
    with pytest.raises(SealBrokenError):
        key.check(one, voice, quality, key.stamp(one, plain, quality))


def test_a_voiceprint_stamped_before_there_were_parts_still_holds() -> None:
    """Its stamp, written by an earlier version, is what is made of it today."""
    voice = TurnedVoice("telephone/1", bytes.fromhex("0000803f"), None)
    stamp = bytes.fromhex("27a2acecc092d151d5bf39b4f47b723fd99f822209bc1cab087dd33e1bf0d75b")
    _key().check(UUID(int=2), voice, (1.7, 23.4, -21.5, 0.001), stamp)


async def test_rows_whose_parts_were_altered_are_not_used(
    postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Not with others, not without, and not with some where there were none."""
    await postgres_store.enroll(enrolled())
    first = "SELECT min(id) FROM voiceprints WHERE parts IS NOT NULL"
    for altered in (
        f"UPDATE voiceprints SET parts = embedding WHERE id = ({first})",
        f"UPDATE voiceprints SET parts = NULL WHERE id = ({first})",
        "UPDATE voiceprints SET parts = embedding WHERE parts IS NULL",
    ):
        await execute(
            database_dsn,
            f"CREATE TABLE as_written AS SELECT * FROM voiceprints; {altered}",
        )
        with pytest.raises(SealBrokenError):
            await postgres_store.find(TENANT, ACCOUNT)
        await execute(
            database_dsn,
            "UPDATE voiceprints AS v SET parts = w.parts FROM as_written AS w WHERE w.id = v.id; "
            "DROP TABLE as_written",
        )
        assert await postgres_store.find(TENANT, ACCOUNT) is not None


async def test_of_many_the_parts_are_checked_and_left_behind(
    postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Nobody of a group is compared by them, but what was altered is not used either."""
    await postgres_store.enroll(enrolled())
    (found,) = await postgres_store.enrolled(TENANT, 1)
    assert [each.embedding.parts for each in found.voiceprints] == [None] * 3
    await execute(database_dsn, "UPDATE voiceprints SET parts = NULL")
    with pytest.raises(SealBrokenError):
        await postgres_store.enrolled(TENANT, 1)


async def test_rows_that_were_swapped_are_not_used(
    postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Who writes another's voiceprint over a person's, keys and all, is not let in by it."""
    await postgres_store.enroll(enrolled())
    thief = replace(enrolled(AccountId("666")), recordings=tuple(map(recording, (7, 8, 9))))
    await postgres_store.enroll(thief)
    await execute(
        database_dsn,
        f"""UPDATE voiceprints AS v
        SET embedding = w.embedding, parts = w.parts, seal = w.seal
        FROM profiles AS p, profiles AS q, voiceprints AS w
        WHERE p.account = '{ACCOUNT}' AND v.profile = p.id AND q.account = '666'
        AND w.profile = q.id AND w.net_speech_s = v.net_speech_s + 7""",
    )
    with pytest.raises(SealBrokenError, match="altered from outside"):
        await postgres_store.find(TENANT, ACCOUNT)
    await execute(
        database_dsn,
        "UPDATE profiles AS p SET data_key = q.data_key FROM profiles AS q "
        f"WHERE p.account = '{ACCOUNT}' AND q.account = '666'",
    )
    with pytest.raises(SealBrokenError):
        await postgres_store.find(TENANT, ACCOUNT)


async def test_nothing_of_a_voice_stands_in_the_database_in_clear(
    postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Neither audio, nor frames, nor a vector."""
    enrollment = enrolled()
    await postgres_store.enroll(enrollment)
    connection = await asyncpg.connect(database_dsn)
    rows = await connection.fetch(
        "SELECT r.*, v.embedding, v.parts "
        "FROM recordings AS r JOIN voiceprints AS v ON v.recording = r.id"
    )
    await connection.close()
    stored = b"".join(each for row in rows for each in row if isinstance(each, bytes))
    for kept in enrollment.recordings:
        assert kept.frames not in stored
        assert kept.pcm.tobytes()[:32] not in stored
        embedding = kept.voiceprint.embedding
        assert embedding.vector.tobytes()[:16] not in stored
        assert embedding.parts is None or embedding.parts.tobytes()[:16] not in stored


async def test_without_the_master_key_nothing_opens(
    database: Database, postgres_store: PostgresStore
) -> None:
    """The message names the key that is missing, by its id."""
    await postgres_store.enroll(enrolled())
    with pytest.raises(MasterKeyError, match=MASTER.current):
        await Keyring.open(database, MasterKeys((bytes(32),)))


async def test_a_new_master_key_wraps_what_the_old_one_did(
    database: Database, keyring: Keyring
) -> None:
    """Meanwhile workers with either first know both; afterwards the old one is not needed."""
    old = PostgresStore(database, await Keyring.open(database, OLD_MASTER))
    await old.enroll(enrolled())
    rotated = await Keyring.open(database, NEW_MASTER)
    assert await rotate_master(database, rotated, (TENANT,), who="ann", why="yearly") == 1
    assert await rotate_master(database, rotated, (TENANT,), who="ann", why="yearly") == 0
    alone = await Keyring.open(database, MasterKeys(NEW_MASTER.keys[:1]))
    for store in (old, PostgresStore(database, alone)):
        profile = await store.find(TENANT, ACCOUNT)
        assert profile is not None
        assert len(profile.voiceprints) == 3
    assert alone.replay_key(TENANT) == keyring.replay_key(TENANT)
    with pytest.raises(MasterKeyError):
        await Keyring.open(database, MASTER)


async def test_a_new_tenant_key_turns_every_voice_anew(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """The old copies match no longer; whoever reads finds the same as before."""
    for account in ("1", "2", "3"):
        await postgres_store.enroll(enrolled(AccountId(account)))
    watchlists = Watchlists(database, keyring)
    await watchlists.add_suspect(TENANT, "x", [voiceprint(9)], who="ann", why="x")
    before = await _stored(database_dsn)
    turned = [count async for count in _rotated(database, keyring)]
    assert sum(turned) == 4
    after = await _stored(database_dsn)
    assert all(abs(float(old @ new)) < 0.35 for old, new in zip(before, after, strict=True))
    fresh = PostgresStore(database, await Keyring.open(database, MASTER))
    for store in (postgres_store, fresh):
        profile = await store.find(TENANT, AccountId("2"))
        assert profile is not None
        for kept, told in zip(profile.voiceprints, enrolled().voiceprints, strict=True):
            assert_same_voice(kept.embedding, told.embedding)
        assert profile.frames == tuple(one.frames for one in enrolled().recordings)
        (suspect,) = await store.watchlist(TENANT)
        (heard,) = suspect.voiceprints
        assert heard.embedding.parts is None
    assert await _generations(database_dsn) == [2]


async def test_a_rotation_that_was_killed_goes_on(
    database: Database,
    keyring: Keyring,
    postgres_store: PostgresStore,
    database_dsn: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It makes no further key, and meanwhile each person is readable by the key of its row."""
    monkeypatch.setattr("ivr.storage.keys.rotation.BATCH", 1)
    for account in ("1", "2"):
        await postgres_store.enroll(enrolled(AccountId(account)))
    async for _ in _rotated(database, keyring):
        break
    assert await _generations(database_dsn) == [1, 2]
    for account in ("1", "2"):
        assert await postgres_store.find(TENANT, AccountId(account)) is not None
    assert sum([count async for count in _rotated(database, keyring)]) == 1
    assert await _generations(database_dsn) == [2]


def _rotated(database: Database, keyring: Keyring):  # type: ignore[no-untyped-def]
    return rotate_tenant(database, keyring, TENANT, who="ann", why="yearly")


async def _stored(dsn: str) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT embedding FROM voiceprints ORDER BY id")
    await connection.close()
    return [np.frombuffer(row["embedding"], "<f4") for row in rows]


async def _generations(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT generation FROM tenant_keys ORDER BY generation")
    await connection.close()
    return [row["generation"] for row in rows]


def test_replay_keys_differ_by_tenant() -> None:
    """And are the same every time, without asking the database."""
    unused: Database = Database.__new__(Database)
    one, two = (Keyring(unused, MASTER, secret) for secret in (KEY, bytes(32)))
    assert one.replay_key(TENANT) == one.replay_key(TENANT)
    assert len({one.replay_key(TENANT), one.replay_key(OTHER_TENANT), two.replay_key(TENANT)}) == 3


def test_the_embedded_key_is_made_once_and_private(tmp_path: Path) -> None:
    """Mode 0600; who comes second reads the first one's."""
    path = tmp_path / "master-key"
    made = make_master_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert make_master_file(path) == made == master_from_file(path)
    assert [file.name for file in tmp_path.iterdir()] == ["master-key"]


def test_a_file_may_hold_the_current_key_and_earlier_ones(tmp_path: Path) -> None:
    """One a line, the current one first."""
    path = tmp_path / "keys"
    path.write_bytes(b"\n".join(map(base64.b64encode, NEW_MASTER.keys)) + b"\n\n")
    assert master_from_file(path) == NEW_MASTER


@pytest.mark.parametrize(
    "content", ["", "short", "A" * 43 + "!", base64.b64encode(KEY).decode()[4:]]
)
def test_a_file_that_holds_no_key_says_what_belongs_there(tmp_path: Path, content: str) -> None:
    """And quotes nothing of what it holds."""
    path = tmp_path / "keys"
    path.write_text(content)
    with pytest.raises(MasterKeyError, match="openssl rand") as caught:
        master_from_file(path)
    assert not content or content not in str(caught.value)
    with pytest.raises(MasterKeyError, match="No such file"):
        master_from_file(tmp_path / "absent")


def test_a_command_may_give_the_key() -> None:
    """What it prints is read as a file would be; one that fails is named."""
    printed = base64.b64encode(KEY).decode()
    command = f"{sys.executable} -c 'print(\"{printed}\")'"
    assert master_from_command(command) == MasterKeys((KEY,))
    with pytest.raises(MasterKeyError, match="gives no key"):
        master_from_command(f"{sys.executable} -c 'raise SystemExit(1)'")
    with pytest.raises(MasterKeyError, match="gives no key"):
        master_from_command("/no/such/program")
