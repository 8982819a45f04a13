"""What a loan of another system comes to: its rows and its events, held to plain arithmetic."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.servicing.events import Disbursement, Payment, WriteOff
from karez.engines.servicing.terms import GivenRow
from karez.kernel.money import currency
from karez.services.importing import Assume, SourceLoan, events_of, terms_of
from karez.services.importing.errors import PaidUnknownError, ScheduleUnknownError

START, AS_OF = date(2025, 1, 31), date(2025, 12, 31)
EUR = currency("EUR")


def source(**changed) -> SourceLoan:
    usual = {
        "line": 2, "reference": "L1", "borrower": "B1", "paid_out_on": START,
        "amount_minor": 120_000, "instalments": 12, "rate_pct_year": Decimal(0),
        "assume": Assume.AS_AGREED,
    }  # fmt: skip
    return SourceLoan(**usual | changed)


@given(
    st.integers(1, 10**9),
    st.integers(1, 60),
    st.decimals(0, 60, places=2),
    st.floats(0.5, 2),
)
def test_rows__pay_interest_first_and_end_at_zero(amount, count, rate, times):
    instalment = int(amount / count * times) + 1
    loan = source(
        amount_minor=amount, instalments=count, rate_pct_year=rate, instalment_minor=instalment
    )
    try:
        rows = terms_of(loan, EUR).given
    except ScheduleUnknownError:
        # The first row that brings no principal is found by the same interest.
        assert instalment <= amount * float(rate) / 100 * 32 / 365 + 1
        return
    left, last = amount, START
    for place, row in enumerate(rows):
        interest = round(Fraction(left) * Fraction(rate) / 100 * (row.due - last).days / 365)
        assert row.interest_minor == interest
        ends = place == count - 1 or instalment - interest >= left
        assert row.principal_minor == (left if ends else instalment - interest)
        left, last = left - row.principal_minor, row.due
    assert (left, len(rows)) == (0, count)
    assert [row.due for row in rows[:2]] == [date(2025, 2, 28), date(2025, 3, 31)][:count]


def test_rows__are_those_agreed_where_they_are_known():
    rows = (GivenRow(date(2025, 6, 1), 70_000, 5), GivenRow(date(2026, 6, 1), 50_000, 7))
    assert terms_of(source(rows=rows), EUR).given == rows
    with pytest.raises(ScheduleUnknownError, match="repay 70000 minor units, and 120000 went out"):
        terms_of(source(rows=rows[:1]), EUR)


def test_instalment_that_never_ends__is_refused():
    loan = source(rate_pct_year=Decimal(120), instalment_minor=12_000)
    with pytest.raises(ScheduleUnknownError, match="instalment 2 does not cover its interest"):
        terms_of(loan, EUR)


def events(**changed) -> list[tuple[str, date, int]]:
    loan = source(**changed)
    found = events_of(loan, terms_of(loan, EUR), AS_OF)
    assert isinstance(found[0], Disbursement)
    return [(type(each).__name__, each.on, getattr(each, "amount_minor", 0)) for each in found[1:]]


def test_as_agreed__pays_what_is_due_by_the_day():
    found = events()
    assert len(found) == 11  # the twelfth is due a month after the day
    assert {amount for _, _, amount in found} == {10_000}
    assert found[-1][1] == AS_OF


def test_unpaid__pays_nothing():
    assert events(assume=Assume.UNPAID) == []


def test_charged_off__pays_until_only_the_loss_is_left():
    lost_on = date(2025, 5, 15)
    found = events(assume=Assume.CHARGED_OFF, lost_minor=85_000, lost_on=lost_on)
    assert found == [
        ("Payment", date(2025, 2, 28), 10_000),
        ("Payment", date(2025, 3, 31), 10_000),
        ("Payment", date(2025, 4, 30), 10_000),
        ("Payment", lost_on, 5_000),
        ("WriteOff", lost_on, 0),
    ]


def test_payments__go_before_what_a_status_says():
    paid = ((START + timedelta(days=3), 5),)
    assert events(payments=paid) == [("Payment", START + timedelta(days=3), 5)]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"assume": None, "status": "X"}, "give its status 'X' a meaning"),
        ({"assume": Assume.CHARGED_OFF}, "names what was lost, and when"),
        ({"assume": Assume.CHARGED_OFF, "lost_minor": 120_001, "lost_on": AS_OF}, "more was lost"),
        ({"assume": Assume.CHARGED_OFF, "lost_minor": 1, "lost_on": date(2025, 1, 1)},
         "it was lost before it went out"),
    ],
)  # fmt: skip
def test_what_is_not_known__is_refused(changed, rule: str):
    with pytest.raises(PaidUnknownError, match=rule):
        events(**changed)


def test_kinds_of_events__are_what_lending_takes():
    loan = source(assume=Assume.CHARGED_OFF, lost_minor=1, lost_on=AS_OF)
    kinds = {type(each) for each in events_of(loan, terms_of(loan, EUR), AS_OF)}
    assert kinds == {Disbursement, Payment, WriteOff}
