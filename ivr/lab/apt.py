"""Debian packages by the machine's own apt, with a state of its own: no root, nothing installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ivr.lab import LabError

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
INHERITED_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Retries", "Acquire::Check")
"""What is kept of the machine's apt settings: proxies, certificates, checks; no hooks."""


class AptError(LabError):
    """apt could not bring the packages; the message says what to do."""


class NoSuchSuiteError(AptError):
    """The mirror does not carry the suite."""


class PrivateApt:
    """apt over one suite of Debian, its lists and archives in a folder of ours."""

    def __init__(self, folder: Path, mirror: str, suite: str) -> None:
        self.suite = suite
        self._mirror = mirror
        self._folder = folder
        self._archives = folder / "archives"
        self._environment = {
            **os.environ,
            "LC_ALL": "C",
            "APT_CONFIG": str(folder / "apt.conf"),
            "DEBIAN_FRONTEND": "noninteractive",
        }
        self._lay_out()

    def update(self) -> None:
        """Fetch the suite's list of packages (about 10 MB); `AptError` where it cannot be had."""
        self._run("apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update")

    def candidate(self, name: str) -> str | None:
        """Return the version the suite has of a package, or None."""
        for line in self._run("apt-cache", "policy", name).splitlines():
            word, _, version = line.strip().partition(": ")
            if word == "Candidate" and version != "(none)":
                return version
        return None

    def download(self, names: Sequence[str]) -> list[Path]:
        """Fetch packages with all that they depend on; return the `.deb` files."""
        install = ("install", "--no-install-recommends", *names)
        self._run("apt-get", "-q", "-y", "--download-only", *install)
        return sorted(self._archives.glob("*.deb"))

    def _lay_out(self) -> None:
        for name in ("lists/partial", "archives/partial", "empty"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        source = f"deb [signed-by={_keyring()}] {self._mirror} {self.suite} main\n"
        (self._folder / "sources.list").write_text(source)
        (self._folder / "apt.conf").write_text("\n".join([*_inherited(), *self._settings(), ""]))

    def _settings(self) -> list[str]:
        """Every path of ours, so that neither the machine's state nor its hooks are touched."""
        folder = self._folder
        return [
            f'Dir::State "{folder}/";',
            f'Dir::State::lists "{folder}/lists/";',
            f'Dir::State::status "{folder}/status";',
            f'Dir::Cache "{folder}/";',
            f'Dir::Cache::archives "{self._archives}/";',
            f'Dir::Etc::main "{folder}/empty/none";',
            f'Dir::Etc::parts "{folder}/empty/";',
            f'Dir::Etc::sourcelist "{folder}/sources.list";',
            f'Dir::Etc::sourceparts "{folder}/empty/";',
            f'Dir::Etc::preferences "{folder}/empty/none";',
            f'Dir::Etc::preferencesparts "{folder}/empty/";',
            'APT::Sandbox::User "";',
            'Acquire::Languages "none";',
            'Debug::NoLocking "true";',
        ]

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment)
        if done.returncode:
            raise self._explain(done.stderr)
        return done.stdout

    def _explain(self, complaint: str) -> AptError:
        """Turn apt's complaint into one that says what to do."""
        for phrases, error, advice in _ADVICE:
            if any(phrase in complaint for phrase in phrases):
                told = advice.format(mirror=self._mirror, suite=self.suite, folder=self._folder)
                return error(told)
        last = [line for line in complaint.splitlines() if line.startswith("E:")][-3:]
        return AptError(f"apt failed on suite {self.suite}: " + " ".join(last or [complaint]))


_ADVICE: tuple[tuple[tuple[str, ...], type[AptError], str], ...] = (
    (
        ("No space left on device", "enough free space"),
        AptError,
        "no space left for Debian packages in {folder}: free some, or set COUNTERSIGN_CACHE",
    ),
    (
        ("NO_PUBKEY", "is not signed", "Missing key", "EXPKEYSIG", "KEYEXPIRED"),
        AptError,
        "the Debian keys on this machine are too old for suite {suite}; as root run: "
        "apt-get update && apt-get install debian-archive-keyring",
    ),
    (
        ("is expired", "is not valid yet"),
        AptError,
        "the lists of suite {suite} at {mirror} are out of date, or this machine's clock is wrong",
    ),
    (
        ("does not have a Release file", "404 "),
        NoSuchSuiteError,
        "the mirror {mirror} has no suite {suite}",
    ),
    (
        ("resolv", "onnect", "nreachable", "imed out", "Proxy", "Could not handshake"),
        AptError,
        "the Debian mirror {mirror} cannot be reached: check the network and apt's proxy setting",
    ),
)


def machine_mirror() -> tuple[str, str]:
    """Return the Debian mirror and suite that the machine's apt uses; `AptError` without one."""
    for tool in ("apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise AptError(f"{tool} is missing: packages can only be fetched on Debian")
    wanted = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    command = ("apt-get", "indextargets", "--no-release-info", "--format", wanted)
    listed = subprocess.run((*command, "Created-By: Packages"), capture_output=True, text=True)
    # A flat repository has no component, and so two words.
    targets = [line.split() for line in listed.stdout.splitlines() if len(line.split()) == 3]
    for uri, suite, component in targets:
        archive = uri.rstrip("/").rpartition("/")[2]
        # Cloud images name a list of mirrors in place of one.
        if component == "main" and archive in ("debian", "debian.list") and "-" not in suite:
            return uri, suite
    raise AptError(
        "apt on this machine knows no Debian mirror (a `deb` source with component main): add one"
    )


def _keyring() -> Path:
    for keyring in KEYRINGS:
        if keyring.is_file():
            return keyring
    raise AptError("Debian's keys are missing; as root run: apt-get install debian-archive-keyring")


def _inherited() -> list[str]:
    dump = subprocess.run(("apt-config", "dump"), capture_output=True, text=True, check=True)
    return [line for line in dump.stdout.splitlines() if line.startswith(INHERITED_SETTINGS)]
