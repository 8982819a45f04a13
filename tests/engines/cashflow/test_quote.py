"""Quotes: the schedule adds up to the cent, whatever is asked for."""

from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.cashflow.codes import DayCount
from karez.engines.cashflow.cost import percent
from karez.engines.cashflow.cycles import Cycle
from karez.engines.cashflow.errors import QuoteTermError
from karez.engines.cashflow.quote import Kind, Quote, QuoteTerms, first_date, quote_of
from karez.kernel.money import Rounding, currency

PLAIN = QuoteTerms(
    principal_minor=6000_00,
    currency=currency("EUR"),
    rate_pct_year=Decimal("9.5"),
    term=12,
    every=Cycle(1, "M"),
    start=date(2026, 1, 15),
    first=date(2026, 2, 15),
    kind=Kind.ANNUITY,
    day_count=DayCount.E30360,
)


def quoted(**changes: Any) -> Quote:
    return quote_of(attrs.evolve(PLAIN, **changes))


@st.composite
def quote_terms(draw: st.DrawFn) -> QuoteTerms:
    kind = draw(st.sampled_from(Kind))
    term = draw(st.integers(1, 60))
    every = Cycle(draw(st.integers(1, 4)), draw(st.sampled_from("MW")))
    # Up to the 28th, a grace period ends in no month that is too short.
    start = draw(st.dates(date(2000, 1, 1), date(2060, 1, 1))).replace(day=draw(st.integers(1, 28)))
    principal = draw(st.integers(100_00, 10**9))  # more than a step for each instalment
    return QuoteTerms(
        principal_minor=principal,
        currency=currency(draw(st.sampled_from(["EUR", "JPY", "KWD"]))),
        rate_pct_year=Decimal(draw(st.integers(0, 10_000))).scaleb(-2),
        term=term,
        every=every,
        start=start,
        first=first_date(start, every),
        kind=kind,
        day_count=draw(st.sampled_from(["30E360", "A365", "AA", "A360"]).map(DayCount)),
        fee_minor=draw(st.integers(0, principal - 1)) // 10,
        grace=0 if kind is Kind.BULLET else draw(st.integers(0, term - 1)),
        rounding=draw(st.sampled_from(Rounding)),
        step_minor=draw(st.sampled_from([1, 5, 100])),
    )


@given(quote_terms())
def test_quote__adds_up_to_the_cent(terms: QuoteTerms):
    quote = quote_of(terms)
    balance = terms.principal_minor
    for number, line in enumerate(quote.instalments, 1):
        balance -= line.principal_minor
        assert (line.number, line.balance_minor) == (number, balance)
    assert balance == 0
    assert len(quote.instalments) == terms.term
    assert quote.payment_minor == terms.principal_minor + quote.interest_minor
    assert quote.cost.lent_minor == terms.principal_minor
    assert quote.cost.paid_minor == quote.payment_minor + terms.fee_minor
    assert quote.cost.cost_minor == quote.interest_minor + terms.fee_minor


@given(quote_terms())
def test_instalment__is_computed_once(terms: QuoteTerms):
    """Every instalment between grace and the last is the regular one while something is left."""
    quote = quote_of(terms)
    grace, between = quote.instalments[: terms.grace], quote.instalments[terms.grace : -1]
    assert {line.principal_minor for line in grace} <= {0}
    open_lines = [line for line in between if line.balance_minor]
    if terms.kind is Kind.ANNUITY:
        assert len({line.payment_minor for line in open_lines}) <= 1
        assert all(line.payment_minor % terms.step_minor == 0 for line in open_lines)
    if terms.kind is Kind.EQUAL_PRINCIPAL:
        assert len({line.principal_minor for line in open_lines}) <= 1
    if terms.kind is Kind.BULLET:
        assert {line.principal_minor for line in between} <= {0}


