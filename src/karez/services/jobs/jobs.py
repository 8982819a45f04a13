"""Jobs: added in a transaction, leased by one worker at a time, looked at by anybody."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import attrs
import psycopg

from karez.kernel.ids import new_id, show_id
from karez.services.bookkeeping import Books
from karez.services.jobs.errors import JobStateError, JobUnknownError, LeaseLostError
from karez.services.jobs.queries import QUERIES

ATTEMPTS_MOST = 5
LEASE_SECONDS = 60
BACKOFF_SECONDS = 5
BACKOFF_SECONDS_MOST = 3600
PAGE = 100

State = Literal["waiting", "running", "done", "dead", "cancelled"]


@attrs.frozen
class JobView:
    """A job as anybody may look at it. ``left_count`` is None while nobody knows."""

    job_id: UUID
    kind: str
    payload: Mapping[str, Any]  # whatever its kind takes
    unique_key: str | None
    state: State
    attempts: int
    attempts_most: int
    due_at: datetime
    cancel_asked: bool
    done_count: int
    failed_count: int
    left_count: int | None
    message: str
    result: Mapping[str, Any] | None
    actor: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@attrs.frozen
class Lease:
    """A job that this worker works on."""

    job_id: UUID
    lease_id: UUID
    kind: str
    payload: Mapping[str, Any]  # whatever its kind takes
    attempts: int
    attempts_most: int


def enqueue(  # noqa: PLR0913 - what a job is
    connection: psycopg.Connection,
    kind: str,
    payload: Mapping[str, Any],
    *,
    actor: str,
    unique: str | None = None,
    delay: timedelta = timedelta(0),
    attempts_most: int = ATTEMPTS_MOST,
) -> UUID:
    """Add a job in the transaction at hand, and return its id.

    While a job of this kind with the key ``unique`` is still to be done, its id is returned.
    """
    asked = {
        "job_id": new_id(),
        "kind": kind,
        "payload": json.dumps(payload, ensure_ascii=False),
        "unique_key": unique,
        "attempts_most": attempts_most,
        "delay": delay,
        "actor": actor,
    }
    # The other may end between the two statements; then there is room for ours.
    while True:
        row = connection.execute(QUERIES["enqueue"].text, asked).fetchone()
        if row is None:
            row = connection.execute(QUERIES["find_unique"].text, asked).fetchone()
        if row is not None:
            return row[0]


def lease(books: Books, kinds: Sequence[str], seconds: float = LEASE_SECONDS) -> Lease | None:
    """Take the job of these kinds that has been due for longest, None if none is due."""
    lease_id = new_id()
    asked = {"lease_id": lease_id, "lease": timedelta(seconds=seconds), "kinds": list(kinds)}
    with books.transaction() as connection:
        connection.execute(QUERIES["expire_leases"].text)
        row = connection.execute(QUERIES["lease"].text, asked).fetchone()
    if row is None:
        return None
    job_id, kind, payload, attempts, attempts_most = row
    return Lease(job_id, lease_id, kind, json.loads(payload), attempts, attempts_most)


def beat(books: Books, held: Lease, seconds: float = LEASE_SECONDS) -> bool:
    """Say that this worker is still at it; return whether the job is to be cancelled.

    Raises:
        LeaseLostError: the lease ran out, and the job is another's.
    """
    with books.transaction() as connection:
        return _held(connection, "beat", held, lease=timedelta(seconds=seconds))


def progress(  # noqa: PLR0913 - what is told
    connection: psycopg.Connection,
    held: Lease,
    *,
    done: int,
    failed: int = 0,
    left: int | None = None,
    message: str = "",
) -> bool:
    """Say in the transaction at hand how far the work is; return whether it is to be cancelled.

    Raises:
        LeaseLostError: the lease ran out, and the job is another's.
    """
    return _held(
        connection, "progress", held, done=done, failed=failed, left_count=left, message=message
    )


def finish(
    connection: psycopg.Connection, held: Lease, result: Mapping[str, Any] | None = None
) -> None:
    """End a job as done in the transaction of its last piece of work.

    Raises:
        LeaseLostError: the lease ran out; that transaction must not commit.
    """
    text = None if result is None else json.dumps(result, ensure_ascii=False)
    _end(connection, held, "done", result=text)


def fail(connection: psycopg.Connection, held: Lease, reason: str, *, again: bool = True) -> State:
    """End an attempt that failed: to be tried again later, or dead after the last.

    With ``again`` False there is nothing to hope for from another attempt.

    Raises:
        LeaseLostError: the lease ran out, and the job is another's.
    """
    state: State = "waiting" if again and held.attempts < held.attempts_most else "dead"
    _end(connection, held, state, message=reason, delay=backoff(held.attempts))
    return state


def stop(connection: psycopg.Connection, held: Lease, *, cancelled: bool) -> None:
    """End an attempt in the middle: the job is cancelled, or another worker goes on with it now.

    Raises:
        LeaseLostError: the lease ran out, and the job is another's.
    """
    _end(connection, held, "cancelled" if cancelled else "waiting")


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, and not in step."""
    most = min(BACKOFF_SECONDS * 2 ** (attempts - 1), BACKOFF_SECONDS_MOST)
    return timedelta(seconds=most * random.uniform(0.5, 1))  # noqa: S311 - spreads load


