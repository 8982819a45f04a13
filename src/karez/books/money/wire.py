"""Rows as bytes: PostgreSQL's binary COPY format, built and read by numpy.

The bytes that a batch sends are the bytes that PostgreSQL sends back for the same rows, so one
form serves three ends: writing, the digest of a batch, and checking it (``verify``).
Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString, Protocol, cast
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus

from karez.kernel.errors import ensure


class Digest(Protocol):
    """A SHA-256 under way (``hashlib`` names no public type for it)."""

    def update(self, octets: bytes, /) -> None:
        """Take these octets in."""

    def digest(self) -> bytes:
        """Return the digest of all octets so far."""
        ...


HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

# PostgreSQL counts days and microseconds from 2000-01-01.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

Rows = npt.NDArray[np.void]
"""Transfers as records of dtype ``TRANSFER``."""

# Fields in the order of the table's columns. Days and microseconds count from 2000-01-01. A row
# without target has target_line -1; asked_minor and expires_at are 0 where the column is null.
TRANSFER: np.dtype[np.void] = np.dtype(
    [
        ("recorded_at", "i8"),
        ("debit_account", "i8"),
        ("credit_account", "i8"),
        ("amount_minor", "i8"),
        ("hold_minor", "i8"),
        ("checksum", "i8"),
        ("entry_id", "V16"),
        ("institution_id", "i4"),
        ("line", "i4"),
        ("position", "i4"),
        ("valid_on", "i4"),
        ("kind", "i2"),
        ("phase", "i2"),
        ("balancing", "i2"),
        ("target_entry_id", "V16"),
        ("target_line", "i4"),
        ("asked_minor", "i8"),
        ("expires_at", "i8"),
    ]
)
TRANSFER_COLUMNS: tuple[str, ...] = TRANSFER.names or ()
_NULLABLE = ("target_entry_id", "target_line", "asked_minor", "expires_at")
_CHECKED_WORDS = (  # every column but the checksum itself
    "recorded_at", "debit_account", "credit_account", "amount_minor", "hold_minor",
    "institution_id", "line", "position", "valid_on", "kind", "phase", "balancing",
    "target_line", "asked_minor", "expires_at",
)  # fmt: skip


def days_2000(day: date) -> int:
    """Return ``day`` as PostgreSQL counts days."""
    return day.toordinal() - _EPOCH.toordinal()


def date_of(days: int) -> date:
    """Return the date of a PostgreSQL day count."""
    return date.fromordinal(_EPOCH.toordinal() + days)


def micros_2000(instant: datetime) -> int:
    """Return ``instant`` as PostgreSQL counts microseconds."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(micros: int) -> datetime:
    """Return the instant of a PostgreSQL microsecond count, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def _record_type(pattern: int) -> np.dtype[np.void]:
    """Return the wire layout of rows with these optional columns (bits as in ``_patterns``)."""
    present = dict(zip(_NULLABLE, (1, 2, 4, 8), strict=True))
    fields: list[tuple[str, str]] = [("field_count", ">i2")]
    for name in TRANSFER_COLUMNS:
        fields.append((f"{name}:length", ">i4"))
        if name not in _NULLABLE or pattern & present[name]:
            kind = TRANSFER[name]
            fields.append((name, "V16" if kind.itemsize == 16 else kind.newbyteorder(">").str))
    return np.dtype(fields)


_RECORD_TYPES: list[np.dtype[np.void]] = [_record_type(pattern) for pattern in range(16)]
_PLAIN = _RECORD_TYPES[0]
_PIECE_ROWS = 500  # small enough that the server begins soon and never waits
_PREFIX_LENGTH = _PLAIN.itemsize - 4 * len(_NULLABLE)


def _patterns(rows: Rows) -> npt.NDArray[np.int64]:
    has_target = rows["target_line"] >= 0
    return has_target * 3 + (rows["asked_minor"] != 0) * 4 + (rows["expires_at"] != 0) * 8


def _pack_alike(rows: Rows, pattern: int) -> bytes:
    layout = _RECORD_TYPES[pattern]
    records = np.empty(len(rows), dtype=layout)
    records["field_count"] = len(TRANSFER_COLUMNS)
    names = layout.names or ()
    for name in TRANSFER_COLUMNS:
        if name in names:
            records[f"{name}:length"] = TRANSFER[name].itemsize
            records[name] = rows[name]
        else:
            records[f"{name}:length"] = -1
    return records.tobytes()


def pack_transfers(rows: Rows) -> Iterator[bytes]:
    """Yield the rows as binary COPY tuples, in the order given, without header and trailer.

    Their checksums are filled in on the way: the server takes in one piece meanwhile.
    """
    for start in range(0, len(rows), _PIECE_ROWS):
        piece = rows[start : start + _PIECE_ROWS]
        piece["checksum"] = checksums(piece)
        patterns = _patterns(piece)
        yield _pack_mixed(piece, patterns) if patterns.any() else _pack_alike(piece, 0)


def _pack_mixed(rows: Rows, patterns: npt.NDArray[np.int64]) -> bytes:
    pieces: list[bytes] = [b""] * len(rows)
    for pattern, layout in enumerate(_RECORD_TYPES):
        places = np.flatnonzero(patterns == pattern)
        size = layout.itemsize
        packed = _pack_alike(rows[places], pattern)
        for rank, place in enumerate(places.tolist()):
            pieces[place] = packed[rank * size : (rank + 1) * size]
    return b"".join(pieces)


def unpack_transfers(stream: bytes) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Return the rows of a tuple stream and the offset at which each begins, the end included."""
    offsets, patterns = _row_offsets(stream)
    rows = np.zeros(len(patterns), dtype=TRANSFER)
    rows["target_line"] = -1
    octets = np.frombuffer(stream, dtype=np.uint8)
    for pattern, layout in enumerate(_RECORD_TYPES):
        places = np.flatnonzero(patterns == pattern)
        if not len(places):
            continue
        if len(places) == len(patterns):
            records = np.frombuffer(stream, dtype=layout)
        else:
            wanted = offsets[places][:, None] + np.arange(layout.itemsize)
            records = octets[wanted].view(layout).ravel()
        ensure((records["field_count"] == len(TRANSFER_COLUMNS)).all(), "a transfer has 18 columns")
        for name in layout.names or ():
            if name in TRANSFER_COLUMNS:
                rows[name][places] = records[name]
    return rows, offsets


