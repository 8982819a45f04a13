"""Events: added in the transaction of what they tell of, then given a place in one row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
import psycopg

from karez.kernel.database import lock_head
from karez.kernel.ids import new_id, show_id
from karez.services.bookkeeping import Books
from karez.services.outbox.errors import EventKindError, EventObjectError, EventTooLargeError
from karez.services.outbox.queries import QUERIES

DATA_OCTETS_MOST = 16_000
"""Of an event's data as JSON: with its envelope it stays below the 20 kB of Standard Webhooks."""

OBJECT_LETTERS_MOST = 200
PAGE = 100

_KIND = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+")
_KIND_LETTERS_MOST = 100


@attrs.frozen
class Event:
    """Something that happened, and its place among all events and among those of its object."""

    sequence: int
    event_id: UUID
    kind: str
    object: str
    object_sequence: int
    data: Mapping[str, Any]  # whatever its kind tells
    recorded_at: datetime

    @property
    def message_id(self) -> str:
        """What every message about this event is known by."""
        return show_id("evt", self.event_id)

    def document(self, institution_code: str) -> dict[str, Any]:
        """Return what is told outside: attributes of CloudEvents 1.0 and of Standard Webhooks."""
        instant = self.recorded_at.isoformat().replace("+00:00", "Z")
        return {
            "specversion": "1.0",
            "id": self.message_id,
            "source": f"/institutions/{institution_code}",
            "type": self.kind,
            "subject": self.object,
            "time": instant,
            "timestamp": instant,
            "datacontenttype": "application/json",
            "sequence": self.sequence,
            "objectsequence": self.object_sequence,
            "data": self.data,
        }

    def body(self, institution_code: str) -> bytes:
        """Return the octets that are sent and signed: the same at each attempt."""
        text = json.dumps(
            self.document(institution_code), ensure_ascii=False, separators=(",", ":")
        )
        return text.encode()


def publish(
    connection: psycopg.Connection,
    kind: str,
    object: str,  # noqa: A002 - as the column
    data: Mapping[str, Any],
) -> int:
    """Add an event in the transaction at hand; return its number among those of its object.

    ``kind`` is a dotted name (``loan.disbursed``), ``object`` the id of what it is about, ``data``
    little more than ids: who wants more asks for it. The object's row stays locked until the
    transaction ends, so publish last, and the events of several objects in one order.

    Raises:
        EventKindError, EventObjectError, EventTooLargeError: it cannot be told like this.
    """
    if _KIND.fullmatch(kind) is None or len(kind) > _KIND_LETTERS_MOST:
        raise EventKindError(kind=kind)
    if not object or len(object) > OBJECT_LETTERS_MOST or not object.isprintable():
        raise EventObjectError(object=object[:OBJECT_LETTERS_MOST], most=OBJECT_LETTERS_MOST)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    size = len(text.encode())
    if size > DATA_OCTETS_MOST:
        raise EventTooLargeError(kind=kind, size=size, most=DATA_OCTETS_MOST)
    row = connection.execute(
        QUERIES["publish"].text,
        {"object": object, "event_id": new_id(), "kind": kind, "data": text},
    ).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    return row[0]


def place_events(books: Books) -> int:
    """Give events that have committed their places and their deliveries; return how many."""
    with books.transaction() as connection:
        waiting = connection.execute(QUERIES["any_fresh"].text).fetchone()
        if waiting == (False,):
            return 0
        sequence = take_head(connection)
        connection.execute(QUERIES["lock_endpoints"].text)
        row = connection.execute(QUERIES["place"].text, {"sequence": sequence}).fetchone()
        assert row is not None  # noqa: S101 - for the type checker
        asked = {"first": sequence + 1, "last": row[0], "endpoint": None}
        connection.execute(QUERIES["deliver"].text, asked)
        return row[0] - sequence


def take_head(connection: psycopg.Connection) -> int:
    """Lock the row of events until the transaction ends; return the last place that was given."""
    [sequence] = lock_head(
        connection,
        QUERIES["take_head"].text,
        lambda: connection.execute(QUERIES["open_head"].text),
    )
    return sequence


def list_events(
    books: Books,
    after: int = 0,
    *,
    kinds: Sequence[str] | None = None,
    object: str | None = None,  # noqa: A002 - as the column
    most: int = PAGE,
) -> list[Event]:
    """Return the events after a place in the row: whoever goes on from the last misses none.

    A reader sees those that a sender, or somebody who may write, has placed.
    """
    if books.may_write:
        place_events(books)
    asked = {
        "after": after,
        "kinds": None if kinds is None else list(kinds),
        "object": object,
        "most": most,
    }
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["list_events"].text, asked).fetchall()
    return [event_of(row) for row in rows]


def event_of(row: Sequence[Any]) -> Event:
    """Return the event that a row of ``list_events`` is."""
    sequence, event_id, kind, about, number, data, recorded_at = row
    return Event(sequence, event_id, kind, about, number, json.loads(data), recorded_at)
