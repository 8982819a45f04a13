"""Booking loans: terms, accounts of their own, and the fees that were agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import attrs
import psycopg

from karez.books.money.account import open_accounts
from karez.engines.servicing.outlook import outlook
from karez.kernel.money import currency
from karez.services.bookkeeping import Books, derive_id
from karez.services.lending.chart import own_openings
from karez.services.lending.codec import kind_of
from karez.services.lending.errors import LoanExistsError
from karez.services.lending.judging import fold_loan
from karez.services.lending.loan import PART_BITS, Booking, Loan, RecordedEvent
from karez.services.lending.queries import QUERIES
from karez.services.lending.standing import standing_rows
from karez.services.lending.store import (
    copy_in,
    event_row,
    find_numbers,
    instant,
    load_events,
    load_loans,
    load_mappings,
    loan_row,
)
from karez.services.products import Role

_FIELDS = (
    "sheet", "borrower_id", "currency", "terms", "late", "opened_on", "pd", "lgd", "officer",
    "place", "industry", "application_id", "reference", "limit",
)  # fmt: skip


def book_loans(books: Books, bookings: Sequence[Booking], *, preview: bool = False) -> list[Loan]:
    """Book loans, all or none; one that is booked already with the same content stays.

    Nothing is paid out yet: that is an event. The first loan of an institution begins its business
    days, on the day that the earliest of these was opened. A preview changes nothing.

    Raises:
        LoanExistsError: a loan with this id is booked with another content.
        AccountUnknownError: the chart of accounts has no parent for its accounts.
        CurrencyUnknownError: there is no such currency.
    """
    loans: list[Loan] = []
    with books.transaction() as connection:
        loans = book_loans_within(books, connection, bookings)
        if preview:
            raise psycopg.Rollback
    return loans


def book_loans_within(
    books: Books, connection: psycopg.Connection, bookings: Sequence[Booking]
) -> list[Loan]:
    """Book loans in the caller's transaction, which decides whether any of it stays."""
    if not bookings:
        return []
    closed_on = _take_day(connection, min(booking.opened_on for booking in bookings))
    there = find_numbers(connection, [booking.loan_id for booking in bookings])
    fresh: dict[UUID, Booking] = {}
    for booking in bookings:
        known = fresh.setdefault(booking.loan_id, booking)
        if known is not booking and known != booking:
            raise LoanExistsError(loan=str(booking.loan_id), field="content in the same call")
    for loan_id in there:
        del fresh[loan_id]
    _compare(connection, there, bookings)
    loans = _open(connection, list(fresh.values()), instant(connection))
    _write(books, connection, loans, fresh, closed_on)
    known_loans = load_loans(connection, there.values()) if there else {}
    by_id = {loan.loan_id: loan for loan in [*loans, *known_loans.values()]}
    return [by_id[booking.loan_id] for booking in bookings]


def _take_day(connection: psycopg.Connection, earliest: date) -> date:
    """Lock the business day, beginning the first one if there is none, and return the last."""
    query = QUERIES["take_day"].text
    row = connection.execute(query).fetchone()
    if row is None:
        begins = {"closed_on": earliest - timedelta(days=1)}
        connection.execute(QUERIES["begin_day"].text, begins)
        row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    return row[0]


def _compare(
    connection: psycopg.Connection, there: Mapping[UUID, int], bookings: Sequence[Booking]
) -> None:
    """Refuse a booking whose loan is booked with another content."""
    if not there:
        return
    loans = load_loans(connection, there.values())
    events = load_events(connection, there.values())
    for booking in bookings:
        if booking.loan_id not in there:
            continue
        loan = loans[there[booking.loan_id]]
        for field in _FIELDS:
            if getattr(loan, field) != getattr(booking, field):
                raise LoanExistsError(loan=str(booking.loan_id), field=field)
        agreed = [one.event for one in _charges(booking)]
        if [one.event for one in events[loan.loan_number][: len(agreed)]] != agreed:
            raise LoanExistsError(loan=str(booking.loan_id), field="charges")


def _open(connection: psycopg.Connection, bookings: Sequence[Booking], now: datetime) -> list[Loan]:
    """Number loans and open their accounts of principal and of interest."""
    row = connection.execute(QUERIES["last_number"].text).fetchone()
    first = (row[0] if row else 0) + 1
    roles = (Role.PRINCIPAL, Role.INTEREST)
    mappings = load_mappings(connection, {booking.sheet for booking in bookings})
    openings = [
        opening
        for number, booking in enumerate(bookings, first)
        for opening in own_openings(
            number, currency(booking.currency).code, mappings[booking.sheet], roles
        )
    ]
    accounts = open_accounts(connection, openings) if openings else []
    return [
        Loan(
            loan_number=number,
            loan_id=booking.loan_id,
            principal_account=accounts[2 * (number - first)].number,
            interest_account=accounts[2 * (number - first) + 1].number,
            fee_account=None,
            credit_account=None,
            recorded_at=now,
            **{field: getattr(booking, field) for field in _FIELDS},
        )
        for number, booking in enumerate(bookings, first)
    ]


def _charges(booking: Booking) -> list[RecordedEvent]:
    """Return the fees that were agreed as the first events of the loan."""
    return [
        RecordedEvent(
            event=(event := attrs.evolve(charge, number=number, posted_on=booking.opened_on)),
            kind=kind_of(event),
            channel=None,
            proceeds_minor=None,
            command_id=derive_id("agreed-charge", str(booking.loan_id), str(number)),
            actor=booking.actor,
            reason="",
        )
        for number, charge in enumerate(booking.charges, 1)
    ]


def _write(
    books: Books,
    connection: psycopg.Connection,
    loans: Sequence[Loan],
    bookings: Mapping[UUID, Booking],
    closed_on: date,
) -> None:
    own = books.institution.institution_id
    parts = sorted({loan.loan_number >> PART_BITS for loan in loans})
    connection.execute(QUERIES["begin_parts"].text, {"parts": parts, "closed_on": closed_on})
    rows: dict[str, list[tuple[object, ...]]] = {
        name: [] for name in ("loan", "event", "standing", "outlook")
    }
    for loan in loans:
        number = loan.loan_number
        agreed = _charges(bookings[loan.loan_id])
        events = tuple(one.event for one in agreed)
        folded = fold_loan(loan, events, {}, closed_on=closed_on, on=loan.opened_on)
        rows["loan"].append(loan_row(own, loan))
        rows["event"] += [event_row(own, number, one, loan.recorded_at) for one in agreed]
        today = max(loan.opened_on, closed_on + timedelta(days=1))
        rows["standing"] += [
            (own, number, *row.values())
            for row in standing_rows(folded.history, since=loan.opened_on, today=today)
        ]
        rows["outlook"].append((own, number, outlook(folded.history.account).tobytes()))
    copy_in(connection, rows)
