"""Finds a Chromium for the tests of the desk's page; installs Debian's where it may."""

from __future__ import annotations

import os
import shutil
import subprocess

from ivr.lab import LabError, Say, say_on_stderr

NAMES = ("chromium", "chromium-browser", "google-chrome")

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It shows pages of this machine alone, and asks nobody else for anything."""


def find() -> str:
    """Return the path of a Chromium; `LabError` where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise LabError("no Chromium is installed; on Debian: apt-get install chromium")


def install(say: Say = say_on_stderr) -> str:
    """Return the path of a Chromium, installed by apt where there is none.

    `LabError` where that cannot be: without root or apt, or where apt fails.
    """
    try:
        return find()
    except LabError:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise
    say("installing chromium by apt")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
        done = subprocess.run(
            ("apt-get", "-qq", *command), capture_output=True, text=True, env=environment
        )
        if done.returncode:
            raise LabError(f"apt-get {command[0]} failed: {done.stderr.strip()[-300:]}")
    return find()


def main() -> int:
    """Make sure that there is a Chromium, and say which; 0 also where not: its tests say so."""
    try:
        say_on_stderr(f"Chromium at {install()}")
    except LabError as lack:
        say_on_stderr(f"no Chromium, so the desk's page is not tested: {lack}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
