"""Bounds and quantiles against scipy's own of the same name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2, norm

from karez.engines.score.chances import beyond, chi_square_quantile, normal_quantile, rate_bounds


@given(st.integers(1, 200), st.data(), st.sampled_from((0.01, 0.1, 0.5)))
def test_rate_bounds__are_those_of_clopper_and_pearson(rows, data, miss):
    events = data.draw(st.integers(0, rows))
    low, high = rate_bounds(events, rows, miss=miss)
    exact = binomtest(events, rows).proportion_ci(1 - miss, "exact")
    assert (float(low), float(high)) == pytest.approx((exact.low, exact.high))


def test_rate_bounds__of_no_rows_are_all_there_is():
    low, high = rate_bounds([0.0, 0.0], [0.0, 2.5])
    assert (float(low[0]), float(high[0])) == (0, 1)
    assert 0 == low[1] < high[1] < 1


@given(st.floats(0.001, 0.999), st.integers(1, 50))
def test_quantiles__are_scipys(share, freedom):
    assert normal_quantile(share) == pytest.approx(norm.ppf(share))
    assert beyond(normal_quantile(share)) == pytest.approx(1 - share)
    assert chi_square_quantile(share, freedom) == pytest.approx(chi2.ppf(share, freedom))


def test_rate_bounds__hold_as_often_as_they_say():
    draw = np.random.default_rng(1)
    events = draw.binomial(20, 0.2, 4000)
    low, high = rate_bounds(events, np.full(4000, 20), miss=0.1)
    assert np.mean((low > 0.2) | (high < 0.2)) <= 0.1
