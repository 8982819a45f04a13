"""Group commit: single facts from many threads, those that wait together in one transaction.

A commit waits for the disk; while it does, others arrive. The recorder takes all that have come
and appends them as one batch, with one signed checkpoint; each is answered by itself.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self

import attrs

from karez.books.facts.append import FactsBook
from karez.books.facts.batch import Appended, Batch
from karez.books.facts.schemas import Fact
from karez.kernel.database import transaction
from karez.kernel.errors import UnavailableError, ensure

if TYPE_CHECKING:
    import psycopg

FACTS_MOST = 8_192


@attrs.define
class _Waiting:
    fact: Fact
    key: str
    future: Future[int]


@attrs.define
class Recorder:
    """Appends facts of one institution for the threads of one process; use it in a ``with``.

    ``connect`` makes a connection of the application role; the recorder keeps one and makes a new
    one when it is lost. What was under way then is sent again: a fact is known by its key or its
    content, so it is recorded once whatever happened to the first answer.
    """

    connect: Callable[[], psycopg.Connection]
    institution_id: int
    book: FactsBook
    _queue: queue.SimpleQueue[_Waiting | None] = attrs.field(factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None
    _connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        """Open for business."""
        self._thread = threading.Thread(target=self._work, name="karez-recorder", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Append all that still waits, then close."""
        ensure(self._thread is not None, "a recorder is left once")
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def append(self, fact: Fact, key: str = "") -> int:
        """Record one fact, wait until it is durable, and return its index.

        Raises:
            UnavailableError: the database is out of reach; send the same fact again.

        Else raises what refuses the fact.
        """
        return self.submit(fact, key).result()

    def submit(self, fact: Fact, key: str = "") -> Future[int]:
        """Hand in one fact; the future holds its index once it is committed, or what refused it."""
        ensure(self._thread is not None, "a recorder takes facts inside its with block")
        waiting = _Waiting(fact, key, Future())
        self._queue.put(waiting)
        return waiting.future

    def _work(self) -> None:
        open_ = True
        while open_:
            group, open_ = self._take()
            if group:
                self._answer(group)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> tuple[list[_Waiting], bool]:
        """Return what waits, in the order it came; block only where nothing does."""
        taken: list[_Waiting] = []
        while len(taken) < FACTS_MOST:
            try:
                waiting = self._queue.get(block=not taken)
            except queue.Empty:
                break
            if waiting is None:
                return taken, False
            taken.append(waiting)
        return taken, True

    def _answer(self, group: Sequence[_Waiting]) -> None:
        try:
            done = self._append(group)
        except Exception as fault:  # noqa: BLE001 - whatever it is, those who wait must hear of it.
            for waiting in group:
                waiting.future.set_exception(fault)
            return
        for place, waiting in enumerate(group):
            if place in done.refused:
                waiting.future.set_exception(done.refused[place])
            else:
                waiting.future.set_result(int(done.index[place]))

    def _append(self, group: Sequence[_Waiting]) -> Appended:
        facts = [waiting.fact for waiting in group]
        batch = Batch(facts, [waiting.key for waiting in group])
        try:
            return self._append_once(batch)
        except UnavailableError:
            # What was recorded by a first attempt answers its index to the second.
            self._forget_connection()
            return self._append_once(batch)

    def _append_once(self, batch: Batch) -> Appended:
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        with transaction(self._connection, self.institution_id):
            return self.book.append(self._connection, batch)

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
