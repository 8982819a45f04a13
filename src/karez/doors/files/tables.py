"""Opening a file of rows by its format."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from karez.doors.files.jsonl import read_jsonl
from karez.doors.files.rows import Format, Table, read_csv
from karez.doors.files.shapes import columns_for

_FORMAT_OF = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".parquet": Format.PARQUET,
}


def format_of(path: Path) -> Format:
    """Return the format that a file's name says; CSV where it says none."""
    return _FORMAT_OF.get(path.suffix.lower(), Format.CSV)


def read_table(stream: IO[bytes], file: str, form: Format) -> Table:
    """Begin to read a file of postings; ``file`` is what errors call it.

    Raises as ``read_csv``, ``read_jsonl`` and ``read_parquet`` do.
    """
    match form:
        case Format.CSV:
            return read_csv(stream, file)
        case Format.JSONL:
            return read_jsonl(stream, file, columns_for)
        case Format.PARQUET:
            from karez.doors.files.parquet import read_parquet  # noqa: PLC0415 - Arrow is slow

            return read_parquet(stream, file)
