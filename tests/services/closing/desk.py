"""Books with loans to end the days of."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from karez.engines.servicing.events import Disbursement, Event, Payment
from karez.engines.servicing.terms import Terms
from karez.services import bookkeeping, closing, lending
from karez.services.bookkeeping import Books
from karez.services.lending import Booking, Command, Loan, Outcome, book_loans, record

JAN = date(2026, 1, 1)

# What moved on each account on each day, how loans stood on each, what was set aside.
TOLD = (
    """
    SELECT code, valid_on::text, sum(CASE WHEN account_number = debit_account
        THEN amount_minor ELSE -amount_minor END) AS moved
    FROM money.transfer
    JOIN (SELECT DISTINCT institution_id, account_number, code FROM money.account) AS a
        USING (institution_id)
    WHERE account_number IN (debit_account, credit_account)
    GROUP BY 1, 2 HAVING sum(CASE WHEN account_number = debit_account
        THEN amount_minor ELSE -amount_minor END) <> 0
    ORDER BY 1, 2
    """,
    """
    SELECT loan_number, day::date::text, status, stage, principal_minor,
        accrual_base_minor + (accrual_target_minor - accrual_base_minor)
        * least(greatest(day::date - accrual_from, 0), accrual_until - accrual_from)
        / (accrual_until - accrual_from) - interest_settled_minor AS interest_minor,
        fees_minor, penalties_minor, credit_minor, overdue_principal_minor,
        overdue_interest_minor, overdue_fees_minor, overdue_penalties_minor, oldest_due::text,
        next_due::text
    FROM lending.standing, LATERAL generate_series(
        since, least(until - 1, (SELECT max(closed_on) FROM lending.day)), interval '1 day'
    ) AS day
    ORDER BY 1, 2
    """,
    """
    SELECT loan_number, valid_on::text, stage, why, exposure_minor, allowance_minor
    FROM closing.allowance ORDER BY 1, 2
    """,
)


def event(kind: type[Event], on: date, **rest) -> Event:
    return kind(number=0, on=on, posted_on=on, **rest)


def booking(number: int, opened_on: date = JAN, **changed) -> Booking:
    fields = {
        "loan_id": UUID(int=1 << 64 | number),
        "borrower_id": UUID(int=number),
        "terms": Terms(rate_pct_year=Decimal(12), instalments=12),
        "currency": "EUR",
        "opened_on": opened_on,
        "actor": "ann",
        "pd": 0.03,
        "lgd": 0.45,
    }
    return Booking(**fields | changed)


def lend(books: Books, bookings: Sequence[Booking], amount_minor: int = 1_200_00) -> list[Loan]:
    """Book loans and pay each out on the day on which it was opened."""
    loans = book_loans(books, bookings)
    happen(
        books,
        [(loan, event(Disbursement, loan.opened_on, amount_minor=amount_minor)) for loan in loans],
    )
    return loans


def pay(books: Books, loan: Loan, on: date, amount_minor: int, *, entered: date | None = None):
    return happen(books, [(loan, event(Payment, on, amount_minor=amount_minor))], entered or on)


def happen(
    books: Books,
    events: Iterable[tuple[Loan, Event]],
    on: date | None = None,
    command: int = 0,
) -> list[Outcome]:
    """Record events, all of which are taken, each with an id that follows from it."""
    commands = [
        Command(
            loan=loan.loan_id,
            event=one,
            actor="ann",
            command_id=UUID(int=loan.loan_number << 64 | one.on.toordinal() << 8 | place + command),
        )
        for place, (loan, one) in enumerate(events)
    ]
    entered = on or max(command.event.on for command in commands)
    outcomes = record(books, commands, on=entered)
    for outcome in outcomes:
        assert outcome.error is None, outcome.error
    return outcomes


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range(count)]


def told(books: Books, queries: Sequence[str] = TOLD) -> str:
    """All that closing leaves behind, as text: what two books that agree both say."""
    with books.transaction() as connection:
        rows = [row for query in queries for row in connection.execute(query).fetchall()]
    return "\n".join(map(str, rows))


def check(books: Books) -> None:
    """Hold the money book, lending and closing to themselves and to one another."""
    for report in (bookkeeping.verify(books), lending.verify(books), closing.verify(books)):
        assert report.findings == []
