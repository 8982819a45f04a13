"""Vintages, development factors, roll rates: by hand, by others' numbers, by laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.risk.errors import TransitionError, VintageError
from karez.engines.risk.rolls import STATES, counted, cure_curve, reach, rolls
from karez.engines.risk.vintages import NEVER, development, vintages

# Taylor and Ashe (1983), as printed with its factors and reserves by Mack (1993).
TAYLOR_ASHE = [
    [357848, 766940, 610542, 482940, 527326, 574398, 146342, 139950, 227229, 67948],
    [352118, 884021, 933894, 1183289, 445745, 320996, 527804, 266172, 425046],
    [290507, 1001799, 926219, 1016654, 750816, 146923, 495992, 280405],
    [310608, 1108250, 776189, 1562400, 272482, 352053, 206286],
    [443160, 693190, 991983, 769488, 504851, 470639],
    [396132, 937085, 847498, 805037, 705960],
    [440832, 847631, 1131398, 1063269],
    [359480, 1061648, 1443370],
    [376686, 986608],
    [344014],
]


def test_development__as_mack_printed_it():
    totals = np.full((10, 10), np.nan)
    for row, parts in enumerate(TAYLOR_ASHE):
        totals[row, : len(parts)] = np.cumsum(parts)
    found = development(totals)
    assert found.factor == pytest.approx(
        [3.491, 1.747, 1.457, 1.174, 1.104, 1.086, 1.054, 1.077, 1.018], abs=6e-4
    )
    assert round(found.to_come.sum() / 1000) == 18681


def test_development__of_nothing_moves_nothing():
    found = development(np.array([[0.0, 0.0], [0.0, np.nan]]))
    assert found.factor.tolist() == [1]
    assert found.to_come.tolist() == [0, 0]


def test_vintages__by_hand():
    # Cohort x: three loans of month 0, one defaults at age 2, one at age 4; watched through 4.
    # Cohort y: two of month 3, one of which defaults at age 1.
    found = vintages(
        list("abcde"),
        ["x", "x", "x", "y", "y"],
        np.array([0, 0, 0, 3, 3]),
        np.array([1, 3, NEVER, 3, NEVER]),
        4,
    )
    assert found.cohorts == ["x", "y"]
    assert found.at_risk.tolist() == [[3, 3, 2, 2, 1], [2, 1, 0, 0, 0]]
    assert found.defaulted.tolist() == [[0, 1, 0, 1, 0], [1, 0, 0, 0, 0]]
    assert found.whole_through.tolist() == [5, 2]
    assert found.cumulative[0] == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert found.cumulative[1, :2] == pytest.approx([0.5, 0.5])
    assert np.isnan(found.cumulative[1, 2:]).all()


def test_vintages__young_loans_do_not_lower_a_curve():
    # Of ten old loans half have defaulted by age 3; ten new ones were watched for a month only.
    found = vintages(
        [str(row) for row in range(20)],
        ["all"] * 20,
        np.array([0] * 10 + [5] * 10),
        np.array([2] * 5 + [NEVER] * 15),
        5,
        weight=np.full(20, 3.0),
    )
    assert found.cumulative[0, 2] == pytest.approx(0.5)
    assert found.at_risk[0, 0] == 60


@given(st.data())
def test_vintages__counts_are_conserved(data):
    count, through = data.draw(st.integers(1, 30)), 12
    begun = np.array(data.draw(st.lists(st.integers(0, 12), min_size=count, max_size=count)))
    wait = data.draw(st.lists(st.integers(-1, 12), min_size=count, max_size=count))
    fails = np.where(np.array(wait) < 0, NEVER, begun + np.array(wait))
    fails[fails > through] = NEVER
    found = vintages([str(row) for row in range(count)], ["a"] * count, begun, fails, through)
    assert found.defaulted.sum() == np.count_nonzero(fails != NEVER)
    assert found.at_risk[0, 0] == count
    seen = found.cumulative[0][np.isfinite(found.cumulative[0])]
    assert np.all(np.diff(seen) >= -1e-12)
    assert np.all((seen >= 0) & (seen <= 1))


@pytest.mark.parametrize(
    ("begun", "defaulted", "weight", "words"),
    [
        (9, NEVER, 1.0, "begun is 9"),
        (3, 2, 1.0, "defaulted is 2"),
        (3, 9, 1.0, "defaulted is 9"),
        (3, NEVER, -1.0, "weight is -1"),
        (3, NEVER, np.nan, "weight is nan"),
    ],
)
def test_vintages__bad_rows_are_named(begun, defaulted, weight, words):
    with pytest.raises(VintageError, match=f"Loan a of the vintages: {words}"):
        vintages(
            ["a"], ["x"], np.array([begun]), np.array([defaulted]), 5, weight=np.array([weight])
        )


TRUE = np.array(
    [
        [0.93, 0.05, 0.0, 0.0, 0.0, 0.02],
        [0.50, 0.25, 0.25, 0.0, 0.0, 0.0],
        [0.20, 0.15, 0.25, 0.40, 0.0, 0.0],
        [0.10, 0.05, 0.05, 0.20, 0.60, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    ]
)


def drawn(truth, visits, seed):
    rng = np.random.default_rng(seed)
    return np.array([rng.multinomial(visits, row) for row in truth], dtype=float)


def test_rolls__thin_segments_lean_on_the_pool_and_thick_ones_do_not():
    other = TRUE.copy()
    other[1] = [0.2, 0.3, 0.5, 0, 0, 0]
    counts = np.array(
        [drawn(TRUE, 5_000, 1), drawn(other, 5_000, 2), drawn(TRUE, 5_000, 3), drawn(other, 4, 4)]
    )
    counts[:, 4:] = 0
    found = rolls(["thick", "other", "third", "thin"], counts)
    assert np.allclose(found.probability.sum(axis=2), 1)
    assert found.probability[1, 1] == pytest.approx(other[1], abs=0.03)
    raw = counts[3, 1] / counts[3, 1].sum()
    between = found.probability[3, 1]
    assert np.all(between >= np.minimum(raw, found.pooled[1]) - 1e-12)
    assert np.all(between <= np.maximum(raw, found.pooled[1]) + 1e-12)
    # Segments that do not differ are pooled as good as whole.
    assert found.prior[0] > 100 * found.prior[1]


def test_rolls__a_segment_without_data_is_the_pool():
    counts = np.array([drawn(TRUE, 100, 1), np.zeros((6, 6))])
    counts[:, 4:] = 0
    found = rolls(["a", "empty"], counts)
    assert found.probability[1] == pytest.approx(found.pooled)
    nobody = rolls(["a"], np.zeros((1, 6, 6)))
    assert nobody.probability[0] == pytest.approx(np.eye(6))


def test_reach__is_the_walk_month_by_month():
    default, chance = STATES.index("default"), np.eye(6)[0]
    for _ in range(12):
        chance = chance @ TRUE
    assert reach(TRUE, 12, default)[0] == pytest.approx(chance[default])
    assert reach(TRUE, 0, default).tolist() == [0, 0, 0, 0, 1, 0]


def test_cure_curve__rises_and_counts_a_cure_once():
    curve = cure_curve(TRUE[None], 24)[:, 0]
    assert curve[0] == pytest.approx([1, 0.5, 0.2, 0.1, 0, 0])
    assert np.all(np.diff(curve, axis=0) >= -1e-12)
    assert curve[1, 1] == pytest.approx(0.5 + 0.25 * 0.5 + 0.25 * 0.2)
    assert curve[-1, 3] < 0.5


def test_counted__one_row_a_loan_and_month():
    found = counted(np.array([0, 0, 1]), np.array([0, 0, 1]), np.array([1, 1, 0]), 2, 2)
    assert found.tolist() == [[[0, 2], [0, 0]], [[0, 0], [1, 0]]]


def test_rolls__bad_counts_are_named():
    counts = np.zeros((1, 6, 6))
    counts[0, 4, 0] = 1
    with pytest.raises(TransitionError, match="north, default to current: count is 1"):
        rolls(["north"], counts)
    counts[0, 4, 0] = -1
    with pytest.raises(TransitionError, match="0 or more"):
        rolls(["north"], counts)
