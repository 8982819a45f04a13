"""The stateful machine: random work on a real book, compared with the model after every step."""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, ClassVar
from unittest import mock
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from books.money.comparing import compare_reading
from books.money.making import DAYS, Maker
from books.money.model import Account, Model
from karez.books.money import account, period, post, seal, verify
from karez.books.money.answer import Answer
from karez.books.money.errors import (
    AccountClosedError,
    AccountNotEmptyError,
    LimitBrokenError,
    PeriodOrderError,
)
from karez.books.money.pen import Pen, take_pen
from karez.books.money.queries import QUERIES
from karez.books.money.transfer import Batch, Entry, join
from karez.kernel.database import Database, transaction

if TYPE_CHECKING:
    import psycopg

SEQUENCES_A_ROUND = 1_000  # then the tables are emptied, so that they stay quick
SEEDS = st.integers(0, (1 << 32) - 1)


class _RolledBackError(Exception):
    pass


class BookMachine(RuleBasedStateMachine):
    """One book, three processes' worth of memory of it (``MoneyBook``), one model."""

    connections: ClassVar[list[psycopg.Connection]] = []
    pens: ClassVar[list[int]] = []  # the instants that posting has seen
    institutions: ClassVar[itertools.count[int]] = itertools.count(1)
    counts: ClassVar[Counter[str]] = Counter()

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        self.institution_id = next(self.institutions)
        self.model = Model()
        self.books = [post.MoneyBook() for _ in self.connections]
        self.instants: list[int] = []
        random = Random(seed)
        scattered = random.random() < 0.5
        self.ids = (
            UUID(int=Random(n).getrandbits(128) if scattered else n) for n in itertools.count(1)
        )
        second = random.choice(("EUR", "EUR", "EUR", "JPY"))
        openings: list[account.Opening] = []
        for number in range(1, random.randint(2, 6) + 1):
            kind = random.choice(("asset", "liability", "liability", "income"))
            side = random.choice((None, None, None, "debit", "credit"))
            opening = account.Opening(
                f"a{number}",
                kind,
                second if number > 3 else "EUR",
                floor_minor=random.choice((None, None, None, 0, 0, -20)),
                ceiling_minor=random.choice((None, None, None, None, 30, 1000)),
                normal_side=side,
                parent=f"a{random.randint(1, number - 1)}" if number > 3 else None,
            )
            openings.append(opening)
            self.model.accounts[number] = Account(
                opening.code,
                side or account.TYPES[opening.type],
                opening.currency,
                opening.floor_minor,
                opening.ceiling_minor,
            )
        random.shuffle(openings)
        with transaction(self.connections[0], self.institution_id) as connection:
            opened = account.open_accounts(connection, openings)
        renumbered = {int(a.code[1:]): a.number for a in opened}
        by_number = {renumbered[n]: made for n, made in self.model.accounts.items()}
        self.model.accounts = dict(sorted(by_number.items()))

    # What happens to a book.

    @rule(seed=SEEDS, size=st.integers(1, 8))
    def post(self, seed: int, size: int) -> None:
        random = Random(seed)
        with self._transaction(random) as connection:
            self._post(connection, random, size)

    @rule(seed=SEEDS, size=st.integers(1, 3))
    def post_more(self, seed: int, size: int) -> None:
        self.post(seed, size)

    @rule(seed=SEEDS, size=st.integers(1, 3))
    def post_several(self, seed: int, size: int) -> None:
        """Several batches in one transaction, some of them taken back, or all."""
        random = Random(seed)
        before = self.model.copy()
        try:
            with self._transaction(random) as connection:
                for _ in range(random.randint(1, 3)):
                    inner = self.model.copy()
                    try:
                        with connection.transaction():
                            self._post(connection, random, size)
                            if random.random() < 0.3:
                                raise _RolledBackError  # noqa: TRY301 - a caller may do so.
                    except _RolledBackError:
                        self.model = inner
                if random.random() < 0.3:
                    raise _RolledBackError  # noqa: TRY301
        except _RolledBackError:
            self.model = before

    @rule(seed=SEEDS)
    def change(self, seed: int) -> None:
        random = Random(seed)
        self._change_period(random) if random.random() < 0.4 else self._change_chart(random)

    def _change_chart(self, random: Random) -> None:
        number = random.choice(list(self.model.accounts))
        mine = self.model.accounts[number]
        with self._transaction(random) as connection:
            match random.choice(("open", "limits", "limits", "close", "reopen", "reopen", "name")):
                case "open" if len(self.model.accounts) < 6:
                    number = len(self.model.accounts) + 1
                    opening = account.Opening(f"n{number}", "liability", "EUR", floor_minor=0)
                    assert account.open_accounts(connection, [opening])[0].number == number
                    self.model.accounts[number] = Account(opening.code, "credit", "EUR", 0)
                case "limits":
                    changes = {
                        "floor_minor": random.choice((None, 0, -10)),
                        "ceiling_minor": random.choice((None, 10, 200)),
                    }
                    self._change_limits(connection, number, changes)
                case "close":
                    self._close(connection, number)
                case "reopen":
                    account.reopen_account(connection, mine.code)
                    mine.closed = False
                case _:
                    account.change_account(connection, mine.code, {"name": str(random.random())})

    def _change_period(self, random: Random) -> None:
        day = random.choice(DAYS) - timedelta(days=random.choice((0, 1, 1, 10)))
        closed = self.model.closed_through
        with self._transaction(random) as connection:
            if closed is None:
                refused = closed is not None and day < closed
                work = lambda: period.close_period(connection, day, actor="ann")  # noqa: E731
            else:
                day = random.choice((None, None, day))
                refused = closed is None or (day is not None and day >= closed)
                work = lambda: period.reopen_period(  # noqa: E731
                    connection, day, actor="ann", reason="late"
                )
            try:
                work()
            except PeriodOrderError:
                assert refused
            else:
                assert not refused
                self.model.closed_through = day

    @rule(seed=SEEDS)
    def seal(self, seed: int) -> None:
        for _ in range(1 + seed % 3):
            with self._transaction(Random(seed)) as connection:
                seal.seal_next(connection)

    @rule(seed=SEEDS)
    def look(self, seed: int) -> None:
        random = Random(seed)
        with self._transaction(random) as connection:
            compare_reading(connection, self.model, self.instants, random)

    # How it is done and compared.

    def _transaction(self, random: Random):
        connection = random.choice(self.connections)
        return transaction(connection, self.institution_id)

    def _post(self, connection: psycopg.Connection, random: Random, size: int) -> None:
        maker = Maker(random, self.model, datetime.now(UTC), self.ids)
        groups = maker.groups(size)
        batch = join([Batch.of(group, linked=True) for group in groups])
        outcomes = random.choice(self.books).post(connection, batch)
        now = self.pens[-1]
        answers, moved = self.model.post(groups, now)
        got = [Answer(a) for a in outcomes.answer]
        assert got == answers, _tell(groups, got, answers)
        stand = [m is not None for m in moved]
        assert outcomes.amount_minor[stand].tolist() == [m for m in moved if m is not None]
        keys = [(e.entry_id, n) for g in groups for e in g for n in range(len(e.transfers))]
        for key, recorded_at, stands in zip(keys, outcomes.recorded_at, stand, strict=True):
            assert not stands or self.model.moves[key].recorded_at == recorded_at
        for row in outcomes.refused:
            assert "{" not in outcomes.error(row).message
        self._compare_sums(connection)
        self.instants.append(now)
        if maker.waits:  # what expires soon has expired before the next batch
            time.sleep(0.002)
        self.counts.update(answer.name for answer in answers)
        self.counts["batches"] += 1

    def _compare_sums(self, connection: psycopg.Connection) -> None:
        rows = connection.execute(
            QUERIES["sums_now"].text, {"numbers": None, "through": None}
        ).fetchall()
        stored = {row[0]: row[1:] for row in rows}
        for number in self.model.accounts:
            assert stored.get(number, (0, 0, 0, 0)) == self.model.sums(number)

    def _change_limits(
        self, connection: psycopg.Connection, number: int, changes: dict[str, int | None]
    ) -> None:
        mine = self.model.accounts[number]
        before = mine.floor, mine.ceiling
        mine.floor, mine.ceiling = changes["floor_minor"], changes["ceiling_minor"]
        rooms = [self.model.room(number, side) for side in ("debit", "credit")]
        beyond = any(room is not None and room < 0 for room in rooms)
        try:
            account.change_account(connection, mine.code, changes)
        except LimitBrokenError:
            assert beyond
            mine.floor, mine.ceiling = before
        else:
            assert not beyond

    def _close(self, connection: psycopg.Connection, number: int) -> None:
        mine = self.model.accounts[number]
        debits, credits_, *pending = self.model.sums(number)
        try:
            account.close_account(connection, mine.code, date(2026, 3, 1))
        except AccountNotEmptyError:
            assert not mine.closed
            assert debits != credits_ or any(pending)
        except AccountClosedError:
            assert mine.closed
        else:
            assert not mine.closed
            assert debits == credits_
            assert not any(pending)
            mine.closed = True

    def teardown(self) -> None:
        if sys.exc_info()[0] is not None or not hasattr(self, "model"):
            return  # a step failed, and what it left is not to be compared
        with transaction(self.connections[0], self.institution_id) as connection:
            for n in range(3):
                compare_reading(connection, self.model, self.instants, Random(n))
            report = verify.verify(connection)
        assert not report.findings
        assert report.transfers == len(self.model.moves)


