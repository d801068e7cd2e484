"""The page's own files, read once: there is nothing on it that does not lie here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "page"

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Shelved:
    """A file and what it is."""

    octets: bytes
    kind: str


def shelf(folder: Path = FOLDER) -> Mapping[str, Shelved]:
    """Return every file of the page by its name, such as `words/de.json`."""
    return {
        path.relative_to(folder).as_posix(): Shelved(path.read_bytes(), KINDS[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.suffix in KINDS
    }


def languages(files: Mapping[str, Shelved]) -> tuple[str, ...]:
    """Return the languages that the page can speak: each is a file of words."""
    return tuple(
        name.removeprefix("words/").removesuffix(".json")
        for name in files
        if name.startswith("words/")
    )
