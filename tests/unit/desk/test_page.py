"""The page's files: every word in every language, and colours that can be told apart."""

from __future__ import annotations

import json
import re
from inspect import getsource as source

import pytest
from aiohttp import web

from engine.decision.explanation import EN_US, WORDS
from engine.decision.operating_point import Basis
from engine.liveness import how
from engine.types import Finding, Reason, Verdict
from ivr.desk import figures, guard, points, screens
from ivr.desk.passwords import hash_password, is_password
from ivr.desk.shelf import FOLDER, languages, shelf
from ivr.desk.stream import resume_after
from ivr.domain.call import CallState, Purpose
from ivr.domain.desk import Role, StepUp, StepUpState
from ivr.domain.operating_point import PointPurpose
from ivr.domain.profile import ProfileState
from ivr.flows.obstacles import EXPLANATIONS
from ivr.flows.passive import CutShort

FILES = shelf()
OF_PURPOSES = ("purpose", "purpose_note", "rate_of")
ENROLLING = (Purpose.ENROLL, Purpose.PASSIVE_ENROLL)
"""Enrollments are not on the desk."""
ROUTES = (guard, screens, figures, points)
"""What the pages' scripts ask, and what answers them."""
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, level AA."""
ON = {
    "paper": ("ink", "quiet", "accent"),
    "back": ("ink", "quiet"),
    "yes-back": ("yes",),
    "no-back": ("no",),
    "open-back": ("open",),
    "now-back": ("now",),
    "accent": ("on-accent",),
    "track": ("ink",),
}


def words(language: str) -> dict[str, str]:
    """Return the words of a language."""
    found: dict[str, str] = json.loads(FILES[f"words/{language}.json"].octets)
    return found


@pytest.mark.parametrize("language", languages(FILES))
def test_a_language_has_every_word(language: str) -> None:
    """And takes the same values into each sentence."""
    own, base = words(language), words("en")
    assert own.keys() == base.keys()
    for key, text in own.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", base[key])), key


def test_every_word_that_can_come_has_its_words() -> None:
    """States, verdicts, reasons and what agents ask for, as the domain spells them."""
    wanted = {f"state.{state}" for state in CallState} | {f"doing.{state}" for state in CallState}
    wanted |= {f"verdict.{each}" for each in Verdict} | {f"reason.{each}" for each in Reason}
    wanted |= {f"{kind}.{each}" for kind in OF_PURPOSES for each in PointPurpose}
    wanted |= {f"step_up.{asked}.{state}" for asked in StepUp for state in StepUpState}
    wanted |= {f"purpose.{each}" for each in Purpose if each not in ENROLLING}
    wanted |= {f"role.{each}" for each in Role} | {f"profile.{each}" for each in ProfileState}
    wanted |= {f"basis.{each}" for each in Basis}
    assert wanted <= words("en").keys()


def test_the_page_explains_a_verdict_as_the_engine_does() -> None:
    """In English the words are those of the record, so that page, dialplan and log agree."""
    own, english = words("en"), WORDS[EN_US]
    assert {each: own[f"finding.{each}"] for each in Finding} == english
    sentences = EXPLANATIONS | {each.name: each.value for each in CutShort}
    explained = {name: own[f"explained.{name}"] for name in sentences}
    assert explained == sentences
    assert len(set(explained.values())) == len(explained)


@pytest.mark.parametrize("shift_s", [0.0, 0.048, -0.048])
def test_the_page_says_as_the_engine_does_how_a_repeat_was_known(shift_s: float) -> None:
    """In English."""
    key = "repeat.shifted" if shift_s else "repeat.same_place"
    values = {"share": "80%", "ms": f"{1000 * shift_s:+.0f}"}
    assert words("en")[key].format(**values) == how(0.8, shift_s)


def test_a_refusal_is_said_in_the_pages_language() -> None:
    """By its status: whatever the routes refuse with has words, and no script shows their text."""
    raised = {name for each in ROUTES for name in re.findall(r"web\.(HTTP\w+)\(", source(each))}
    statuses = {503, *(getattr(web, name).status_code for name in raised)}
    assert statuses >= {400, 401, 403, 404, 409}
    assert {f"error.{status}" for status in statuses} <= words("en").keys()
    for name, file in FILES.items():
        if name.endswith(".js"):
            assert b".text()" not in file.octets, name


def test_what_the_pages_name_is_there() -> None:
    """Every word in the markup and the scripts' own literals, every file, and nothing from afar."""
    for name, file in FILES.items():
        text = file.octets.decode()
        if name.endswith(".html"):
            assert set(re.findall(r'data-word="([^"]+)"', text)) <= words("en").keys()
            assert not re.findall(r"style=|<script>|onclick=", text), name
        for path in re.findall(r'(?:href|src)="/page/([^"]+)"', text):
            assert path in FILES
        if name.endswith(".js"):
            assert set(re.findall(r'word\("([a-z_.]+)"', text)) <= words("en").keys(), name
        assert not re.findall(r"https?://(?!www\.w3\.org)", text), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme: str) -> None:
    """Each colour of text on each colour it stands on, in either scheme."""
    css = (FOLDER / "desk.css").read_text()
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in _schemes(css))
    colours = light if scheme == "light" else dark
    for behind, inks in ON.items():
        for ink in inks:
            assert contrast(colours[ink], colours[behind]) >= LEAST_CONTRAST, (ink, behind)


def _schemes(css: str) -> tuple[str, str]:
    light, _, rest = css.partition("@media (prefers-color-scheme: dark)")
    return light, rest.partition("\n}")[0]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("header", "number"),
    [(None, 0), ("", 0), ("17", 17), ("-1", 0), ("1e3", 0), ("x", 0), ("9" * 30, 0), ("\u0663", 0)],
)
def test_a_stream_resumes_after_a_number_alone(header: str | None, number: int) -> None:
    """Whatever else a header holds begins anew."""
    assert resume_after(header) == number


def test_a_password_is_known_by_its_hash() -> None:
    """And no other is; two hashes of one password are not alike."""
    one, other = hash_password("pepper", cost=16), hash_password("pepper", cost=16)
    assert one != other
    assert is_password("pepper", one)
    assert not is_password("salt", one)
