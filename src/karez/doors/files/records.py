"""Files of records, a row each: what each row becomes, and the rows that were refused."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import attrs

from karez.doors.files.errors import (
    ChoiceUnknownError,
    FieldMissingError,
    HeaderIncompleteError,
    HeaderUnknownError,
)
from karez.doors.files.jsonl import read_jsonl
from karez.doors.files.refusals import Refusal
from karez.doors.files.rows import Fault, Format, Table
from karez.doors.files.shapes import ERROR_PREFIX
from karez.doors.files.tables import format_of
from karez.kernel.errors import KarezError

SEVERAL = ";"
"""Between the values of one field."""

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Layout(Generic[T]):
    """The columns that a file may have, those that it must have, and what a row becomes.

    ``build`` raises a KarezError where it cannot; ``details["field"]`` may name the column.
    """

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    build: Callable[[Mapping[str, str]], T]


@attrs.define
class Chunk(Generic[T]):
    """Records that were read, each with its line, and the rows that were refused."""

    records: list[T] = attrs.field(factory=list["T"])
    lines: list[int] = attrs.field(factory=list[int])
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])
    file: str = ""
    unit: str = "line"

    def refuse(self, place: int, error: KarezError) -> None:
        """Add what became of a record later on."""
        field, value = str(error.details.get("field", "")), str(error.details.get("value", ""))
        line = self.lines[place]
        self.refusals.append(Refusal(self.file, self.unit, line, field, value, error))


@contextmanager
def open_records(path: Path, layout: Layout[T]) -> Generator[Iterator[Chunk[T]]]:
    """Give the chunks of a file while the block runs: CSV, JSON lines, Parquet or XLSX by its name.

    Raises:
        HeaderIncompleteError, HeaderUnknownError: a column is missing, or means nothing here.

    Else raises as ``open_table`` and ``read_jsonl`` do.
    """
    if format_of(path) is Format.JSONL:
        with path.open("rb") as stream:
            yield _chunks(read_jsonl(stream, str(path), lambda _: layout.columns), layout)
        return
    from karez.doors.files.trade.sheets import open_table  # noqa: PLC0415 - Arrow is slow

    with open_table(path, "utf-8") as table:
        check_columns(table, layout.columns, layout.needed)
        yield _chunks(table, layout)


def check_columns(table: Table, columns: Sequence[str], needed: Sequence[str]) -> None:
    """Refuse a table with a column that means nothing, or without one that is needed.

    Raises:
        HeaderUnknownError, HeaderIncompleteError: which, and what is known.
    """
    for name in table.header:
        if name not in columns and not name.startswith(ERROR_PREFIX):
            nearest = difflib.get_close_matches(name, columns, n=1, cutoff=0)[0]
            raise HeaderUnknownError(file=table.file, column=name, nearest=nearest)
    missing = [name for name in needed if name not in table.header]
    if missing:
        raise HeaderIncompleteError(
            file=table.file, missing=", ".join(missing), found=", ".join(table.header),
            wanted=", ".join(columns),
        )  # fmt: skip


def _chunks(table: Table, layout: Layout[T]) -> Iterator[Chunk[T]]:
    for block in table.blocks:
        chunk: Chunk[T] = Chunk(file=table.file, unit=table.unit)
        for place, fields in enumerate(block.rows):
            values = dict.fromkeys(layout.columns, "") | dict(
                zip(table.header, map(str.strip, fields), strict=True)
            )
            fault = block.faults.get(place)
            if fault is None:
                record, fault = _built(layout, values)
                if record is not None:
                    chunk.records.append(record)
                    chunk.lines.append(block.lines[place])
            if fault is not None:
                where = (chunk.file, chunk.unit, block.lines[place], fault.field, fault.value)
                chunk.refusals.append(Refusal(*where, fault.error))
        yield chunk


def _built(layout: Layout[T], values: Mapping[str, str]) -> tuple[T | None, Fault | None]:
    for name in layout.needed:
        if not values[name]:
            return None, Fault(name, "", FieldMissingError(field=name))
    try:
        return layout.build(values), None
    except KarezError as error:
        field = str(error.details.get("field", ""))
        value = values.get(field, str(error.details.get("value", error.details.get("text", ""))))
        return None, Fault(field, value, error)


def several(text: str) -> tuple[str, ...]:
    """Return the values of a field that may hold several."""
    return tuple(part.strip() for part in text.split(SEVERAL) if part.strip())


def choice(text: str, choices: Sequence[str]) -> str:
    """Return a text that is one of the choices.

    Raises:
        ChoiceUnknownError: it is not.
    """
    if text not in choices:
        raise ChoiceUnknownError(value=text, choices=", ".join(choices))
    return text
