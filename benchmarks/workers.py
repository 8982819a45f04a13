"""Processes of their own that post when told to, for what happens when several write at once."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

import attrs
import numpy as np
import psycopg

from benchmarks.bed import ACCOUNTS, DAY
from karez.books.money.post import MoneyBook
from karez.books.money.transfer import Batch, Entry, Transfer
from karez.kernel.database import Database, transaction


@attrs.frozen
class Order:
    """What a worker is to post: so many batches of this size, or single entries (size 1)."""

    institution_id: int
    count: int
    size: int = 1
    hot: bool = False


@attrs.frozen
class Crew:
    """Workers that take orders together."""

    pipes: Sequence[Connection]
    process_ids: Sequence[int]

    def send(self, orders: Sequence[Order]) -> None:
        """Give each worker its order and wait until all are ready for it."""
        for pipe, order in zip(self.pipes, orders, strict=True):
            pipe.send(order)
        self._hear()

    def go(self) -> None:
        """Let them all post, and wait until they have."""
        for pipe in self.pipes:
            pipe.send(None)
        self._hear()

    def _hear(self) -> None:
        for pipe in self.pipes:
            pipe.recv()


@contextmanager
def hire(database: Database, count: int) -> Generator[Crew]:
    """Give a crew while the block runs."""
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in range(count)]
    processes = [
        context.Process(target=_work, args=(database, theirs), daemon=True) for _, theirs in pairs
    ]
    for process in processes:
        process.start()
    for _, theirs in pairs:
        theirs.close()  # so that a worker's end is heard of
    try:
        yield Crew([ours for ours, _ in pairs], [process.pid or 0 for process in processes])
    finally:
        for ours, _ in pairs:
            ours.close()
        for process in processes:
            process.join()


def random_entries(count: int, *, hot: bool) -> Callable[[], list[Entry]]:
    """Draw accounts; what is returned makes entries of them, each moving money between two."""
    random = np.random.default_rng()
    debit = random.integers(2, ACCOUNTS + 1, count)
    credit = np.where(hot | (debit == 2), 1, debit - 1)
    pairs: list[tuple[int, int]] = list(zip(debit.tolist(), credit.tolist(), strict=True))
    return lambda: [Entry(DAY, [Transfer(*pair, amount_minor=100)]) for pair in pairs]


def _work(database: Database, pipe: Connection) -> None:
    books: defaultdict[int, MoneyBook] = defaultdict(MoneyBook)
    with database.connect() as connection:
        while True:
            try:
                order: Order = pipe.recv()
            except EOFError:
                return
            book = books[order.institution_id]
            run = (_singles if order.size == 1 else _batches)(connection, book, order)
            pipe.send("ready")
            pipe.recv()
            run()
            pipe.send("done")


def _singles(connection: psycopg.Connection, book: MoneyBook, order: Order) -> Callable[[], None]:
    entries = random_entries(order.count, hot=order.hot)

    def run() -> None:
        for entry in entries():
            with transaction(connection, order.institution_id):
                book.post_entry(connection, entry)

    return run


def _batches(connection: psycopg.Connection, book: MoneyBook, order: Order) -> Callable[[], None]:
    random = np.random.default_rng()
    debits = [random.integers(2, ACCOUNTS + 1, order.size) for _ in range(order.count)]

    def run() -> None:
        for debit in debits:
            batch = Batch.of_arrays(debit=debit, credit=debit - 1, amount_minor=debit, valid_on=DAY)
            with transaction(connection, order.institution_id):
                assert book.post(connection, batch).posted == order.size

    return run
