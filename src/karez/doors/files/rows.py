"""A file as blocks of text fields. What is wrong with a row stands beside it, by its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain
from typing import IO

import attrs

from karez.doors.files.errors import (
    ColumnCountError,
    FileEmptyError,
    HeaderIncompleteError,
    HeaderRepeatedError,
    NulCharacterError,
    QuoteError,
    TextEncodingError,
)
from karez.kernel.errors import KarezError

BLOCK_ROWS = 8_192
_SURROGATE = re.compile("[\ud800-\udfff]")
_SEPARATORS = ",;\t"


class Format(StrEnum):
    """How the rows of a file are written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


@attrs.frozen
class Fault:
    """What is wrong in a row: the column, its value as it stands, the error."""

    field: str
    value: str
    error: KarezError


@attrs.define
class Block:
    """Rows in order: line numbers, a field for each column of the header, the text as it stood."""

    lines: list[int] = attrs.field(factory=list[int])
    rows: list[list[str]] = attrs.field(factory=list["list[str]"])
    texts: list[str] = attrs.field(factory=list[str])
    faults: dict[int, Fault] = attrs.field(factory=dict[int, Fault])

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, line: int, row: list[str], text: str, fault: Fault | None = None) -> None:
        """Add one row; one with a fault has at least what could be read of it."""
        if fault is not None:
            self.faults[len(self.rows)] = fault
        self.lines.append(line)
        self.rows.append(row)
        self.texts.append(text)

    def column(self, place: int) -> list[str]:
        """Return one column."""
        return [row[place] for row in self.rows]

    def part(self, start: int, end: int) -> Block:
        """Return the rows from ``start`` to before ``end``."""
        here = {row - start: fault for row, fault in self.faults.items() if start <= row < end}
        return Block(self.lines[start:end], self.rows[start:end], self.texts[start:end], here)

    def extend(self, other: Block) -> None:
        """Add the rows of another block."""
        self.faults.update({len(self) + row: fault for row, fault in other.faults.items()})
        self.lines += other.lines
        self.rows += other.rows
        self.texts += other.texts


@attrs.frozen
class Table:
    """A file being read: the columns it has, and its rows. ``separator`` is that of its texts."""

    file: str
    unit: str  # what lines are called: a line of text, or a row of Parquet
    header: tuple[str, ...]
    separator: str
    blocks: Iterator[Block]


def read_csv(stream: IO[bytes], file: str) -> Table:
    """Read a file of UTF-8 as ``read_csv_text`` does.

    Raises as ``read_csv_text`` does.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    table = read_csv_text(text, file)
    return attrs.evolve(table, blocks=leaving_open(table.blocks, text))


def leaving_open(blocks: Iterator[Block], text: io.TextIOWrapper) -> Iterator[Block]:
    """Give the blocks; the stream below the text stays that of whoever opened it."""
    yield from blocks
    text.detach()


def read_csv_text(text: IO[str], file: str) -> Table:
    """Read a file with a header. The separator is the one of ``, ; tab`` that the header uses.

    ``text`` gives lines with their ends, and octets that are no text as surrogates.

    Raises:
        FileEmptyError: there is no header.
        HeaderRepeatedError: a column is named twice.
        TextEncodingError: the header is not text in its encoding.
    """
    lines = _Lines(iter(text))
    first = next(lines, None)
    if first is None or not first.strip():
        raise FileEmptyError(file=file)
    fault = text_fault("header", first)
    if fault is not None:
        raise fault.error
    separator = max(_SEPARATORS, key=first.count)
    header = tuple(name.strip() for name in next(csv.reader([first], delimiter=separator)))
    refuse_repeated(header, file)
    return Table(file, "line", header, separator, _csv_blocks(lines, header, separator))


def refuse_repeated(header: Sequence[str], file: str) -> None:
    """Refuse a header that names a column twice."""
    for place, name in enumerate(header):
        if name in header[:place]:
            raise HeaderRepeatedError(file=file, column=name)


def refuse_incomplete(
    header: Sequence[str], file: str, needed: Sequence[str], wanted: str | None = None
) -> None:
    """Refuse a header without all these columns; ``wanted`` says so if a list of them does not."""
    missing = [name for name in needed if name not in header]
    if missing:
        raise HeaderIncompleteError(
            file=file,
            missing=" and no ".join(missing),
            found=", ".join(header),
            wanted=", ".join(needed) if wanted is None else wanted,
        )


def text_fault(field: str, value: str) -> Fault | None:
    """Return what no text may hold, if this one does: octets that are not UTF-8, or NUL."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return Fault(field, shown(value), TextEncodingError(value=f"'{shown(value)}'"))
    if "\x00" in value:
        return Fault(field, value, NulCharacterError(value=repr(value)))
    return None


@attrs.define
class _Lines:
    """Lines as an editor counts them. Those taken since the last mark can be given back."""

    source: Iterator[str]
    number: int = 0
    taken: list[str] = attrs.field(factory=list[str])
    given_back: list[str] = attrs.field(factory=list[str])  # the next one last

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.given_back.pop() if self.given_back else next(self.source)
        self.taken.append(line)
        return line

    def mark(self) -> None:
        """Begin a new row here."""
        self.number += len(self.taken)
        self.taken = []

    def give_back_but_first(self) -> None:
        """Let all lines of this row but the first be read again."""
        self.given_back += reversed(self.taken[1:])
        self.taken = self.taken[:1]


def _csv_blocks(lines: _Lines, header: Sequence[str], separator: str) -> Iterator[Block]:
    width = len(header)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    block = Block()
    while True:
        lines.mark()
        fault: Fault | None = None
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            row = []
            fault = Fault("", "", QuoteError(reason=str(error)))
        if row and len(row) != width:
            fault = Fault("", "", ColumnCountError(found=len(row), wanted=width))
        if fault is not None:
            if len(lines.taken) > 1:
                # A quote that nobody closed swallowed lines that may be good.
                lines.give_back_but_first()
                fault = Fault("", "", QuoteError(reason="a quote is not closed on its line"))
            reader = csv.reader(lines, delimiter=separator, strict=True)
            text = lines.taken[0]
            row = [part.strip('"\r\n') for part in text.split(separator)]
            row = (row + [""] * width)[:width]
            fault = attrs.evolve(fault, value=shown(text))
        if row:
            block.add(lines.number + 1, row, "".join(lines.taken), fault)
        if len(block) == BLOCK_ROWS:
            yield checked(block, header)
            block = Block()
    yield checked(block, header)


def shown(text: str) -> str:
    """Return a text so that it can be shown and written: what is not Unicode in hexadecimal."""
    return _SURROGATE.sub(_hexadecimal, text.rstrip("\r\n"))


def _hexadecimal(match: re.Match[str]) -> str:
    number = ord(match[0])
    # How Python keeps an octet that is not UTF-8, and what a JSON text can say.
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"


def checked(block: Block, header: Sequence[str]) -> Block:
    """Mark the rows that hold what no text may."""
    if text_fault("", "".join(chain.from_iterable(block.rows))) is not None:
        for row, fields in enumerate(block.rows):
            for name, value in zip(header, fields, strict=True):
                fault = text_fault(name, value)
                if fault is not None:
                    block.faults.setdefault(row, fault)
    return block


def as_csv(fields: Sequence[str], separator: str = ",") -> str:
    """Return one row as a line of CSV, without its end."""
    line = io.StringIO()
    # The writer quotes a field that holds a character of the line's end, and must know both.
    csv.writer(line, delimiter=separator, lineterminator="\r\n").writerow(fields)
    return line.getvalue().removesuffix("\r\n")