def test_annuity__is_that_of_the_closed_formula():
    """P i / (1 - (1 + i)^-n), i = 9.5 % / 12: 526.10. Regulation Z's rate is then the nominal."""
    monthly = Decimal("0.095") / 12
    payment = 6000 * monthly / (1 - (1 + monthly) ** -12)
    quote = quoted()
    assert quote.regular.payment_minor == round(payment * 100) == 526_10
    assert percent(quote.cost.apr_us) == Decimal("9.50")
    assert percent(quote.cost.apr_eu) == percent(float((1 + monthly) ** 12 - 1)) == Decimal("9.92")


def test_annuity__takes_the_coin_and_leaves_the_rest_to_the_last():
    quote = quoted(step_minor=100, rounding=Rounding.UP)
    assert {line.payment_minor for line in quote.instalments[:-1]} == {527_00}
    assert quote.instalments[-1].payment_minor < 527_00


def test_equal_principal__falls():
    quote = quoted(kind=Kind.EQUAL_PRINCIPAL, term=3)
    shown = [(line.principal_minor, line.interest_minor) for line in quote.instalments]
    assert shown == [(2000_00, 47_50), (2000_00, 31_67), (2000_00, 15_83)]


def test_bullet__repays_at_the_end():
    quote = quoted(kind=Kind.BULLET, term=3)
    shown = [(line.principal_minor, line.interest_minor) for line in quote.instalments]
    assert shown == [(0, 47_50), (0, 47_50), (6000_00, 47_50)]


def test_no_interest__costs_the_fee():
    quote = quoted(rate_pct_year=Decimal(0), fee_minor=60_00)
    assert quote.interest_minor == 0
    assert quote.cost.cost_minor == 60_00
    assert quote.cost.apr_eu > 0
    assert quoted(rate_pct_year=Decimal(0)).cost.apr_us == 0


@pytest.mark.parametrize(
    ("start", "first", "days"),
    [
        ("2026-01-31", "2026-02-28", [28, 31, 30, 31]),
        ("2026-01-28", "2026-02-28", [28, 28, 28, 28]),
        ("2026-01-10", "2026-01-31", [31, 28, 31, 30]),
        ("2026-01-10", "2026-01-30", [30, 28, 30, 30]),
        ("2026-03-31", "2026-04-30", [30, 31, 30, 31]),
        ("2026-03-30", "2026-04-30", [30, 30, 30, 30]),
    ],
)
def test_due_dates__keep_the_day_or_the_end_of_the_month(start: str, first: str, days: list[int]):
    quote = quoted(start=date.fromisoformat(start), first=date.fromisoformat(first), term=4)
    assert [line.due_on.day for line in quote.instalments] == days


REFUSED = {
    "principal": {"principal_minor": 0},
    "rate": {"rate_pct_year": Decimal(-1)},
    "term": {"term": 0},
    "first": {"first": date(2026, 1, 15)},
    "fee": {"fee_minor": 6000_00},
    "grace": {"grace": 12},
    "step": {"step_minor": 0},
}


@pytest.mark.parametrize(("field", "changes"), REFUSED.items(), ids=REFUSED)
def test_terms__out_of_bounds_are_named(field: str, changes: dict[str, Any]):
    with pytest.raises(QuoteTermError, match=f"The {field} of the quote is"):
        quoted(**changes)


def test_terms__grace_of_a_bullet_is_refused():
    with pytest.raises(QuoteTermError, match="leave it out"):
        quoted(kind=Kind.BULLET, grace=1)


def test_terms__grace_that_would_move_the_day_is_refused():
    with pytest.raises(QuoteTermError, match="up to the 28th"):
        quoted(start=date(2026, 1, 10), first=date(2026, 1, 30), grace=1)


def test_terms__beyond_the_calendar_are_refused():
    with pytest.raises(QuoteTermError, match="year 9999"):
        quoted(start=date(9998, 1, 10), first=date(9998, 2, 10), term=60)


@pytest.mark.parametrize("kind", [Kind.ANNUITY, Kind.EQUAL_PRINCIPAL])
def test_step__that_leaves_nothing_to_pay_is_refused(kind: Kind):
    with pytest.raises(QuoteTermError, match="rounds to nothing"):
        quoted(kind=kind, step_minor=2000_00)
