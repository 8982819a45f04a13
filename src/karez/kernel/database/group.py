"""Group commit: single requests from many threads, those that wait together in one transaction.

A commit waits for the disk; while it does, others arrive. One thread takes all that have come and
hands them to the book as one batch; each is answered by itself. With nobody else waiting a request
goes straight through.
"""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Generic, Self, TypeVar

import attrs
import psycopg

from karez.kernel.database.connection import transaction
from karez.kernel.errors import KarezError, UnavailableError, ensure

REQUESTS_MOST = 8_192

Request = TypeVar("Request")
Answer = TypeVar("Answer")


@attrs.frozen(eq=False)
class _Waiting(Generic[Request, Answer]):
    request: Request
    future: Future[Answer]


@attrs.define
class GroupCommit(ABC, Generic[Request, Answer]):
    """Serves one institution's requests for the threads of one process; use it in a ``with``.

    ``connect`` makes a connection of the application role; one is kept, and a new one made when it
    is lost. What was under way then is handed to the book again: the book must take what is asked
    twice as asked once.
    """

    connect: Callable[[], psycopg.Connection]
    institution_id: int
    _queue: queue.SimpleQueue[_Waiting[Request, Answer] | None] = attrs.field(
        factory=queue.SimpleQueue, init=False
    )
    _thread: threading.Thread | None = attrs.field(default=None, init=False)
    _connection: psycopg.Connection | None = attrs.field(default=None, init=False)

    @abstractmethod
    def _write(
        self, connection: psycopg.Connection, requests: Sequence[Request]
    ) -> Sequence[Answer | KarezError]:
        """Write the requests in the transaction at hand; return for each its answer or refusal."""

    def _together(self, requests: Sequence[Request]) -> Sequence[bool]:
        """Tell which requests go into this batch; the others wait for the next."""
        return [True] * len(requests)

    def __enter__(self) -> Self:
        """Open for business."""
        name = f"karez-{type(self).__name__.lower()}"
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Write all that still waits, then close."""
        ensure(self._thread is not None, "a group commit is left once")
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _submit(self, request: Request) -> Future[Answer]:
        ensure(self._thread is not None, "requests are taken inside the with block")
        waiting = _Waiting[Request, Answer](request, Future())
        self._queue.put(waiting)
        return waiting.future

    def _work(self) -> None:
        late: list[_Waiting[Request, Answer]] = []
        open_ = True
        while open_ or late:
            taken, open_ = self._take(late, open_=open_)
            together = self._together([waiting.request for waiting in taken])
            group = [one for one, now in zip(taken, together, strict=True) if now]
            late = [one for one, now in zip(taken, together, strict=True) if not now]
            if group:
                self._answer(group)
        if self._connection is not None:
            self._connection.close()

    def _take(
        self, late: list[_Waiting[Request, Answer]], *, open_: bool
    ) -> tuple[list[_Waiting[Request, Answer]], bool]:
        """Return what waits, in the order it came; block only where nothing does."""
        taken = list(late)
        while open_ and len(taken) < REQUESTS_MOST:
            try:
                waiting = self._queue.get(block=not taken)
            except queue.Empty:
                break
            if waiting is None:
                open_ = False
            else:
                taken.append(waiting)
        return taken, open_

    def _answer(self, group: Sequence[_Waiting[Request, Answer]]) -> None:
        try:
            answers = self._commit([waiting.request for waiting in group])
        except Exception as fault:  # noqa: BLE001 - whatever it is, those who wait must hear of it.
            for waiting in group:
                waiting.future.set_exception(fault)
            return
        for waiting, answer in zip(group, answers, strict=True):
            if isinstance(answer, KarezError):
                waiting.future.set_exception(answer)
            else:
                waiting.future.set_result(answer)

    def _commit(self, requests: Sequence[Request]) -> Sequence[Answer | KarezError]:
        try:
            return self._commit_once(requests)
        except UnavailableError:
            # The book takes a second attempt for the first, whether or not that arrived.
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            return self._commit_once(requests)

    def _commit_once(self, requests: Sequence[Request]) -> Sequence[Answer | KarezError]:
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        with transaction(self._connection, self.institution_id):
            return self._write(self._connection, requests)
