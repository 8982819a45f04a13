"""Lending: many payments in one call, one late payment on a long loan, a look at a past day."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from benchmarks.bed import Bed, tell
from benchmarks.report import Figure, Section, Spread
from karez.engines.servicing import history, movement_difference, movements, outlook
from karez.engines.servicing.events import Disbursement, Event, Payment
from karez.engines.servicing.terms import Recalculation, Terms
from karez.kernel.database import Institution, find_institution, transaction
from karez.services.bookkeeping import Books
from karez.services.lending import (
    Booking,
    Command,
    Loan,
    account_on,
    book_loans,
    open_chart,
    record,
    refold_within,
    standing_on,
)

LOANS, PAYMENTS, LATE, LOOKS = 10_000, 10_000, 15, 200
START = date(2026, 1, 1)
SHORT = Terms(rate_pct_year=Decimal(18), instalments=12)
LONG = Terms(rate_pct_year=Decimal(12), instalments=60, recalculation=Recalculation())
BORROWER = UUID(int=1)
END = "UPDATE lending.part SET closed_on = %s"
END_DAY = "UPDATE lending.day SET closed_on = %s"


def run(bed: Bed, rounds: int | None) -> Section:
    """Book loans, pay on all of them at once, then late on long ones that are closed daily."""
    section = Section(f"Lending, {LOANS:,} loans")
    database = bed.database("lending", like="karez")
    with database.connect() as connection:
        institution = find_institution(connection, "main")
        books = Books(connection, institution, may_write=True)
        open_chart(books, "EUR")
        _payments(section, books)
        _late_payments(section, books, rounds or LATE)
    bed.drop("lending")
    return section


def _add(section: Section, name: str, unit: str, values: list[float], digits: int = 1) -> None:
    section.figures.append(Figure(name, unit, Spread.of(values), digits))


def _event(kind: type[Event], on: date, amount_minor: int) -> Event:
    return kind(number=0, on=on, posted_on=on, amount_minor=amount_minor)  # pyright: ignore[reportCallIssue]


def _commands(loans: list[Loan], kind: type[Event], on: date, amount_minor: int) -> list[Command]:
    return [
        Command(loan=loan.loan_id, event=_event(kind, on, amount_minor), actor="bench")
        for loan in loans
    ]


def _payments(section: Section, books: Books) -> None:
    asked = [
        Booking(terms=SHORT, currency="EUR", borrower_id=BORROWER, opened_on=START)
        for _ in range(LOANS)
    ]
    tell(f"lending: booking {LOANS:,} loans")
    begun = time.perf_counter()
    loans = book_loans(books, asked)
    _add(section, "loans booked in one call", "loans/s", [LOANS / (time.perf_counter() - begun)], 0)
    record(books, _commands(loans, Disbursement, START, 1_200_00), on=START)
    due = date(2026, 2, 1)
    commands = _commands(loans[:PAYMENTS], Payment, due, 110_00)
    tell(f"lending: {PAYMENTS:,} payments")
    begun, cpu = time.perf_counter(), time.process_time()
    done = record(books, commands, on=due)
    seconds, own = time.perf_counter() - begun, time.process_time() - cpu
    if any(outcome.error for outcome in done):
        raise AssertionError("every payment is good")
    _add(section, "payments recorded in one call", "payments/s", [PAYMENTS / seconds], 0)
    _add(section, "… processor time of ours, each", "us", [own / PAYMENTS * 1e6], 0)
    begun = time.process_time()
    for _ in range(1_000):
        _fold_payment(due)
    folds = (time.process_time() - begun) / 1_000
    _add(section, "… their two folds and movements alone, each", "us", [folds * 1e6], 0)
    _add(section, "… ours beside the folds", "times", [own / PAYMENTS / folds], 2)


def _fold_payment(due: date) -> None:
    """Do for one payment what must be done in any case: fold twice, compare, look ahead."""
    paid_out = Disbursement(number=1, on=START, posted_on=START, amount_minor=1_200_00)
    payment = Payment(number=2, on=due, posted_on=due, amount_minor=110_00)
    closed = START - timedelta(days=1)
    before = history(SHORT, [paid_out], as_of=due)
    after = before.with_events(payment, as_of=due)
    movement_difference(movements(before.account, closed), movements(after.account, closed))
    outlook(after.account)


def _late_payments(section: Section, books: Books, turns: int) -> None:
    """Pay late, with a random old day, on loans whose five years were closed day by day."""
    tell(f"lending: {turns} loans of five years, accruals posted for each day")
    asked = [
        Booking(terms=LONG, currency="EUR", borrower_id=BORROWER, opened_on=START)
        for _ in range(turns)
    ]
    loans = book_loans(books, asked)
    record(books, _commands(loans, Disbursement, START, 60_000_00), on=START)
    first = account_on(books, loans[0].loan_id, START)
    today = date(2030, 12, 15)
    for row in first.rows[:58]:
        amount = row.outstanding
        record(books, _commands(loans, Payment, row.due, amount), on=row.due)
    _end_days(books, books.institution, loans, today - timedelta(days=1))
    rng = random.Random(1)
    _pay_late(Section("loading"), books, loans[:1], today, 30, rng)
    for place, days in enumerate((30, 365, 1_700)):
        _pay_late(section, books, loans[1 + place :: 3], today, days, rng)
    looks: list[float] = []
    for _ in range(LOOKS):
        day = START + timedelta(days=rng.randint(0, 1_800))
        begun = time.perf_counter()
        standing_on(books, rng.choice(loans).loan_id, day)
        looks.append((time.perf_counter() - begun) * 1e3)
    _add(section, "balance and arrears of a loan on a past day", "ms", looks, 2)


def _pay_late(  # noqa: PLR0913, PLR0917 - what a late payment is made of
    section: Section, books: Books, loans: list[Loan], today: date, most: int, rng: random.Random
) -> None:
    """Enter a payment on each loan that came up to so many days ago."""
    spent: list[float] = []
    own: list[float] = []
    posted: list[float] = []
    for loan in loans:
        [command] = _commands([loan], Payment, today - timedelta(days=rng.randint(1, most)), 100_00)
        begun, cpu = time.perf_counter(), time.process_time()
        [outcome] = record(books, [command], on=today)
        spent.append((time.perf_counter() - begun) * 1e3)
        own.append((time.process_time() - cpu) * 1e3)
        posted.append(len(outcome.movements))
    _add(section, f"a payment up to {most:,} days late, command to commit", "ms", spent)
    _add(section, "… processor time of ours", "ms", own)
    _add(section, "… postings that it changes", "postings", posted, 0)


def _end_days(books: Books, institution: Institution, loans: list[Loan], through: date) -> None:
    for loan in loans:  # years of days in one go, so each in a transaction of its own
        with transaction(books.connection, institution.institution_id) as connection:
            batch = refold_within(books, connection, [loan.loan_number], through)
            if books.money.post(connection, batch).refused:
                raise AssertionError("every posting is good")
    with transaction(books.connection, institution.institution_id) as connection:
        connection.execute(END, (through,))
        connection.execute(END_DAY, (through,))
