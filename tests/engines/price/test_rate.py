"""Rates by their parts, caps, and the all-in rate."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.cashflow.cost import Flow, apr_us, effective_rate
from karez.engines.price.caps import Cap, Measure, all_in_rate, highest_rate, monthly_caps
from karez.engines.price.errors import PriceInputError
from karez.engines.price.rate import Costs, rate_parts

# Break-even rates in per cent by amount, at a fixed cost of 10, 30, 60 and 120: funding 8 %,
# capital 12 % that must earn 20 %, PD 5 %, LGD 70 %, variable cost 1 %, average balance 0.55 of the
# amount.
PUBLISHED = {
    100: ("32.9", "70.2", "126", "238"),
    300: ("20.5", "32.9", "51.6", "88.9"),
    1_000: ("16.2", "19.9", "25.5", "36.7"),
    3_000: ("14.9", "16.2", "18.0", "21.8"),
    10_000: ("14.5", "14.9", "15.4", "16.5"),
    50_000: ("14.3", "14.4", "14.5", "14.7"),
}


def test_rate_parts__are_the_published_table_to_its_digits():
    for amount, row in PUBLISHED.items():
        for fixed, printed in zip((10, 30, 60, 120), row, strict=True):
            costs = Costs(0.08, 0.12, 0.20, 0.01, fixed * 100)
            parts = rate_parts(costs, np.array([0.05]), np.array([0.7]), np.array([amount * 55]))
            decimals = len(printed.partition(".")[2])
            assert f"{parts.total[0] * 100:.{decimals}f}" == printed, (amount, fixed)


@given(
    st.floats(0, 1), st.floats(0, 1), st.integers(1, 10**9), st.floats(0, 0.5), st.floats(0, 0.3)
)
def test_rate_parts__pay_for_everything(
    pd: float, lgd: float, balance: int, own: float, margin: float
):
    costs = Costs(0.05, own, 0.2, 0.01, 3_000, margin)
    [rate] = rate_parts(costs, np.array([pd]), np.array([lgd]), np.array([balance])).total
    interest = rate * balance * (1 - pd / 2)
    paid = balance * (0.05 * (1 - own) + 0.2 * own + pd * lgd + 0.01 + margin) + 3_000
    assert interest == pytest.approx(paid)


@pytest.mark.parametrize(
    ("pd", "lgd", "balance"), [(1.1, 0.5, 1), (np.nan, 0.5, 1), (0.1, -0.1, 1), (0.1, 0.5, 0)]
)
def test_rate_parts__refuse_what_is_none(pd: float, lgd: float, balance: int):
    with pytest.raises(PriceInputError):
        rate_parts(Costs(0, 0, 0, 0, 0), np.array([pd]), np.array([lgd]), np.array([balance]))


def month_ends(months: int) -> list[date]:
    days = [date(2026, 1, 1)]
    for _ in range(months):
        days.append((days[-1] + timedelta(31)).replace(day=1))
    return days


@pytest.mark.parametrize(
    ("rate", "fee", "months"), [(0.12, 0.02, 12), (0.3, 0.0, 24), (0.0, 0.05, 6)]
)
def test_all_in_rate__is_what_other_engines_find(rate: float, fee: float, months: int):
    lent = 100_000_000_000  # so large that whole minor units do not matter
    payment = lent * (rate / 12 / (1 - (1 + rate / 12) ** -months) if rate else 1 / months)
    days = month_ends(months)
    flows = [Flow(days[0], -round(lent * (1 - fee)))]
    flows += [Flow(day, round(payment)) for day in days[1:]]
    given_ = (np.array([rate]), np.array([fee]), np.array([months]))
    assert all_in_rate(*given_, Measure.NOMINAL)[0] == pytest.approx(apr_us(flows), abs=1e-8)
    # By the day, months differ in length; close is all that can be asked.
    effective = all_in_rate(*given_, Measure.EFFECTIVE)[0]
    assert effective == pytest.approx(effective_rate(flows), rel=0.02)


@given(st.floats(0.001, 2), st.floats(0, 0.1), st.integers(1, 60), st.sampled_from(list(Measure)))
def test_highest_rate__just_keeps_the_cap(cap: float, fee: float, months: int, measure: Measure):
    table = [Cap("here", cap, measure, "a law")]
    monthly = monthly_caps(table, "here", date(2026, 1, 1), *[np.array([1_000])] * 2)
    fees, terms = np.array([fee]), np.array([months])
    rate = highest_rate(monthly, fees, terms)
    if np.isnan(rate[0]):
        assert all_in_rate(np.zeros(1), fees, terms, measure)[0] > cap
    else:
        assert all_in_rate(rate, fees, terms, measure)[0] == pytest.approx(cap, abs=1e-7)


def test_monthly_caps__by_place_day_and_amount():
    caps = [
        Cap("here", 0.36, Measure.NOMINAL, "old", last_day=date(2026, 6, 30)),
        Cap("here", 0.24, Measure.NOMINAL, "new", first_day=date(2026, 7, 1)),
        Cap("here", 0.12, Measure.NOMINAL, "small", most_minor=1_000),
    ]
    least, most = np.array([1_000, 1_001, 900]), np.array([1_000, 2_000, 2_000])
    june, july = date(2026, 6, 30), date(2026, 7, 1)
    assert monthly_caps(caps, "here", june, least, most) == pytest.approx([0.01, 0.03, 0.01])
    assert monthly_caps(caps, "here", july, least, most) == pytest.approx([0.01, 0.02, 0.01])
    assert np.isinf(monthly_caps(caps, "there", july, least, most)).all()
    assert np.isinf(highest_rate(np.array([np.inf]), np.zeros(1), np.array([12]))).all()


def test_all_in_rate__rises_with_the_fee():
    rates = [all_in_rate(np.array([0.1]), np.array([fee]), np.array([12]), Measure.NOMINAL)[0]
             for fee in (0.0, 0.01, 0.05)]  # fmt: skip
    assert all(low < high for low, high in pairwise(rates))
    assert rates[0] == pytest.approx(0.1)
