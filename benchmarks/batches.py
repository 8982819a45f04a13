"""Batches: the money book beside a raw COPY of the same rows, which is as fast as it could be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

import attrs
import numpy as np
import psycopg

from benchmarks.bed import ACCOUNTS, BATCH, DAY, EMPTY, Bed, Contender, institution_id, open_chart
from benchmarks.report import Section
from karez.books.money import wire
from karez.books.money.post import MoneyBook
from karez.books.money.transfer import Batch, Phase
from karez.kernel.database import Role, transaction
from karez.kernel.ids import new_ids

ROUNDS = 30
SMALL_BATCH = 1_000
TURN = 24_000  # transfers in a turn
FLOOR_MINOR = -(10**15)

COPY, FREE, LIMITED, HOT = "raw COPY", "no limits", "every account limited", "one hot account"


@attrs.frozen
class Poster:
    """Posts random batches to one institution of a database."""

    bed: Bed
    connection: psycopg.Connection
    institution_id: int
    batch: int = BATCH
    hot: bool = False
    book: MoneyBook = attrs.field(factory=MoneyBook)

    def meet_all(self) -> None:
        """Post a transfer on every account, as a book in use has: it then knows them all."""
        numbers = np.arange(1, ACCOUNTS)
        batch = Batch.of_arrays(
            debit=numbers, credit=numbers + 1, amount_minor=np.ones_like(numbers), valid_on=DAY
        )
        with transaction(self.connection, self.institution_id):
            assert self.book.post(self.connection, batch).posted == len(batch)

    def prepare(self, transfers: int = TURN) -> Callable[[], None]:
        """Draw the columns of a turn; what the clock times makes batches of them and posts."""
        columns = [
            self.bed.transfers(self.batch, hot=self.hot) for _ in range(transfers // self.batch)
        ]

        def run() -> None:
            for debit, credit, amount in columns:
                batch = Batch.of_arrays(
                    debit=debit, credit=credit, amount_minor=amount, valid_on=DAY
                )
                with transaction(self.connection, self.institution_id):
                    outcomes = self.book.post(self.connection, batch)
                assert outcomes.posted == self.batch

        return run


@attrs.frozen
class Copier:
    """Copies the rows that posting would write into a table that has a primary key and no more."""

    bed: Bed
    connection: psycopg.Connection
    batch: int = BATCH

    def prepare(self) -> Callable[[], None]:
        """Pack the rows; what the clock times only sends them, a transaction each."""
        streams = [self._stream() for _ in range(TURN // self.batch)]
        columns = ", ".join(wire.TRANSFER_COLUMNS)
        statement = f"COPY raw ({columns}) FROM STDIN (FORMAT BINARY)"

        def run() -> None:
            for stream in streams:
                with (
                    self.connection.transaction(),
                    self.connection.cursor() as cursor,
                    cursor.copy(statement.encode()) as copy,
                ):
                    copy.write(stream)

        return run

    def _stream(self) -> bytes:
        debit, credit, amount = self.bed.transfers(self.batch)
        rows = np.zeros(self.batch, wire.TRANSFER)
        rows["entry_id"] = new_ids(self.batch)
        rows["debit_account"], rows["credit_account"] = debit, credit
        rows["amount_minor"] = amount
        rows["institution_id"] = 1
        rows["valid_on"] = wire.days_2000(DAY)
        rows["recorded_at"] = wire.micros_2000(datetime.now(UTC))
        rows["position"] = np.arange(self.batch)
        rows["phase"] = Phase.POSTED
        rows["target_line"] = -1
        return wire.HEADER + b"".join(wire.pack_transfers(rows)) + wire.TRAILER


def make_raw_table(connection: psycopg.Connection) -> None:
    """Make a table with the columns of ``money.transfer`` and only its primary key."""
    connection.execute("CREATE TABLE raw (LIKE money.transfer)")
    connection.execute("ALTER TABLE raw ADD PRIMARY KEY (institution_id, entry_id, line)")


def run(bed: Bed, rounds: int | None) -> Section:
    """Race batches of 8,000 and of 1,000."""
    names = ("raw", "raw_small", "free", "hot", "free_small")
    databases = {name: bed.database(f"batches_{name}") for name in names}
    databases["limited"] = bed.database("batches_limited", like=EMPTY)
    open_chart(databases["limited"], floor_minor=FLOOR_MINOR)
    small = f"in batches of {SMALL_BATCH:,}"
    with ExitStack() as stack:

        def copier(name: str, database: str, batch: int) -> Contender:
            connection = stack.enter_context(databases[database].connect(Role.OWNER))
            connection.execute("SET role NONE")
            make_raw_table(connection)
            prepare = Copier(bed, connection, batch).prepare
            return Contender(name, TURN, prepare, [connection.info.backend_pid])

        def poster(name: str, database: str, batch: int = BATCH, *, hot: bool = False) -> Contender:
            connection = stack.enter_context(databases[database].connect())
            book = Poster(bed, connection, institution_id(connection), batch, hot)
            book.meet_all()
            return Contender(name, TURN, book.prepare, [connection.info.backend_pid])

        contenders = [
            copier(COPY, "raw", BATCH),
            poster(FREE, "free"),
            poster(LIMITED, "limited"),
            poster(HOT, "hot", hot=True),
            copier(f"{COPY}, {small}", "raw_small", SMALL_BATCH),
            poster(f"{FREE}, {small}", "free_small", SMALL_BATCH),
        ]
        samples = bed.race("batches", contenders, rounds or ROUNDS)
    bed.drop(*(f"batches_{name}" for name in databases))
    section = Section(f"Batches of {BATCH:,}", COPY, samples)
    section.hold(FREE, COPY, 0.65)
    section.hold(LIMITED, COPY, 0.12)
    section.hold(HOT, FREE, 0.9)
    in_small = section.ratio(f"{FREE}, {small}", f"{COPY}, {small}")
    section.notes.append(f"{small}, {FREE} / {COPY}: {in_small.show()}")
    return section
