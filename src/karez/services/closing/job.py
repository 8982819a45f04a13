"""Ending days as a job: behind the answer, with its counts for whoever watches."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from karez.services.bookkeeping import Books, seal_due
from karez.services.closing.days import close_days, closed_through, days_missing
from karez.services.closing.queries import QUERIES
from karez.services.jobs import Handler, Task, enqueue
from karez.services.jobs.work import OpenBooks

if TYPE_CHECKING:
    import psycopg

KIND = "closing"
"""The kind of these jobs. At most one of an institution is still to be done."""


def close_later(connection: psycopg.Connection, through: date, *, actor: str) -> UUID:
    """Add the job that ends all days through this one, in the transaction at hand; its id.

    While such a job is still to be done, its id is returned, through whichever day it goes.
    """
    return enqueue(connection, KIND, {"through": str(through)}, actor=actor, unique=KIND)


def closing_handler(open_books: OpenBooks, workers: int = 1) -> Handler:
    """Return what does such a job, so many parts of a day at a time.

    It counts the loans of each day; of ``left`` it knows how many there were when it began. It may
    be broken off between two parts, and what is ended stays ended.
    """

    def handle(task: Task) -> Mapping[str, Any]:
        through = date.fromisoformat(task.payload["through"])
        watch = _Watch(task, days_missing(task.books, through), _count_loans(task.books))
        with ExitStack() as stack:
            crew = [stack.enter_context(open_books()) for _ in range(workers)]
            ended = close_days(
                [attrs.evolve(books, money=crew[0].money) for books in crew], through,
                tell=watch.tell,
            )  # fmt: skip
        seal_due(task.books)
        task.progress(done=watch.done, left=0)
        return {
            "closed_through": str(closed_through(task.books)),
            "days": len(ended),
            "postings": sum(day.posting_count for day in ended),
        }

    return handle


def _count_loans(books: Books) -> int:
    with books.transaction() as connection:
        row = connection.execute(QUERIES["count_loans"].text).fetchone()
    return row[0] if row else 0


@attrs.define
class _Watch:
    """How far a job is: loans of the day at hand, and of those before it."""

    task: Task
    days: int
    loans: int
    day: date | None = None
    before: int = 0
    done: int = 0

    def tell(self, day: date, loans: int) -> None:
        if day != self.day:
            self.day, self.before = day, self.done
        self.done = self.before + loans
        left = max(self.days * self.loans - self.done, 0)
        self.task.progress(done=self.done, left=left, message=str(day))
