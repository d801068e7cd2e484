"""What the documents draw is what the program obeys."""

from __future__ import annotations

import contextlib
import io
import json
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from engine.evaluation.command import _parser as evaluation_parser
from ivr.cli.main import parser
from ivr.config import Configuration
from ivr.domain.call import TRANSITIONS, CallState, IllegalTransitionError, step
from ivr.domain.diagram import call_states
from ivr.watch import Metrics
from tests.unit.documents import DOCUMENTS, ROOT, Quoted, blocks, commands, words

ARCHITECTURE = Path(__file__).parents[2] / "docs/architecture.md"


def test_the_state_diagram_is_drawn_from_the_table() -> None:
    """A change of the table changes the document."""
    assert call_states() in ARCHITECTURE.read_text(encoding="utf-8")


def test_every_step_outside_the_table_is_refused() -> None:
    """All pairs of states: the table's are taken, the others raise."""
    for before in CallState:
        for after in CallState:
            legal = after is before or after in TRANSITIONS[before]
            try:
                taken = step(before, after) is after
            except IllegalTransitionError:
                taken = False
            assert taken is legal


CONFIGURATION = ARCHITECTURE.with_name("configuration.md")


def test_every_setting_is_documented_with_its_default() -> None:
    """A table row for each key, and no row for a key that does not exist."""
    documented = {
        (section, key): default
        for section, table in re.findall(
            r"^## `\[(\w+)\]`.*?\n(.*?)(?=^## )", _text(), re.MULTILINE | re.DOTALL
        )
        for key, default in re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", table, re.MULTILINE)
    }
    actual = {
        (section, key): msgspec.json.encode(value).decode()
        for section, table in msgspec.to_builtins(Configuration()).items()
        for key, value in table.items()
    }
    assert documented == actual


def _text() -> str:
    return CONFIGURATION.read_text(encoding="utf-8")


def test_every_command_in_the_documents_is_one() -> None:
    """Each is read by the command line's own parser: a renamed option breaks its page."""
    quoted = list(commands())
    read = {f"{each.where}: {each.text}": unread(each) for each in quoted}
    assert {where: fault for where, fault in read.items() if fault} == {}
    assert len(quoted) > 40


def unread(command: Quoted) -> str:
    """Return why the command line refuses a command, or nothing."""
    complaint = io.StringIO()
    with contextlib.redirect_stderr(complaint), contextlib.redirect_stdout(io.StringIO()):
        try:
            said = words(command.text)
            chosen, rest = parser(said).parse_known_args(said)
            if rest and chosen.takes_the_rest:
                evaluation_parser().parse_args(rest)
            elif rest:
                return f"unknown arguments {rest}"
        except SystemExit as ended:
            named = not command.whole and "are required" in complaint.getvalue()
            return complaint.getvalue() if ended.code and not named else ""
    return ""


def test_a_command_that_does_not_exist_is_noticed() -> None:
    """The check above can fail."""
    assert unread(Quoted("", "profiles erase"))
    assert not unread(Quoted("", "profiles erase", whole=False))
    assert unread(Quoted("", "servve", whole=False))
    assert unread(Quoted("", "doctor --jsn"))
    assert not unread(Quoted("", 'profiles erase ACCOUNT --why "asked to be forgotten"'))


OTHER_FILES = frozenset({"passphrases"})
"""Tables of other files in TOML: a list of passphrases."""


def test_every_block_of_settings_is_accepted() -> None:
    """What begins like a table is TOML that the configuration takes, or of another program's."""
    checked = 0
    for page in DOCUMENTS:
        for block in blocks(page):
            if not re.match(r"\[\w+\]\n", block.text):
                continue
            try:
                tables = tomllib.loads(block.text)
            except tomllib.TOMLDecodeError:
                first = block.text.partition("]")[0].strip("[")
                assert first not in Configuration.__struct_fields__, block.where
                continue
            if not tables.keys().isdisjoint(OTHER_FILES):
                continue
            try:
                msgspec.convert(tables, Configuration)
            except msgspec.ValidationError as error:
                pytest.fail(f"{block.where}: {error}")
            checked += 1
    assert checked >= 3


UNDRAWN = re.compile(r"countersign_process_(virtual_memory|start_time|open_fds|max_fds)")
"""Of the process, for who looks for them."""
METRIC = re.compile(r"\bcountersign_[a-z_]+\b")
NO_METRICS = frozenset({"countersign_app", "countersign_worker"})
"""Roles of PostgreSQL, which look alike."""


def test_every_metric_that_is_drawn_or_named_exists() -> None:
    """In the dashboard and on the pages; a renamed metric would draw nothing, and say nothing."""
    exposed = {
        name
        for family in Metrics().registry.collect()
        for name in _exposed(family.name, family.type)
    }
    dashboard = (ROOT / "docs/grafana.json").read_text(encoding="utf-8")
    panels = json.loads(dashboard)["panels"]
    drawn = {name for panel in panels for each in panel["targets"] for name in _named(each["expr"])}
    named = {name for page in DOCUMENTS for name in _named(page.read_text(encoding="utf-8"))}
    assert drawn - exposed == set()
    assert named - exposed - NO_METRICS == set()
    assert len(drawn) >= 10


def test_every_metric_has_a_panel() -> None:
    """What the service counts is drawn: a new metric that nobody sees helps nobody."""
    panels = json.loads((ROOT / "docs/grafana.json").read_text(encoding="utf-8"))["panels"]
    drawn = " ".join(each["expr"] for panel in panels for each in panel["targets"])
    families = [family.name for family in Metrics().registry.collect()]
    unseen = [each for each in families if each not in drawn and not UNDRAWN.match(each)]
    assert unseen == []
    places = [tuple(panel["gridPos"].values()) for panel in panels]
    assert len(set(places)) == len(places) == len({panel["id"] for panel in panels})


def _named(text: str) -> set[str]:
    return set(METRIC.findall(text))


def _exposed(family: str, kind: str) -> set[str]:
    """Return what Prometheus calls the samples of a family."""
    suffixes = {
        "counter": ("_total",),
        "histogram": ("", "_bucket", "_count", "_sum"),
        "info": ("_info",),
    }
    return {family + suffix for suffix in suffixes.get(kind, ("",))}


def test_every_page_that_the_program_names_exists() -> None:
    """An error that says where to read on must not lead nowhere."""
    sources = [*(ROOT / "ivr").rglob("*.py"), *(ROOT / "engine").rglob("*.py")]
    named = {
        page
        for source in sources
        for page in re.findall(r"docs/[\w/-]+\.\w+", source.read_text(encoding="utf-8"))
    }
    assert named
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []
