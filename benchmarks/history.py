"""A book with a million transfers: seal it, ask its past, verify it, make its balances again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import psutil

from benchmarks.bed import ACCOUNTS, DAY, Bed, Contender, Int64s, institution_id, tell
from benchmarks.report import Bar, Figure, Section, Spread
from karez.books.money import read, seal
from karez.books.money.post import MoneyBook
from karez.books.money.transfer import Batch, Entry, Transfer
from karez.books.money.verify import verify
from karez.books.money.wire import days_2000
from karez.kernel.database import Database, Plans, transaction

if TYPE_CHECKING:
    import psycopg

REPEATS = 5
TRANSFERS = 1_000_000
BATCH = 1_000  # so that most seals have batches before and after an instant of the past
DAYS = 400
HOT_SHARE = 0.3
QUESTIONS = 1_000
CHECKED = 100  # of the answers, against the transfers as we drew them


@attrs.define
class Book:
    """A book that we fill, and what we put into it."""

    bed: Bed
    connection: psycopg.Connection
    institution_id: int
    money: MoneyBook = attrs.field(factory=MoneyBook)
    debit: list[Int64s] = attrs.field(factory=list[Int64s])
    credit: list[Int64s] = attrs.field(factory=list[Int64s])
    amount: list[Int64s] = attrs.field(factory=list[Int64s])
    days: list[Int64s] = attrs.field(factory=list[Int64s])
    instants: list[datetime] = attrs.field(factory=list[datetime])

    def fill(self, transfers: int) -> None:
        """Post so many transfers, dated over the past days, some of them on account 1."""
        for done in range(0, transfers, BATCH):
            tell(f"history: {done:,} transfers")
            count = min(BATCH, transfers - done)
            debit, credit, amount = self.bed.transfers(count)
            hot = (self.bed.random.random(count) < HOT_SHARE) & (debit != 1)
            credit = np.where(hot, 1, credit)
            days = days_2000(DAY) - self.bed.random.integers(0, DAYS, count)
            batch = Batch.of_arrays(
                debit=debit, credit=credit, amount_minor=amount, valid_on=days.astype(np.int32)
            )
            with transaction(self.connection, self.institution_id):
                outcomes = self.money.post(self.connection, batch)
            assert outcomes.posted == count
            for kept, column in (
                (self.debit, debit), (self.credit, credit), (self.amount, amount),
                (self.days, days),
            ):  # fmt: skip
                kept.append(column)
            self.instants.append(outcomes.entry(0, 1).recorded_at)

    def time(
        self, work: Callable[[psycopg.Connection], Any], plans: Plans = Plans.MADE_ANEW
    ) -> tuple[float, Any]:
        """Return the seconds that a transaction took, and what came of it."""
        start = time.perf_counter()
        with transaction(self.connection, self.institution_id, plans):
            answer = work(self.connection)
        return time.perf_counter() - start, answer

    def sums(self) -> Int64s:
        """Return debits and credits of each account as the transfers we drew make them."""
        sums = np.zeros((2, ACCOUNTS + 1), np.int64)
        for place, side in enumerate((self.debit, self.credit)):
            np.add.at(sums[place], np.concatenate(side), np.concatenate(self.amount))
        return sums

    def expected(self, number: int, valid_on: int, batches: int) -> int:
        """Return the balance of an account by a day, of the first ``batches`` batches."""
        columns = (self.debit, self.credit, self.amount, self.days)
        debit, credit, amount, days = (np.concatenate(column[:batches]) for column in columns)
        inside = amount * (days <= valid_on)
        return int(inside[credit == number].sum() - inside[debit == number].sum())


def run(bed: Bed, rounds: int | None) -> Section:
    """Fill a book and ask everything of it."""
    section = Section(f"A book of {TRANSFERS:,} transfers")
    repeats = rounds or REPEATS
    database = bed.database("history")
    with database.connect() as connection:
        book = Book(bed, connection, institution_id(connection))
        book.fill(TRANSFERS)
        _rebuild(book, section, repeats)
        _seal(book, section)
        _, unsealed = book.time(seal.unsealed_count)
        book.fill(seal.SEAL_AFTER - 1 - unsealed)  # as much as ever waits for a seal
        _questions(book, section)
        _whole(book, section, repeats)
        _cold(database, book, section, repeats)
    tell("")
    bed.drop("history")
    return section


def _figure(section: Section, name: str, unit: str, values: Sequence[float]) -> Spread:
    spread = Spread.of(values)
    section.figures.append(Figure(name, unit, spread))
    return spread


def _rebuild(book: Book, section: Section, repeats: int) -> None:
    """All balances from the transfers alone: nothing is sealed yet, so nothing is stored."""
    through = book.instants[-1]
    work = partial(
        seal.balances_at, institution_id=book.institution_id, seal_number=1, through=through
    )
    took: list[float] = []
    expected = book.sums()
    for _ in range(repeats):
        seconds, balances = book.time(work)
        took.append(seconds)
        for place, name in enumerate(("debits_posted_minor", "credits_posted_minor")):
            assert (balances[name] == expected[place, balances["account_number"]]).all()
        assert balances["debits_posted_minor"].sum() == expected[0].sum()
    spread = _figure(section, "all balances made from the transfers alone", "s", took)
    section.bars.append(
        Bar(f"all balances from {TRANSFERS:,} transfers, s", 10, spread, at_most=True)
    )


def _seal(book: Book, section: Section) -> None:
    samples = []
    while True:
        tell(f"history: seal {len(samples) + 1}")
        sealed: list[int] = []
        contender = Contender(
            "seal", 1, lambda s=sealed: lambda: s.append(book.time(seal.seal_next)[1]),
            [book.connection.info.backend_pid],
        )  # fmt: skip
        sample = book.bed.turn(contender)
        if not sealed[0]:
            break
        samples.append(attrs.evolve(sample, transfers=sealed[0]))
    moved = sum(sample.transfers for sample in samples)
    assert moved > TRANSFERS - seal.SEAL_AFTER
    _figure(
        section, f"sealing, a transfer ({len(samples)} seals)", "us",
        [sample.seconds * 1e6 / sample.transfers for sample in samples],
    )  # fmt: skip
    for what in ("server", "client"):
        total = sum(getattr(sample, f"{what}_seconds") for sample in samples)
        _figure(section, f"sealing, a transfer: CPU of the {what}", "us", [total * 1e6 / moved])


def _questions(book: Book, section: Section) -> None:
    """Ask single balances: of any account or the hot one, of any day, known now or back then."""
    random, backend = book.bed.random, psutil.Process(book.connection.info.backend_pid)
    kinds = [(hot, known) for hot in (False, True) for known in (False, True)]
    took: dict[tuple[bool, bool], list[float]] = {kind: [] for kind in kinds}
    answers: list[tuple[int, date, int, read.Balance]] = []
    cpu = [-time.process_time(), -sum(backend.cpu_times()[:2])]
    for _ in range(QUESTIONS):
        for hot, known in kinds:
            number = 1 if hot else int(random.integers(1, ACCOUNTS + 1))
            day = DAY - timedelta(days=int(random.integers(0, DAYS)))
            batches = int(random.integers(1, len(book.instants) + 1))
            known_at = book.instants[batches - 1] if known else None
            seconds, answer = book.time(
                partial(read.balance, code=f"a{number - 1}", valid_on=day, known_at=known_at),
                Plans.KEPT,
            )
            took[hot, known].append(seconds * 1e3)
            answers.append((number, day, batches if known else len(book.instants), answer))
    cpu = [cpu[0] + time.process_time(), cpu[1] + sum(backend.cpu_times()[:2])]
    for number, day, batches, answer in answers[:CHECKED]:
        assert answer.balance_minor == book.expected(number, days_2000(day), batches)
    for (hot, known), values in took.items():
        name = f"balance of {'the hot account' if hot else 'any account'} at any past day"
        _latency(section, name + (", as known back then" if known else ""), values)
    for name, total in zip(("client", "server"), cpu, strict=True):
        _figure(section, f"balance: CPU of the {name}", "ms", [total * 1e3 / len(answers)])
    everything = [value for values in took.values() for value in values]
    late = Spread.of([float(np.percentile(everything, 99))])
    section.bars.append(
        Bar("balance of any account at any past day, p99, ms", 5, late, at_most=True)
    )
    section.notes.append(
        f"{len(everything):,} questions with {TRANSFERS:,} transfers, the last"
        f" {seal.SEAL_AFTER - 1:,} of them unsealed; {CHECKED} answers checked"
    )


def _latency(section: Section, name: str, values: Sequence[float]) -> None:
    middle, late = (float(np.percentile(values, part)) for part in (50, 99))
    section.figures.append(Figure(f"{name}: p50", "ms", Spread.of([middle])))
    section.figures.append(Figure(f"{name}: p99", "ms", Spread.of([late])))
    section.figures.append(Figure(f"{name}: slowest", "ms", Spread.of([max(values)])))


def _whole(book: Book, section: Section, repeats: int) -> None:
    """Operations over the whole book."""
    took: list[float] = []
    for repeat in range(repeats):
        tell(f"history: verify {repeat + 1} of {repeats}")
        seconds, verification = book.time(verify)
        took.append(seconds)
        assert not verification.findings
        assert verification.transfers == sum(map(len, book.amount))
    _figure(section, "verify", "s", took)
    took = [book.time(partial(read.trial_balance, valid_on=DAY))[0] for _ in range(repeats)]
    _figure(section, "trial balance of all accounts", "s", took)


def _cold(database: Database, book: Book, section: Section, repeats: int) -> None:
    """What the first entry of a new process costs: it knows nothing of the book yet."""
    took: list[float] = []
    for _ in range(repeats):
        with database.connect() as connection:
            fresh = attrs.evolve(book, connection=connection, money=MoneyBook())
            entry = Entry(DAY, [Transfer(5, 6, 1)])
            took.append(fresh.time(partial(fresh.money.post_entry, entry=entry))[0] * 1e3)
    _figure(section, "first entry of a new process", "ms", took)
