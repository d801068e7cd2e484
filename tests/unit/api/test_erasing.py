"""Erasing over the API reaches the verdicts that wait in the same service's outbox."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.domain.call import AccountId
from ivr.domain.verification import Verification
from ivr.storage.keys import Keyring
from ivr.storage.letters import LetterBox
from ivr.storage.outbox import unavailable
from tests.unit.api.conftest import TENANT, Client
from tests.unit.api.test_own import PROFILE
from tests.unit.storage.records import accepted, opening

AZURE = "/speaker-recognition/verification/text-independent/profiles"
VERSION = {"api-version": "2021-09-05"}


@pytest.fixture
def box(outbox_folder: Path, keyring: Keyring) -> LetterBox:
    """The outbox of the service that serves the API."""
    box = LetterBox(outbox_folder, keyring.outbox_key())
    box.prepare(0.0)
    return box


def _waiting(box: LetterBox, account: str) -> Verification:
    """Let a verdict on somebody wait."""
    closed = accepted(opening(tenant=TENANT))
    assert closed.claim is not None
    claim = replace(closed.claim, account=AccountId(account))
    return box.put(unavailable(replace(closed, claim=claim)))


async def test_who_is_erased_is_taken_out_of_what_waits(client: Client, box: LetterBox) -> None:
    """Also where there is no profile; the verdicts stay, and others' claims."""
    theirs, others, strangers = (_waiting(box, each) for each in ("4711", "4712", "4713"))
    assert (await client.ask("POST", "/v1/profiles", json=PROFILE)).status == 201
    assert (await client.ask("DELETE", "/v1/profiles/4711")).status == 204
    assert (await client.ask("DELETE", "/v1/profiles/4713")).status == 404
    for letter in (theirs, strangers):
        assert box.get(letter.opening.id) == replace(letter, claim=None)
    assert box.get(others.opening.id) == others


async def test_who_is_erased_by_azures_api_is_too(client: Client, box: LetterBox) -> None:
    """The account is the profile's id."""
    key = {"Ocp-Apim-Subscription-Key": client.token}
    locale = {"locale": "en-US"}
    made = await client.ask("POST", AZURE, key, params=VERSION, json=locale)
    letter = _waiting(box, made.json["profileId"])
    place = f"{AZURE}/{made.json['profileId']}"
    assert (await client.ask("DELETE", place, key, params=VERSION)).status == 204
    assert box.get(letter.opening.id) == replace(letter, claim=None)


async def test_what_cannot_be_read_is_named_in_the_log(
    client: Client, box: LetterBox, outbox_folder: Path
) -> None:
    """The program cannot help it; the operator can."""
    torn = f"{opening().id}.undeliverable"
    (outbox_folder / torn).write_text("{torn")
    assert (await client.ask("POST", "/v1/profiles", json=PROFILE)).status == 201
    with capture_logs() as logs:
        assert (await client.ask("DELETE", "/v1/profiles/4711")).status == 204
    (entry,) = [each for each in logs if each["event"] == "erasure_incomplete"]
    assert (entry["log_level"], entry["file"]) == ("error", torn)


async def test_an_outbox_that_cannot_be_used_is_not_passed_over(
    client: Client, box: LetterBox, outbox_folder: Path
) -> None:
    """503; the same request again, with the same key, finds no profile and looks into it again."""
    letter = _waiting(box, "4711")
    elsewhere = await asyncio.to_thread(outbox_folder.rename, outbox_folder.with_name("elsewhere"))
    await asyncio.to_thread(outbox_folder.write_text, "no folder")
    assert (await client.ask("POST", "/v1/profiles", json=PROFILE)).status == 201
    key = {"Idempotency-Key": "one"}
    assert (await client.ask("DELETE", "/v1/profiles/4711", key)).status == 503
    await asyncio.to_thread(outbox_folder.unlink)
    await asyncio.to_thread(elsewhere.rename, outbox_folder)
    assert (await client.ask("DELETE", "/v1/profiles/4711", key)).status == 404
    assert box.get(letter.opening.id) == replace(letter, claim=None)
