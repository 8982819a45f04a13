"""Curves of customers lost, and the best rate on them."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.price.making import curve, curves, real_curve
from karez.engines.price.best import best_rate
from karez.engines.price.curve import Answers, Curve, learn_curve, smooth_curve
from karez.engines.price.errors import CurveBrokenError


def rising_twin(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> list[float]:
    """The min-max formula of isotonic regression: slow, and plainly a rising average."""
    count = len(values)

    def mean(start: int, end: int) -> float:
        return float(np.average(values[start:end], weights=weights[start:end]))

    return [
        max(
            min(mean(start, end) for end in range(place + 1, count + 1))
            for start in range(place + 1)
        )
        for place in range(count)
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 100)), min_size=2, max_size=8))
def test_smooth_curve__is_the_nearest_that_never_falls(seen: list[tuple[float, float]]):
    values, weights = map(np.array, zip(*seen, strict=True))
    rates = np.arange(len(seen)) * 1_000
    found = smooth_curve(["all"], rates, values[None], weights[None]).lost[0]
    assert (np.diff(found) >= 0).all()
    assert found == pytest.approx(rising_twin(values, weights), abs=1e-12)


@pytest.mark.parametrize(
    ("rates", "lost"),
    [([1, 2], [[0.1, 1.2]]), ([1, 2], [[0.1, np.nan]]), ([2, 1], [[0.1, 0.2]]), ([1], [[0.1]]),
     ([1, 2], [[0.1]])],
)  # fmt: skip
def test_smooth_curve__refuses_what_is_none(rates: list[int], lost: list[list[float]]):
    with pytest.raises(CurveBrokenError):
        smooth_curve(["all"], np.array(rates), np.array(lost))


def test_learn_curve__moves_with_the_answers():
    before = curve([0.0, 0.4, 0.8], [0.1, 0.2, 0.3])
    answers = Answers(np.array([0, 0]), np.array([80_000, 99_000]), np.array([50, 950]),
                      np.array([40, 380]))  # fmt: skip
    found = learn_curve(before, answers, before_offers=50)
    # 1,000 answers came in at rates nearest to 8 %: 420 declined, beside 20 of the 50 before.
    assert found.lost[0] == pytest.approx([0.0, 440 / 1_050, 0.8])
    assert found.lost[1] == pytest.approx(before.lost[1])


def test_learn_curve__never_falls():
    answers = Answers(np.array([0]), np.array([120_000]), np.array([10_000]), np.array([0]))
    found = learn_curve(curve(), answers)
    assert (np.diff(found.lost[0]) >= 0).all()
    assert found.lost[0, 1] == found.lost[0, 2] < 0.01


def test_learn_curve__refuses_more_no_than_offers():
    with pytest.raises(CurveBrokenError):
        learn_curve(curve(), Answers(np.array([0]), np.array([1]), np.array([1]), np.array([2])))
    with pytest.raises(CurveBrokenError):
        learn_curve(curve(), Answers(*np.zeros((4, 1), np.int64)), before_offers=0)


def profit_at(of: Curve, segment: int, cost: float, collected: float, rate: float) -> float:
    lost = np.interp(rate, of.rates, of.lost[segment])
    return float((1 - lost) * (collected * rate - cost))


def brute_force(of: Curve, segment: int, cost: float, collected: float, cap: float) -> float:
    low, high = of.rates[0], min(of.rates[-1], cap)
    grid = np.append(np.linspace(low, high, 4_001), of.rates[of.rates <= cap])
    return max(profit_at(of, segment, cost, collected, rate) for rate in grid)


@given(
    curves(),
    st.integers(0, 1),
    st.floats(0, 0.3),
    st.floats(0.5, 1),
    st.floats(0.005, 0.4) | st.none(),
)
def test_best_rate__is_what_brute_force_finds(
    of: Curve, segment: int, cost: float, collected: float, cap: float | None
):
    highest = np.inf if cap is None else cap
    found = best_rate(of, np.array([segment]), np.array([cost]), np.array([collected]),
                      None if cap is None else np.array([cap]))  # fmt: skip
    [rate] = found.rate
    if highest < of.rates[0]:
        assert np.isnan(rate)
        assert np.isnan(found.profit[0])
        return
    assert of.rates[0] <= rate <= min(of.rates[-1], highest)
    assert found.profit[0] == pytest.approx(profit_at(of, segment, cost, collected, rate))
    assert found.profit[0] >= brute_force(of, segment, cost, collected, highest) - 1e-12


def test_best_rate__on_the_real_curve_is_what_brute_force_finds():
    of = real_curve()
    for segment in range(3):
        for cost in (0.0, 0.02, 0.05, 0.08, 0.12):
            found = best_rate(of, np.array([segment]), np.array([cost]), np.array([0.98]))
            grid = np.arange(40_000, 150_001) / 1e6
            profits = (1 - np.interp(grid, of.rates, of.lost[segment])) * (0.98 * grid - cost)
            assert abs(found.rate[0] - grid[int(np.argmax(profits))]) <= 1.01e-6
            assert found.profit[0] >= profits.max()


@given(curves(), st.floats(0, 0.2), st.floats(0.5, 1))
def test_best_rate__slopes_are_those_of_profit(of: Curve, cost: float, collected: float):
    found = best_rate(of, np.array([0]), np.array([cost]), np.array([collected]))
    [rate], near = found.rate, 1e-6
    here = profit_at(of, 0, cost, collected, rate)
    if not np.isnan(found.slope_below[0]) and rate - near >= of.rates[0]:
        slope = (here - profit_at(of, 0, cost, collected, rate - near)) / near
        assert found.slope_below[0] == pytest.approx(slope, abs=1e-3)
    if not np.isnan(found.slope_above[0]) and rate + near <= of.rates[-1]:
        slope = (profit_at(of, 0, cost, collected, rate + near) - here) / near
        assert found.slope_above[0] == pytest.approx(slope, abs=1e-3)


def test_best_rate__says_what_a_cap_costs():
    of = curve([0.0, 0.1, 0.2])
    found = best_rate(of, np.array([0]), np.array([0.02]), np.array([1.0]), np.array([0.10]))
    assert found.rate[0] == 0.10
    assert found.slope_above[0] > 0
    free = best_rate(of, np.array([0]), np.array([0.02]), np.array([1.0]))
    assert free.rate[0] == 0.12
    assert np.isnan(free.slope_above[0])


@given(curves(), st.integers(0, 2**32 - 1))
def test_best_rate__many_are_as_one_and_one(of: Curve, seed: int):
    rng = np.random.default_rng(seed)
    count = 40
    segment, cost, collected = (
        rng.integers(0, 2, count),
        rng.random(count) / 5,
        1 - rng.random(count) / 4,
    )
    together = best_rate(of, segment, cost, collected)
    for row in range(count):
        one = slice(row, row + 1)
        alone = best_rate(of, segment[one], cost[one], collected[one])
        assert alone.rate[0] == together.rate[row]
    # Where more must be earned, the rate is never lower.
    order = np.argsort(cost / collected)
    for one in range(2):
        rates = together.rate[order][segment[order] == one]
        assert (np.diff(rates) >= -1e-12).all()
