"""A schedule that was made elsewhere, imported row by row."""

from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.servicing.loans import START, lend, lines, pay
from karez.engines.servicing import Terms, arrears_days, fold, payoff_minor
from karez.engines.servicing.errors import (
    ScheduleUnfitError,
    TermOutOfRangeError,
    TermsClashError,
)
from karez.engines.servicing.events import (
    Charge,
    DueDateMove,
    Extension,
    InterestPause,
    RateChange,
)
from karez.engines.servicing.terms import FixedOrder, GivenRow, Recalculation, ScheduleKind

ROWS = (
    GivenRow(date(2024, 2, 9), 30_000, 1_111),
    GivenRow(date(2024, 4, 1), 0, 2_222),
    GivenRow(date(2024, 4, 30), 70_000, 333),
)


def imported(rows: tuple[GivenRow, ...] = ROWS, **more: Any) -> Terms:
    usual: dict[str, Any] = {
        "rate_pct_year": Decimal(12),
        "instalments": len(rows),
        "schedule": ScheduleKind.CUMULATIVE,
        "allocation": FixedOrder.PENALTY_FEE_INTEREST_PRINCIPAL,
        "given": rows,
    }
    return Terms(**(usual | more))


def test_rows__as_they_were_given():
    loan = fold(imported(), [lend(100_000)], as_of=START)
    assert [(line.due, line.principal_minor, line.interest_minor) for line in lines(loan)] == [
        attrs.astuple(row) for row in ROWS
    ]
    assert [line.balance_minor for line in lines(loan)] == [70_000, 70_000, 0]


def test_payments_and_charges__as_on_any_other():
    fee = Charge(number=3, on=date(2024, 3, 5), posted_on=START, penalty=False, amount_minor=500)
    events = [lend(100_000), pay(2, date(2024, 2, 9), 31_111), fee]
    loan = fold(imported(), events, as_of=date(2024, 4, 11))
    assert [line.outstanding_minor for line in lines(loan)] == [0, 2_722, 70_333]
    assert arrears_days(loan, date(2024, 4, 11)) == 10
    assert payoff_minor(loan, date(2024, 4, 11)) == 2_722 + 70_333


def test_move__later_rows_follow():
    move = DueDateMove(number=2, on=date(2024, 2, 9), posted_on=START, to=date(2024, 2, 15))
    loan = fold(imported(), [lend(100_000), move], as_of=START)
    assert [line.due for line in lines(loan)] == [
        date(2024, 2, 15),
        date(2024, 3, 15),
        date(2024, 4, 15),
    ]


def test_refused__with_a_reason():
    for change in (
        RateChange(number=2, on=START, posted_on=START, rate_pct_year=Decimal(1)),
        InterestPause(number=2, on=START, posted_on=START, until=date(2024, 2, 1)),
        Extension(number=2, on=START, posted_on=START, instalments=1),
    ):
        with pytest.raises(ScheduleUnfitError):
            fold(imported(), [lend(100_000), change], as_of=START)
    with pytest.raises(TermsClashError, match="repays what was paid out"):
        fold(imported(), [lend(99_999)], as_of=START)
    with pytest.raises(TermOutOfRangeError, match="instalments"):
        imported(instalments=4)
    with pytest.raises(TermOutOfRangeError, match="due"):
        imported(ROWS[::-1])
    with pytest.raises(TermOutOfRangeError, match="principal_minor"):
        imported((GivenRow(date(2024, 2, 9), -1, 0),))
    with pytest.raises(TermsClashError):
        imported(recalculation=Recalculation())


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=12))
def test_imported__what_another_schedule_made(amounts: list[tuple[int, int]]):
    """Whatever the rows, they come out again, and paying each on its day leaves nothing."""
    rows = tuple(
        GivenRow(date(2024 + place // 12, place % 12 + 1, 28), principal, interest)
        for place, (principal, interest) in enumerate(amounts)
    )
    lent = sum(row.principal_minor for row in rows)
    if not lent:
        return
    payments = [
        pay(number, row.due, row.principal_minor + row.interest_minor)
        for number, row in enumerate(rows, 2)
        if row.principal_minor + row.interest_minor
    ]
    loan = fold(imported(rows), [lend(lent), *payments], as_of=rows[-1].due)
    assert [line.principal_minor for line in lines(loan)] == [row.principal_minor for row in rows]
    assert sum(line.outstanding_minor for line in lines(loan)) == loan.overpaid == 0
