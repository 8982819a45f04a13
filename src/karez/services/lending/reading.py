"""Asking lending: loans, their events, how each stands or stood, and what would pay it off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.servicing.account import Account
from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.fold import fold, in_force
from karez.engines.servicing.outlook import OUTLOOK
from karez.engines.servicing.quote import payoff_minor
from karez.engines.servicing.standing import Standing, Status
from karez.kernel.database import Plans
from karez.kernel.ids import IdMalformedError, read_id
from karez.services.bookkeeping import Books
from karez.services.lending.errors import LoanUnknownError, ValueDateError
from karez.services.lending.judging import late_charges, with_late
from karez.services.lending.loan import Loan, RecordedEvent
from karez.services.lending.queries import QUERIES
from karez.services.lending.standing import STATUSES, StandingRow, row_of
from karez.services.lending.store import load_events, load_kept, load_loans

if TYPE_CHECKING:
    import psycopg

FOUND_MOST = 10_000
_DIGITS = 19  # of a number that has more than 63 bits


@attrs.frozen
class LoanView:
    """A loan, how it stands on a day, and what of it is to be paid."""

    loan: Loan
    standing: Standing
    overdue_minor: int
    next_minor: int  # of the instalment due next, what is open

    @property
    def due_minor(self) -> int:
        """What is overdue, and what falls due next."""
        return self.overdue_minor + self.next_minor


def find_loan(books: Books, name: str | UUID | int) -> Loan:
    """Return a loan by its id, as a UUID or as ``ln_…``, by its number or by its reference.

    Raises:
        LoanUnknownError: there is none, or more than one has this reference.
    """
    with books.transaction() as connection:
        return _the_loan(connection, name)


def find_loans(  # noqa: PLR0913 - one for each filter
    books: Books,
    on: date,
    *,
    borrower_id: UUID | None = None,
    reference: str | None = None,
    status: Status | None = None,
    after: int = 0,
    most: int = FOUND_MOST,
) -> list[LoanView]:
    """Return the loans of a borrower, with a reference or of a status, as they stand on a day.

    They come by number, from the first above ``after``, and at most so many.
    """
    asked = {
        "borrower_id": borrower_id,
        "reference": reference,
        "status": STATUSES.index(status) if status is not None else None,
        "after": after,
        "most": most,
    }
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["find_loan_numbers"].text, asked).fetchall()
        return list(view_loans(connection, [row[0] for row in rows], on).values())


def view_loans(
    connection: psycopg.Connection, numbers: Collection[int], on: date
) -> dict[int, LoanView]:
    """Return loans by their numbers, as they stand on a day if nothing more happens until then."""
    loans = load_loans(connection, numbers)
    asked = {"loans": sorted(loans)}
    foreseen = dict(connection.execute(QUERIES["outlooks"].text, asked).fetchall())
    standings = _standings_of(connection, loans, on)
    views: dict[int, LoanView] = {}
    for number, loan in loans.items():
        stands = standings[number]
        stretches = np.frombuffer(foreseen[number], OUTLOOK)
        next_minor = _open_on(stretches, stands.next_due)
        views[number] = LoanView(loan, stands, stands.overdue_minor, next_minor)
    return views


def standing_on(books: Books, name: str | UUID | int, on: date) -> Standing:
    """Return how a loan stood at the end of a past day, or stands if nothing more happens.

    Raises:
        LoanUnknownError: there is no such loan.
        ValueDateError: the loan was not open yet.
    """
    with books.transaction(Plans.KEPT) as connection:
        loan = _the_loan(connection, name)
        return _standings_of(connection, {loan.loan_number: loan}, on)[loan.loan_number]


def _standings_of(
    connection: psycopg.Connection, loans: Mapping[int, Loan], on: date
) -> dict[int, Standing]:
    """Return how loans stand on a day, from the rows kept for them, or else from the fold."""
    asked = {"loans": sorted(loans), "valid_on": on}
    rows = connection.execute(QUERIES["standings_on"].text, asked).fetchall()
    kept = {row[0]: StandingRow(**dict(zip(_ROW, row[1:], strict=True))) for row in rows}
    standings: dict[int, Standing] = {}
    for number, loan in loans.items():
        if number not in kept:
            raise ValueDateError(on=on, rule=f"loan {number} opened on {loan.opened_on}")
        row = kept[number]
        if on > row.holds_until:
            row = row_of(account_within(connection, loan, on), on)
        standings[number] = row.on(on)
    return standings


def account_on(
    books: Books, name: str | UUID | int, on: date, *, known_at: datetime | None = None
) -> Account:
    """Return a loan as it stood on a day by the events of value dates up to it.

    ``known_at`` leaves out what was recorded after an instant (None: now).

    Raises:
        LoanUnknownError: there is no such loan.
    """
    with books.transaction() as connection:
        return account_within(connection, _the_loan(connection, name), on, known_at=known_at)


def account_within(
    connection: psycopg.Connection, loan: Loan, on: date, *, known_at: datetime | None = None
) -> Account:
    """Return a loan as it stood on a day, in the caller's transaction."""
    kept = load_kept(connection, [loan.loan_number], known_at=known_at)[loan.loan_number]
    events = [one.event for one in kept.events]
    counting = [event for event in in_force(events) if event.effective <= on]
    every = with_late(counting, late_charges(loan, counting, on))
    return fold(loan.terms, every, as_of=on)


