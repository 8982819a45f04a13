"""The pen: the one right to write in an institution's register, and the one place that does.

Whoever has locked the head of the chain holds it until the end of the transaction. What is written
under it is one batch: rows by COPY, the digest of its events in the chain, the head moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import msgspec
import psycopg

from karez.books.rights.event import Recorded
from karez.books.rights.queries import QUERIES
from karez.kernel.database import Role, lock_head

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# The tables of a batch, each with its columns; events first, so that their keys are met first.
TABLES: Mapping[str, tuple[str, ...]] = {
    "event": (
        "institution_id", "right_id", "version", "event_id", "action", "body", "effective_at",
        "recorded_at", "position", "by", "evidence",
    ),
    "name": ("institution_id", "name_id", "debt", "spelled"),
    "gram": ("institution_id", "gram", "name_id"),
    "debtor": ("institution_id", "name_id", "right_id", "version"),
    "thing": ("institution_id", "scheme", "key", "right_id", "version", "turn"),
    "consent": (
        "institution_id", "consent_id", "grantor", "receiver", "purposes", "scopes", "series",
        "modes", "starts_at", "ends_at", "range_from", "range_to", "data_life_days", "uses_most",
        "uses_period", "condition", "amount_most_minor", "total_most_minor", "currency",
    ),
    "revocation": ("institution_id", "consent_id"),
    "pause": ("institution_id", "consent_id", "version", "is_paused"),
}  # fmt: skip

Rows = Mapping[str, Sequence[Sequence[Any]]]  # of each table: values after the institution


@attrs.frozen
class Pen:
    """The right to write one batch. ``now`` is its instant: later than the batch before."""

    connection: psycopg.Connection
    number: int
    digest: bytes
    event_count: int
    claim_count: int
    name_count: int
    institution_id: int
    role: str
    now: datetime


def take_pen(connection: psycopg.Connection) -> Pen:
    """Lock the head of this transaction's register; wait for whoever holds it."""
    row = lock_head(
        connection,
        QUERIES["take_pen"].text,
        lambda: connection.execute(QUERIES["open_book"].text),
    )
    number, recorded_at, digest, events, claims, names, institution_id, role, now = row
    now = max(now, recorded_at + _MICROSECOND)
    return Pen(connection, number, bytes(digest), events, claims, names, institution_id, role, now)


def write_batch(pen: Pen, events: Sequence[Recorded], rows: Rows, *, claims: int) -> None:
    """Write one batch; the caller's transaction decides whether it stays.

    ``rows`` are those of the other tables, ``claims`` is how many claims are new.
    """
    number = pen.number + 1
    pen.connection.execute(QUERIES["become"].text, {"role": Role.POSTER})
    for table in TABLES:
        added = [_row(event) for event in events] if table == "event" else rows[table]
        _copy(pen, table, added)
    pen.connection.execute(QUERIES["become"].text, {"role": pen.role})
    pen.connection.execute(
        QUERIES["write_batch"].text,
        {
            "number": number,
            "recorded_at": pen.now,
            "event_count": pen.event_count + len(events),
            "claim_count": pen.claim_count + claims,
            "name_count": pen.name_count + len(rows["name"]),
            "digest": batch_digest(pen.digest, number, events),
        },
    )


def _copy(pen: Pen, table: str, rows: Iterable[Sequence[Any]]) -> None:
    if not rows:
        return
    statement = f"COPY rights.{table} ({', '.join(TABLES[table])}) FROM STDIN"
    with pen.connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        if table == "gram":  # by far the most rows, and nothing but integers
            own = pen.institution_id
            copy.write("".join([f"{own}\t{gram}\t{name}\n" for gram, name in rows]))
            return
        for row in rows:
            copy.write_row((pen.institution_id, *row))


def _row(event: Recorded) -> tuple[Any, ...]:
    return (
        event.right_id, event.version, event.event_id, event.action, event.body,
        event.effective_at, event.recorded_at, event.position, event.by, event.evidence,
    )  # fmt: skip


def batch_digest(before: bytes, number: int, events: Iterable[Recorded]) -> bytes:
    """Return the SHA-256 over the digest before, the number, and each event as one JSON line."""
    digest = hashlib.sha256(before + number.to_bytes(8, "big"))
    for event in events:
        digest.update(_line(event))
    return digest.digest()


def _line(event: Recorded) -> bytes:
    parts = [
        str(event.right_id), event.version, str(event.event_id), event.action, event.body,
        (event.effective_at - _EPOCH) // _MICROSECOND,
        (event.recorded_at - _EPOCH) // _MICROSECOND,
        event.position, event.by, event.evidence,
    ]  # fmt: skip
    return msgspec.json.encode(parts) + b"\n"
