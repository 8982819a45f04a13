"""A book of many loans to end days of: a thousand are lived through the services, then copied.

A copy has accounts of its own, opened by the book's one write path, and what stands on them is
posted by it too; the rows of lending are multiplied by SQL. So the book that comes out verifies.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import attrs
import numpy as np

from benchmarks.bed import tell
from karez.books.money.account import find_numbers
from karez.books.money.read import balances_now
from karez.books.money.transfer import Batch
from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.events import Charge, ChargeTime, Disbursement, Payment
from karez.engines.servicing.outlook import OUTLOOK
from karez.engines.servicing.terms import Terms
from karez.kernel.ids import new_ids
from karez.services.bookkeeping import Books, Opening, open_accounts, post_batch
from karez.services.closing import close_days
from karez.services.lending import Booking, Command, book_loans, open_chart, record

SEEDS = 1_000
FIRST = date(2026, 1, 1)
MONTHS = (12, 24, 36, 60)
PAYS = 19  # of 20 loans so many pay what is due on the day
BATCH = 20_000


def live(
    books: Books, through: date, *, months: Sequence[int] = MONTHS, seeds: int = SEEDS
) -> None:
    """Open loans on each day of January, let most of them pay, and end every day through one.

    One in five paid a fee when it began, which becomes income day by day.
    """
    open_chart(books, "EUR")
    bookings = [_booking(number, months) for number in range(seeds)]
    loans = book_loans(books, bookings)
    by_day: dict[date, list[Command]] = {}
    for number, (loan, booking) in enumerate(zip(loans, bookings, strict=True)):
        paid_out = Disbursement(
            number=0, on=booking.opened_on, posted_on=booking.opened_on,
            amount_minor=(500 + 37 * (number % 400)) * 100,
        )  # fmt: skip
        by_day.setdefault(booking.opened_on, []).append(_command(loan.loan_id, paid_out, number))
    day = FIRST
    while day <= through:
        tell(f"living {day}")
        commands = by_day.get(day, []) + _payments(books, day)
        if commands:
            for outcome in record(books, commands, on=day):
                assert outcome.error is None, outcome.error
        close_days([books], day)
        day += timedelta(days=1)


def _booking(number: int, months: Sequence[int]) -> Booking:
    opened_on = FIRST + timedelta(days=number % 31)
    fee = Charge(
        number=0, on=opened_on, posted_on=opened_on, amount_minor=25_00,
        penalty=False, time=ChargeTime.AT_DISBURSEMENT,
    )  # fmt: skip
    return Booking(
        loan_id=UUID(int=1 << 100 | number),
        terms=Terms(
            rate_pct_year=Decimal(8 + number % 17), instalments=months[number % len(months)]
        ),
        charges=(fee,) if number % 5 == 0 else (),
        currency="EUR", borrower_id=UUID(int=number + 1), opened_on=opened_on, actor="bench",
        pd=0.01 + number % 7 / 100, lgd=0.45,
    )  # fmt: skip


def _payments(books: Books, day: date) -> list[Command]:
    """Let most of those pay on whom something falls due today."""
    with books.transaction() as connection:
        due = connection.execute(
            "SELECT l.loan_id, l.loan_number, o.stretches FROM lending.standing AS s"
            " JOIN lending.loan AS l USING (institution_id, loan_number)"
            " JOIN lending.outlook AS o USING (institution_id, loan_number)"
            " WHERE s.until = 'infinity' AND s.next_due = %s AND s.loan_number %% 20 < %s",
            (day, PAYS),
        ).fetchall()
    commands: list[Command] = []
    for loan_id, number, stretches in due:
        rows = np.frombuffer(stretches, OUTLOOK)
        rows = rows[rows["due_day"] == day_number(day)]
        amount = sum(
            int(rows[f"{bucket}_open_minor"].sum())
            for bucket in ("principal", "interest", "fee", "penalty")
        )
        payment = Payment(number=0, on=day, posted_on=day, amount_minor=amount)
        commands.append(_command(loan_id, payment, number))
    return commands


def _command(loan: UUID, event: Disbursement | Payment, number: int) -> Command:
    command_id = UUID(int=2 << 100 | event.on.toordinal() << 40 | number)
    return Command(loan=loan, event=event, actor="bench", command_id=command_id)


@attrs.frozen
class Made:
    """What making a book took: accounts opened, and seconds."""

    loans: int
    accounts: int
    seconds_accounts: float
    seconds: float


def multiply(books: Books, times: int, through: date) -> Made:
    """Copy all loans so many times; ``through`` is the day through which all are ended."""
    begun = time.perf_counter()
    with books.transaction() as connection:
        rows = connection.execute(
            "SELECT principal_account, interest_account, fee_account, credit_account"
            " FROM lending.loan ORDER BY loan_number"
        ).fetchall()
        own = [number for row in rows for number in row if number is not None]
        codes = dict(
            connection.execute(
                "SELECT account_number, code FROM money.account WHERE account_number = any(%s)",
                (own,),
            ).fetchall()
        )
        balances = balances_now(connection, set(own))
        bank = find_numbers(connection, {"1020"})["1020"]
        first = connection.execute("SELECT account_count FROM money.book").fetchone()
    assert first is not None
    seeds = len(rows)
    own.sort()
    for begin in range(1, times, max(BATCH // len(own), 1)):
        copies = range(begin, min(begin + max(BATCH // len(own), 1), times))
        tell(f"opening accounts of copies {begin} to {copies[-1]} of {times}")
        openings = [
            Opening(
                f"{parent}.{int(loan) + copy * seeds}",
                "liability" if parent == "2100" else "asset", "EUR", parent=parent,
            )
            for copy in copies
            for parent, loan in (codes[number].split(".") for number in own)
        ]  # fmt: skip
        open_accounts(books, openings)
    opened = time.perf_counter()
    copies = _Copies(books, own, first[0], times, seeds)
    copies.post_balances([balances[number] for number in own], bank)
    copies.write_rows(through)
    return Made(seeds * times, len(own) * times, opened - begun, time.perf_counter() - begun)


_COPIES = (
    """
    INSERT INTO lending.loan
    SELECT
        l.institution_id, l.loan_number + k * %(seeds)s,
        ('f' || lpad(to_hex(k), 7, '0') || substr(l.loan_id::text, 9))::uuid,
        l.product_code, l.product_version, l.borrower_id, l.currency, l.terms, l.late,
        l.opened_on, %(first)s + (k - 1) * %(width)s + p.place,
        %(first)s + (k - 1) * %(width)s + i.place, %(first)s + (k - 1) * %(width)s + f.place,
        %(first)s + (k - 1) * %(width)s + c.place, l.pd, l.lgd, l.officer, l.place, l.industry,
        l.application_id, l.reference, l.recorded_at
    FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS k
    CROSS JOIN lending.loan AS l
    JOIN own AS p ON p.number = l.principal_account
    JOIN own AS i ON i.number = l.interest_account
    LEFT JOIN own AS f ON f.number = l.fee_account
    LEFT JOIN own AS c ON c.number = l.credit_account
    WHERE l.loan_number <= %(seeds)s
    """,
    """
    INSERT INTO lending.event
    SELECT
        institution_id, loan_number + k * %(seeds)s, number, kind, valid_on, posted_on,
        amount_minor, channel, content,
        ('f' || lpad(to_hex(k), 7, '0') || substr(command_id::text, 9))::uuid,
        actor, reason, recorded_at
    FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS k
    CROSS JOIN lending.event WHERE loan_number <= %(seeds)s
    """,
    """
    INSERT INTO lending.standing
    SELECT
        institution_id, loan_number + k * %(seeds)s, since, until, status, stage,
        principal_minor, interest_settled_minor, fees_minor, penalties_minor, credit_minor,
        overdue_principal_minor, overdue_interest_minor, overdue_fees_minor,
        overdue_penalties_minor, oldest_due, next_due, accrual_from, accrual_until,
        accrual_base_minor, accrual_target_minor, fee_income_base_minor, fee_income_target_minor,
        holds_until
    FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS k
    CROSS JOIN lending.standing WHERE loan_number <= %(seeds)s
    """,
    """
    INSERT INTO lending.outlook
    SELECT institution_id, loan_number + k * %(seeds)s, stretches
    FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS k
    CROSS JOIN lending.outlook WHERE loan_number <= %(seeds)s
    """,
)


@attrs.frozen
class _Copies:
    """Copies of the seeds: their ``own`` accounts come after ``first``, a copy after the other."""

    books: Books
    own: Sequence[int]
    first: int
    times: int
    seeds: int

    def post_balances(self, balances: Sequence[int], bank: int) -> None:
        """Post what stands on the accounts of each copy."""
        stands = np.array(balances, np.int64)
        wanted = np.flatnonzero(stands)
        for copy in range(1, self.times):
            if copy % 50 == 1:
                tell(f"posting balances of copy {copy} of {self.times}")
            accounts = self.first + (copy - 1) * len(self.own) + 1 + wanted
            debits = stands[wanted] > 0
            batch = Batch.of_arrays(
                debit=np.where(debits, accounts, bank), credit=np.where(debits, bank, accounts),
                amount_minor=np.abs(stands[wanted]), valid_on=FIRST, kind="opening",
                entry_ids=new_ids(len(wanted)),
            )  # fmt: skip
            assert not post_batch(self.books, batch).refused

    def write_rows(self, through: date) -> None:
        """Multiply the rows of lending, as the owner of the tables."""
        with self.books.transaction() as connection:
            connection.execute("SET LOCAL role NONE")
            connection.execute("CREATE TEMP TABLE own (number bigint, place bigint) ON COMMIT DROP")
            with connection.cursor() as cursor, cursor.copy("COPY own FROM STDIN") as copy:
                for place, number in enumerate(self.own, 1):
                    copy.write_row((number, place))
            connection.execute("ANALYZE own")
            for begin in range(1, self.times, 100):
                end = min(begin + 99, self.times - 1)
                tell(f"copying the rows of loans, copies {begin} to {end} of {self.times}")
                for statement in _COPIES:
                    connection.execute(
                        statement,
                        {
                            "seeds": self.seeds,
                            "first": self.first,
                            "width": len(self.own),
                            "from": begin,
                            "to": end,
                        },
                    )
            connection.execute(
                "INSERT INTO lending.part SELECT institution_id, p, %s FROM lending.part,"
                " generate_series(1, %s) AS p ON CONFLICT DO NOTHING",
                (through, self.seeds * self.times >> 13),
            )