def payoff_on(books: Books, name: str | UUID | int, on: date) -> int:
    """Return what, paid on a day, leaves nothing open and nothing over; minor units.

    Raises:
        LoanUnknownError: there is no such loan.
        PayoffUnknownError: no single amount pays the loan off on that day.
    """
    return payoff_minor(account_on(books, name, on), on)


def list_events(books: Books, name: str | UUID | int) -> list[RecordedEvent]:
    """Return the events of a loan in the order in which they were entered.

    Raises:
        LoanUnknownError: there is no such loan.
    """
    with books.transaction() as connection:
        number = _the_loan(connection, name).loan_number
        return load_events(connection, [number]).get(number, [])


def business_date(books: Books, otherwise: date) -> date:
    """Return the day after the last that was ended; before the first loan, the day given."""
    with books.transaction() as connection:
        row = connection.execute(QUERIES["closed_day"].text).fetchone()
    return date.fromordinal(row[0].toordinal() + 1) if row else otherwise


_ROW = tuple(field.name for field in attrs.fields(StandingRow))


def find_named(connection: psycopg.Connection, names: Collection[str]) -> dict[str, Loan]:
    """Return loans by the names given: numbers, ids as UUIDs or ``ln_…``, references.

    A name that is none, or that of several loans, is left out.
    """
    asked: dict[str, dict[str, int | UUID | str]] = {
        "numbers": {}, "loan_ids": {}, "called": {},
    }  # fmt: skip
    for name in names:
        if name.isascii() and name.isdecimal() and len(name) < _DIGITS:
            asked["numbers"][name] = int(name)
        elif (loan_id := _loan_id(name)) is not None:
            asked["loan_ids"][name] = loan_id
        else:
            asked["called"][name] = name
    wanted = {kind: list(each.values()) for kind, each in asked.items()}
    found: dict[str, list[int]] = {}
    for name, number in connection.execute(QUERIES["named_numbers"].text, wanted):
        found.setdefault(name, []).append(number)
    loans = load_loans(connection, {number for each in found.values() for number in each})
    named = {name: found.get(str(key), []) for each in asked.values() for name, key in each.items()}
    return {name: loans[numbers[0]] for name, numbers in named.items() if len(numbers) == 1}


def _loan_id(name: str) -> UUID | None:
    try:
        return read_id("ln", name)
    except IdMalformedError:
        return None


def _the_loan(connection: psycopg.Connection, name: str | UUID | int) -> Loan:
    found = find_named(connection, [str(name)])
    for loan in found.values():
        return loan
    raise LoanUnknownError(loan=name)


def _open_on(stretches: npt.NDArray[np.void], due: date | None) -> int:
    """Return what is open of the instalment due on a day."""
    if due is None:
        return 0
    rows = stretches[stretches["due_day"] == day_number(due)]
    names = ("principal_open_minor", "interest_open_minor", "fee_open_minor", "penalty_open_minor")
    return sum(int(rows[name].sum()) for name in names)
