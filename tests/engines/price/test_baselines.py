"""Simple ways to lend, judged by the measure of the plan."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.price import Costs, Firms, Question, make_plan
from karez.engines.price.baselines import baselines, expected_profit_minor
from karez.engines.price.curve import smooth_curve

RATES = np.array([40_000, 60_000, 80_000, 100_000, 150_000])
CURVE = smooth_curve("AB", RATES, np.array([[0, 0.2, 0.4, 0.6, 0.9], [0, 0.1, 0.5, 0.7, 0.8]]))
COSTS = Costs(funding_rate=0.02, capital_share=0.1, hurdle_rate=0.12, variable_rate=0.002,
              fixed_minor=5_000)  # fmt: skip
LEAST, MOST, STEP = 10_000_000, 100_000_000, 100_000


def question(pd: list[float], budget: int = 300_000_000) -> Question:
    count = len(pd)
    return Question(
        Firms(
            tuple(f"F{place}" for place in range(count)), ("retail",) * count, ("",) * count,
            np.arange(count) % 2, np.array(pd), np.full(count, 0.6),
            np.full(count, LEAST), np.full(count, MOST),
        ),
        CURVE, COSTS, budget, STEP, RATES,
    )  # fmt: skip


@settings(max_examples=40)
@given(
    pd=st.lists(st.floats(0, 0.5), min_size=1, max_size=12),
    budget=st.integers(0, 600_000_000),
    seed=st.integers(0, 99),
)
def test_no_baseline_beats_a_plan_that_is_as_free(pd: list[float], budget: int, seed: int) -> None:
    asked = question(pd, budget)
    sales = np.random.default_rng(seed).uniform(0, 1e9, len(pd))
    plan = make_plan(asked)
    for each in baselines(asked, sales, least_minor=LEAST, most_minor=MOST):
        assert each.amount_minor.sum() <= budget
        lent = each.amount_minor[each.amount_minor > 0]
        assert ((lent >= LEAST) & (lent <= MOST) & (lent % STEP == 0)).all()
        assert each.total_minor <= plan.total_minor + 1e-3


def test_the_measure_is_that_of_the_plan() -> None:
    asked = question([0.01, 0.02, 0.05, 0.3])
    plan = make_plan(asked)
    profit = expected_profit_minor(asked, plan.amount_minor, np.maximum(plan.rate_ppm, 40_000))
    assert profit == pytest.approx(plan.profit_minor)


def test_one_loan_reckoned_by_hand() -> None:
    asked = question([0.1])
    profit = expected_profit_minor(asked, np.array([20_000_000]), np.array([80_000]))
    cost = 0.02 * 0.9 + 0.1 * 0.12 + 0.1 * 0.6 + 0.002
    assert profit[0] == pytest.approx((1 - 0.4) * (20_000_000 * (0.95 * 0.08 - cost) - 5_000))


def test_the_largest_come_first() -> None:
    asked = question([0.01, 0.4, 0.02], budget=150_000_000)
    greedy = baselines(asked, np.array([1.0, 3.0, 2.0]), least_minor=LEAST, most_minor=MOST)[-1]
    assert greedy.amount_minor.tolist() == [0, MOST, 0]
