# pyright: basic
"""Tables of documents: CSV, Parquet and XLSX as blocks of text. Pyarrow and openpyxl have no types.

A number that a file keeps as a binary fraction is read as the shortest decimal that is that
fraction (``9401.71``, and not the 9401.7099999999991 that it is nearest to): what was written.
"""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from karez.doors.files.errors import FileEmptyError, FileUnreadableError
from karez.doors.files.rows import BLOCK_ROWS, Block, Table, checked, read_csv_text, refuse_repeated
from karez.doors.files.trade.errors import SheetTooLargeError

SHEET_MOST_OCTETS = 1 << 30
"""What an XLSX file may unpack to: its texts are kept in memory while it is read."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def open_table(path: Path, encoding: str) -> Generator[Table]:
    """Give the table in a file while the block runs; of its name decides ``.parquet``, ``.xlsx``.

    Raises:
        FileUnreadableError: it is not what its name says, or cannot be opened.
        SheetTooLargeError: it would fill the memory.

    Else raises as ``read_csv_text`` does.
    """
    reader: Callable[[Path], Table] | None = {
        ".parquet": _read_parquet,
        ".xlsx": _read_xlsx,
    }.get(path.suffix.lower())
    if reader is not None:
        yield reader(path)
        return
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), encoding)
        text = path.open(encoding=marked, errors="surrogateescape", newline="")
    except OSError as fault:
        raise FileUnreadableError(file=path, format="a file", reason=fault.strerror) from fault
    with text:
        yield read_csv_text(text, str(path))


def _read_parquet(path: Path) -> Table:
    try:
        source = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as fault:
        raise FileUnreadableError(file=path, format="Parquet", reason=fault) from fault
    header = tuple(source.schema_arrow.names)
    refuse_repeated(header, str(path))
    return Table(str(path), "row", header, ",", _parquet_blocks(source, path, header))


def _parquet_blocks(source: pq.ParquetFile, path: Path, header: Sequence[str]) -> Iterator[Block]:
    first = 1
    try:
        for batch in source.iter_batches(BLOCK_ROWS):
            rows = [list(row) for row in zip(*map(_texts, batch.columns), strict=True)]
            lines = list(range(first, first + len(rows)))
            yield checked(Block(lines, rows, [""] * len(rows)), header)
            first += len(rows)
    except (pa.ArrowException, OSError) as fault:
        raise FileUnreadableError(file=path, format="Parquet", reason=fault) from fault


def _texts(column: pa.Array) -> list[str]:
    kind = column.type
    if pa.types.is_floating(kind):
        return [_text(value) for value in column.to_pylist()]
    return pc.fill_null(pc.cast(column, pa.string()), "").to_pylist()


def _text(value: object) -> str:
    """Return a cell as text: dates as 2026-01-31, fractions in the fewest digits."""
    match value:
        case None:
            return ""
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == value.min.time() else str(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _read_xlsx(path: Path) -> Table:
    import openpyxl  # noqa: PLC0415 - slow, and only for this format

    try:
        with zipfile.ZipFile(path) as archive:
            octets = sum(part.file_size for part in archive.infolist())
        if octets > SHEET_MOST_OCTETS:
            raise SheetTooLargeError(file=path, octets=octets, most=SHEET_MOST_OCTETS)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = next(rows, ())
    except (zipfile.BadZipFile, OSError, KeyError, IndexError, ValueError, SyntaxError) as fault:
        raise FileUnreadableError(file=path, format="XLSX", reason=fault) from fault
    names = [_text(cell).strip() for cell in head]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise FileEmptyError(file=path)
    header = tuple(names)
    refuse_repeated(header, str(path))
    return Table(str(path), "row", header, ",", _sheet_blocks(rows, header))


def _sheet_blocks(rows: Iterable[Sequence[object]], header: Sequence[str]) -> Iterator[Block]:
    block = Block()
    for number, cells in enumerate(rows, start=2):  # as the sheet numbers them
        row = [_text(cell) for cell in chain(cells[: len(header)], [None] * len(header))]
        row = row[: len(header)]
        if any(row):
            block.add(number, row, "")
        if len(block) == BLOCK_ROWS:
            yield checked(block, header)
            block = Block()
    yield checked(block, header)
