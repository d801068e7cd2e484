"""The migrations in sql/migrations: their numbers, names and SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ivr.storage.queries import SQL_FOLDER, QueryFileError

_FILE = re.compile(r"(\d{4})_[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: its number from 1, its file's name without ending, its SQL."""

    version: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """Return every migration in order; `QueryFileError` if numbers are missing or doubled."""
    return read_migrations(SQL_FOLDER / "migrations")


def newest_migration() -> int:
    """Return the schema version that this program needs."""
    return migrations()[-1].version


def read_migrations(folder: Path) -> tuple[Migration, ...]:
    """Read `NNNN_name.sql` of a folder, numbered from 0001 without a gap; else `QueryFileError`."""
    found = tuple(_migration(file) for file in sorted(folder.glob("*.sql")))
    if not found:
        raise QueryFileError(f"no migrations in {folder}: the installation is incomplete")
    for expected, migration in enumerate(found, start=1):
        if migration.version != expected:
            raise QueryFileError(f"{folder}: {migration.name} stands where {expected:04d} should")
    return found


def _migration(file: Path) -> Migration:
    match = _FILE.fullmatch(file.stem)
    if match is None:
        raise QueryFileError(f"{file.name} is no migration; names are like 0002_lockout.sql")
    return Migration(int(match[1]), file.stem, file.read_text(encoding="utf-8"))
