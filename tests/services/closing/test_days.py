"""The end of a day: what it posts, what it writes, and that it may be asked for in any way."""

from datetime import date, timedelta
from decimal import Decimal

import attrs
import pytest

from karez.books.money.errors import PeriodClosedError
from karez.engines.servicing.events import Charge, ChargeTime, WriteOff
from karez.engines.servicing.terms import Terms
from karez.services.bookkeeping import Books, balance, close_period
from karez.services.closing import (
    NothingToCloseError,
    TooManyDaysError,
    close_days,
    closed_through,
)
from karez.services.lending import standing_on
from services.closing.desk import JAN, booking, check, days, event, happen, lend, pay, told

FEB, MAR = date(2026, 2, 1), date(2026, 3, 1)


def stands(books: Books, code: str, on: date) -> int:
    return balance(books, code, on).balance_minor


def test_days__accrue_interest_evenly(books: Books):
    lend(books, [booking(1)])
    ended = close_days([books], FEB)
    # 1,200.00 at 12 % a year over 31 of 365 days is 12.23, a part of it each day, rounded down.
    daily = [1223 * (day + 1) // 31 - 1223 * day // 31 for day in range(31)]
    assert [day.moved_minor for day in ended[1:-2]] == daily[:-2]
    assert [stands(books, "1110.1", day) for day in days(JAN, 32)] == [
        1223 * day // 31 for day in range(32)
    ]
    assert stands(books, "4010", FEB) == 1223
    check(books)


def test_days__late_and_staged_by_the_day(books: Books):
    lend(books, [booking(1)])
    close_days([books], date(2026, 5, 1))
    assert standing_on(books, 1, FEB).overdue_minor == 0
    assert standing_on(books, 1, FEB + timedelta(days=1)).overdue_minor == 9436 + 1223
    with books.transaction() as connection:
        changes = connection.execute(
            "SELECT valid_on, stage FROM closing.allowance"
            " WHERE valid_on NOT IN ('2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30')"
            " ORDER BY valid_on"
        ).fetchall()
    # 30 days late on 3 March; 89 on 1 May, so stage 3 comes the day after.
    assert changes == [(date(2026, 3, 3), 2)]
    close_days([books], date(2026, 5, 2))
    assert standing_on(books, 1, date(2026, 5, 3)).oldest_due == FEB
    check(books)


def test_days__provide_at_month_end_and_release_when_done(books: Books):
    [loan, other] = lend(books, [booking(1), booking(2)])
    close_days([books], date(2026, 1, 31))
    first = -stands(books, "1191", date(2026, 1, 31)), stands(books, "5020", date(2026, 1, 31))
    assert first[1] > 0
    assert stands(books, "1191", date(2026, 1, 31)) == first[1]
    happen(books, [(loan, event(WriteOff, FEB))])
    close_days([books], FEB)
    check(books)
    with books.transaction() as connection:
        [row] = connection.execute(
            "SELECT stage, exposure_minor, allowance_minor FROM closing.allowance"
            " WHERE loan_number = 1 AND valid_on = '2026-02-01'"
        ).fetchall()
    assert row == (0, 0, 0)
    later = close_days([books], date(2026, 2, 3))
    assert [day.loan_count for day in later] == [1, 1], "who is done with is not read again"
    assert other.loan_number == 2


def test_days__fees_fall_due_and_deferred_fees_are_earned(books: Books):
    terms = Terms(rate_pct_year=Decimal(12), instalments=3)
    fee = Charge(
        number=0, on=JAN, posted_on=JAN, penalty=False, amount_minor=30_00,
        time=ChargeTime.AT_DISBURSEMENT,
    )  # fmt: skip
    monthly = attrs.evolve(fee, on=FEB, amount_minor=5_00, time=ChargeTime.ON_DATE)
    lend(books, [booking(1, terms=terms, charges=(fee, monthly)), booking(2, terms=terms)])
    close_days([books], FEB)
    assert stands(books, "1120.1", FEB - timedelta(days=1)) == 0
    assert stands(books, "1120.1", FEB) == 5_00
    check(books)
    close_days([books], date(2026, 4, 5))
    assert stands(books, "1180", date(2026, 4, 5)) == 0, "the fee is earned at the end"
    assert stands(books, "4020", date(2026, 4, 5)) == 35_00
    check(books)


def test_days__a_payment_on_the_due_day_and_one_before(books: Books):
    loans = lend(books, [booking(number) for number in range(1, 5)])
    close_days([books], date(2026, 1, 20))
    pay(books, loans[0], date(2026, 1, 21), 50_00)
    pay(books, loans[1], date(2026, 1, 21), 1_300_00)
    close_days([books], date(2026, 1, 31))
    pay(books, loans[2], FEB, 106_62)
    close_days([books], date(2026, 2, 10))
    pay(books, loans[3], FEB, 106_62, entered=date(2026, 2, 11))
    close_days([books], MAR)
    check(books)


def test_catching_up__is_closing_day_by_day(books: Books, twin: Books):
    def live(books: Books, step: int) -> str:
        lend(books, [booking(number, FEB - timedelta(days=number)) for number in range(1, 6)])
        day = closed_through(books)
        while day < date(2026, 6, 30):
            day = min(day + timedelta(days=step), date(2026, 6, 30))
            close_days([books], day)
        check(books)
        return told(books)

    assert live(books, 1000) == live(twin, 1)


def test_crew__shares_the_parts_of_a_day(books: Books, twin: Books, database):
    """Parts are made small, so that there are many; the days come out as with one worker."""
    with database.connect() as connection:
        crew = [books, attrs.evolve(books, connection=connection)]
        for lender in (books, twin):
            lend(lender, [booking(number) for number in range(1, 4)])
            spread(lender)
        ended = close_days(crew, date(2026, 3, 31))
    assert ended == close_days([twin], date(2026, 3, 31))
    assert [day.loan_count for day in ended] == [3] * 90
    assert told(books) == told(twin)


def spread(books: Books) -> None:
    """Give each loan a part of its own."""
    with books.transaction() as connection:
        connection.execute("SET LOCAL role NONE")
        for table in ("loan", "event", "standing", "outlook"):
            connection.execute(
                f"UPDATE lending.{table} SET loan_number = loan_number << 13"
                " WHERE institution_id = current_setting('karez.institution_id')::integer"
            )
        connection.execute(
            "INSERT INTO lending.part"
            " SELECT DISTINCT l.institution_id, loan_number >> 13, p.closed_on"
            " FROM lending.loan AS l JOIN lending.part AS p USING (institution_id)"
            " WHERE institution_id = current_setting('karez.institution_id')::integer"
        )


def test_close__refuses(books: Books):
    with pytest.raises(NothingToCloseError):
        close_days([books], JAN)
    lend(books, [booking(1)])
    with pytest.raises(TooManyDaysError, match="3660"):
        close_days([books], JAN + timedelta(days=10 * 366))
    assert close_days([books], JAN - timedelta(days=9)) == []
    close_period(books, date(2026, 1, 10), actor="ann", reason="")
    with pytest.raises(PeriodClosedError):
        close_days([books], date(2026, 1, 20))
    assert closed_through(books) == JAN, "the day without postings is ended, the next is not"
    check(books)
