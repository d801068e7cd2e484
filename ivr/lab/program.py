"""Finds an Asterisk that is recent enough: the machine's own, else one out of Debian packages."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ivr.lab import LabError, Say, say_on_stderr
from ivr.lab.debian import DebianRoot

DIALPLANS = Path(__file__).resolve().parents[2] / "dialplans"
"""The product's Asterisk configuration."""

FIRST_WITH_MEDIA_SOCKETS = {20: (20, 18), 22: (22, 8), 23: (23, 2)}
"""The first release of each branch whose chan_websocket speaks JSON (its documentation)."""

DEBIAN_AT_LEAST = "1:22.8"

_PROGRAMS = ("/usr/sbin/asterisk", "/usr/local/sbin/asterisk")
_MODULES = (
    "/usr/lib/*/asterisk/modules",
    "/usr/lib*/asterisk/modules",
    "/usr/local/lib/asterisk/modules",
)
_SHARES = ("/usr/share/asterisk", "/var/lib/asterisk", "/usr/local/share/asterisk")


@dataclass(frozen=True, slots=True)
class AsteriskProgram:
    """An Asterisk that can be run, and where its parts lie."""

    command: tuple[str, ...]
    version: str
    """As it says itself, such as `22.10.1`."""
    modules: Path
    share: Path
    """Holds `documentation` and `rest-api`."""


def find(say: Say = say_on_stderr) -> AsteriskProgram:
    """Return the machine's Asterisk if it will do, else Debian's, fetched the first time.

    Says which version was found and what it lacks. Raises `LabError` where there is none.
    """
    paths = (path for path in (shutil.which("asterisk"), *_PROGRAMS) if path)
    if path := next((path for path in paths if Path(path).is_file()), None):
        program = installed(path)
        if not (lacks := shortcomings(program)):
            return program
        say(f"Asterisk {program.version} at {path} will not do: {'; '.join(lacks)}")
    return from_debian(say)


def from_debian(say: Say = say_on_stderr) -> AsteriskProgram:
    """Return the Asterisk of Debian's packages, fetched into the cache the first time."""
    root = DebianRoot.fetch(("asterisk",), at_least={"asterisk": DEBIAN_AT_LEAST}, say=say)
    command = tuple(root.command("usr/sbin/asterisk"))
    modules = next(
        (p / "asterisk/modules" for p in root.libraries if (p / "asterisk").is_dir()), None
    )
    if modules is None:
        raise LabError(f"Debian's asterisk under {root.folder} has no modules")
    return AsteriskProgram(command, _version(command), modules, root.folder / "usr/share/asterisk")


def shortcomings(program: AsteriskProgram) -> list[str]:
    """Return what keeps an Asterisk from running our configuration; empty where it will do."""
    found = []
    if not recent_enough(program.version):
        wanted = ", ".join(".".join(map(str, v)) for v in FIRST_WITH_MEDIA_SOCKETS.values())
        found.append(f"media over a websocket came with {wanted}")
    missing = [name for name in _modules_wanted() if not (program.modules / name).is_file()]
    if missing:
        found.append(f"{program.modules} lacks {', '.join(missing)}")
    if b"READY=1" not in Path(program.command[-1]).read_bytes():
        found.append("it is built without systemd's start notification")
    return found


def recent_enough(version: str) -> bool:
    """Say whether a release has media over a websocket; False for a version that has no number."""
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if not numbers:
        return False
    least = FIRST_WITH_MEDIA_SOCKETS.get(numbers[0])
    return numbers >= least if least else numbers[0] > max(FIRST_WITH_MEDIA_SOCKETS)


def installed(path: str) -> AsteriskProgram:
    """Describe the machine's own Asterisk; its version is empty where it does not run."""
    return AsteriskProgram(
        (path,), _version((path,)), _first(_MODULES, "pbx_config.so"), _first(_SHARES, "rest-api")
    )


def _first(patterns: tuple[str, ...], holding: str) -> Path:
    """Return the first folder of the patterns that holds a name, else the last one named."""
    for pattern in patterns:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            if (folder / holding).exists():
                return folder
    return Path(patterns[-1])


def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run((*command, "-V"), capture_output=True, text=True)
    return done.stdout.removeprefix("Asterisk").strip().partition("+")[0].partition("~")[0]


def _modules_wanted() -> list[str]:
    text = (DIALPLANS / "asterisk/modules.conf").read_text()
    return re.findall(r"^load = (\S+)", text, re.MULTILINE)


def main() -> int:
    """Make sure that there is an Asterisk, and say which; 1 where there is none."""
    try:
        program = find()
    except LabError as lack:
        say_on_stderr(f"no Asterisk: {lack}")
        return 1
    say_on_stderr(f"Asterisk {program.version} at {program.command[-1]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
