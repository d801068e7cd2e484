"""Azure's published quickstart, step by step, with its paths, headers and bodies.

The steps are those of the REST part of "Quickstart: Recognize and verify who is speaking"
(azure-docs, speaker-recognition-basics/rest.md, version 2021-09-05); the address and the key are
changed, and nothing else.
"""

from __future__ import annotations

from tests.integration.azure.conftest import PASSPORT, VERSION, Program, said, told

LOCALE = b"{\n    'locale':'en-us'\n}"
"""As the quickstart's shell sends it, single quotes and all."""


async def test_text_dependent_verification(program: Program) -> None:
    """Create, enroll three times, verify, delete."""
    place = "/verification/text-dependent/profiles"
    made = await program.ask("POST", f"{place}{VERSION}", LOCALE, "application/json")
    assert made.status == 201
    assert made.json["enrollmentStatus"] == "Enrolling"
    assert made.json["remainingEnrollmentsCount"] == 3
    profile = made.json["profileId"]
    assert made.headers["Location"].endswith(f"{place}/{profile}")

    for take, (status, left) in enumerate((("Enrolling", 2), ("Enrolling", 1), ("Enrolled", 0))):
        wav = said("rms", PASSPORT, take)
        enrolled = await program.ask("POST", f"{place}/{profile}/enrollments{VERSION}", wav)
        assert enrolled.status == 201, enrolled.json
        assert enrolled.json["enrollmentStatus"] == status
        assert enrolled.json["remainingEnrollmentsCount"] == left
        assert enrolled.json["enrollmentsCount"] == 3 - left
        assert enrolled.json["passPhrase"] == "my voice is my passport verify me"
        assert 1 < enrolled.json["audioSpeechLengthInSec"] < enrolled.json["audioLengthInSec"] < 5

    verified = await program.ask(
        "POST", f"{place}/{profile}:verify{VERSION}", said("rms", PASSPORT, 11)
    )
    assert verified.status == 200, verified.json
    assert verified.json["recognitionResult"] == "Accept"
    assert 0.5 <= verified.json["score"] <= 1

    deleted = await program.ask("DELETE", f"{place}/{profile}{VERSION}")
    assert (deleted.status, deleted.json) == (204, {})


async def test_text_independent_verification(program: Program) -> None:
    """Create, enroll until there is enough, verify, delete."""
    place = "/verification/text-independent/profiles"
    made = await program.ask("POST", f"{place}{VERSION}", LOCALE, "application/json")
    assert made.status == 201
    profile = made.json["profileId"]
    left = made.json["remainingEnrollmentsSpeechLengthInSec"]
    assert left > 0

    enrolled = await program.ask(
        "POST", f"{place}/{profile}/enrollments{VERSION}", told("awb", 0), "audio/wav"
    )
    assert enrolled.status == 201, enrolled.json
    assert enrolled.json["enrollmentStatus"] == "Enrolled"
    assert enrolled.json["remainingEnrollmentsSpeechLengthInSec"] == 0.0
    assert enrolled.json["audioSpeechLengthInSec"] == enrolled.json["enrollmentsSpeechLengthInSec"]

    wav = said("awb", "Could you tell me when the next ferry leaves, please?", 11)
    verified = await program.ask("POST", f"{place}/{profile}:verify{VERSION}", wav)
    assert verified.status == 200, verified.json
    assert verified.json["recognitionResult"] == "Accept"

    assert (await program.ask("DELETE", f"{place}/{profile}{VERSION}")).status == 204


async def test_speaker_identification(program: Program) -> None:
    """Create, enroll, identify, delete."""
    place = "/identification/text-independent/profiles"
    made = await program.ask("POST", f"{place}{VERSION}", LOCALE, "application/json")
    profile = made.json["profileId"]
    enrolled = await program.ask("POST", f"{place}/{profile}/enrollments{VERSION}", told("slt", 0))
    assert enrolled.json["enrollmentStatus"] == "Enrolled", enrolled.json

    where = f"{place}:identifySingleSpeaker{VERSION}&profileIds={profile}"
    identified = await program.ask("POST", where, told("slt", 11))
    assert identified.status == 200, identified.json
    assert identified.json["identifiedProfile"]["profileId"] == profile
    assert identified.json["identifiedProfile"]["score"] >= 0.5
    assert identified.json["profilesRanking"] == [identified.json["identifiedProfile"]]

    assert (await program.ask("DELETE", f"{place}/{profile}{VERSION}")).status == 204
