"""What the documents hold, read out of their Markdown: commands, links, blocks of settings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^( *)```")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"^(?:\S*/bin/|\./run )?countersign (?=\S)")
_SHELL_ENDS = frozenset({"|", ">", ">>", "&&", ";", "#"})
_STANDS_FOR = re.compile(r"^(\.\.+|…)$")


@dataclass(frozen=True, slots=True)
class Quoted:
    """Something that a document says, and where: `page:line`."""

    where: str
    text: str
    whole: bool = True
    """Whether it can be typed as it stands; in running text a command may be only named."""


def lines_of(page: Path) -> list[str]:
    """Return a document's lines."""
    return page.read_text(encoding="utf-8").splitlines()


def blocks(page: Path) -> Iterator[Quoted]:
    """Yield the blocks of code: fenced, or indented by four or more after an empty line."""
    block: list[str] = []
    fenced, begin = False, 0
    for number, line in enumerate([*lines_of(page), "end"], start=1):
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced or line.startswith("    ") or (block and not line.strip()):
            begin = begin if block else number
            block.append(line)
            continue
        if any(each.strip() for each in block):
            yield Quoted(f"{page.name}:{begin}", _dedented(block))
        block = []


def commands() -> Iterator[Quoted]:
    """Yield every call of `countersign` in blocks and in inline code, without what the shell does.

    Placeholders stay as they are; optional arguments lose their brackets.
    """
    for page in DOCUMENTS:
        for block in blocks(page):
            for line in block.text.replace("\\\n", " ").splitlines():
                yield from _command(block.where, line.strip())
        for number, line in enumerate(lines_of(page), start=1):
            for code in _INLINE.findall(line):
                yield from _command(f"{page.name}:{number}", code, whole=False)


def _command(where: str, line: str, *, whole: bool = True) -> Iterator[Quoted]:
    match = _COMMAND.match(line)
    if match is not None and not re.search(r"\w \| \w+", line):
        yield Quoted(where, line[match.end() :], whole)


def words(command: str) -> list[str]:
    """Return a command's arguments as a shell would; `[x]` is x, and `..` is left out.

    After an option it stands for the option's value.
    """
    found: list[str] = []
    for word in shlex.split(command.replace("[", "").replace("]", ""), comments=True):
        if word in _SHELL_ENDS or word.startswith(">"):
            break
        if not _STANDS_FOR.match(word):
            found.append(word)
        elif found[-1].startswith("--"):
            found.append("any")
    return found


def links() -> Iterator[tuple[Path, Quoted]]:
    """Yield every link that stays in this repository, with the page that it is on."""
    for page in DOCUMENTS:
        for number, line in enumerate(lines_of(page), start=1):
            for target in _LINK.findall(line):
                if not re.match(r"[a-z]+:", target):
                    yield page, Quoted(f"{page.name}:{number}", target)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = [line.lstrip("#").strip() for line in lines_of(page) if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _dedented(block: list[str]) -> str:
    depth = min(len(line) - len(line.lstrip()) for line in block if line.strip())
    return "\n".join(line[depth:] for line in block).strip("\n")
