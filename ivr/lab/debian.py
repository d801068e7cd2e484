"""Programs out of Debian packages, unpacked into a cache folder and run from there without root."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.lab import LabError, Say, cache_folder, say_on_stderr
from ivr.lab.apt import AptError, NoSuchSuiteError, PrivateApt, machine_mirror

LATER_SUITES = ("testing", "sid")
"""Where a package is looked for that the machine's own release lacks or has too old."""

_STAMP = "packages.json"
_LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}


@dataclass(frozen=True, slots=True)
class DebianRoot:
    """Unpacked packages with all that they depend on."""

    folder: Path
    """Stands for `/`: programs lie at `folder / "usr/bin/..."`."""
    suite: str
    packages: Mapping[str, str]
    """Name to version, every package unpacked."""

    @classmethod
    def fetch(
        cls,
        names: Sequence[str],
        *,
        at_least: Mapping[str, str] | None = None,
        cache: Path | None = None,
        say: Say = say_on_stderr,
    ) -> DebianRoot:
        """Return the packages' root, fetched from the machine's Debian mirror the first time.

        `at_least` asks for a version (`{"asterisk": "1:22.8"}`). Takes seconds the first time;
        a fetch that fails leaves nothing behind. Raises `AptError` or `LabError`.
        """
        shelf = (cache or cache_folder()) / "debian"
        place = shelf / "+".join(sorted(names))
        if found := cls._open(place, at_least or {}):
            return found
        shelf.mkdir(parents=True, exist_ok=True)
        with _alone(shelf), _disk_full_told(shelf):
            return cls._open(place, at_least or {}) or cls._make(place, names, at_least or {}, say)

    @property
    def libraries(self) -> tuple[Path, ...]:
        """Return the folders that hold shared libraries, Debian's private ones included."""
        triplet = f"{platform.machine()}-linux-gnu"
        tops = [self.folder / "usr/lib" / triplet, self.folder / "lib" / triplet]
        inner = [
            lower
            for top in tops
            if top.is_dir()
            for lower in sorted(top.iterdir())
            if lower.is_dir() and any(lower.glob("lib*.so*"))
        ]
        return tuple(folder for folder in [*tops, *inner] if folder.is_dir())

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command that runs `program` (`usr/bin/flite`) with the root's libraries.

        It goes through the root's own dynamic loader, so the machine's C library does not matter.
        """
        path = self.folder / program.lstrip("/")
        if not path.is_file():
            raise LabError(f"{program} is not in the Debian packages under {self.folder}")
        where = ":".join(str(folder) for folder in self.libraries)
        return [str(self._loader()), "--library-path", where, str(path), *arguments]

    def _loader(self) -> Path:
        name = _LOADERS.get(platform.machine())
        if name is None:
            raise LabError(f"Debian packages run here on {', '.join(_LOADERS)} only")
        for folder in self.libraries:
            if (folder / name).is_file():
                return folder / name
        raise LabError(f"{name} is not in the Debian packages under {self.folder}")

    @classmethod
    def _open(cls, place: Path, at_least: Mapping[str, str]) -> DebianRoot | None:
        """Return what an earlier fetch left, if it is whole and recent enough."""
        try:
            stamp = json.loads((place / _STAMP).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        packages = stamp["packages"]
        if all(name in packages and _reaches(packages[name], v) for name, v in at_least.items()):
            return cls(place / "root", stamp["suite"], packages)
        return None

    @classmethod
    def _make(
        cls, place: Path, names: Sequence[str], at_least: Mapping[str, str], say: Say
    ) -> DebianRoot:
        """Fetch and unpack beside the place, then move it there whole."""
        building = place.with_name(f".building-{place.name}")
        shutil.rmtree(building, ignore_errors=True)
        try:
            suite, packages = _fill(building, names, at_least, say)
            (building / _STAMP).write_text(json.dumps({"suite": suite, "packages": packages}))
            shutil.rmtree(place, ignore_errors=True)
            building.rename(place)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return cls(place / "root", suite, packages)


def _fill(
    building: Path, names: Sequence[str], at_least: Mapping[str, str], say: Say
) -> tuple[str, dict[str, str]]:
    """Download and unpack; return the suite and every package's version."""
    apt = _choose(building / "apt", names, at_least, say)
    say(f"fetching {', '.join(names)} from Debian {apt.suite} into {building.parent}")
    archives = apt.download(names)
    size_mb = sum(archive.stat().st_size for archive in archives) / 1e6
    say(f"unpacking {len(archives)} packages ({size_mb:.0f} MB)")
    _unpack(archives, building / "root")
    packages = dict(_name_and_version(archive) for archive in archives)
    shutil.rmtree(building / "apt")
    return apt.suite, packages


def _choose(
    folder: Path, names: Sequence[str], at_least: Mapping[str, str], say: Say
) -> PrivateApt:
    """Return apt over the first suite that has every package, recent enough."""
    mirror, own = machine_mirror()
    seen = []
    for suite in dict.fromkeys([own, *LATER_SUITES]):
        apt = PrivateApt(folder / suite, mirror, suite)
        say(f"looking for {', '.join(names)} in Debian {suite}")
        try:
            apt.update()
        except NoSuchSuiteError as missing:
            seen.append(str(missing))
            continue
        if not (lacking := list(_lacking(apt, names, at_least))):
            return apt
        seen.append(f"{suite} has {', '.join(lacking)}")
    raise AptError(f"Debian has no {' and '.join(names)} that would do: {'; '.join(seen)}")


def _lacking(apt: PrivateApt, names: Sequence[str], at_least: Mapping[str, str]) -> Iterator[str]:
    for name in names:
        version = apt.candidate(name)
        if version is None:
            yield f"no {name}"
        elif name in at_least and not _reaches(version, at_least[name]):
            yield f"{name} {version}, older than {at_least[name]}"


def _reaches(version: str, least: str) -> bool:
    """Compare as Debian does: epochs, tildes and all."""
    command = ("dpkg", "--compare-versions", version, "ge", least)
    return subprocess.run(command).returncode == 0


def _name_and_version(archive: Path) -> tuple[str, str]:
    """Read `name_version_architecture.deb`; apt writes the epoch's colon as %3a."""
    name, version, _ = archive.name.split("_")
    return name, version.replace("%3a", ":")


def _unpack(archives: Sequence[Path], root: Path) -> None:
    root.mkdir()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        list(workers.map(lambda archive: _unpack_one(archive, root), archives))
    _drop_privileges(root)


def _unpack_one(archive: Path, root: Path) -> None:
    command = ("dpkg-deb", "-x", str(archive), str(root))
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    if "No space left on device" in done.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if done.returncode:
        raise LabError(f"cannot unpack {archive.name}: {done.stderr.strip()}")


def _drop_privileges(root: Path) -> None:
    """Take setuid and setgid bits away: nothing here may run as anyone but the user."""
    for folder, _, files in os.walk(root):
        for name in files:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
                path.chmod(stat.S_IMODE(mode) & ~(stat.S_ISUID | stat.S_ISGID))


@contextmanager
def _alone(shelf: Path) -> Iterator[None]:
    """Let one process fetch at a time; the others find what it brought."""
    with (shelf / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _disk_full_told(shelf: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise LabError(
            f"no space left for Debian packages in {shelf}: free some, or set COUNTERSIGN_CACHE"
        ) from error
