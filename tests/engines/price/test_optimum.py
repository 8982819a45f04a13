"""Whole amounts sought among few offers, beside all plans there are and beside HiGHS alone."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.price.optimum import Lost, maximise
from karez.engines.price.solver import Choice, solve


def choice(seed: int, firms: int, offers: int, most: int) -> Choice:
    rng = np.random.default_rng(seed)
    least = rng.integers(1, most + 1, offers)
    return Choice(
        firm=np.sort(rng.integers(0, firms, offers)),
        gain=rng.uniform(-0.5, 2, offers),
        fixed=rng.uniform(0, 1, offers),
        least=least,
        most=least + rng.integers(0, most + 1, offers),
        sums=np.stack([np.ones(offers), rng.uniform(0, 1, offers), rng.integers(0, 2, offers)]),
        sums_least=np.array([-np.inf, -np.inf, float(rng.integers(0, most + 1))]),
        sums_most=np.array([offers * most / 2, rng.uniform(0, offers * most / 3), np.inf]),
        must=np.zeros(firms, dtype=np.bool_),
    )


def is_kept(of: Choice, amounts: np.ndarray) -> bool:
    sums, made = of.sums @ amounts, amounts > 0
    each = np.bincount(of.firm, made, len(of.must))
    inside = (~made | ((of.least <= amounts) & (amounts <= of.most))).all()
    within = (of.sums_least - 1e-9 <= sums).all() and (sums <= of.sums_most + 1e-9).all()
    return bool(inside and within and (each <= 1).all() and (each >= of.must).all())


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(0, 2), min_size=2, max_size=2),
    st.floats(-2, 0),
    st.floats(0, 3),
)
def test_lost__leaves_out_nothing_within_the_gap(
    seed: int, prices: list[float], least_price: float, gap: float
):
    of = choice(seed, firms=3, offers=4, most=2)
    lost = Lost.at(of, np.array([*prices, least_price]))
    kept, few = lost.within(of, gap)
    for plan in product(
        *([0, *range(low, high + 1)] for low, high in zip(of.least, of.most, strict=True))
    ):
        amounts = np.array(plan, dtype=np.float64)
        if not is_kept(of, amounts):
            continue
        assert of.value(amounts) <= lost.bound + 1e-9
        if of.value(amounts) >= lost.bound - gap:
            assert not amounts[~kept].any()
            assert is_kept(few, amounts[kept])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_maximise__is_what_highs_finds_among_all(seed: int):
    of = choice(seed, firms=70, offers=100, most=8)
    found, alone = maximise(of, whole=True), solve(of, whole=True)
    if alone is None:
        assert found is None
        return
    assert found is not None
    assert is_kept(of, found.amounts)
    assert of.value(found.amounts) == pytest.approx(of.value(alone.amounts), abs=1e-7)
    assert found.bound == pytest.approx(of.value(found.amounts), abs=1e-7)


def test_maximise__finds_nothing_where_only_broken_amounts_would_do():
    one = np.ones(1, dtype=np.int64)
    of = Choice(
        one * 0, np.ones(1), np.zeros(1), 2 * one, 2 * one, np.ones((1, 1)), np.ones(1),
        np.ones(1), np.zeros(1, dtype=np.bool_),
    )  # fmt: skip
    assert solve(of, whole=False) is not None
    assert maximise(of, whole=True) is None
