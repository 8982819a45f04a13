"""Ending days: all that are missing, one after another, each for all loans. Read ``close_days``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from queue import Empty, SimpleQueue

import attrs

from karez.kernel.errors import ensure
from karez.services.bookkeeping import Books
from karez.services.closing.errors import NothingToCloseError, TooManyDaysError
from karez.services.closing.part import DayEnd, PartDay, close_part
from karez.services.closing.policies import Policies
from karez.services.closing.queries import QUERIES

DAYS_MOST = 3_660


def closed_through(books: Books) -> date:
    """Return the day through which all days are ended; the day after is the business date.

    Raises:
        NothingToCloseError: no loan was ever booked.
    """
    with books.transaction() as connection:
        row = connection.execute(QUERIES["closed_through"].text).fetchone()
    if row is None:
        raise NothingToCloseError
    return row[0]


def days_missing(books: Books, through: date) -> int:
    """Return how many days through this one are not ended.

    Raises:
        NothingToCloseError: no loan was ever booked.
        TooManyDaysError: more than ``DAYS_MOST`` are missing.
    """
    closed_on = closed_through(books)
    missing = max((through - closed_on).days, 0)
    if missing > DAYS_MOST:
        raise TooManyDaysError(closed_on=closed_on, through=through, days=missing, most=DAYS_MOST)
    return missing


def close_days(
    crew: Sequence[Books],
    through: date,
    *,
    tell: Callable[[date, int], None] = lambda _day, _loans: None,
) -> list[DayEnd]:
    """End every day that is missing through ``through``; return what each of them brought.

    The parts of a day are shared among the ``crew``: books of one institution, each with a
    connection of its own. It may be stopped anywhere and called again, by several at a time. A day
    that is ended already is not among the answers. ``tell`` hears how many loans of a day are done.

    Raises:
        NothingToCloseError: no loan was ever booked.
        TooManyDaysError: more than ``DAYS_MOST`` days are missing.

    Else raises as ``close_part`` does; the parts that were ended stay so.
    """
    ensure(len(crew) > 0, "somebody ends the day")
    closed_on, missing = closed_through(crew[0]), days_missing(crew[0], through)
    known = [Policies() for _ in crew]
    ended: list[DayEnd] = []
    for ahead in range(1, missing + 1):
        day = closed_on + timedelta(days=ahead)
        while not _end_day(crew[0], day):  # loans that are booked meanwhile may begin a part
            _Day(crew, known, day, tell).run()
        ended.append(_day_end(crew[0], day))
    return ended


def _end_day(books: Books, day: date) -> bool:
    """End a day whose parts are all ended; tell whether it is ended."""
    with books.transaction() as connection:
        connection.execute(QUERIES["end_day"].text, {"day": day})
    return closed_through(books) >= day


def _day_end(books: Books, day: date) -> DayEnd:
    with books.transaction() as connection:
        row = connection.execute(QUERIES["day_end"].text, {"day": day}).fetchone()
    ensure(row, "a sum has a row")
    assert row is not None  # noqa: S101 - for the type checker
    return DayEnd(day, *row)


@attrs.define
class _Day:
    """One day, whose parts several workers take from a queue until none is left."""

    crew: Sequence[Books]
    known: Sequence[Policies]
    day: date
    tell: Callable[[date, int], None]
    parts: SimpleQueue[int] = attrs.field(factory=SimpleQueue[int])
    loans: int = 0
    faults: list[BaseException] = attrs.field(factory=list[BaseException])
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    def run(self) -> None:
        with self.crew[0].transaction() as connection:
            behind = connection.execute(QUERIES["parts_behind"].text, {"day": self.day})
            for row in behind.fetchall():
                self.parts.put(row[0])
        with self._helpers():
            self._work(0)
        for fault in self.faults:
            raise fault

    @contextmanager
    def _helpers(self) -> Generator[None]:
        """Let the others of the crew work beside the block; wait for them at its end."""
        threads = [
            threading.Thread(target=self._work, args=(place,), daemon=True)
            for place in range(1, len(self.crew))
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        except BaseException:  # Ctrl-C too: each ends the part in its hand, and takes no other
            self._drop_rest()
            raise
        finally:
            for thread in threads:
                thread.join()

    def _work(self, place: int) -> None:
        while True:
            try:
                part = self.parts.get_nowait()
            except Empty:
                return
            try:
                done = close_part(self.crew[place], self.known[place], part, self.day)
                if done is not None:
                    self._count(done)
            except Exception as fault:  # noqa: BLE001 - it is raised where the crew meets
                self.faults.append(fault)
                self._drop_rest()
                return

    def _count(self, done: PartDay) -> None:
        with self.lock:
            self.loans += done.loan_count
            self.tell(self.day, self.loans)

    def _drop_rest(self) -> None:
        with suppress(Empty):
            while True:
                self.parts.get_nowait()
