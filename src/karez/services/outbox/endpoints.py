"""Endpoints: where an institution's events are sent, what they want, and what signs for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import attrs
import psycopg

from karez.services.bookkeeping import Books
from karez.services.outbox.addresses import Reach, check_url
from karez.services.outbox.errors import (
    EndpointKindsError,
    EndpointStateError,
    EndpointUnknownError,
    ReplayNothingError,
)
from karez.services.outbox.events import PAGE, place_events, publish, take_head
from karez.services.outbox.queries import QUERIES
from karez.services.outbox.signing import Scheme, Secret

OVERLAP = timedelta(days=1)
"""For how long a key that was replaced still signs beside the new one."""

TEST_KIND = "webhook.test"

State = Literal["active", "paused", "gone", "removed"]

_KINDS = re.compile(r"\*|[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*(\.\*|\.[a-z][a-z0-9-]*)")


@attrs.frozen
class Endpoint:
    """An endpoint, and how many events are on their way to it."""

    endpoint_id: int
    url: str
    kinds: Sequence[str]
    state: State
    created_at: datetime
    waiting: int


@attrs.frozen
class Delivery:
    """An event on its way to an endpoint, and the last attempt; not due while others go before."""

    sequence: int
    event_id: UUID
    kind: str
    object: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    due_at: datetime | None
    status: int | None
    answer: str | None


def add_endpoint(
    books: Books, url: str, kinds: Sequence[str], *, scheme: Scheme = "v1a", reach: Reach
) -> tuple[int, str]:
    """Add an endpoint that gets events from now on; return its number and what it verifies with.

    ``kinds`` are names (``loan.disbursed``), beginnings (``loan.*``) or all (``*``).

    Raises:
        EndpointAddressError, EndpointKindsError: nothing is sent there, or kinds are not named so.
    """
    check_url(url, reach)
    for kind in kinds or [""]:
        if _KINDS.fullmatch(kind) is None:
            raise EndpointKindsError(kind=kind)
    place_events(books)  # what happened before is not for it
    secret = Secret.new(scheme)
    with books.transaction() as connection:
        take_head(connection)  # numbers are given one after another
        asked = {"url": url, "kinds": list(kinds)}
        row = connection.execute(QUERIES["add_endpoint"].text, asked).fetchone()
        assert row is not None  # noqa: S101 - for the type checker
        _add_secret(connection, row[0], secret)
    return row[0], secret.told()


def rotate(
    books: Books, endpoint_id: int, *, scheme: Scheme = "v1a", overlap: timedelta = OVERLAP
) -> str:
    """Sign with a new key, and with the old ones for a while yet; return what to verify with.

    Raises:
        EndpointUnknownError: there is no such endpoint.
    """
    secret = Secret.new(scheme)
    with books.transaction() as connection:
        _lock(connection, endpoint_id)
        asked = {"endpoint": endpoint_id, "overlap": overlap}
        connection.execute(QUERIES["retire_secrets"].text, asked)
        _add_secret(connection, endpoint_id, secret)
    return secret.told()


def list_endpoints(books: Books) -> list[Endpoint]:
    """Return all endpoints, the oldest first."""
    with books.transaction() as connection:
        return [Endpoint(*row) for row in connection.execute(QUERIES["list_endpoints"].text)]


def pause(books: Books, endpoint_id: int) -> None:
    """Send nothing to an endpoint; what happens meanwhile waits for it.

    Raises:
        EndpointUnknownError, EndpointStateError: there is none, or it is not active.
    """
    _set_state(books, endpoint_id, "paused", ["active"])


def resume(books: Books, endpoint_id: int) -> None:
    """Send to an endpoint again, what waits at once.

    What happened while it was gone did not wait: replay it.

    Raises:
        EndpointUnknownError, EndpointStateError: there is none, or it is active.
    """
    _set_state(books, endpoint_id, "active", ["paused", "gone"])


def remove(books: Books, endpoint_id: int) -> None:
    """Send nothing to an endpoint ever again.

    Raises:
        EndpointUnknownError: there is no such endpoint.
    """
    _set_state(books, endpoint_id, "removed", ["active", "paused", "gone"])


def send_test(books: Books, endpoint_id: int) -> None:
    """Add an event for one endpoint alone, to try it.

    Raises:
        EndpointUnknownError: there is no such endpoint.
    """
    with books.transaction() as connection:
        _lock(connection, endpoint_id)
        publish(connection, TEST_KIND, f"webhook:{endpoint_id}", {"endpoint": endpoint_id})


def replay(books: Books, endpoint_id: int, first: int, last: int) -> int:
    """Send events from one place to another again, under their ids; return how many.

    Those that still wait are not sent twice.

    Raises:
        EndpointUnknownError, EndpointStateError: there is none, or it is gone.
        ReplayNothingError: there is nothing between for it.
    """
    with books.transaction() as connection:
        state = _lock(connection, endpoint_id)
        if state == "gone":
            raise EndpointStateError(endpoint=endpoint_id, state=state, remedy="resume it first")
        asked = {"first": first, "last": last, "endpoint": endpoint_id}
        count = connection.execute(QUERIES["deliver"].text, asked).rowcount
        if count == 0:
            raise ReplayNothingError(endpoint=endpoint_id, first=first, last=last)
    return count


def list_deliveries(
    books: Books,
    endpoint_id: int,
    *,
    before: int | None = None,
    state: str | None = None,
    most: int = PAGE,
) -> list[Delivery]:
    """Return what was sent to an endpoint or is to be, the newest first."""
    asked = {"endpoint": endpoint_id, "before": before, "state": state, "most": most}
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["list_deliveries"].text, asked).fetchall()
    return [Delivery(*row) for row in rows]


def _set_state(books: Books, endpoint_id: int, state: State, before: Sequence[State]) -> None:
    with books.transaction() as connection:
        now = _lock(connection, endpoint_id)
        asked = {"endpoint": endpoint_id, "state": state, "states": list(before)}
        if connection.execute(QUERIES["set_state"].text, asked).fetchone() is None:
            remedy = f"only one that is {' or '.join(before)} becomes {state}"
            raise EndpointStateError(endpoint=endpoint_id, state=now, remedy=remedy)


def _lock(connection: psycopg.Connection, endpoint_id: int) -> State:
    row = connection.execute(QUERIES["lock_endpoint"].text, {"endpoint": endpoint_id}).fetchone()
    if row is None:
        raise EndpointUnknownError(endpoint=endpoint_id)
    return row[0]


def _add_secret(connection: psycopg.Connection, endpoint_id: int, secret: Secret) -> None:
    asked = {"endpoint": endpoint_id, "scheme": secret.scheme, "secret": secret.octets}
    connection.execute(QUERIES["add_secret"].text, asked)