def _row_offsets(stream: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    size = len(stream)
    if size % _PLAIN.itemsize == 0:
        records = np.frombuffer(stream, dtype=_PLAIN)
        if (
            all((records[f"{name}:length"] == -1).all() for name in _NULLABLE)
            and (records["field_count"] == len(TRANSFER_COLUMNS)).all()
        ):
            return np.arange(len(records) + 1) * _PLAIN.itemsize, np.zeros(len(records), np.int64)
    offsets = [0]
    patterns: list[int] = []
    read_length = struct.Struct(">i").unpack_from
    start = 0
    while start < size:
        at = start + _PREFIX_LENGTH
        pattern = 0
        for bit in (1, 2, 4, 8):  # the columns of _NULLABLE
            length = read_length(stream, at)[0]
            at += 4
            if length >= 0:
                at += length
                pattern |= bit
        patterns.append(pattern)
        offsets.append(at)
        start = at
    return np.array(offsets, np.int64), np.array(patterns, np.int64)


def checksums(rows: Rows) -> npt.NDArray[np.int64]:
    """Return for each row a 64-bit mix of all its other columns (multiply and shift, a word each).

    It is no secret and proves nothing alone; the batch digest does. It names the damaged row.
    """
    factor = np.uint64(0x9E3779B97F4A7C15)
    shift = np.uint64(29)
    mixed = np.full(len(rows), 0x243F6A8885A308D3, dtype=np.uint64)
    words = [rows[name].astype(np.int64).view(np.uint64) for name in _CHECKED_WORDS]
    for name in ("entry_id", "target_entry_id"):
        halves = np.ascontiguousarray(rows[name]).view("<u8").reshape(-1, 2)
        words += [halves[:, 0], halves[:, 1]]
    for word in words:
        mixed ^= word
        mixed *= factor
        mixed ^= mixed >> shift
    return mixed.view(np.int64)


def encode_row(values: Sequence[Any]) -> bytes:  # any type that a column of ours can hold
    """Return one binary COPY tuple.

    An int must come as ``Int2``, ``Int4`` or ``Int8``: the width is the column's.
    """
    return struct.pack(">h", len(values)) + b"".join(_encode_field(value) for value in values)


class Int2(int):
    """A value of a smallint column."""


class Int4(int):
    """A value of an integer column."""


class Int8(int):
    """A value of a bigint column."""


def _encode_field(value: Any) -> bytes:
    octets = _octets(value)
    return struct.pack(">i", -1) if octets is None else struct.pack(">i", len(octets)) + octets


def _octets(value: Any) -> bytes | None:
    match value:
        case None:
            octets = None
        case bool() | Int2() | Int4() | Int8():
            octets = struct.pack(_FORMATS[type(value)], value)
        case str():
            octets = value.encode()
        case UUID():
            octets = value.bytes
        case datetime():
            octets = struct.pack(">q", micros_2000(value))
        case date():
            octets = struct.pack(">i", days_2000(value))
        case _:
            raise TypeError(f"no binary form for {type(value).__name__}")
    return octets


_FORMATS: Mapping[type, str] = {bool: ">?", Int2: ">h", Int4: ">i", Int8: ">q"}


def checked_row(values: Sequence[Any]) -> bytes:
    """Return the tuple of a row of a small table, with its checksum as the last field.

    The checksum is the first 8 bytes of the SHA-256 of the tuple without it.
    """
    fields = b"".join(_encode_field(value) for value in values)
    checksum = hashlib.sha256(struct.pack(">h", len(values)) + fields).digest()[:8]
    return struct.pack(">h", len(values) + 1) + fields + struct.pack(">i", 8) + checksum


def begin_digest(previous: bytes, number: int, recorded_at: int) -> Digest:
    """Begin the digest of a batch: SHA-256 over the digest before it, its number and its instant
    (microseconds since 2000); the tuples of its rows follow, table by table.
    """  # noqa: D205 - one sentence.
    digest = hashlib.sha256(previous)
    digest.update(struct.pack(">qq", number, recorded_at))
    return digest


def seen_by(digest: Digest, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces on; once all are taken the digest has seen them."""
    for piece in pieces:
        yield piece
        digest.update(piece)


def pack_records(records: npt.NDArray[np.void]) -> bytes:
    """Return records whose fields are all present as binary COPY tuples."""
    packed = np.empty(len(records), dtype=_full_layout(records.dtype))
    packed["field_count"] = len(records.dtype.names or ())
    for name in records.dtype.names or ():
        packed[f"{name}:length"] = records.dtype[name].itemsize
        packed[name] = records[name]
    return packed.tobytes()


def read_copy(connection: psycopg.Connection, query: str, values: Sequence[Any]) -> bytes:
    """Return the tuples of a binary COPY TO STDOUT, without header and trailer.

    ``Cursor.copy`` passes each row through several generators; a million rows are read in a
    third of the time from libpq itself.
    """
    composed = sql.SQL(cast("LiteralString", query)).format(*map(sql.Literal, values))
    libpq = connection.pgconn
    started = libpq.exec_(composed.as_bytes(connection))
    if started.status != ExecStatus.COPY_OUT:
        raise psycopg.errors.error_from_result(started, connection.info.encoding)
    pieces: list[bytes | memoryview] = []
    while True:
        length, piece = libpq.get_copy_data(0)
        if length < 0:
            break
        pieces.append(piece)
    while (result := libpq.get_result()) is not None:
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result, connection.info.encoding)
    stream = b"".join(pieces)
    ensure(stream.startswith(HEADER) and stream.endswith(TRAILER), "a binary COPY is framed")
    return stream[len(HEADER) : -len(TRAILER)]


def _full_layout(layout: np.dtype[np.void]) -> np.dtype[np.void]:
    fields: list[tuple[str, str]] = [("field_count", ">i2")]
    for name in layout.names or ():
        kind = layout[name]
        fields.append((f"{name}:length", ">i4"))
        fields.append((name, "V16" if kind.itemsize == 16 else kind.newbyteorder(">").str))
    return np.dtype(fields)


@attrs.frozen
class SmallRecord:
    """A row of a small table as it came: its octets and its fields, the last three by name."""

    octets: bytes
    fields: tuple[bytes | None, ...]

    @property
    def recorded_at(self) -> int:
        """The instant of its batch, in microseconds since 2000."""
        return self.integer(-3)

    @property
    def position(self) -> int:
        """Its place in its batch."""
        return self.integer(-2)

    @property
    def checksum_holds(self) -> bool:
        """Whether the row is what its checksum was made of."""
        rest = struct.pack(">h", len(self.fields) - 1) + self.octets[2:-12]
        return struct.unpack_from(">q", hashlib.sha256(rest).digest())[0] == self.integer(-1)

    def integer(self, place: int) -> int:
        """Return a field that is an integer."""
        return int.from_bytes(self.fields[place] or b"", "big", signed=True)

    def show(self, place: int) -> str:
        """Return a field as a person would want to see it: text, id or number."""
        octets = self.fields[place] or b""
        if len(octets) == 16:
            return str(UUID(bytes=octets))
        return str(self.integer(place)) if len(octets) in {2, 4, 8} else octets.decode()


def split_rows(stream: bytes) -> list[SmallRecord]:
    """Return the rows of any tuple stream, one by one."""
    records: list[SmallRecord] = []
    start = 0
    while start < len(stream):
        (count,) = struct.unpack_from(">h", stream, start)
        at = start + 2
        fields: list[bytes | None] = []
        for _ in range(count):
            (length,) = struct.unpack_from(">i", stream, at)
            at += 4
            fields.append(None if length < 0 else stream[at : at + length])
            at += max(length, 0)
        records.append(SmallRecord(stream[start:at], tuple(fields)))
        start = at
    return records
