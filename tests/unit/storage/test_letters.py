"""Letters of the outbox: whole or not at all, private, and the first one stands."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import msgspec
import pytest

from engine.types import Llr
from ivr.domain.call import AccountId
from ivr.storage.letters import (
    ASIDE_KEPT_S,
    STALE_S,
    CorruptLetterError,
    Forgotten,
    LetterBox,
    decode,
    encode,
)
from ivr.storage.outbox import unavailable
from tests.unit.storage.records import (
    ACCOUNT,
    LETTER_KEY,
    QUALITY,
    TENANT,
    accepted,
    hung_up,
    opening,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "state" / "outbox"


@pytest.fixture
def box(folder: Path) -> LetterBox:
    """An empty letter box."""
    box = LetterBox(folder, LETTER_KEY)
    box.prepare(time.time())
    return box


def test_a_verification_comes_back_as_it_was() -> None:
    """Every field survives the file, also where there is nothing."""
    for verification in (accepted(opening()), hung_up(opening())):
        assert decode(encode(verification)) == verification


def test_numbers_that_json_cannot_hold_become_none() -> None:
    """An infinite ratio or level must not make the letter unreadable."""
    whole = accepted(opening())
    odd = replace(whole.attempts[1], llr=Llr(float("nan")), quality=QUALITY)
    worse = replace(whole.attempts[1], quality=replace(QUALITY, snr_db=float("inf")))
    kept = decode(encode(replace(whole, attempts=(odd, worse))))
    assert (kept.attempts[0].llr, kept.attempts[0].quality) == (None, QUALITY)
    assert kept.attempts[1].quality is None


def test_a_letter_of_an_older_program_is_read() -> None:
    """It did not write how much later a repeat began: nothing is said of that."""
    whole = accepted(opening())
    attempts = tuple(replace(each, replay=0.8, replay_shift_s=0.048) for each in whole.attempts)
    written = msgspec.json.decode(encode(replace(whole, attempts=attempts)))
    for attempt in written["attempts"]:
        del attempt["replay_shift_s"]
    kept = decode(msgspec.json.encode(written))
    assert [(each.replay, each.replay_shift_s) for each in kept.attempts] == [(0.8, None)] * 2
    assert [each.replay_how for each in kept.attempts] == [None] * 2


def test_a_letter_is_one_private_file(box: LetterBox, folder: Path) -> None:
    """Mode 0600 in a folder of mode 0700, and no draft is left."""
    verification = accepted(opening())
    assert box.put(verification) == verification
    (file,) = folder.iterdir()
    assert file.name == f"{verification.opening.id}.sealed"
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(box.waiting()) == [verification.opening.id]


def test_the_first_letter_of_a_verification_stands(box: LetterBox) -> None:
    """A second one is not written, and its writer is told the first."""
    begun = opening()
    box.put(hung_up(begun))
    assert box.put(accepted(begun)) == hung_up(begun)
    assert box.get(begun.id) == hung_up(begun)


def test_a_letter_removed_twice_is_removed(box: LetterBox) -> None:
    """Two processes may deliver the same letter."""
    verification = accepted(opening())
    box.put(verification)
    box.remove(verification.opening.id)
    box.remove(verification.opening.id)
    assert box.get(verification.opening.id) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"verdict": "ACCEPT"}'])
def test_a_file_that_is_no_verification_is_corrupt(
    box: LetterBox, folder: Path, content: bytes
) -> None:
    """Torn, foreign or incomplete: it is named so, and can be set aside."""
    begun = opening()
    (folder / f"{begun.id}.sealed").write_bytes(content)
    with pytest.raises(CorruptLetterError):
        box.get(begun.id)
    assert box.set_aside(begun.id) == f"{begun.id}.undeliverable"
    assert list(box.waiting()) == []
    assert box.set_aside(begun.id) is None


def test_a_draft_of_a_dead_writer_is_cleared_and_that_of_a_live_one_is_not(
    box: LetterBox, folder: Path
) -> None:
    """Age tells them apart."""
    now = time.time()
    for name, age_s in (("old", STALE_S + 1), ("new", 0.0)):
        (folder / f".{name}.draft").touch()
        os.utime(folder / f".{name}.draft", (now - age_s, now - age_s))
    box.prepare(now)
    assert [file.name for file in folder.iterdir()] == [".new.draft"]


def test_files_of_others_are_left_alone(box: LetterBox, folder: Path) -> None:
    """Only names that are verification ids are letters."""
    (folder / "notes.sealed").write_text("{}")
    (folder / "README").touch()
    assert list(box.waiting()) == []


def test_nothing_of_a_letter_can_be_read_without_the_key(box: LetterBox, folder: Path) -> None:
    """Nor under another key, nor under another name."""
    verification = accepted(opening())
    box.put(verification)
    (file,) = folder.iterdir()
    assert ACCOUNT.encode() not in file.read_bytes()
    with pytest.raises(CorruptLetterError):
        LetterBox(folder, bytes([1]) * 32).get(verification.opening.id)
    other = opening()
    file.rename(folder / f"{other.id}.sealed")
    with pytest.raises(CorruptLetterError):
        box.get(other.id)


def test_an_erased_person_is_taken_out_of_the_letters(box: LetterBox, folder: Path) -> None:
    """The verdicts stay, and those of others as they were; doing it twice changes nothing."""
    theirs, others = unavailable(accepted(opening())), unavailable(accepted(opening()))
    assert others.claim is not None
    others = replace(others, claim=replace(others.claim, account=AccountId("other")))
    for letter in (theirs, others):
        box.put(letter)
    assert box.forget(TENANT, ACCOUNT) == Forgotten(1, ())
    assert box.forget(TENANT, ACCOUNT) == Forgotten(0, ())
    assert box.get(theirs.opening.id) == replace(theirs, claim=None)
    assert box.get(others.opening.id) == others
    assert len(list(folder.iterdir())) == 2


def test_an_erased_person_is_taken_out_of_what_was_set_aside(box: LetterBox, folder: Path) -> None:
    """Tried again, by its old name, it is the same verdict without the person."""
    theirs = unavailable(accepted(opening()))
    box.put(theirs)
    aside = folder / str(box.set_aside(theirs.opening.id))
    assert box.forget(TENANT, ACCOUNT) == Forgotten(1, ())
    assert list(folder.iterdir()) == [aside]
    aside.rename(aside.with_suffix(".sealed"))
    assert box.get(theirs.opening.id) == replace(theirs, claim=None)


@pytest.mark.parametrize("kind", ["sealed", "undeliverable"])
def test_a_letter_that_cannot_be_read_keeps_nobody_in_the_others(
    box: LetterBox, folder: Path, kind: str
) -> None:
    """Torn, or not to be opened as a file at all: it is named and left as it was."""
    letters = [unavailable(accepted(opening())) for _ in range(5)]
    for letter in letters:
        box.put(letter)
    torn, odd = (folder / f"{opening().id}.{kind}" for _ in range(2))
    torn.write_text("{torn")
    odd.mkdir()
    forgotten = box.forget(TENANT, ACCOUNT)
    assert (forgotten.letters, set(forgotten.unreadable)) == (5, {torn, odd})
    for letter in letters:
        assert box.get(letter.opening.id) == replace(letter, claim=None)
    assert (torn.read_text(), odd.is_dir()) == ("{torn", True)


def test_what_was_set_aside_is_kept_for_a_month(box: LetterBox, folder: Path) -> None:
    """Long enough for somebody to look; not for good, since it names a person."""
    begun = opening()
    box.put(unavailable(hung_up(begun)))
    aside = folder / str(box.set_aside(begun.id))
    assert box.depth() == (0, 1)
    set_aside_s = aside.stat().st_mtime
    box.clear_aside(set_aside_s + ASIDE_KEPT_S)
    assert aside.exists()
    box.clear_aside(set_aside_s + ASIDE_KEPT_S + 1)
    assert box.depth() == (0, 0)


def test_the_depth_counts_what_waits(box: LetterBox) -> None:
    """For whoever watches the service."""
    box.put(unavailable(hung_up(opening())))
    assert box.depth() == (1, 0)


def test_the_outbox_is_tried_with_as_much_as_a_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty file has room on a full disk, too."""
    written: list[int] = []

    def full(path: Path, octets: bytes) -> None:
        written.append(len(octets))
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("ivr.storage.letters._write", full)
    with pytest.raises(OSError, match="No space left"):
        LetterBox(tmp_path, LETTER_KEY).prepare(0.0)
    assert written
    assert min(written) >= 4096
    assert not list(tmp_path.iterdir())
