"""Folders of documents: what is in one, and where to keep what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from karez.doors.files.errors import FileUnwritableError
from karez.doors.files.trade.errors import DocumentEmptyError


def document_files(paths: Iterable[Path], suffixes: frozenset[str]) -> Iterator[Path]:
    """Yield each file, and of each folder the files below it that end so, in the order of names.

    Raises:
        DocumentEmptyError: a folder has no such file.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes)
        if not found:
            raise DocumentEmptyError(file=path)
        yield from found


def free_name(folder: Path, name: str) -> Path:
    """Return a path in the folder, made if it is not there, that no file has yet.

    Raises:
        FileUnwritableError: there cannot be such a folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise FileUnwritableError(file=folder, reason=fault.strerror) from fault
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path
