"""Countersign's own face: a person from consent to erasure, on the real engine and database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp

from ivr.api.office import ApiOffice
from ivr.api.tokens import read_token
from ivr.storage import AuditEnd, verify_audit
from tests.unit.api.conftest import OTHER_TENANT, TENANT, Answer, Client, Maker, wav
from tests.unit.offline.files import HER, HIM

PROFILE = {
    "account": "4711",
    "mode": "text_independent",
    "consent": {"text_version": "en-US/1", "at": "2025-01-31T00:00:00Z"},
}
WAV = {"Content-Type": "audio/wav"}
AGAIN = "an earlier recording again: 100% of the landmarks found at the same place"


async def enrolled(client: Client, account: str = "4711", who: float = HIM) -> Answer:
    """Create a profile and enroll it from three recordings."""
    created = await client.ask("POST", "/v1/profiles", json={**PROFILE, "account": account})
    assert created.status == 201
    form = aiohttp.FormData()
    for seed in range(3):
        form.add_field("recording", wav(seed, who), filename="x.wav", content_type="audio/wav")
    return await client.ask("POST", f"/v1/profiles/{account}/enrollments", data=form)


async def test_a_person_from_consent_to_erasure(client: Client, api_office: ApiOffice) -> None:
    """Created, enrolled, accepted, an impostor and a replay rejected, listed, erased."""
    answer = await enrolled(client)
    assert (answer.status, answer.json["result"]) == (200, "ENROLLED")
    assert [each["kept"] for each in answer.json["recordings"]] == [True] * 3
    verify = "/v1/profiles/4711/verify"
    verdicts = [
        (await client.ask("POST", verify, data=wav(seed, who), headers=WAV)).json["reason"]
        for seed, who in ((8, HIM), (8, HIM), (8, HER))
    ]
    assert verdicts == ["MATCH", "SPOOF_SUSPECTED", "NO_MATCH"]
    listed = await client.ask("GET", "/v1/verifications?limit=2")
    assert [each["reason"] for each in listed.json["verifications"]] == verdicts[:0:-1]
    following = await client.ask(
        "GET", "/v1/verifications", params={"limit": "2", "page": listed.json["next_page"]}
    )
    (oldest,) = following.json["verifications"]
    assert (oldest["reason"], following.json["next_page"]) == ("MATCH", None)
    shown = await client.ask("GET", f"/v1/verifications/{oldest['id']}")
    assert shown.json["attempts"][0]["verdict"] == "ACCEPT"
    assert (await client.ask("DELETE", "/v1/profiles/4711")).status == 204
    assert (await client.ask("GET", "/v1/profiles/4711")).status == 404
    trail = await client.ask("GET", "/v1/audit")
    assert [each["what"] for each in trail.json["entries"]][-1] == "profile_erased"
    keys = {each["who"] for each in trail.json["entries"]} - {"test"}
    assert keys == {f"api key {read_token(client.token).id}"}, "whose key it was, of every write"
    assert isinstance(await verify_audit(api_office.database, TENANT), AuditEnd)


async def test_of_a_recording_that_comes_again_it_is_said_how_it_was_known(client: Client) -> None:
    """In the answer, and whenever the verification is shown; of another take nothing is said."""
    await enrolled(client)
    ask = "/v1/profiles/4711/verify"
    for seed, shift_s, words in ((8, None, None), (0, 0.0, AGAIN)):
        answer = (await client.ask("POST", ask, data=wav(seed, HIM), headers=WAV)).json
        (attempt,) = answer["attempts"]
        assert (attempt["replay_shift_s"], attempt["replay_how"]) == (shift_s, words)
        shown = await client.ask("GET", f"/v1/verifications/{answer['id']}")
        assert shown.json["attempts"] == answer["attempts"]


async def test_somebody_is_found_in_a_group(client: Client) -> None:
    """Him among two; nobody in a group that is empty."""
    for account, who in (("4711", HIM), ("4712", HER)):
        assert (await enrolled(client, account, who)).json["result"] == "ENROLLED"
        joined = await client.ask("PUT", f"/v1/groups/agents/members/{account}")
        assert joined.status == 204
    found = await client.ask("POST", "/v1/groups/agents/identify", data=wav(8, HIM), headers=WAV)
    assert found.json["found"] == "4711"
    nobody = await client.ask("POST", "/v1/groups/nobody/identify", data=wav(8, HIM), headers=WAV)
    assert nobody.json == {"found": None, "reason": "NOT_ENROLLED", "threshold": None, "ranked": []}
    members = await client.ask("GET", "/v1/groups/agents/members")
    assert {each["account"] for each in members.json["members"]} == {"4711", "4712"}
    assert (await client.ask("DELETE", "/v1/groups/agents/members/4712")).status == 204
    assert (await client.ask("DELETE", "/v1/groups/agents/members/4712")).status == 404


async def test_a_watched_voice_is_known_when_it_enrolls(client: Client) -> None:
    """A warning to the administrator, until the suspect is removed."""
    added = await client.ask("POST", "/v1/watchlists/fraud/suspects", data=wav(9, HIM), headers=WAV)
    assert added.status == 201
    assert "WATCHLISTED" in (await enrolled(client)).json["warnings"]
    listed = await client.ask("GET", "/v1/suspects")
    assert [each["id"] for each in listed.json["suspects"]] == [added.json["id"]]
    removed = f"/v1/suspects/{added.json['id']}"
    assert (await client.ask("DELETE", removed)).status == 204
    assert (await client.ask("DELETE", removed)).status == 404


async def test_two_people_are_not_watched_for_as_one(client: Client) -> None:
    """A conflict that names the recording which is of another voice; nothing is written."""
    form = aiohttp.FormData()
    for seed, who in ((1, HIM), (2, HER), (3, HIM)):
        form.add_field("recording", wav(seed, who), filename="x.wav", content_type="audio/wav")
    refused = await client.ask("POST", "/v1/watchlists/fraud/suspects", data=form)
    assert refused.status == 409
    assert refused.json["detail"] == "recording 2 cannot be used: INCONSISTENT"
    assert (await client.ask("GET", "/v1/suspects")).json["suspects"] == []


async def test_too_few_recordings_enroll_nobody(client: Client) -> None:
    """The answer says why, and the profile still waits."""
    await client.ask("POST", "/v1/profiles", json=PROFILE)
    path = "/v1/profiles/4711/enrollments"
    answer = await client.ask("POST", path, data=wav(1, HIM), headers=WAV)
    assert (answer.json["result"], answer.json["reason"]) == ("FAILED", "NOT_ENOUGH_SPEECH")
    assert (await client.ask("GET", "/v1/profiles/4711")).json["profile"]["state"] == "enrolling"
    assert (await client.ask("POST", "/v1/profiles", json=PROFILE)).status == 409
    unknown = await client.ask("POST", "/v1/profiles/1/enrollments", data=wav(1, HIM), headers=WAV)
    assert unknown.status == 404


async def test_nobody_is_enrolled_with_a_passphrase_that_is_not_listed(client: Client) -> None:
    """He could never be heard to say it; those that can be said are named."""
    asked = {**PROFILE, "mode": "text_dependent", "locale": "en-us", "passphrase": "seasame"}
    refused = await client.ask("POST", "/v1/profiles", json=asked)
    assert refused.status == 400
    assert "en-US has no such passphrase; there are a-yellow-bench" in refused.json["detail"]
    begun = await client.ask("POST", "/v1/profiles", json={**asked, "passphrase": "a-yellow-bench"})
    assert (begun.status, begun.json["profile"]["locale"]) == (201, "en-US")


async def test_nothing_crosses_tenants(client: Client, make_token: Maker) -> None:
    """Another tenant's key finds neither profile nor verification, nor uses its page tokens."""
    await enrolled(client)
    verdict = await client.ask("POST", "/v1/profiles/4711/verify", data=wav(8, HIM), headers=WAV)
    place = (await client.ask("GET", "/v1/profiles?limit=1")).json["next_page"]
    other = replace(client, token=str(await make_token(OTHER_TENANT)))
    for path in ("/v1/profiles/4711", f"/v1/verifications/{verdict.json['id']}"):
        assert (await other.ask("GET", path)).status == 404
    assert (await other.ask("GET", "/v1/profiles", params={"page": place})).status == 400
    assert (await other.ask("GET", "/v1/profiles")).json["profiles"] == []


