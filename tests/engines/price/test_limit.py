"""How much may be lent, and what says so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.price.errors import PriceInputError
from karez.engines.price.limit import (
    NO_LIMIT,
    GrowthSteps,
    cash_flow_limit,
    evidence_limit,
    exploration_limit,
    pledge_limit,
    smallest,
)

AMOUNTS = st.integers(-100, 10**12)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, st.just(NO_LIMIT)), min_size=1, max_size=20))
def test_smallest__is_the_smallest_with_its_name(rows: list[tuple[int, int, int]]):
    names = ("cash flow", "pledge", "law")
    found = smallest(dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True)))
    for row, limits in enumerate(rows):
        least = max(min(limits), 0)
        assert found.amount_minor[row] == least
        named = found.binding_name(row)
        assert max(limits[names.index(named)], 0) == least


def test_cash_flow_limit__is_repaid_from_the_share_of_a_poor_month():
    [limit] = cash_flow_limit(np.array([1_000_00]), 0.4, np.array([0.12]), np.array([12]))
    balance = float(limit)
    for _ in range(12):
        balance = balance * 1.01 - 400_00
    assert -13 < balance <= 0  # a minor unit lent more would not be repaid
    assert cash_flow_limit(np.array([100]), 0.5, np.array([0.0]), np.array([6])).tolist() == [300]
    assert cash_flow_limit(np.array([-100]), 0.5, np.array([0.1]), np.array([6])).tolist() == [0]


def test_pledge_limit__takes_the_haircut_and_what_ranks_before():
    found = pledge_limit(np.array([1_000, 1_000]), np.array([0.3, 0.3]), np.array([100, 900]))
    assert found.tolist() == [600, 0]


def test_exploration_limit__a_longer_step_where_more_is_known():
    repaid, sd = np.array([1_000] * 4 + [0]), np.array([0.0, 0.05, 0.2, np.nan, 0.0])
    found = exploration_limit(repaid, sd, first_minor=500)
    assert found.tolist() == [2_000, 1_625, 1_250, 1_250, 500]


def test_evidence_limit__a_share_of_what_is_believed():
    assert evidence_limit(np.array([999, -5]), 0.8).tolist() == [799, 0]


def test_limits__refuse_shares_that_are_none():
    with pytest.raises(PriceInputError):
        evidence_limit(np.array([1]), 1.2)
    with pytest.raises(PriceInputError):
        cash_flow_limit(np.array([1]), -0.1, np.array([0.1]), np.array([1]))
    with pytest.raises(PriceInputError):
        GrowthSteps(least=2, most=1.5)
