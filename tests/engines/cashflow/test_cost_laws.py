"""Laws of the cost of credit, against a slow twin in fifty digits."""

import random
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from karez.engines.cashflow.cost import Flow, apr_eu, apr_us, cost_of, effective_rate, percent
from karez.engines.cashflow.errors import PaidBeforeLentError, RateNotFoundError
from karez.engines.cashflow.intervals import (
    directive_span,
    directive_years,
    series_day,
    transaction_day,
    unit_period,
    unit_periods,
)
from karez.engines.cashflow.solver import Discounted, rate_of, rates_of, value_at

START = date(2026, 1, 15)
MEASURES = [apr_eu, apr_us, effective_rate]
Timed = list[tuple[int, Fraction]]


@st.composite
def loans(draw: st.DrawFn) -> list[Flow]:
    """One advance or two, and payments that come to half of them at least, from 30 days on."""
    lent = draw(st.integers(100, 10**9))
    flows = [Flow(START, -lent)]
    if draw(st.booleans()):
        flows.append(Flow(START + timedelta(days=draw(st.integers(1, 29))), -lent))
    days = draw(st.lists(st.integers(30, 4000), min_size=1, max_size=8, unique=True))
    shares = draw(st.lists(st.integers(1, 100), min_size=len(days), max_size=len(days)))
    total = -sum(flow.amount_minor for flow in flows) * draw(st.integers(50, 300)) // 100
    paid = [total * share // sum(shares) for share in shares]
    flows += [
        Flow(START + timedelta(days=day), amount or 1)
        for day, amount in zip(days, paid, strict=True)
    ]
    return flows


def exact_value(flows: Timed, rate: Decimal) -> Decimal:
    with localcontext(prec=50):
        factor = 1 + rate
        return sum(
            (
                amount * factor ** (-Decimal(years.numerator) / years.denominator)
                for amount, years in flows
            ),
            Decimal(0),
        )


def exact_rate(flows: Timed) -> Decimal:
    """Return the rate by halving from -100 % and one that is high enough."""
    with localcontext(prec=50):
        low, high = Decimal("-0.999999999999"), Decimal(1)
        while exact_value(flows, high) > 0:
            high *= 2
        for _ in range(80):
            middle = (low + high) / 2
            if exact_value(flows, middle) > 0:
                low = middle
            else:
                high = middle
        return low


def by_the_day(flows: list[Flow]) -> Timed:
    return [(flow.amount_minor, Fraction((flow.on - START).days, 365)) for flow in flows]


def by_the_directive(flows: list[Flow]) -> Timed:
    days = [flow.on for flow in flows]
    span, on_day = directive_span(days), series_day(days)
    return [(flow.amount_minor, directive_years(START, flow.on, span, on_day)) for flow in flows]


@settings(max_examples=30)  # the twin takes its time
@given(loans())
def test_rate__is_that_of_the_slow_twin(flows: list[Flow]):
    for measure, timed in ((effective_rate, by_the_day), (apr_eu, by_the_directive)):
        twin = exact_rate(timed(flows))
        assert measure(flows) == pytest.approx(float(twin), rel=1e-9, abs=1e-11)


@given(loans())
def test_value__at_the_rate_is_within_half_a_minor_unit(flows: list[Flow]):
    for measure, timed in ((effective_rate, by_the_day), (apr_eu, by_the_directive)):
        assert abs(exact_value(timed(flows), Decimal(measure(flows)))) < Decimal("0.5")


@given(loans())
def test_value__at_the_rate_of_regulation_z_is_within_half_a_minor_unit(flows: list[Flow]):
    """The sum of amount / ((1 + f i)(1 + i)^t), Appendix J, (b)(8), in exact fractions."""
    lent = [flow.on for flow in flows if flow.amount_minor < 0]
    paid = [flow.on for flow in flows if flow.amount_minor > 0]
    unit, on_day = unit_period(START, lent, paid), transaction_day(START, [*lent, *paid])
    rate = Fraction(apr_us(flows)) / unit.per_year
    value = Fraction(0)
    for flow in flows:
        full, part = unit_periods(START, flow.on, unit, on_day)
        value += flow.amount_minor / ((1 + part * rate) * (1 + rate) ** full)
    assert abs(value) < Fraction(1, 2)


@given(loans(), st.integers(1, 99))
def test_fee__raises_every_rate(flows: list[Flow], share: int):
    fee = Flow(START, max(1, -flows[0].amount_minor * share // 100))
    for measure in MEASURES:
        assert measure([*flows, fee]) > measure(flows)


@given(loans(), st.randoms())
def test_order__never_matters(flows: list[Flow], chance: random.Random):
    shuffled = list(flows)
    chance.shuffle(shuffled)
    assert cost_of(shuffled) == cost_of(flows)


@given(st.lists(loans(), min_size=1, max_size=5))
@example([[Flow(START, -100), Flow(START + timedelta(days=30), 100)]])
def test_batch__is_as_one_by_one(many: list[list[Flow]]):
    rows = [[(amount, float(years)) for amount, years in by_the_day(flows)] for flows in many]
    offsets = np.cumsum([0, *map(len, rows)])
    amounts, periods = np.array([pair for row in rows for pair in row]).T
    found = rates_of(offsets, amounts, periods, np.zeros(len(amounts)))
    assert found == pytest.approx([effective_rate(flows) for flows in many], rel=1e-9, abs=1e-11)


def test_batch__has_nan_where_there_is_no_rate():
    amounts = np.array([-100.0, 110.0, 100.0, 110.0, -100.0, 100.0, 50.0])
    periods = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    found = rates_of(np.array([0, 2, 4, 7]), amounts, periods, np.zeros(7))
    assert found == pytest.approx([0.1, np.nan, np.nan], nan_ok=True)
    assert rates_of(np.array([0]), np.zeros(0), np.zeros(0), np.zeros(0)).size == 0


@given(st.floats(0, 0.99), st.integers(0, 50), st.floats(-0.5, 5), st.integers(1000, 10**9))
def test_fraction__of_a_period_has_simple_interest(
    fraction: float, periods: int, rate: float, lent: int
):
    assume(periods or fraction > 0.01)
    due = lent * (1 + fraction * rate) * (1 + rate) ** periods
    flows = [Discounted(-lent, 0), Discounted(due, periods, fraction)]
    assert rate_of(flows) == pytest.approx(rate, rel=1e-9, abs=1e-9)


def test_rate__goes_down_to_minus_one_hundred_per_cent():
    year = START + timedelta(days=365)
    assert effective_rate([Flow(START, -1000), Flow(year, 900)]) == pytest.approx(-0.1)
    assert effective_rate([Flow(START, -(10**9)), Flow(year, 1)]) == pytest.approx(-1)
    assert effective_rate([Flow(START, -1000), Flow(year, 1000)]) == 0


def test_rate__reaches_far_up():
    tomorrow = START + timedelta(days=1)
    assert effective_rate([Flow(START, -1000), Flow(tomorrow, 2000)]) == pytest.approx(2.0**365 - 1)


NO_RATE = {
    "nothing is lent": [Flow(START, 100)],
    "nothing is paid": [Flow(START, -100)],
    "more at every rate": [
        Flow(START, -100),
        Flow(START, 100),
        Flow(START + timedelta(days=9), 1),
    ],
}


@pytest.mark.parametrize("flows", NO_RATE.values(), ids=NO_RATE)
@pytest.mark.parametrize("measure", MEASURES)
def test_rate__that_does_not_exist_is_refused(measure, flows: list[Flow]):
    with pytest.raises(RateNotFoundError):
        measure(flows)


def test_rate__of_a_last_advance_that_is_never_repaid_is_refused():
    flows = [Discounted(-100, 0), Discounted(50, 1), Discounted(-100, 2)]
    with pytest.raises(RateNotFoundError, match="less at every rate"):
        rate_of(flows)


@pytest.mark.parametrize("measure", MEASURES)
def test_payment__before_the_first_advance_is_refused(measure):
    flows = [Flow(START, -100), Flow(START - timedelta(days=1), 5), Flow(date(2027, 1, 1), 105)]
    with pytest.raises(PaidBeforeLentError, match="2026-01-14"):
        measure(flows)


def test_cost__counts_all_that_is_paid():
    cost = cost_of([Flow(START, -1000), Flow(START, 10), Flow(date(2027, 1, 15), 1100)])
    assert (cost.lent_minor, cost.paid_minor, cost.cost_minor) == (1000, 1110, 110)


@pytest.mark.parametrize(
    ("rate", "decimals", "shown"),
    [
        (0.12965, 2, "12.97"),
        (0.1295, 1, "13.0"),
        (0.12949, 1, "12.9"),
        (-0.05, 2, "-5.00"),
        (-1e-9, 2, "0.00"),
        (1e30, 0, f"{int(1e30)}00"),
    ],
)
def test_percent__rounds_a_five_up(rate: float, decimals: int, shown: str):
    """Directive 2008/48/EC, Annex I, part I, remark (d)."""
    assert str(percent(rate, decimals)) == shown


def test_value__falls_as_the_rate_grows():
    flows = [Discounted(-100, 0), Discounted(60, 1, 0.5), Discounted(60, 2)]
    assert value_at(flows, 0.1) < value_at(flows, 0.05)
