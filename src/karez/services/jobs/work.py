"""The loop of a worker: it does jobs of the kinds it has handlers for, until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import attrs

from karez.kernel.errors import KarezError, UnavailableError
from karez.services.bookkeeping import Books
from karez.services.jobs.errors import JobCancelledError, LeaseLostError
from karez.services.jobs.jobs import (
    LEASE_SECONDS,
    Lease,
    beat,
    fail,
    finish,
    lease,
    progress,
    stop,
    tick,
)

POLL_SECONDS = 0.25

OpenBooks = Callable[[], AbstractContextManager[Books]]


class _StoppingError(Exception):
    """The worker is to stop; another goes on with the job."""


@attrs.define(eq=False)
class Task:
    """A job in the hands of its handler: what was asked, and how to say how far it is."""

    books: Books
    held: Lease
    _stopping: threading.Event
    cancelling: threading.Event = attrs.field(factory=threading.Event, init=False)
    lost: threading.Event = attrs.field(factory=threading.Event, init=False)

    @property
    def payload(self) -> Mapping[str, Any]:
        """What the job was added with."""
        return self.held.payload

    def progress(
        self, *, done: int, failed: int = 0, left: int | None = None, message: str = ""
    ) -> None:
        """Say how far the work is; call it between pieces, for here it is broken off.

        Raises:
            JobCancelledError: a person asked for that.
            LeaseLostError: another worker has the job.
        """
        with self.books.transaction() as connection:
            cancel = progress(
                connection, self.held, done=done, failed=failed, left=left, message=message
            )
        if cancel or self.cancelling.is_set():
            raise JobCancelledError(job=self.held.job_id)
        if self.lost.is_set():
            raise LeaseLostError(job=self.held.job_id)
        if self._stopping.is_set():
            raise _StoppingError


Handler = Callable[[Task], Mapping[str, Any] | None]
"""Does a job, and returns its result. It may be broken off anywhere and begun again from the start,
so what it did before must do no harm when it is done again."""


def work(
    open_books: OpenBooks,
    handlers: Mapping[str, Handler],
    stopping: threading.Event,
    *,
    poll_seconds: float = POLL_SECONDS,
    lease_seconds: float = LEASE_SECONDS,
) -> None:
    """Do jobs until ``stopping`` is set. Run it in as many threads as jobs are to run at once.

    A handler that raises makes the job wait for another attempt; an error of input makes it dead at
    once. A database that went away is waited for.
    """
    while not stopping.is_set():
        try:
            with open_books() as books:
                while not stopping.is_set():
                    tick(books)
                    held = lease(books, list(handlers), lease_seconds)
                    if held is None:
                        stopping.wait(poll_seconds)
                        continue
                    task = Task(books, held, stopping)
                    with _beating(open_books, task, lease_seconds):
                        _do(task, handlers[held.kind])
        except (UnavailableError, LeaseLostError):
            stopping.wait(poll_seconds)


def _do(task: Task, handler: Handler) -> None:
    """Run a handler, and end the attempt by what came of it."""
    books, held = task.books, task.held
    try:
        result = handler(task)
    except (UnavailableError, LeaseLostError):
        raise
    except JobCancelledError:
        with books.transaction() as connection:
            stop(connection, held, cancelled=True)
    except _StoppingError:
        with books.transaction() as connection:
            stop(connection, held, cancelled=False)
    except KarezError as error:
        with books.transaction() as connection:
            fail(connection, held, f"{error.code}: {error.message}", again=False)
    except Exception as fault:  # noqa: BLE001 - one bad job never ends the worker.
        with books.transaction() as connection:
            fail(connection, held, f"{type(fault).__name__}: {fault}")
    else:
        with books.transaction() as connection:
            finish(connection, held, result)


@contextmanager
def _beating(open_books: OpenBooks, task: Task, lease_seconds: float) -> Generator[None]:
    """Keep the lease while the block runs, over a connection of its own."""
    done = threading.Event()

    def keep() -> None:
        while not done.wait(lease_seconds / 3):
            try:
                with open_books() as books:
                    while True:
                        if beat(books, task.held, lease_seconds):
                            task.cancelling.set()
                        if done.wait(lease_seconds / 3):
                            return
            except LeaseLostError:
                task.lost.set()
                return
            except UnavailableError:
                continue

    thread = threading.Thread(target=keep, name="karez-job-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
