"""Rows of this book as the octets of PostgreSQL's binary COPY.

Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import psycopg

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_DAYS_BEFORE = date(2000, 1, 1).toordinal()
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_PIECE_OCTETS = 1 << 15  # small enough that the server begins soon and never waits
_NULL = b"\xff\xff\xff\xff"

COPIES = {
    "entry": b"COPY facts.entry (institution_id, entry_index, leaf)",
    "tile": b"COPY facts.tile (institution_id, level, number, nodes, root)",
    "checkpoint": b"COPY facts.checkpoint (institution_id, size, root, note, recorded_at)",
    "subject": b"COPY facts.subject (institution_id, pseudonym, subject, is_current)",
    "body": (
        b"COPY facts.body (institution_id, entry_index, key, pseudonym, valid_on, schema, salt,"
        b" attested, body)"
    ),
}

_pack_entry = struct.Struct(">hiiiqi").pack
_pack_body = struct.Struct(">hiiiqi32si16siii").pack
_pack_length = struct.Struct(">i").pack


def entry_row(institution_id: int, index: int, leaf: bytes) -> bytes:
    """Return a row of ``facts.entry``."""
    return _pack_entry(3, 4, institution_id, 8, index, len(leaf)) + leaf


def body_row(  # noqa: PLR0913 - the columns of a row
    institution_id: int,
    index: int,
    *,
    key: bytes,
    pseudonym: bytes,
    valid_on: date,
    schema: bytes,
    salt: bytes,
    attested: bytes | None,
    body: bytes,
) -> bytes:
    """Return a row of ``facts.body``."""
    day = valid_on.toordinal() - _DAYS_BEFORE
    head = _pack_body(9, 4, institution_id, 8, index, 32, key, 16, pseudonym, 4, day, len(schema))
    statement = _NULL if attested is None else b"\x00\x00\x00\x20" + attested
    return b"".join(
        (head, schema, b"\x00\x00\x00\x20", salt, statement, _pack_length(len(body)), body)
    )


Value = int | str | bytes | UUID | datetime


def row(*values: Value, widths: str) -> bytes:
    """Return a row of a small table; ``widths`` names each field: h i q integers, s else."""
    pieces = [struct.pack(">h", len(values))]
    for value, width in zip(values, widths, strict=True):
        octets = _octets(value, width)
        pieces += (_pack_length(len(octets)), octets)
    return b"".join(pieces)


def _octets(value: Value, width: str) -> bytes:
    match value:
        case bool():
            return b"\x01" if value else b"\x00"
        case int():
            return struct.pack(f">{width}", value)
        case str():
            return value.encode()
        case UUID():
            return value.bytes
        case datetime():
            return struct.pack(">q", (value - _EPOCH) // timedelta(microseconds=1))
        case _:
            return value


def copy_in(connection: psycopg.Connection, table: str, rows: Iterable[bytes]) -> None:
    """Send rows to a table of this book; the server takes in one piece while the next is made."""
    statement = COPIES[table] + b" FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        pieces, octets = [_HEADER], 0
        for record in rows:
            pieces.append(record)
            octets += len(record)
            if octets > _PIECE_OCTETS:
                copy.write(b"".join(pieces))
                pieces, octets = [], 0
        pieces.append(_TRAILER)
        copy.write(b"".join(pieces))
