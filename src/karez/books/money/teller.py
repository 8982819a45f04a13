"""Group commit: single entries from many threads, those that wait together in one transaction.

A commit waits for the disk; while it does, others arrive. The teller takes all that have come and
posts them as one batch, each entry answered by itself. With nobody else waiting an entry goes
straight through.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import UUID

import attrs

from karez.books.money.outcome import Outcomes, Posted
from karez.books.money.post import MoneyBook
from karez.books.money.transfer import Batch, Entry, check_entry
from karez.kernel.database import transaction
from karez.kernel.errors import KarezError, UnavailableError, ensure

if TYPE_CHECKING:
    import psycopg

ENTRIES_MOST = 8_192


@attrs.define
class _Waiting:
    entry: Entry
    future: Future[Posted]


@attrs.define
class Teller:
    """Posts entries of one institution for the threads of one process; use it in a ``with``.

    ``connect`` makes a connection of the application role; the teller keeps one and makes a new
    one when it is lost. What was under way then is sent again under the same ids, so it is posted
    once whatever happened to the first answer.
    """

    connect: Callable[[], psycopg.Connection]
    institution_id: int
    book: MoneyBook = attrs.field(factory=MoneyBook)
    _queue: queue.SimpleQueue[_Waiting | None] = attrs.field(factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None
    _connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        """Open for business."""
        self._thread = threading.Thread(target=self._work, name="karez-teller", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Post all that still waits, then close."""
        ensure(self._thread is not None, "a teller is left once")
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def post(self, entry: Entry) -> Posted:
        """Post one entry and wait for it; raise the error that refuses it.

        Raises:
            UnavailableError: the database is out of reach; send the same entry again.
        """
        return self.submit(entry).result()

    def submit(self, entry: Entry) -> Future[Posted]:
        """Hand in one entry; the future holds its answer once it is committed, or refused."""
        ensure(self._thread is not None, "a teller takes entries inside its with block")
        check_entry(entry)
        waiting = _Waiting(entry, Future())
        self._queue.put(waiting)
        return waiting.future

    def _work(self) -> None:
        late: list[_Waiting] = []
        open_ = True
        while open_ or late:
            taken, open_ = self._take(late, open_=open_)
            group, late = _without_repeats(taken)
            if group:
                self._answer(group)
        if self._connection is not None:
            self._connection.close()

    def _take(self, late: list[_Waiting], *, open_: bool) -> tuple[list[_Waiting], bool]:
        """Return what waits, in the order it came; block only where nothing does."""
        taken = list(late)
        while open_ and len(taken) < ENTRIES_MOST:
            try:
                waiting = self._queue.get(block=not taken)
            except queue.Empty:
                break
            if waiting is None:
                open_ = False
            else:
                taken.append(waiting)
        return taken, open_

    def _answer(self, group: Sequence[_Waiting]) -> None:
        try:
            outcomes = self._post([waiting.entry for waiting in group])
        except Exception as fault:  # noqa: BLE001 - whatever it is, those who wait must hear of it.
            for waiting in group:
                waiting.future.set_exception(fault)
            return
        start = 0
        for waiting in group:
            end = start + len(waiting.entry.transfers)
            try:
                waiting.future.set_result(outcomes.entry(start, end))
            except KarezError as refusal:
                waiting.future.set_exception(refusal)
            start = end

    def _post(self, entries: Sequence[Entry]) -> Outcomes:
        batch = Batch.of(entries)
        try:
            return self._post_once(batch)
        except UnavailableError:
            # Under the same ids a second attempt is harmless, whether or not the first arrived.
            self._forget_connection()
            return self._post_once(batch)

    def _post_once(self, batch: Batch) -> Outcomes:
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        with transaction(self._connection, self.institution_id):
            return self.book.post(self._connection, batch)

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _without_repeats(taken: Sequence[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Keep a second entry with the same id for the next group, where it is compared as a retry."""
    seen: set[UUID] = set()
    group: list[_Waiting] = []
    late: list[_Waiting] = []
    for waiting in taken:
        (late if waiting.entry.entry_id in seen else group).append(waiting)
        seen.add(waiting.entry.entry_id)
    return group, late
