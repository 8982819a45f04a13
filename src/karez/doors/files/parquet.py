# pyright: basic
"""A Parquet file as blocks of text fields. Pyarrow has no types."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from karez.doors.files.errors import FileUnreadableError
from karez.doors.files.rows import BLOCK_ROWS, Block, Table, as_csv, checked, refuse_repeated

_EXACT = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_decimal,
    pa.types.is_date32,
    pa.types.is_null,
)
_INEXACT = (pa.types.is_floating, pa.types.is_boolean)


def read_parquet(stream: IO[bytes], file: str, *, inexact: Collection[str] = ()) -> Table:
    """Read a file whose columns are text, whole numbers, decimals or dates.

    Columns that are ``inexact`` by nature, such as probabilities, may be binary fractions or
    flags too.

    Raises:
        FileUnreadableError: it is no Parquet, or has a column of another type, such as a binary
            fraction, which may be off already.
        HeaderRepeatedError: a column is named twice.
    """
    try:
        source = pq.ParquetFile(pa.BufferReader(stream.read()))
    except pa.ArrowInvalid as fault:
        raise FileUnreadableError(file=file, format="Parquet", reason=str(fault)) from fault
    schema = source.schema_arrow
    header = tuple(schema.names)
    refuse_repeated(header, file)
    for column in schema:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        fits = (*_EXACT, *_INEXACT) if column.name in inexact else _EXACT
        if not any(is_one(kind) for is_one in fits):
            reason = f"column {column.name} has type {column.type}: use text, decimal or date"
            raise FileUnreadableError(file=file, format="Parquet", reason=reason)
    return Table(file, "row", header, ",", _blocks(source, header))


def _blocks(source: pq.ParquetFile, header: Sequence[str]) -> Iterator[Block]:
    first = 1
    for batch in source.iter_batches(BLOCK_ROWS):
        columns = [pc.fill_null(pc.cast(column, pa.string()), "").to_pylist() for column in batch]
        rows = [list(row) for row in zip(*columns, strict=True)]
        lines = list(range(first, first + len(rows)))
        yield checked(Block(lines, rows, [as_csv(row) for row in rows]), header)
        first += len(rows)
