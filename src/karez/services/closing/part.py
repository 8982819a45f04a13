"""The end of one day for one part of the loans, in one transaction. Read ``close_part``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import attrs
import numpy as np

from karez.books.money.transfer import Batch, join
from karez.engines.servicing.movements import MovementKind
from karez.kernel.errors import ensure
from karez.services.bookkeeping import Books
from karez.services.closing.accruals import falls_due, grown, may_fall_due, needs_roll, rolled
from karez.services.closing.policies import Policies, Task
from karez.services.closing.postings import Provision, day_batch, provision_batch
from karez.services.closing.provisions import Staged, is_owed, provide, stage_loans
from karez.services.closing.queries import QUERIES
from karez.services.closing.reading import (
    Bools,
    Int64s,
    Outlooks,
    Records,
    read_income_before,
    read_loans,
    read_outlooks,
)
from karez.services.lending.chart import open_loan_accounts
from karez.services.lending.refolding import refold_within
from karez.services.lending.rows import NEVER, STANDING_ROW, copy_standings
from karez.services.lending.store import load_loans
from karez.services.products import Role

if TYPE_CHECKING:
    import psycopg


@attrs.frozen
class DayEnd:
    """What the end of a day brought to loans.

    ``changed`` counts loans that stand otherwise than before but for interest, ``late`` those that
    were folded anew for a charge on what is late, ``provided`` those whose provision was made anew.
    """

    day: date
    loan_count: int
    posting_count: int
    moved_minor: int
    changed_count: int
    late_count: int
    provided_count: int


@attrs.frozen
class PartDay(DayEnd):
    """What the end of a day brought to a part of the loans."""

    part: int


def close_part(books: Books, policies: Policies, part: int, day: date) -> PartDay | None:
    """End a day for the loans of a part, in a transaction; None where somebody else has.

    Who records an event on one of these loans waits meanwhile, and nobody else does: the pen of
    the money book is taken last.

    Raises:
        PeriodClosedError: accounting has closed the day.
        AccountUnknownError: a product posts to an account that the chart does not have.
    """
    with books.transaction() as connection:
        row = connection.execute(QUERIES["lock_part"].text, {"part": part}).fetchone()
        ensure(row, "a part that is behind exists")
        if row is None or row[0] >= day:
            return None
        ensure(row[0] == day - timedelta(days=1), "days end one after another")
        return _Closing(books, Task(connection, policies, part, day)).run()


@attrs.define
class _Closing:
    """The closing of one part under its lock."""

    books: Books
    task: Task
    loans: Records = attrs.field(init=False)
    outlooks: Outlooks = attrs.field(init=False)

    @property
    def connection(self) -> psycopg.Connection:
        return self.task.connection

    @property
    def number(self) -> int:
        return self.task.number

    def run(self) -> PartDay:
        self._load()
        folded, batch = self._fold_few()
        moved = self._moved(folded)
        staged = stage_loans(self.task, self.loans)
        restaged = staged.stage != self.loans["stage"]
        changes, provided = self._provide(staged, restaged)
        self.loans["stage"] = staged.stage
        ending = needs_roll(self.loans, self.number + 1)
        self._write_standings(restaged, ending)
        answers = self._post(batch, moved, changes)
        done = PartDay(
            part=self.task.part,
            day=self.task.day,
            loan_count=len(self.loans),
            posting_count=len(answers),
            moved_minor=int(answers.sum()),
            changed_count=int(np.count_nonzero(restaged | ending)),
            late_count=int(np.count_nonzero(folded)),
            provided_count=int(np.count_nonzero(provided)),
        )
        self.connection.execute(QUERIES["end_part"].text, attrs.asdict(done))
        return done

    def _load(self) -> None:
        """Read the loans, and what is to come of those to which a day may bring more."""
        self.loans = read_loans(self.connection, self.task.part, self.task.day)
        self.task.policies.know(self.connection, self.loans)
        wanted = may_fall_due(self.loans, self.number) | self._may_be_charged()
        wanted |= needs_roll(self.loans, self.number + 1)
        if self.task.is_last_of_month:
            wanted[:] = True
        self.outlooks = read_outlooks(self.connection, self.loans["loan_number"][wanted])

    def _may_be_charged(self) -> Bools:
        """Return whose lateness may cost something, on this day or another."""
        late = self.loans["overdue_principal_minor"] + self.loans["overdue_interest_minor"] > 0
        costly = [key for key, steps in self.task.policies.late_steps.items() if steps.any()]
        return late & np.isin(self.loans["late_key"], costly)

    def _fold_few(self) -> tuple[Bools, Batch | None]:
        """End the day by the fold for the few loans of which arrays do not know enough.

        These are loans on which a late charge falls today, and those with an event that was entered
        for a later day than this one: then their outlook begins later too.
        """
        loans = self.loans
        special = may_fall_due(loans, self.number) | self._may_be_charged()
        folded = special & (loans["until"] != NEVER)
        rows = self.outlooks.rows
        at = np.searchsorted(loans["loan_number"], self.outlooks.loans)
        owner = at[self.outlooks.owner]
        is_open = rows["principal_open_minor"] + rows["interest_open_minor"] > 0
        late = np.flatnonzero((rows["due_day"] >= 0) & (rows["due_day"] < self.number) & is_open)
        hit = self.task.policies.charges(
            loans["late_key"][owner[late]], self.number - rows["due_day"][late].astype(np.int64)
        )
        folded[owner[late[hit]]] = True
        if not folded.any():
            return folded, None
        numbers: list[int] = loans["loan_number"][folded].tolist()
        batch = refold_within(self.books, self.connection, numbers, self.task.day)
        self.loans = read_loans(self.connection, self.task.part, self.task.day)
        fresh = read_outlooks(self.connection, self.outlooks.loans)
        self.outlooks = fresh
        ensure(
            np.array_equal(self.loans["loan_number"], loans["loan_number"]), "a fold keeps loans"
        )
        return folded, batch

    def _outlooks_of(self, wanted: Bools) -> Outlooks:
        """Return the outlooks of these loans, of those that were read."""
        numbers = self.loans["loan_number"][wanted]
        found = self.outlooks.of(np.isin(self.outlooks.loans, numbers))
        ensure(np.array_equal(found.loans, numbers), "the outlooks of these loans were read")
        return found

    def _moved(self, folded: Bools) -> dict[MovementKind, Int64s]:
        """Return what the day brought to each loan that was not folded, by kind."""
        ensure(not needs_roll(self.loans, self.number).any(), "rows reach as far as the next day")
        before = read_income_before(self.connection, self.loans, self.number)
        at = np.searchsorted(self.loans["loan_number"], self.outlooks.loans)
        moved: dict[MovementKind, Int64s] = {}
        for kind, what in (
            (MovementKind.FEE_DEFERRED_EARNED, "fee_income"),
            (MovementKind.INTEREST_ACCRUED, "accrual"),
        ):
            moved[kind] = grown(self.loans, what, self.number) - grown(
                before, what, self.number - 1
            )
        for kind, what in (
            (MovementKind.FEE_CHARGED, "fee"),
            (MovementKind.PENALTY_CHARGED, "penalty"),
        ):
            moved[kind] = np.zeros(len(self.loans), np.int64)
            moved[kind][at] = falls_due(self.outlooks, what, self.number)
        for amounts in moved.values():
            amounts[folded] = 0
        charged = (moved[MovementKind.FEE_CHARGED] != 0) | (
            moved[MovementKind.PENALTY_CHARGED] != 0
        )
        lacking = charged & (self.loans["fee_account"] == 0)
        if lacking.any():
            self._open_fee_accounts(lacking)
        return moved

    def _open_fee_accounts(self, lacking: Bools) -> None:
        """Open the accounts of loans on which a fee falls due for the first time."""
        keys: list[int] = self.loans["product_key"][lacking].tolist()
        numbers: list[int] = self.loans["loan_number"][lacking].tolist()
        loans = load_loans(self.connection, numbers)
        needed = {
            number: (loans[number], self.task.policies.by_product[key].mapping)
            for number, key in zip(numbers, keys, strict=True)
        }
        opened = open_loan_accounts(self.connection, needed, Role.FEES)
        self.loans["fee_account"][lacking] = [opened[number] for number in numbers]

    def _provide(self, staged: Staged, restaged: Bools) -> tuple[list[Provision], Bools]:
        """Set aside anew: on the last day of a month for all, else where the stage has changed."""
        provided = restaged | (self.task.is_last_of_month & is_owed(self.loans))
        if not provided.any():
            return [], provided
        numbers = self.loans["loan_number"][provided]
        outlooks = (
            self._outlooks_of(provided)
            if np.isin(numbers, self.outlooks.loans).all()
            else read_outlooks(self.connection, numbers)
        )
        picked = staged.of(provided)
        return provide(self.task, self.loans[provided], picked, outlooks), provided

    def _write_standings(self, restaged: Bools, ending: Bools) -> None:
        """Write how loans stand from today on in another stage, and from tomorrow on.

        A row that holds no longer than today is followed by the next one now: so there is a row for
        the business day that begins, whatever is entered on it.
        """
        tomorrow = self.number + 1
        today = self.loans[restaged]
        today["since"] = self.number
        today["until"][ending[restaged]] = tomorrow
        after = rolled(self.loans[ending], self._outlooks_of(ending), tomorrow)
        self._end_rows(self.loans["loan_number"][restaged], self.task.day)
        self._end_rows(
            self.loans["loan_number"][ending & ~restaged], self.task.day + timedelta(days=1)
        )
        loans = np.concatenate([today, after])
        fresh = np.zeros(len(loans), STANDING_ROW)
        for name in (STANDING_ROW.names or ())[1:]:
            fresh[name] = loans[name]
        fresh["institution_id"] = self.books.institution.institution_id
        if len(fresh):
            copy_standings(self.connection, fresh)
        later = self.loans["loan_number"][restaged & (self.loans["until"] != NEVER)]
        if len(later):
            asked = {"loans": later.tolist(), "day": self.task.day}
            self.connection.execute(QUERIES["restage"].text, asked)

    def _end_rows(self, loans: Int64s, day: date) -> None:
        """Let the rows of these loans end before a day; rows of that very day go."""
        if len(loans):
            asked = {"loans": loans.tolist(), "day": day}
            self.connection.execute(QUERIES["end_standings"].text, asked)
            self.connection.execute(QUERIES["drop_standings"].text, asked)

    def _post(
        self, folded: Batch | None, moved: dict[MovementKind, Int64s], changes: list[Provision]
    ) -> Int64s:
        """Post all of it or raise what refuses it; return the amounts."""
        batches = [
            day_batch(self.task, self.loans, moved),
            provision_batch(self.task, changes),
        ]
        if folded is not None:
            batches.append(folded)
        batches = [batch for batch in batches if len(batch)]
        if not batches:
            return np.zeros(0, np.int64)
        batch = join(batches)
        outcomes = self.books.money.post(self.connection, batch)
        for row in outcomes.refused:
            raise outcomes.error(row)
        return outcomes.amount_minor
