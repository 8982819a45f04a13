"""Jobs: leased once, tried again, given up, cancelled, made by the calendar."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest

from karez.kernel.database import Database, Institution
from karez.services import jobs
from karez.services.bookkeeping import Books, open_books
from karez.services.jobs import Task

KIND = "count"


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return Books(connection, institution, may_write=True)


def add(books: Books, payload: Mapping[str, Any] | None = None, **rest: Any) -> Any:
    with books.transaction() as connection:
        return jobs.enqueue(connection, KIND, payload or {}, actor="test", **rest)


def run(database: Database, handler: jobs.Handler, until: threading.Event, **rest: Any) -> None:
    """Work until the event is set; a test that never sets it fails by the limit here."""

    def opened() -> AbstractContextManager[Books]:
        return open_books(database, "main")

    threads = [
        threading.Thread(
            target=partial(jobs.work, opened, {KIND: handler}, until, poll_seconds=0.01, **rest)
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    assert until.wait(10)
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_work__each_job_once_with_its_result(books: Books, database: Database):
    wanted = [add(books, {"number": number}) for number in range(20)]
    seen: list[int] = []
    done = threading.Event()

    def handler(task: Task) -> Mapping[str, Any]:
        task.progress(done=1, failed=2, left=3, message="half")
        seen.append(task.payload["number"])
        if len(seen) == 20:
            done.set()
        return {"twice": 2 * task.payload["number"]}

    run(database, handler, done)
    assert sorted(seen) == list(range(20))
    views = {view.job_id: view for view in jobs.list_jobs(books)}
    for number, job_id in enumerate(wanted):
        view = views[job_id]
        assert (view.state, view.result) == ("done", {"twice": 2 * number})
        assert (view.done_count, view.failed_count, view.left_count) == (1, 2, 3)


def test_enqueue__unique_key_is_one_job_until_it_ends(books: Books):
    first = add(books, unique="day")
    assert add(books, unique="day") == first
    held = jobs.lease(books, [KIND])
    assert held is not None
    assert add(books, unique="day") == first
    with books.transaction() as connection:
        jobs.finish(connection, held)
    assert add(books, unique="day") != first


def test_enqueue__rolled_back_with_its_transaction(books: Books):
    with suppress(ZeroDivisionError), books.transaction() as connection:
        jobs.enqueue(connection, KIND, {}, actor="test")
        raise ZeroDivisionError
    assert jobs.list_jobs(books) == []


def test_lease__one_that_ran_out_is_anothers(books: Books):
    job_id = add(books)
    first = jobs.lease(books, [KIND], seconds=-1)
    assert first is not None
    second = jobs.lease(books, [KIND])
    assert second is not None
    assert (second.job_id, second.attempts) == (job_id, 2)
    with pytest.raises(jobs.LeaseLostError), books.transaction() as connection:
        jobs.finish(connection, first)
    with pytest.raises(jobs.LeaseLostError):
        jobs.beat(books, first)
    assert not jobs.beat(books, second)
    assert jobs.job_view(books, job_id).state == "running"


def test_lease__a_worker_that_dies_each_time_ends_the_job(books: Books):
    job_id = add(books, attempts_most=2)
    for _ in range(2):
        assert jobs.lease(books, [KIND], seconds=-1) is not None
    assert jobs.lease(books, [KIND]) is None
    assert jobs.job_view(books, job_id).state == "dead"


def test_fail__waits_then_is_dead_then_begins_again(books: Books):
    job_id = add(books, attempts_most=2)
    held = jobs.lease(books, [KIND])
    assert held is not None
    with books.transaction() as connection:
        assert jobs.fail(connection, held, "no paper") == "waiting"
    view = jobs.job_view(books, job_id)
    wait = view.due_at - datetime.now(UTC)
    assert timedelta(seconds=1) < wait < timedelta(seconds=6)
    assert view.message == "no paper"
    assert jobs.lease(books, [KIND]) is None, "not due yet"
    with books.transaction() as connection:
        connection.execute("UPDATE jobs.job SET due_at = clock_timestamp()")
    held = jobs.lease(books, [KIND])
    assert held is not None
    with books.transaction() as connection:
        assert jobs.fail(connection, held, "no paper") == "dead"
    with pytest.raises(jobs.JobStateError):
        jobs.cancel(books, job_id)
    jobs.retry(books, job_id)
    assert jobs.job_view(books, job_id).state == "waiting"


def test_work__a_bad_job_ends_neither_the_worker_nor_others(books: Books, database: Database):
    bad = add(books, {"bad": True}, attempts_most=1)
    good = add(books)
    done = threading.Event()

    def handler(task: Task) -> None:
        if task.payload.get("bad"):
            raise ValueError("a fault")
        done.set()

    run(database, handler, done)
    assert jobs.job_view(books, good).state == "done"
    view = jobs.job_view(books, bad)
    assert (view.state, view.message) == ("dead", "ValueError: a fault")


def test_cancel__one_that_waits_and_one_that_runs(books: Books, database: Database):
    waiting = add(books)
    jobs.cancel(books, waiting)
    assert jobs.job_view(books, waiting).state == "cancelled"
    running = add(books)
    done = threading.Event()

    def handler(task: Task) -> None:
        jobs.cancel(task.books, running)
        try:
            task.progress(done=1)
        finally:
            done.set()

    run(database, handler, done)
    assert jobs.job_view(books, running).state == "cancelled"


def test_work__told_to_stop_hands_the_job_on(books: Books, database: Database):
    job_id = add(books)
    stopping = threading.Event()

    def handler(task: Task) -> None:
        stopping.set()
        task.progress(done=1)

    run(database, handler, stopping)
    assert jobs.job_view(books, job_id).state == "waiting"


def test_work__a_long_job_keeps_its_lease(books: Books, database: Database):
    job_id = add(books)
    done = threading.Event()
    began: list[int] = []

    def handler(task: Task) -> None:
        began.append(1)
        threading.Event().wait(1)
        done.set()

    run(database, handler, done, lease_seconds=0.3)
    assert jobs.job_view(books, job_id).state == "done"
    assert len(began) == 1


def test_tick__missed_times_make_one_job_and_the_next_is_to_come(books: Books):
    first_at = datetime.now(UTC) - timedelta(hours=30)
    jobs.set_cron(books, "nightly", KIND, {"a": 1}, every_minutes=60 * 24, first_at=first_at)
    assert jobs.tick(books) == 1
    assert jobs.tick(books) == 0
    [view] = jobs.list_jobs(books)
    assert (view.kind, view.payload, view.actor) == (KIND, {"a": 1}, "cron:nightly")
    with books.transaction() as connection:
        rows = connection.execute("SELECT next_at FROM jobs.cron").fetchall()
    assert rows == [(first_at + timedelta(hours=48),)]
    jobs.drop_cron(books, "nightly")


def test_list__walks_by_key(books: Books):
    added = [add(books) for _ in range(5)]
    first = jobs.list_jobs(books, most=2)
    rest = jobs.list_jobs(books, before=first[-1].job_id)
    assert [view.job_id for view in first + rest] == added[::-1]
    assert jobs.list_jobs(books, state="done") == []
    with pytest.raises(jobs.JobUnknownError):
        jobs.job_view(books, UUID(int=1))