def cancel(books: Books, job_id: UUID) -> None:
    """Cancel a job that waits; ask the worker of one that runs to stop.

    Raises:
        JobUnknownError, JobStateError: there is none, or it has ended.
    """
    _change(books, "cancel", job_id, "it has ended; there is nothing to cancel")


def retry(books: Books, job_id: UUID) -> None:
    """Begin a job that is dead or was cancelled again.

    Raises:
        JobUnknownError, JobStateError: there is none, or it is neither.
    """
    _change(
        books,
        "retry",
        job_id,
        "only one that is dead or cancelled begins again, unless another like it waits",
    )


def job_view(books: Books, job_id: UUID) -> JobView:
    """Return how it is with a job.

    Raises:
        JobUnknownError: there is none.
    """
    found = _list(books, job_id=job_id)
    if not found:
        raise JobUnknownError(job=show_id("job", job_id))
    return found[0]


def list_jobs(
    books: Books,
    *,
    before: UUID | None = None,
    kind: str | None = None,
    state: State | None = None,
    most: int = PAGE,
) -> list[JobView]:
    """Return jobs, the newest first; go on before the last of them."""
    return _list(books, before=before, kind=kind, state=state, most=most)


def set_cron(  # noqa: PLR0913 - what comes again
    books: Books,
    name: str,
    kind: str,
    payload: Mapping[str, Any],
    *,
    every_minutes: int,
    first_at: datetime,
) -> None:
    """Say that a job is to come first at an instant, then every so many minutes."""
    asked = {
        "name": name,
        "kind": kind,
        "payload": json.dumps(payload, ensure_ascii=False),
        "every_minutes": every_minutes,
        "first_at": first_at,
    }
    with books.transaction() as connection:
        connection.execute(QUERIES["set_cron"].text, asked)


def drop_cron(books: Books, name: str) -> None:
    """Say that a job is to come no more."""
    with books.transaction() as connection:
        connection.execute(QUERIES["drop_cron"].text, {"name": name})


def tick(books: Books) -> int:
    """Add the jobs whose time has come; return how many. Times that were missed make one job."""
    with books.transaction() as connection:
        due = connection.execute(QUERIES["tick"].text).fetchall()
        for name, kind, payload in due:
            enqueue(connection, kind, json.loads(payload), actor=f"cron:{name}", unique=name)
    return len(due)


def _held(connection: psycopg.Connection, query: str, held: Lease, **asked: Any) -> bool:
    keys = {"job_id": held.job_id, "lease_id": held.lease_id}
    row = connection.execute(QUERIES[query].text, {**keys, **asked}).fetchone()
    if row is None:
        raise LeaseLostError(job=show_id("job", held.job_id))
    return row[0]


def _end(  # noqa: PLR0913 - what an end is
    connection: psycopg.Connection,
    held: Lease,
    state: State,
    *,
    result: str | None = None,
    message: str | None = None,
    delay: timedelta = timedelta(0),
) -> None:
    _held(connection, "end_job", held, state=state, result=result, message=message, delay=delay)


def _change(books: Books, query: str, job_id: UUID, remedy: str) -> None:
    with books.transaction() as connection:
        row = connection.execute(QUERIES[query].text, {"job_id": job_id}).fetchone()
    if row is None:
        state = job_view(books, job_id).state
        raise JobStateError(job=show_id("job", job_id), state=state, remedy=remedy)


def _list(books: Books, **asked: Any) -> list[JobView]:
    nothing = {"job_id": None, "before": None, "kind": None, "state": None, "most": PAGE}
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["list_jobs"].text, {**nothing, **asked}).fetchall()
    views: list[JobView] = []
    for row in rows:
        values = list(row)
        values[2] = json.loads(values[2])
        values[13] = values[13] and json.loads(values[13])
        views.append(JobView(*values))
    return views