async def test_a_write_that_is_sent_twice_is_done_once(client: Client) -> None:
    """The second gets the first's answer; another request with the key is refused."""
    key = {"Idempotency-Key": "one"}
    first = await client.ask("POST", "/v1/profiles", json=PROFILE, headers=key)
    again = await client.ask("POST", "/v1/profiles", json=PROFILE, headers=key)
    assert (first.status, first.json) == (again.status, again.json) == (201, first.json)
    other = {**PROFILE, "account": "4712"}
    assert (await client.ask("POST", "/v1/profiles", json=other, headers=key)).status == 422
    trail = (await client.ask("GET", "/v1/audit")).json["entries"]
    assert [each["what"] for each in trail].count("profile_begun") == 1
    failing = {"Idempotency-Key": "two"}
    for _ in range(2):
        refused = await client.ask("POST", "/v1/profiles", json=PROFILE, headers=failing)
        assert refused.status == 409
    await client.ask("DELETE", "/v1/profiles/4711")
    anew = await client.ask("POST", "/v1/profiles", json=PROFILE, headers=key)
    assert anew.status == 201
    assert anew.json["profile"]["id"] != first.json["profile"]["id"], "the answer was erased too"


async def test_a_challenge_is_one_persons(client: Client) -> None:
    """What was drawn for one account does not serve another, nor does one made up."""
    drawn = await client.ask("POST", "/v1/profiles/4711/challenges")
    assert (drawn.status, len(drawn.json["digits"])) == (201, 6)
    for account, challenge, status in (
        ("4711", drawn.json["challenge"], 200),
        ("4712", drawn.json["challenge"], 400),
        ("4711", "made-up", 400),
    ):
        answer = await client.ask(
            "POST",
            f"/v1/profiles/{account}/verify",
            params={"challenge": challenge},
            data=wav(1, HIM),
            headers=WAV,
        )
        assert answer.status == status


async def test_an_operating_point_holds_for_its_tenant(client: Client) -> None:
    """At a rate that nobody reaches the same voice is no longer accepted; and back."""
    await enrolled(client)
    point = "/v1/operating-points/verification"
    verify = "/v1/profiles/4711/verify"
    changed = await client.ask("PUT", point, json={"target_fmr": 0.4})
    assert changed.json["operating_points"][0]["target_fmr"] == 0.4
    assert (await client.ask("POST", verify, data=wav(8, HIM), headers=WAV)).status == 200
    unreachable = await client.ask("PUT", point, json={"target_fmr": 1e-300})
    assert (unreachable.status, unreachable.json["code"]) == (400, "invalid_request")
    assert (await client.ask("DELETE", point)).json["operating_points"][0]["own"] is False
    assert (await client.ask("DELETE", point)).status == 409


async def test_a_rate_that_no_search_reaches_is_refused_when_it_is_set(client: Client) -> None:
    """It says which would do; and of each rate that holds, how many voices a search may meet."""
    for purpose in ("identification", "watchlist", "enrollment"):
        path = f"/v1/operating-points/{purpose}"
        refused = await client.ask("PUT", path, json={"target_fmr": 1e-6})
        assert (refused.status, refused.json["code"]) == (400, "invalid_request")
        assert re.search(r"higher false match rate, from \d\.\d+ % on", refused.json["detail"])
    points = (await client.ask("GET", "/v1/operating-points")).json["operating_points"]
    assert [each["own"] for each in points] == [False] * 4
    most = {each["purpose"]: each["voices_max"] for each in points}
    assert most["verification"] is None
    assert most["identification"] == most["watchlist"] > most["enrollment"] > 100
    laxer = await client.ask("PUT", "/v1/operating-points/enrollment", json={"target_fmr": 0.1})
    answered = {each["purpose"]: each["voices_max"] for each in laxer.json["operating_points"]}
    assert answered["enrollment"] > most["identification"]


async def test_words_are_not_as_long_as_recordings(client: Client) -> None:
    """Or a program could fill the memory: what holds no recording waits for no place."""
    long = {**PROFILE, "account": "4" * 500_000}
    for method, path, headers in (
        ("POST", "/v1/profiles", {}),
        ("DELETE", "/v1/profiles/4711", {"Idempotency-Key": "erase"}),
    ):
        answer = await client.ask(method, path, headers=headers, json=long)
        assert (answer.status, answer.json["code"]) == (413, "too_large")


async def test_what_is_no_audio_or_too_large_is_refused(client: Client) -> None:
    """415 says what is accepted; 413 comes before the rest of the body is read."""
    verify = "/v1/profiles/4711/verify"
    for body, kind, status in (
        (b"no audio", "audio/wav", 415),
        (b"{}", "application/json", 400),
        (b"<x/>", "application/xml", 415),
        (b"", "audio/wav", 400),
        (bytes(1_000_001), "audio/wav", 413),
    ):
        answer = await client.ask("POST", verify, data=body, headers={"Content-Type": kind})
        assert answer.status == status, (kind, answer.json)
    chunks = (bytes(100_000) for _ in range(11))

    async def streamed() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    answer = await client.ask("POST", verify, data=streamed(), headers=WAV)
    assert answer.status == 413
