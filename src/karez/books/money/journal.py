"""The whole book in the order in which it was recorded, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.books.money.queries import QUERIES
from karez.books.money.seal import read_transfers
from karez.books.money.transfer import Note
from karez.books.money.wire import Rows

if TYPE_CHECKING:
    import psycopg

PAGE_TRANSFERS = 32_768
"""A page ends with the batch that reaches this many."""
_BATCHES_MOST = 1_000
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@attrs.frozen
class Page:
    """Transfers in the order of the book (columns of ``wire.TRANSFER``), notes of their entries."""

    rows: Rows
    notes: Mapping[UUID, Note]


def list_kinds(connection: psycopg.Connection) -> dict[int, str]:
    """Return the names of the kinds of entries, by the number that rows carry."""
    return {number: name for name, number in connection.execute(QUERIES["kinds"].text)}


def read_pages(connection: psycopg.Connection, known_at: datetime) -> Iterator[Page]:
    """Give every transfer recorded up to ``known_at``, oldest first."""
    after = _BEGINNING
    while (through := _page_end(connection, after, known_at)) is not None:
        rows = read_transfers(connection, after, through)
        entries = {UUID(bytes=octets.tobytes()) for octets in rows["entry_id"]}
        found = connection.execute(QUERIES["notes"].text, {"entry_ids": list(entries)}).fetchall()
        yield Page(rows, {entry_id: (memo, reference) for entry_id, memo, reference in found})
        after = through


def _page_end(
    connection: psycopg.Connection, after: datetime, known_at: datetime
) -> datetime | None:
    wanted = {"after": after, "most": _BATCHES_MOST}
    batches = connection.execute(QUERIES["unsealed_batches"].text, wanted).fetchall()
    end: datetime | None = None
    transfers = 0
    for recorded_at, transfer_count in batches:
        if recorded_at > known_at or transfers >= PAGE_TRANSFERS:
            break
        end = recorded_at
        transfers += transfer_count
    return end
