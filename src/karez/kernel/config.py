"""Settings: built-in defaults, then the user's file, then the nearest file, then the environment.

Later ones win, and each value remembers where it came from, so that
``karez config show --origin`` can say why Karez does what it does.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import attrs

from karez.kernel.errors import InvalidInputError

FILE_NAME = "karez.toml"
VARIABLE_PREFIX = "KAREZ_"


class ConfigUnknownError(InvalidInputError):
    """{place} sets {name}, which is no setting: did you mean {nearest}?"""

    code = "config-unknown"


class ConfigUnreadableError(InvalidInputError):
    """{path} cannot be read as TOML: {reason}; correct the file or move it away."""

    code = "config-unreadable"


class ConfigValueError(InvalidInputError):
    """{place} sets {name} to something that is not text: write {name} = "..."."""

    code = "config-value"


_PASSWORD_VALUE = re.compile(
    r"(password\s*=\s*)('(?:[^'\\]|\\.)*(?:'|$)|(?:\\.|[^\s&]|&(?!\w+=))*)",
    re.DOTALL | re.IGNORECASE,
)


def mask_password(address: str | None) -> str:
    """Return a database address, in either form that libpq reads, its passwords as ``***``.

    Where an address is ambiguous it masks too much rather than too little.
    """
    masked = re.sub(r"(//[^/:@]*:).*@", r"\1***@", address or "", flags=re.DOTALL)
    return _PASSWORD_VALUE.sub(r"\1***", masked)


@attrs.frozen
class Config:
    """What this run of Karez goes by.

    ``home`` holds the embedded server's data. ``database_url`` names a PostgreSQL to use in its
    place. ``institution`` is the one whose books are opened. ``postgres_bin`` is a folder with
    the PostgreSQL programs that the embedded server runs, in place of those in the wheel.
    """

    home: Path
    database_url: str | None = attrs.field(repr=mask_password)
    institution: str
    postgres_bin: Path | None
    origins: Mapping[str, str]

    def entries(self) -> list[tuple[str, str, str]]:
        """Return name, value and origin of every setting, fit to be shown: passwords masked."""
        shown = {
            "home": str(self.home),
            "database_url": mask_password(self.database_url) or "(embedded)",
            "institution": self.institution,
            "postgres_bin": str(self.postgres_bin or "(from the wheel)"),
        }
        return [(name, shown[name], self.origins[name]) for name in NAMES]


NAMES = tuple(field.name for field in attrs.fields(Config) if field.name != "origins")
"""The settings, as ``karez.toml`` writes them; ``KAREZ_`` and capitals in the environment."""


@attrs.frozen
class _Found:
    name: str
    text: str
    origin: str
    folder: Path  # that a relative path starts from


def load_config(environ: Mapping[str, str] = os.environ, start: Path | None = None) -> Config:
    """Return the settings for a command that runs in the folder ``start``, by default this one.

    A relative path starts from the folder of its file, or from ``start`` if it stands in the
    environment; ``~/`` is the user's home folder. An empty text is the default.

    Raises:
        ConfigUnknownError: a file or a variable names no setting.
        ConfigUnreadableError: a file is not TOML, not UTF-8, or may not be read.
        ConfigValueError: a file's value is not text.
    """
    start = (start or Path.cwd()).absolute()
    everything = [*_from_files(environ, start), *_from_environment(environ, start)]
    found = {setting.name: setting for setting in everything}  # the last one stays
    texts = {name: setting.text for name, setting in found.items()}
    return Config(
        home=_path(found.get("home"), environ) or data_home(environ),
        database_url=texts.get("database_url") or None,
        institution=texts.get("institution") or "main",
        postgres_bin=_path(found.get("postgres_bin"), environ),
        origins={name: found[name].origin if name in found else "default" for name in NAMES},
    )


def data_home(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder that Karez keeps its data in unless told otherwise.

    The embedded server never runs as root, and could not enter root's own home folder.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/karez")
    if platform == "darwin":
        return _user_home(environ) / "Library" / "Application Support" / "karez"
    return _base_folder(environ, "XDG_DATA_HOME", ".local/share") / "karez"


def _user_home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _base_folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    """Return a folder of the XDG base directory specification, which ignores relative ones."""
    named = Path(environ.get(variable, ""))
    return named if named.is_absolute() else _user_home(environ) / otherwise


def _from_files(environ: Mapping[str, str], start: Path) -> Iterator[_Found]:
    yield from _from_file(_base_folder(environ, "XDG_CONFIG_HOME", ".config") / "karez" / FILE_NAME)
    for folder in (start, *start.parents):
        if _is_file(folder / FILE_NAME):
            yield from _from_file(folder / FILE_NAME)
            return


def _from_file(path: Path) -> Iterator[_Found]:
    if not _is_file(path):
        return
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ConfigUnreadableError(path=str(path), reason=str(fault)) from fault
    for name, value in table.items():
        heading = re.search(rf"""^\s*\[*\s*["']?{re.escape(name)}\b""", text, re.MULTILINE)
        line = text.count("\n", 0, heading.end()) + 1 if heading else 1
        place = f"{path}, line {line}"
        _check_name(place, name, NAMES)
        if not isinstance(value, str):
            raise ConfigValueError(place=place, name=name)
        yield _Found(name, value, place, path.parent)


def _is_file(path: Path) -> bool:
    # Unlike Path.is_file this says no, and raises nothing, below a folder closed to this user.
    return os.path.isfile(path)  # noqa: PTH113


def _from_environment(environ: Mapping[str, str], start: Path) -> Iterator[_Found]:
    variables = {VARIABLE_PREFIX + name.upper(): name for name in NAMES}
    for variable in sorted(environ):
        if variable.startswith(VARIABLE_PREFIX):
            _check_name("the environment", variable, variables)
            origin = f"environment {variable}"
            yield _Found(variables[variable], environ[variable], origin, start)


def _check_name(place: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
        raise ConfigUnknownError(place=place, name=name, nearest=nearest)


def _path(found: _Found | None, environ: Mapping[str, str]) -> Path | None:
    if found is None or not found.text:
        return None
    if found.text == "~" or found.text.startswith("~/"):
        return _user_home(environ) / found.text[2:]
    return found.folder / found.text
