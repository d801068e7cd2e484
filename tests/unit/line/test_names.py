"""Names by which a later process recognises what an earlier one left behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain.call import CallId
from ivr.line.names import AGAIN, Kind, Names

ASTERISK_NAME_MAX = 149
apps = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)


@given(apps, st.text(min_size=1, max_size=149), st.sampled_from(Kind))
def test_name_is_recognised_and_fits(app: str, call: str, kind: Kind) -> None:
    """A name of ours is ours, of its kind alone, and within what Asterisk takes."""
    names = Names(app)
    name = names.of(kind, CallId(call))
    assert [each for each in Kind if names.is_ours(each, name)] == [kind]
    assert len(name + AGAIN) <= ASTERISK_NAME_MAX
    assert names.is_media(name) is (kind in (Kind.MEDIA, Kind.SNOOP))


@given(apps, apps, st.sampled_from(Kind))
def test_another_application_is_left_alone(app: str, other: str, kind: Kind) -> None:
    """Two applications on one Asterisk never take each other's things for theirs."""
    ours = Names(app).is_ours(kind, Names(other).of(kind, CallId("1.1")))
    assert ours is (app == other)


def test_calls_do_not_share_names() -> None:
    """Ids that only differ in their last character, too long to be kept, still differ."""
    names = Names("countersign")
    long = "x" * 148
    assert names.of(Kind.MEDIA, CallId(long + "1")) != names.of(Kind.MEDIA, CallId(long + "2"))


@pytest.mark.parametrize("channel", ["1763920000.12", "lab-1.2", "countersign", "x~media~y"])
def test_caller_is_no_media_channel(channel: str) -> None:
    """Asterisk's own ids are callers."""
    assert not Names("countersign").is_media(channel)
