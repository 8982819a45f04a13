"""The end of a day for a million loans, beside a COPY of the same postings; days caught up on.

What is measured is posted and durable. While days are ended, customers pay, one after another.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import attrs
import numpy as np

from benchmarks.batches import make_raw_table
from benchmarks.bed import EMPTY, Bed, Contender, tell
from benchmarks.loan_book import FIRST, SEEDS, live, multiply
from benchmarks.report import Bar, Figure, Section, Spread
from karez.books.money import wire
from karez.books.money.post import MoneyBook
from karez.engines.servicing.events import Payment
from karez.kernel.database import Database, Role
from karez.services.bookkeeping import Books, open_books
from karez.services.closing import DayEnd, close_days, closed_through
from karez.services.lending import Command, record, standing_on

TIMES = 1_000  # of the thousand loans that are lived
WORKERS = 2
BEFORE = date(2026, 2, 26)  # the day after is an ordinary one, and the next the last of its month
SHAPES = (1, 7, 30, 100, 300, 700)
SHAPE_MONTHS = 24
PAYMENT_MINOR = 1_00
LOOKS = 500
TABLES = ("money.transfer", "lending.standing", "closing.allowance")
COPY = "COPY of the same postings"
ORDINARY, LAST = "an ordinary day", "the last day of a month"
PAYING = "a day on which customers pay meanwhile"
SECONDS_MOST, RATIO_LEAST = 60.0, 0.1


def run(bed: Bed, _rounds: int | None) -> Section:
    """End an ordinary day and the last of a month for all, then catch up on few loans."""
    section = Section(f"End of day, {SEEDS * TIMES:,} active loans, {WORKERS} workers", COPY)
    _catch_up(bed, section)
    database = bed.database("closing_many", like=EMPTY)
    with open_books(database, "main") as books:
        live(books, BEFORE)
        made = multiply(books, TIMES, BEFORE)
    section.figures.append(
        Figure(f"opening {made.accounts:,} accounts", "s", _one(made.seconds_accounts))
    )
    with database.connect(None) as connection:
        connection.execute("VACUUM (ANALYZE)")  # as a book in use has been, now and then
    bed.login.execute("CHECKPOINT")
    with _crew(database) as crew:
        _end(bed, section, crew, ORDINARY)
        _copy(bed, database, section)
        bed.login.execute("CHECKPOINT")
        _end(bed, section, crew, LAST)
        with _paying(database) as waits:
            _end(bed, section, crew, PAYING)
    section.figures += [
        Figure(f"a payment meanwhile, {share} of 100", "ms", _one(wait), 0)
        for share, wait in zip((50, 99, 100), np.percentile(waits, (50, 99, 100)), strict=True)
    ]
    section.figures.append(_look(database))
    section.hold(ORDINARY, COPY, RATIO_LEAST)
    section.hold(LAST, COPY, RATIO_LEAST)
    bed.drop("closing_many")
    return section


def _end(bed: Bed, section: Section, crew: Sequence[Books], name: str) -> None:
    """End the next day, and note the time, the rate, the parts and the volume."""
    day = closed_through(crew[0]) + timedelta(days=1)
    tell(f"ending {day}, {name}")
    before = _sizes(crew[0])
    ended: list[DayEnd] = []
    sample = bed.turn(Contender(name, 0, lambda: lambda: ended.extend(close_days(crew, day))))
    loans, postings = ended[0].loan_count, ended[0].posting_count
    section.samples[name] = [attrs.evolve(sample, transfers=postings)]
    section.notes.append(
        f"{name}: {postings:,} postings, {ended[0].changed_count:,} standings and"
        f" {ended[0].provided_count:,} provisions made anew, {sample.seconds:.1f} s"
    )
    section.figures.append(Figure(f"{name}, loans a second", "", _one(loans / sample.seconds), 0))
    section.bars.append(
        Bar(f"{loans:,} loans, {name}: seconds", SECONDS_MOST, _one(sample.seconds), at_most=True)
    )
    after = _sizes(crew[0])
    grown = {what: (after[what] - before[what]) / loans for what in after}
    told = ", ".join(f"{what} {octets:,.0f}" for what, octets in grown.items() if octets >= 1)
    section.notes.append(f"{name}: bytes for each loan: {told}")


def _copy(bed: Bed, database: Database, section: Section) -> None:
    """COPY the same rows into a table with only its primary key, in as many transactions."""
    tell(COPY)
    with database.connect(Role.OWNER) as connection:
        connection.execute("SET role NONE")
        stream = wire.read_copy(
            connection,
            f"COPY (SELECT {', '.join(wire.TRANSFER_COLUMNS)} FROM money.transfer"  # noqa: S608 - constants
            " WHERE valid_on = {} ORDER BY recorded_at, position) TO STDOUT (FORMAT BINARY)",
            (BEFORE + timedelta(days=1),),
        )
        _, offsets = wire.unpack_transfers(stream)
        make_raw_table(connection)
        parts = (SEEDS * TIMES >> 13) + 1
        edges = offsets[np.linspace(0, len(offsets) - 1, parts + 1).astype(int)].tolist()
        statement = f"COPY raw ({', '.join(wire.TRANSFER_COLUMNS)}) FROM STDIN (FORMAT BINARY)"

        def copy() -> None:
            for start, end in pairwise(edges):
                with connection.cursor() as cursor, cursor.copy(statement.encode()) as into:
                    into.write(wire.HEADER + stream[start:end] + wire.TRAILER)

        bed.login.execute("CHECKPOINT")
        section.samples[COPY] = [bed.turn(Contender(COPY, len(offsets) - 1, lambda: copy))]
        connection.execute("DROP TABLE raw")


def _catch_up(bed: Bed, section: Section) -> None:
    """End many missed days of a thousand loans of 24 months on which nobody pays."""
    with open_books(bed.database("closing_shape", like=EMPTY), "main") as books:
        live(books, FIRST + timedelta(days=30), months=(SHAPE_MONTHS,))
    for days in SHAPES:
        tell(f"catching up on {days} days")
        with open_books(bed.database("closing_days", like="closing_shape"), "main") as books:
            begun = time.perf_counter()
            ended = close_days([books], FIRST + timedelta(days=30 + days))
            seconds = time.perf_counter() - begun
        assert len(ended) == days
        bed.drop("closing_days")
        name = f"{SEEDS:,} loans of {SHAPE_MONTHS} months, catching up on {days} days"
        section.figures.append(Figure(name, "s", _one(seconds), 2))
    bed.drop("closing_shape")


def _look(database: Database) -> Figure:
    """Ask for the balance and the arrears of some loan on some past day, again and again."""
    random = np.random.default_rng(2)
    looks: list[float] = []
    with open_books(database, "main") as books:
        for number in random.integers(1, SEEDS * TIMES, LOOKS).tolist():
            day = BEFORE - timedelta(days=int(random.integers(0, 20)))
            begun = time.perf_counter()
            standing_on(books, number, day)
            looks.append((time.perf_counter() - begun) * 1e3)
    return Figure("balance and arrears of a loan on a past day", "ms", Spread.of(looks), 2)


@contextmanager
def _crew(database: Database) -> Generator[Sequence[Books]]:
    with ExitStack() as stack:
        money = MoneyBook()
        crew = [stack.enter_context(open_books(database, "main")) for _ in range(WORKERS)]
        yield [attrs.evolve(books, money=money) for books in crew]


@contextmanager
def _paying(database: Database) -> Generator[list[float]]:
    """Let a customer of some part pay, one after another, while the block runs; give the waits."""
    waits: list[float] = []
    done = threading.Event()
    random = np.random.default_rng(1)
    day = BEFORE + timedelta(days=3)

    def pay() -> None:
        with open_books(database, "main") as books:
            for ordinal in itertools.count():
                if done.is_set():
                    return
                number = int(random.integers(1, SEEDS * TIMES))
                with books.transaction() as connection:
                    row = connection.execute(
                        "SELECT loan_id FROM lending.loan WHERE loan_number = %s", (number,)
                    ).fetchone()
                assert row is not None
                event = Payment(number=0, on=day, posted_on=day, amount_minor=PAYMENT_MINOR)
                command_id = UUID(int=3 << 100 | ordinal)
                command = Command(loan=row[0], event=event, actor="bench", command_id=command_id)
                begun = time.perf_counter()
                [outcome] = record(books, [command], on=day)
                assert outcome.error is None, outcome.error
                waits.append((time.perf_counter() - begun) * 1e3)
                time.sleep(0.02)

    customer = threading.Thread(target=pay)
    customer.start()
    while len(waits) < 5:  # what a payment needs is loaded
        time.sleep(0.1)
    waits.clear()
    try:
        yield waits
    finally:
        done.set()
        customer.join()


def _sizes(books: Books) -> dict[str, int]:
    with books.transaction() as connection:
        rows = connection.execute(
            "SELECT name, pg_total_relation_size(name::regclass) FROM unnest(%s::text[]) AS name",
            (list(TABLES),),
        ).fetchall()
        lsn = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    assert lsn is not None
    return dict(rows) | {"write-ahead log": int(lsn[0])}


def _one(value: float) -> Spread:
    return Spread.of([value])
