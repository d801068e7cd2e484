"""What a run leaves behind for people: a log of JSON lines, and a picture of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """`log.jsonl` and `progress.png` in the folder of a run.

    An entry of kind `step` has `step`, `seconds`, `spent`, `loss`, `margin_loss`, `contrast`,
    `right`, `rate`, `margin`, `crops_per_s`; one of kind `score` has `step`, `seconds`, `spent` and
    `eer`, by name of the trials.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log.jsonl"
        self._picture = folder / "progress.png"

    def rewind(self, step: int) -> None:
        """Forget what was written after a step: a run goes on from a checkpoint of that step."""
        kept = [entry for entry in self.entries() if entry.get("step", 0) <= step]
        self._log.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")

    def write(self, **entry: Any) -> None:
        """Append one entry."""
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")

    def entries(self) -> list[Entry]:
        """Everything written so far; a line cut short by a crash is left out."""
        if not self._log.exists():
            return []
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def draw(self) -> None:
        """Draw loss and equal error rates over the minutes of the run."""
        from matplotlib.figure import Figure  # slow to import, and wanted only here

        entries = self.entries()
        figure = Figure(figsize=(9, 7), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        _lines(
            above, [e for e in entries if e["kind"] == "step"], ("loss", "margin_loss", "contrast")
        )
        above.set_ylabel("loss")
        scores = [e | _percent(e["eer"]) for e in entries if e["kind"] == "score"]
        _lines(below, scores, tuple(scores[0]["eer"]) if scores else (), marker="o")
        below.set(xlabel="minutes", ylabel="equal error rate in %", ylim=(0, None))
        figure.savefig(self._picture, dpi=110)


def _percent(eers: dict[str, float]) -> dict[str, float]:
    return {name: 100 * value for name, value in eers.items()}


def _lines(axes: Any, entries: list[Entry], names: tuple[str, ...], marker: str = "") -> None:
    minutes = [entry["seconds"] / 60 for entry in entries]
    for name in names:
        axes.plot(minutes, [entry[name] for entry in entries], marker=marker, label=name)
    axes.grid(visible=True, alpha=0.3)
    if names and entries:
        axes.legend()