def _tell(groups: list[list[Entry]], got: list[Answer], wanted: list[Answer]) -> str:
    """What was asked, row by row, with the answers of the book and of the model."""
    rows = iter(zip(got, wanted, strict=True))
    told = ["the book answers other than the model:"]
    for place, group in enumerate(groups):
        for entry in group:
            told.append(f"group {place}: entry {entry.entry_id} on {entry.valid_on} {entry.kind}")
            for transfer in entry.transfers:
                book, model = next(rows)
                told.append(f"  {transfer} book: {book.name} model: {model.name}")
    return "\n".join(told)


def run_machines(conninfo: str, *, sequences: int, steps: int) -> Counter[str]:
    """Run sequences in two processes side by side; return how often each answer was given.

    A fault ends it with the sequence that shows it, made as short as Hypothesis can.
    """
    counts: Counter[str] = Counter()
    for done in range(0, sequences, SEQUENCES_A_ROUND):
        share = min(sequences - done, SEQUENCES_A_ROUND) // 2
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            halves = [
                pool.submit(_run_machine, conninfo, first, share, steps) for first in (1, 1_000_001)
            ]
            counts += sum((half.result() for half in halves), Counter[str]())
        with Database(conninfo).connect(None) as login:
            tables = login.execute(
                "SELECT string_agg(oid::regclass::text, ',') FROM pg_class"
                " WHERE relnamespace = 'money'::regnamespace AND relkind = 'r'"
            ).fetchone()
            assert tables is not None
            login.execute(f"TRUNCATE {tables[0]}".encode())
    return counts


def _run_machine(conninfo: str, first: int, sequences: int, steps: int) -> Counter[str]:
    """Run the machine with small seals on institutions from ``first`` on.

    Posting is watched to learn the instant that it took from the database.
    """
    pens: list[int] = []

    def watched(connection: psycopg.Connection) -> Pen:
        pen = take_pen(connection)
        pens.append(pen.now)
        return pen

    with ExitStack() as stack:
        connections = [stack.enter_context(Database(conninfo).connect()) for _ in range(3)]
        for connection in connections:  # what survives a crash is tried elsewhere
            connection.execute("SET synchronous_commit = off")
        stack.enter_context(mock.patch.object(post, "take_pen", watched))
        stack.enter_context(mock.patch.object(seal, "SEAL_AFTER", 5))
        BookMachine.connections, BookMachine.pens = connections, pens
        BookMachine.institutions = itertools.count(first)
        run_state_machine_as_test(
            BookMachine,
            settings=settings(
                max_examples=sequences,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
    return BookMachine.counts
