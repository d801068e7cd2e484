"""The report of a batch: a row a file, for people's spreadsheets and for programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ivr.config import ConfigurationError
from ivr.domain.batch import BatchLine

COLUMNS = (
    "file",
    "account",
    "result",
    "reason",
    "recording",
    "llr",
    "confidence",
    "id",
    "ended_at",
)
Row = dict[str, str | float | int | None]


def rows_of(line: BatchLine) -> list[Row]:
    """Return a row for each file of an item; what is not known is None."""
    remarks: Sequence[str | None] = line.remarks or [None] * len(line.files)
    return [
        {
            "file": file,
            "account": line.account,
            "result": line.result,
            "reason": line.reason,
            "recording": remark,
            "llr": line.llr,
            "confidence": line.confidence,
            "id": str(line.id),
            "ended_at": None if line.ended_at is None else line.ended_at.isoformat(),
        }
        for file, remark in zip(line.files, remarks, strict=True)
    ]


def write_csv(rows: Sequence[Row], out: IO[str]) -> None:
    """Write the rows under a heading."""
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def write_json(rows: Sequence[Row], out: IO[str]) -> None:
    """Write the rows as one JSON array."""
    json.dump(rows, out, indent=2, ensure_ascii=False)
    out.write("\n")


def write_to(path: Path, rows: Sequence[Row]) -> None:
    """Write JSON to a file called so, else CSV; `ConfigurationError` where it cannot be written."""
    write = write_json if path.suffix.lower() == ".json" else write_csv
    try:
        with path.open("w", encoding="utf-8", newline="") as out:
            write(rows, out)
    except OSError as error:
        raise ConfigurationError("--report", str(path), f"cannot be written: {error}") from error
