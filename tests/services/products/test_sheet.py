"""What a term sheet makes of a loan, held to what a person would work out."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.price.policy import Decision
from karez.engines.servicing import fold, schedule_table
from karez.engines.servicing.events import Disbursement, Payment
from karez.engines.servicing.terms import Bucket, GivenRow, Terms, Tranche
from karez.services.products import TermSheet, catalogue, planned, read_sheet, within
from karez.services.products.errors import ProductTermError
from karez.services.products.ledger import STANDARD_SIDES, LedgerMapping, Role
from karez.services.products.parts import Repay
from services.products.sheets import sheet

SHEETS = {code: read_sheet(text, code) for code, text in catalogue().items()}
PRINCIPAL = Bucket.PRINCIPAL


@st.composite
def loans(draw: st.DrawFn):
    """A product of the catalogue and a loan that it has."""
    found = SHEETS[draw(st.sampled_from(sorted(SHEETS)))]
    amount, rate, count = found.amount, found.rate, found.instalments
    steps = (amount.most_minor - amount.least_minor) // amount.step_minor
    return found, {
        "amount_minor": amount.least_minor + draw(st.integers(0, steps)) * amount.step_minor,
        "rate_pct_year": draw(st.decimals(rate.least_pct_year, rate.most_pct_year, places=2)),
        "instalments": draw(st.integers(count.least, min(count.most, count.least + 20))),
        "starts_on": date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 800))),
    }


@settings(max_examples=60)
@given(loans())
def test_any_loan_of_the_catalogue__comes_back(loan):
    found, asked = loan
    within(found, **{key: asked[key] for key in asked if key != "starts_on"})
    account = planned(found, **asked)
    rows = [row for row in account.rows if not row.down_payment]
    assert sum(row.owed[PRINCIPAL] for row in account.rows) == asked["amount_minor"]
    assert min(row.owed[PRINCIPAL] for row in account.rows) >= 0
    assert schedule_table(account)[-1].balance_minor == 0
    assert len(rows) == asked["instalments"]
    grace = found.schedule.grace_on_principal
    if found.schedule.repay is Repay.AT_END:
        grace = len(rows) - 1
    assert not any(row.owed[PRINCIPAL] for row in rows[:grace])


@given(loans())
def test_rows_on_dates__are_simple_interest_by_days(loan):
    found, asked = loan
    terms = found.terms(**asked)
    if found.schedule.repay is not Repay.ON_DATES:
        assert not terms.given
        return
    assert list(terms.given) == slow_rows(found, **asked)


def slow_rows(found: TermSheet, *, amount_minor, rate_pct_year, instalments, starts_on):
    """Rows on dates, a day at a time."""
    day, due, weights = starts_on, [], []
    while len(due) < instalments:
        day += timedelta(days=1)
        for place, each in enumerate(found.schedule.dates):
            later = (day - starts_on).days >= found.schedule.first_after_days
            if (day.month, day.day) == (each.month, each.day) and later:
                due.append(day)
                weights.append((found.schedule.weights or [1] * 99)[place])
    rows, left, last = [], amount_minor, starts_on
    for place, day in enumerate(due):
        part = amount_minor * weights[place] // sum(weights)
        part = left if place == len(due) - 1 else part
        interest = Fraction(left) * Fraction(rate_pct_year) * (day - last).days / 36_500
        rows.append(GivenRow(day, part, round(interest)))
        left, last = left - part, day
    return rows


def test_tranches__are_of_the_product_or_of_the_caller():
    found = SHEETS["start-up-loan"]
    start = date(2026, 11, 30)
    assert found.tranches(amount_minor=1_000_001, starts_on=start) == (
        Tranche(start, 600_000),
        Tranche(date(2027, 2, 28), 400_001),
    )
    one = (Tranche(start, 7),)
    asked = {"amount_minor": 7, "rate_pct_year": Decimal(9), "instalments": 24}
    assert found.terms(**asked, starts_on=start, tranches=one).tranches == one


def test_line__is_drawn_repaid_and_drawn_again():
    found = SHEETS["revolving-line"]
    start = date(2026, 1, 15)
    terms = found.terms(
        amount_minor=10_000_000, rate_pct_year=Decimal(9), instalments=12, starts_on=start
    )
    events = [
        Disbursement(number=1, on=start, posted_on=start, amount_minor=6_000_000),
        *(payment(number, date(2026, number, 15), 4_000_000) for number in (2, 3)),
        Disbursement(number=4, on=date(2026, 4, 20), posted_on=date(2026, 4, 20),
                     amount_minor=5_000_000),
    ]  # fmt: skip
    account = fold(terms, events[:2], as_of=date(2026, 2, 20))
    interest = round(6_000_000 * 0.09 * 31 / 365)
    assert open_principal(account) == 6_000_000 - (4_000_000 - interest)
    # The second payment is more than what is left: the next drawing uses what is over.
    account = fold(terms, events, as_of=date(2026, 4, 21))
    assert sum(sum(row.paid) for row in account.rows) + account.overpaid == 8_000_000
    principal_paid = sum(row.paid[PRINCIPAL] for row in account.rows)
    assert open_principal(account) == 11_000_000 - principal_paid
    assert account.rows[-1].open(PRINCIPAL) > open_principal(account) * 9 // 10


def payment(number: int, on: date, amount_minor: int) -> Payment:
    return Payment(number=number, on=on, posted_on=on, amount_minor=amount_minor)


def open_principal(account) -> int:
    return sum(row.open(PRINCIPAL) for row in account.rows)


@given(
    st.integers(1, 10**9),
    st.floats(0, 1).map(lambda value: round(value, 6)),
    st.floats(0, 1).map(lambda value: round(value, 6)),
)
def test_rate_by_risk__is_what_a_loan_year_costs(amount_minor, pd, lgd):
    found = SHEETS["sme-one-year"]
    own = found.pricing
    share = {name: Fraction(getattr(own, name)) / 100 for name in (
        "funding_pct_year", "capital_pct", "hurdle_pct_year", "variable_pct_year",
        "margin_pct_year",
    )}  # fmt: skip
    k = share["capital_pct"]
    cost = share["funding_pct_year"] * (1 - k) + k * share["hurdle_pct_year"]
    cost += Fraction(pd) * Fraction(lgd) + share["variable_pct_year"] + share["margin_pct_year"]
    cost += Fraction(own.fixed_cost_minor, amount_minor)
    exact = cost / (1 - Fraction(pd) / 2) * 100
    step = Fraction(own.step_pct)
    rates = [Fraction(4), ceil(round(exact / step, 9)) * step, Fraction(15)]
    rate = found.rate_for(amount_minor=amount_minor, pd=pd, lgd=lgd)
    assert abs(Fraction(rate) - sorted(rates)[1]) <= Fraction(1, 10**9)


def test_rate_that_is_fixed__is_as_written():
    assert SHEETS["group-loan"].rate_for(amount_minor=1, pd=0.9, lgd=1.0) == 16


@pytest.mark.parametrize(
    ("amount_minor", "pd", "name"),
    [
        (30_000_000, 0.03, None),
        (30_000_001, 0.03, "branch"),
        (10_000_000, 0.031, "branch"),
        (50_000_000, 0.5, "branch"),
        (50_000_001, 0.01, "head office"),
        (100_000_000, 0.01, "head office"),
    ],
)
def test_decision__is_by_amount_and_risk(amount_minor: int, pd: float, name: str | None):
    committee = SHEETS["sme-one-year"].decides(amount_minor=amount_minor, pd=pd)
    assert (committee and committee.name) == name


def test_policy__has_a_row_for_each_rule():
    policy = SHEETS["sme-one-year"].policy()
    assert policy is not None
    assert policy.columns == ("remark", "trust_verdict")
    assert [row.outcome.decision for row in policy.rows] == [
        Decision.REFUSE, Decision.REFUSE, Decision.REFER, Decision.APPROVE,
    ]  # fmt: skip
    assert sheet().policy() is None


def test_risk__is_as_engines_ask_for_it():
    found = SHEETS["harvest-loan"]
    assert found.lgd() == 0.65
    assert found.lgd("crop-insurance") == 0.4
    assert found.lgd("land") == 0.65
    assert found.stage_rules().default_days == 90
    assert found.economy().weight.tolist() == [0.8, 0.2]
    assert found.economy().defaults[:, 0].tolist() == [1, 3]
    assert sheet().economy().weight.tolist() == [1]


def test_charges__are_events_with_numbers():
    found = SHEETS["dairy-loan"]
    start = date(2026, 3, 1)
    [charge] = found.charges(starts_on=start)
    assert (charge.number, charge.on, charge.pct) == (1, start, 3)
    account = planned(found, amount_minor=1_000_000, rate_pct_year=Decimal(8), instalments=10,
                      starts_on=start)  # fmt: skip
    assert schedule_table(account)[0].fees_minor == 30_000


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"amount_minor": 1}, "amount 0.01 does not fit small: it lends 100.00 to 10000.00 EUR"),
        ({"rate_pct_year": Decimal(16)}, "rate 16 does not fit small: its rates are 4 to 15 %"),
        ({"instalments": 25}, "instalments 25 does not fit small: it has 2 to 24"),
    ],
)
def test_what_is_outside__is_refused(changed, rule: str):
    asked = {"amount_minor": 10_000, "rate_pct_year": Decimal(9), "instalments": 12} | changed
    with pytest.raises(ProductTermError, match=rule):
        within(sheet(), **asked)


def test_down_payment_and_step__reach_the_terms():
    terms: Terms = SHEETS["equipment-loan"].terms(
        amount_minor=1_000_000, rate_pct_year=Decimal(9), instalments=12, starts_on=date(2026, 1, 1)
    )
    assert terms.down_payment is not None
    assert terms.down_payment.pct == 20
    assert SHEETS["group-loan"].terms(
        amount_minor=100_000, rate_pct_year=Decimal(16), instalments=24, starts_on=date(2026, 1, 1)
    ).multiple_minor == 100  # fmt: skip


def test_ledger__overrides_single_kinds():
    mapping = LedgerMapping(overrides={"overpaid": ("channel", "2010")})
    assert mapping.sides("overpaid") == ("channel", "2010")
    assert mapping.sides("paid-penalty") == (Role.CHANNEL, Role.FEES)
    assert mapping.parents[Role.PRINCIPAL] == "1100"
    assert all(debit != credit for debit, credit in STANDARD_SIDES.values())
    assert attrs.evolve(mapping, fees="1").parents[Role.FEES] == "1"
    with pytest.raises(AssertionError, match="movement kind stolen"):
        mapping.sides("stolen")
