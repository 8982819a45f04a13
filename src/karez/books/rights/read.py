"""Asking the rights book: one right, and its history, as of an instant and as known at another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

import attrs
import psycopg

from karez.books.rights.errors import RightUnknownError
from karez.books.rights.event import Recorded
from karez.books.rights.history import Right, State, fold, shown
from karez.books.rights.queries import QUERIES

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


@attrs.frozen
class RightView:
    """A right, how it stood at ``effective_at``, and the events that had made it so."""

    right: Right
    state: State
    effective_at: datetime
    events: Sequence[Recorded]


def clock(connection: psycopg.Connection) -> datetime:
    """Return this instant by the database's clock."""
    row = connection.execute(QUERIES["clock"].text).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    return row[0]


def load_histories(
    connection: psycopg.Connection,
    right_ids: Collection[UUID],
    effective_at: datetime,
    known_at: datetime,
) -> dict[UUID, list[Recorded]]:
    """Return the events of these rights in order, those effective and known at two instants."""
    if not right_ids:
        return {}
    rows = connection.execute(
        QUERIES["events_of_rights"].text,
        {"right_ids": list(right_ids), "effective_at": effective_at, "known_at": known_at},
    )
    events = (Recorded(*row) for row in rows)
    return {right_id: list(found) for right_id, found in groupby(events, lambda e: e.right_id)}


def find_right(
    connection: psycopg.Connection,
    right_id: UUID,
    *,
    effective_at: datetime | None = None,
    known_at: datetime | None = None,
) -> RightView:
    """Return a right as it stood at an instant, as known at another (None: now).

    Raises:
        RightUnknownError: it was not there, or not known.
    """
    at = effective_at or clock(connection)
    histories = load_histories(connection, [right_id], at, known_at or FOREVER)
    events = histories.get(right_id, [])
    right = fold(events)
    if right is None:
        raise RightUnknownError(right=shown(right_id))
    return RightView(right, right.state_at(at), at, events)
