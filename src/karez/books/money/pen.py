"""The pen: the one right to write in an institution's book, and the one place that does.

Whoever has locked the head of the chain holds the pen until the end of the transaction. What is
written under it is one batch: rows of the chained tables by binary COPY, their digest in the
chain, the head moved. The caller's transaction decides whether any of it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import attrs
import numpy as np
import psycopg

from karez.books.money.errors import BookFullError
from karez.books.money.queries import QUERIES
from karez.books.money.state import Head
from karez.books.money.wire import (
    HEADER,
    TRAILER,
    TRANSFER,
    TRANSFER_COLUMNS,
    Int4,
    Rows,
    begin_digest,
    checked_row,
    instant_of,
    pack_transfers,
    seen_by,
)
from karez.kernel.database import Role, lock_head

VOLUME_MOST = 1 << 62

_BEGIN_BATCH = f"SAVEPOINT batch; {QUERIES['become'].text}"
_END_BATCH = f"{QUERIES['become'].text}; {QUERIES['write_batch'].text}; RELEASE SAVEPOINT batch"
_UNDO_BATCH = "ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch"

# The small tables of the chain and their columns, in the order in which a digest covers them;
# transfers come last. Every row ends with the instant of its batch, its position, its checksum.
_END = ("recorded_at", "position", "checksum")
SMALL_TABLES: Mapping[str, tuple[str, ...]] = {
    "kind": ("institution_id", "kind", "name", *_END),
    "account": (
        "institution_id", "account_number", "version", "account_id", "code", "name", "type",
        "normal_side", "currency", "parent_number", "floor_minor", "ceiling_minor", "closed_on",
        *_END,
    ),
    "period": ("institution_id", "action", "closed_through", "actor", "reason", *_END),
    "note": ("institution_id", "entry_id", "memo", "reference", *_END),
}  # fmt: skip

SmallRow = Sequence[Any]  # the values between institution_id and recorded_at, as wire takes them
NO_TRANSFERS: Rows = np.zeros(0, dtype=TRANSFER)


@attrs.frozen
class Pen:
    """The right to write one batch after another until the transaction ends.

    ``now`` is the instant of the next batch, in microseconds since 2000: the database's clock,
    but always later than the batch before.
    """

    connection: psycopg.Connection
    institution_id: int
    head: Head
    now: int
    role: str


@attrs.frozen
class Leaf:
    """What a batch adds to the small tables; ``reopened`` and the rest move the head with it."""

    rows: Mapping[str, Sequence[SmallRow]] = attrs.field(factory=dict[str, Sequence[SmallRow]])
    accounts_added: int = 0
    period_changed: bool = False
    closed_through: int | None = None


def take_pen(connection: psycopg.Connection) -> Pen:
    """Lock the head of the book of this transaction's institution; wait for whoever holds it."""
    row = lock_head(
        connection,
        QUERIES["take_pen"].text,
        lambda: connection.execute(QUERIES["open_book"].text),
    )
    head = _head_of(row)
    now = max(row[9], head.recorded_at + 1)
    return Pen(connection, institution_id=row[7], head=head, now=now, role=row[8])


def _head_of(row: Sequence[Any]) -> Head:
    number, recorded_at, digest, account_count, transfer_count, volume, closed_through = row[:7]
    return Head(
        number=number,
        recorded_at=recorded_at,
        digest=bytes(digest),
        account_count=account_count,
        transfer_count=transfer_count,
        volume_minor=volume,
        closed_through=closed_through,
    )


def write_batch(pen: Pen, transfers: Rows = NO_TRANSFERS, leaf: Leaf = Leaf()) -> Head:
    """Write one batch, whole or not at all, and return the head it made.

    Raises:
        BookFullError: the book would have moved more than 2^62 minor units in all.
        psycopg.errors.UniqueViolation: an entry id, a target or a code is taken.
    """
    head, connection = pen.head, pen.connection
    volume = int(transfers["amount_minor"].sum() + np.maximum(transfers["hold_minor"], 0).sum())
    if head.volume_minor + volume > VOLUME_MOST:
        raise BookFullError
    number = head.number + 1
    small = {table: small_stream(pen, leaf.rows.get(table, ())) for table in SMALL_TABLES}
    digest = begin_digest(head.digest, number, pen.now)
    for octets in small.values():
        digest.update(octets)
    with psycopg.ClientCursor(connection) as cursor:  # it sends several statements in one message
        cursor.execute(_BEGIN_BATCH, {"role": Role.POSTER})
        try:
            if len(transfers):  # first, so that an entry posted before is met by its own key
                pieces = seen_by(digest, pack_transfers(transfers))
                copy_in(connection, "transfer", TRANSFER_COLUMNS, pieces)
            for table, octets in small.items():
                if octets:
                    copy_in(connection, table, SMALL_TABLES[table], [octets])
            cursor.execute(
                _END_BATCH,
                {
                    "role": pen.role,
                    "number": number,
                    "recorded_at": pen.now,
                    "digest": digest.digest(),
                    "transfer_count": len(transfers),
                    "volume_added": volume,
                    "accounts_added": leaf.accounts_added,
                    "period_changed": leaf.period_changed,
                    "closed_through": leaf.closed_through,
                },
            )
        except BaseException:
            if not connection.closed:
                with suppress(psycopg.Error):  # what went wrong before says more
                    cursor.execute(_UNDO_BATCH)
            raise
    return Head(
        number=number,
        recorded_at=pen.now,
        digest=digest.digest(),
        account_count=head.account_count + leaf.accounts_added,
        transfer_count=head.transfer_count + len(transfers),
        volume_minor=head.volume_minor + volume,
        closed_through=leaf.closed_through if leaf.period_changed else head.closed_through,
    )


def small_stream(pen: Pen, rows: Iterable[SmallRow]) -> bytes:
    """Return rows of a small table as binary COPY tuples, with instant, position and checksum."""
    instant: datetime = instant_of(pen.now)
    pieces: list[bytes] = []
    for position, values in enumerate(rows):
        row = (Int4(pen.institution_id), *values, instant, Int4(position))
        pieces.append(checked_row(row))
    return b"".join(pieces)


def copy_in(
    connection: psycopg.Connection, table: str, columns: Sequence[str], pieces: Iterable[bytes]
) -> None:
    """Send tuples to a table of this book, as the poster.

    The server takes in one piece while the next is made.
    """
    statement = f"COPY money.{table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(HEADER)
        for piece in pieces:
            copy.write(piece)
        copy.write(TRAILER)
