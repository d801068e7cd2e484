"""What a reader of the documents would type: the commands of their blocks, and of their sentences.

Every block is a shell's unless it begins as one of `OTHER_BLOCKS`: a command that nobody thought of
is found, not left out.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ivr.cli.main import parser
from tests.unit.documents import DOCUMENTS, ROOT, Quoted, blocks, lines_of, words

OTHER_BLOCKS = {
    "settings, of ours or of Asterisk": r"\[[\w-]+\]\n|recogniser = ",
    "settings of nginx": r"server \{",
    "dialplan": r"exten =>| *same =>|#include ",
    "a program's text": r"import ",
    "a request or an answer": r"POST /|\{",
    "a table": r"file,account,",
    "figures": r"on speakers unknown to the fit|10 impostors a day",
    "a drawing": r"(flowchart|stateDiagram|sequenceDiagram)|caller ──>|master key \(a file|engine/",
    "a formula": r"Llr = ",
}
"""Kinds of block that nobody types into a shell, by how they begin."""

PROGRAMS = re.compile(
    r"(\S*/)?(apt-get|adduser|asterisk|countersign|createdb|createuser|curl|docker|install|"
    r"journalctl|openssl|pg_dump|pg_restore|pip|psql|pytest|python3?|su|sudo|systemctl|run) "
)
"""What begins a command in a sentence."""

NO_PAGES = frozenset({"CHANGELOG.md"})
"""History: what was, not what to type."""

COMPOSE = ROOT / "docker-compose.yml"
_INLINE = re.compile(r"`([^`\n]+)`")
_OPTIONAL = re.compile(r" \[[^]]*\]")


@dataclass(frozen=True, slots=True)
class Command:
    """One command, and where it stands: `page:line`."""

    where: str
    text: str


def pages() -> dict[str, Path]:
    """Return the documents by name, the head of the compose file among them."""
    found = [page for page in DOCUMENTS if page.name not in NO_PAGES]
    return {page.name: page for page in [*found, COMPOSE]}


def commands(page: Path) -> list[Command]:
    """Return what is typed on a page, in its order."""
    if page == COMPOSE:
        return list(_of_head(page))
    typed = [each for block in blocks(page) if is_shell(block) for each in _of_block(block)]
    return sorted([*typed, *_of_sentences(page)], key=_line)


def is_shell(block: Quoted) -> bool:
    """Say whether a block is typed into a shell."""
    return not any(re.match(begin, block.text) for begin in OTHER_BLOCKS.values())


def _line(command: Command) -> int:
    return int(command.where.rpartition(":")[2])


def _of_block(block: Quoted) -> Iterator[Command]:
    """Yield its commands; a line that ends in a backslash goes on in the next one."""
    name, _, begin = block.where.rpartition(":")
    whole = ""
    for number, line in enumerate(block.text.splitlines()):
        whole += line
        if line.endswith("\\"):
            whole = whole[:-1]
        elif whole.strip():
            yield Command(f"{name}:{int(begin) + number}", whole.strip())
            whole = ""


def _of_head(page: Path) -> Iterator[Command]:
    """Yield the commands of the comment that the compose file begins with."""
    whole = ""
    for number, line in enumerate(lines_of(page), start=1):
        text = line.removeprefix("#   ")
        if text == line or (not whole and text.split()[0].partition("=")[0].isupper()):
            continue
        whole += text.removesuffix("\\")
        if not text.endswith("\\"):
            yield Command(f"{page.name}:{number}", whole.strip())
            whole = ""


def _of_sentences(page: Path) -> Iterator[Command]:
    """Yield whole commands of the running text that no block has."""
    inside = {line for block in blocks(page) for line in block.text.splitlines()}
    for number, line in enumerate(lines_of(page), start=1):
        if line.strip() in inside:
            continue
        for code in _INLINE.findall(line):
            text = _OPTIONAL.sub("", code)
            if _is_whole(text) and not _stands_in_a_block(text):
                yield Command(f"{page.name}:{number}", _without_dots(text))


def _is_whole(text: str) -> bool:
    """Say whether a piece of a sentence is a command, not the name of one."""
    if (program := PROGRAMS.match(text)) is None:
        return False
    if program[2] != "countersign":
        return True
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            said = words(text)[1:]
            parser(said).parse_known_args(said)
        except SystemExit:
            return False
    return True


def _without_dots(text: str) -> str:
    return shlex.join(words(text)) if ".." in text.split() else text


@cache
def _of_all_blocks() -> tuple[tuple[str, ...], ...]:
    every = (block for page in DOCUMENTS for block in blocks(page) if is_shell(block))
    return tuple(_essence(each.text) for block in every for each in _of_block(block))


def _stands_in_a_block(text: str) -> bool:
    """Say whether a block has this command, or one that begins with it."""
    ours = _essence(text)
    return any(theirs[: len(ours)] == ours for theirs in _of_all_blocks())


def _essence(text: str) -> tuple[str, ...]:
    """Return a command's words without the path of the program and the configuration's."""
    bare = re.sub(r"^\S*/bin/|^sudo -u \S+ ", "", text)
    return tuple(re.sub(r" --config \S+", "", bare).split())
