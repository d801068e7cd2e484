"""What the contract promises beyond the quickstart: refusals, states and limits."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ivr.api.office import ApiOffice
from ivr.api.scopes import Scope
from ivr.domain.call import AccountId
from ivr.storage import ProfileAdministration
from tests.integration.azure.conftest import (
    OTHER_TENANT,
    PASSPORT,
    STORY,
    TENANT,
    VERSION,
    Program,
    key_for,
    said,
    told,
)

PHRASED = "verification/text-dependent"
FREE = "verification/text-independent"
GROUP = "identification/text-independent"
NO_FORM = b'--b\r\nContent-Disposition: form-data; name="\x11"\r\n\r\nx\r\n--b--\r\n'
NOBODY = "00000000-0000-0000-0000-000000000000"


async def test_a_passphrase_is_the_persons_and_so_is_the_voice(program: Program) -> None:
    """Another voice, other words and a recording of before are rejected; a reset forgets all."""
    profile = await program.make(PHRASED)
    early = await program.verify(PHRASED, profile, said("rms", PASSPORT, 0))
    assert early.error == (400, "InvalidRequest")
    other_words = "every garden should have a yellow bench"
    for take in range(3):
        await program.enroll(PHRASED, profile, said("rms", PASSPORT, take))

    again = await program.enroll(PHRASED, profile, said("rms", PASSPORT, 0))
    assert again.error == (400, "InvalidRequest")
    assert "sent before" in again.json["error"]["message"]
    others = await program.enroll(PHRASED, profile, said("rms", other_words, 4))
    assert others.json["error"]["message"] == "Invalid passphrase."
    stranger = await program.enroll(PHRASED, profile, said("slt", PASSPORT, 1))
    assert stranger.error == (400, "InvalidRequest")
    shown = await program.show(PHRASED, profile)
    assert (shown["enrollmentStatus"], shown["enrollmentsCount"]) == ("Enrolled", 3)
    assert shown["modelVersion"] is not None

    impostor = await program.verify(PHRASED, profile, said("slt", PASSPORT, 4))
    assert impostor.json["recognitionResult"] == "Reject"
    assert 0 <= impostor.json["score"] < 0.5
    wrong = await program.verify(PHRASED, profile, said("rms", other_words, 11))
    assert wrong.json == {"recognitionResult": "Reject", "score": 0.0}
    wav = said("rms", PASSPORT, 11)
    assert (await program.verify(PHRASED, profile, wav)).json["recognitionResult"] == "Accept"
    replayed = await program.verify(PHRASED, profile, wav)
    assert replayed.json == {"recognitionResult": "Reject", "score": 0.0}

    reset = await program.ask("POST", f"/{PHRASED}/profiles/{profile}:reset{VERSION}")
    assert reset.status == 200
    assert (reset.json["enrollmentStatus"], reset.json["enrollmentsCount"]) == ("Enrolling", 0)
    assert reset.json["remainingEnrollmentsCount"] == 3
    assert reset.json["modelVersion"] is None
    assert reset.headers["Location"].endswith(profile)
    assert (await program.verify(PHRASED, profile, wav)).status == 400
    anew = await program.enroll(PHRASED, profile, said("rms", other_words, 0))
    assert anew.json["passPhrase"] == other_words, "the phrase is free to choose again"


async def test_free_speech_is_measured_in_seconds(program: Program) -> None:
    """Too little is refused, unless the program says that it will do; another voice is rejected."""
    profile = await program.make(FREE, "fr-FR")
    first = await program.enroll(FREE, profile, said("awb", STORY[0], 0))
    assert first.json["enrollmentStatus"] == "Enrolling"
    missing = first.json["remainingEnrollmentsSpeechLengthInSec"]
    assert missing == pytest.approx(8.0 - first.json["enrollmentsSpeechLengthInSec"], abs=0.02)
    done = await program.enroll(FREE, profile, said("awb", STORY[1], 0), "&ignoreMinLength=true")
    assert done.json["enrollmentStatus"] == "Enrolled"
    assert done.json["enrollmentsCount"] == 2

    short = said("awb", "Good morning, it is me again.", 11)
    refused = await program.verify(FREE, profile, short)
    assert refused.error == (400, "InvalidRequest")
    assert "ignoreMinLength" in refused.json["error"]["message"]
    lenient = await program.verify(FREE, profile, short, "&ignoreMinLength=true")
    assert lenient.status == 200
    impostor = await program.verify(FREE, profile, said("slt", STORY[2], 11))
    assert impostor.json["recognitionResult"] == "Reject"


async def test_one_of_several_is_identified(program: Program) -> None:
    """The speaker first, the others behind; a stranger is none of them."""
    people = {who: await program.make(GROUP) for who in ("awb", "slt")}
    for who, profile in people.items():
        enrolled = await program.enroll(GROUP, profile, told(who, 0))
        assert enrolled.json["enrollmentStatus"] == "Enrolled"
    where = f"/{GROUP}/profiles:identifySingleSpeaker{VERSION}&profileIds="
    everybody = ",".join(people.values())

    found = await program.ask("POST", where + everybody, told("slt", 11))
    assert found.json["identifiedProfile"]["profileId"] == people["slt"]
    ranking = [each["profileId"] for each in found.json["profilesRanking"]]
    assert ranking == [people["slt"], people["awb"]]
    stranger = await program.ask("POST", where + everybody, told("espeak", 11))
    assert stranger.json["identifiedProfile"] == {"profileId": NOBODY, "score": 0.0}
    assert len(stranger.json["profilesRanking"]) == 2

    wav = said("slt", STORY[0], 12)
    empty = await program.make(GROUP)
    assert (await program.ask("POST", where + empty, wav)).error == (400, "InvalidRequest")
    assert (await program.ask("POST", where + NOBODY, wav)).error == (404, "NotFound")
    many = ",".join([people["slt"]] * 51)
    assert (await program.ask("POST", where + many, wav)).error == (400, "InvalidRequest")


async def test_profiles_are_listed_in_pages(program: Program) -> None:
    """Each page says where the next one is; all together are all there are, by id."""
    made = sorted([await program.make(FREE) for _ in range(5)])
    await program.make(GROUP)
    found: list[str] = []
    link: str | None = f"{program.endpoint}/speaker-recognition/{FREE}/profiles{VERSION}"
    link = f"{link}&maxpagesize=2"
    pages = 0
    while link is not None:
        path = link.removeprefix(f"{program.endpoint}/speaker-recognition")
        page = await program.ask("GET", path)
        assert page.status == 200, page.json
        found += [each["profileId"] for each in page.json["value"]]
        link = page.json.get("nextLink")
        pages += 1
    assert (found, pages) == (made, 3)


async def test_what_may_be_said_is_listed(program: Program) -> None:
    """Passphrases, and the phrases that Azure had an enrollment begin with."""
    phrases = await program.ask("GET", f"/{PHRASED}/phrases/en-US{VERSION}")
    assert {"passPhrase": PASSPORT} in phrases.json["value"]
    openings = await program.ask("GET", f"/{FREE}/phrases/en-us{VERSION}")
    assert {"activationPhrase": PASSPORT} in openings.json["value"]
    other = await program.ask("GET", f"/{PHRASED}/phrases/fr-FR{VERSION}")
    assert other.error == (400, "InvalidRequest")


async def test_what_is_refused_is_refused_in_azures_way(
    program: Program, azure_office: ApiOffice
) -> None:
    """A status, a code in body and header, and words; the same for whoever is not there."""
    wav = said("rms", PASSPORT, 0)
    profile = await program.make(PHRASED)
    place = f"/{PHRASED}/profiles/{profile}/enrollments"
    asks = {
        "no version": (await program.ask("GET", f"/{PHRASED}/profiles"), 400),
        "no audio": (await program.ask("POST", place + VERSION, b"no audio"), 400),
        "a form": (await program.ask("POST", place + VERSION, wav, "text/plain"), 415),
        "no form": (
            await program.ask("POST", place + VERSION, NO_FORM, "multipart/form-data; boundary=b"),
            400,
        ),
        "nothing": (await program.ask("POST", place + VERSION), 400),
        "too short": (await program.enroll(PHRASED, profile, wav[: 44 + 16_000]), 400),
        "too long": (await program.enroll(PHRASED, profile, told("rms", 0)), 400),
        "no id": (await program.ask("GET", f"/{PHRASED}/profiles/me{VERSION}"), 400),
        "nobody": (await program.ask("GET", f"/{PHRASED}/profiles/{NOBODY}{VERSION}"), 404),
        "of another kind": (await program.ask("GET", f"/{FREE}/profiles/{profile}{VERSION}"), 404),
        "no such path": (await program.ask("GET", f"/{PHRASED}/people{VERSION}"), 404),
        "no such method": (await program.ask("DELETE", f"/{PHRASED}/profiles{VERSION}"), 405),
    }
    wrong = {name: each.error for name, (each, status) in asks.items() if each.status != status}
    assert not wrong
    for each, status in asks.values():
        assert each.error[0] == status
    locale = await program.ask(
        "POST", f"/{PHRASED}/profiles{VERSION}", b'{"locale": "fr-fr"}', "application/json"
    )
    assert "Supported locales are en-US" in locale.json["error"]["message"]

    keyless = await replace(program, key="").ask("GET", f"/{PHRASED}/profiles{VERSION}")
    assert keyless.error == (401, "Unauthorized")
    narrow = await key_for(azure_office, TENANT, (Scope.VERIFY,))
    forbidden = await replace(program, key=narrow).ask("GET", f"/{PHRASED}/profiles{VERSION}")
    assert forbidden.error == (403, "Forbidden")
    foreign = replace(program, key=await key_for(azure_office, OTHER_TENANT))
    assert (await foreign.ask("GET", f"/{PHRASED}/profiles/{profile}{VERSION}")).status == 404


async def test_of_recordings_at_once_none_is_lost_silently(program: Program) -> None:
    """Who comes while another is taken is told so, and may send it again; the rest count."""
    profile = await program.make(FREE)
    answers = await asyncio.gather(
        *(program.enroll(FREE, profile, said("slt", text, 0)) for text in STORY)
    )
    late = [each for each in answers if each.status != 201]
    assert all(each.error == (409, "Conflict") for each in late)
    taken = len(answers) - len(late)
    assert (await program.show(FREE, profile))["enrollmentsCount"] == taken


async def test_nobody_is_enrolled_without_a_wording_or_against_an_opt_out(
    program: Program, azure_office: ApiOffice
) -> None:
    """The contract has no place for consent: the operator names what people agree to."""
    profile = await program.make(FREE)
    wav = said("slt", STORY[0], 0)
    await program.enroll(FREE, profile, wav)
    people = ProfileAdministration(azure_office.database)
    details = await people.show(TENANT, AccountId(profile))
    assert details is not None
    assert [each.text_version for each in details.consents] == ["site/1"]
    await people.opt_out(TENANT, AccountId(profile), who="desk", why="asked")
    shown = await program.show(FREE, profile)
    assert (shown["profileStatus"], shown["enrollmentsCount"]) == ("Inactive", 0)
    assert (await program.enroll(FREE, profile, wav)).error == (403, "Forbidden")
    reset = await program.ask("POST", f"/{FREE}/profiles/{profile}:reset{VERSION}")
    assert reset.error == (403, "Forbidden")
