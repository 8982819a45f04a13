"""Borrowing bases and loan to value, held to a published example and to a loop in fractions."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.collateral.borrowing import (
    CollateralTooLargeError,
    EligibilityStep,
    Pool,
    StepUnknownError,
    borrowing_base_minor,
    eligible,
    receivables_rate_ppm,
)
from karez.engines.collateral.monitor import Bounds, Collateral, Trigger, watch


def pool(lines: list[tuple[int, int, int, int, bool]], contra: list[int], base: list[int]) -> Pool:
    """Lines of debtor, amount, age, disputed, affiliate."""
    table = np.array([line[:4] for line in lines], dtype=np.int64).reshape(-1, 4)
    return Pool(
        table[:, 0], table[:, 1], table[:, 2], table[:, 3],
        {"affiliate": np.array([line[4] for line in lines], dtype=np.bool_)},
        np.array(base, dtype=np.int64), np.array(contra, dtype=np.int64),
    )  # fmt: skip


def agreed(cross: int) -> list[EligibilityStep]:
    return [
        EligibilityStep("age", days=90),
        EligibilityStep("cross_age", days=90, share_ppm=cross),
        EligibilityStep("exclude", flag="affiliate"),
        EligibilityStep("contra"),
        EligibilityStep("disputed"),
        EligibilityStep("concentration", share_ppm=400_000),
    ]


@pytest.mark.parametrize(
    ("cross", "left", "base"),
    [(100_000, 53300, 43706), (250_000, 74300, 60926), (500_000, 74300, 60926)],
)
def test_borrowing_base__worked_example(cross: int, left: int, base: int) -> None:
    lines = [
        (0, 30000, 30, 0, False), (0, 2000, 120, 0, False), (1, 18000, 30, 0, False),
        (1, 6000, 120, 0, False), (2, 12000, 30, 0, False), (3, 9000, 30, 0, True),
        (3, 1500, 120, 0, True), (4, 20000, 30, 2500, False), (4, 1500, 120, 0, False),
    ]  # fmt: skip
    found = eligible(pool(lines, [0, 3000, 0, 0, 0], [0] * 5), agreed(cross), 1)
    rate = receivables_rate_ppm(850_000, 80_000, 50_000)
    assert found.by_base_minor.tolist() == [left]
    assert borrowing_base_minor(found.by_base_minor, rate, 0, 0, 0).tolist() == [base]
    assert left + sum(int(taken[0]) for taken in found.taken_minor) == 100_000


def slow(lines: list[Any], contra: list[int], base: list[int], steps: Any) -> list[int]:
    """The plain twin: one line after the other."""
    left = [line[1] for line in lines]
    for step in steps:
        total = [
            sum(a for a, line in zip(left, lines, strict=True) if base[line[0]] == b)
            for b in (0, 1)
        ]
        for debtor in range(len(base)):
            mine = [place for place, line in enumerate(lines) if line[0] == debtor]
            owed = sum(left[place] for place in mine)
            gross = sum(lines[place][1] for place in mine)
            old = sum(lines[place][1] for place in mine if lines[place][2] > step.days)
            cap = Fraction(total[base[debtor]] * step.share_ppm, 10**6) // 1
            cut = {"contra": contra[debtor], "concentration": max(owed - cap, 0)}.get(step.kind, 0)
            for place in mine:
                out = (
                    (step.kind == "age" and lines[place][2] > step.days)
                    or (step.kind == "cross_age" and old * 10**6 > gross * step.share_ppm)
                    or (step.kind == "exclude" and lines[place][4])
                )
                less = lines[place][3] if step.kind == "disputed" else 0
                taken = left[place] if out else min(left[place], less or cut)
                cut -= taken if step.kind in {"contra", "concentration"} else 0
                left[place] -= taken
    return [
        sum(a for a, line in zip(left, lines, strict=True) if base[line[0]] == b) for b in (0, 1)
    ]


LINES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 999),
        st.integers(0, 200),
        st.integers(0, 99),
        st.booleans(),
    ),
    max_size=12,
).map(sorted)


@given(
    LINES, st.lists(st.integers(0, 500), min_size=4, max_size=4), st.permutations(agreed(250_000))
)
def test_eligible__agrees_with_a_loop_in_any_order_of_steps(
    lines: list[Any], contra: list[int], steps: list[EligibilityStep]
) -> None:
    base = [0, 1, 0, 1]
    found = eligible(pool(lines, contra, base), steps, 2)
    assert found.by_base_minor.tolist() == slow(lines, contra, base, steps)


def test_eligible__a_step_that_is_unknown_is_named() -> None:
    with pytest.raises(StepUnknownError, match="by_luck"):
        eligible(pool([], [0], [0]), [EligibilityStep("by_luck")], 1)


def test_pool__too_large_to_be_exact_is_refused() -> None:
    with pytest.raises(CollateralTooLargeError, match="split the pool"):
        pool([(0, 2**62, 0, 0, False)], [0], [0])


def test_watch__each_trigger_with_its_inputs() -> None:
    ones = np.ones(6, dtype=np.int64)
    collateral = Collateral(
        quantity=100 * ones, price_minor=20 * ones, price_haircut_ppm=100_000 * ones,
        liquidity_haircut_ppm=50_000 * ones, perishing_haircut_ppm=50_000 * ones,
        enforcement_costs_minor=100 * ones, senior_claims_minor=500 * ones,
    )  # fmt: skip
    debts = np.array([600, 750, 850, 850, 850, 1001])
    called = np.array([-1, -1, -1, 10, 11, -1])
    bounds = Bounds(warning_ppm=700_000, top_up_ppm=800_000, enforce_ppm=1_000_000, cure_days=10)
    found = watch(collateral, debts, called, bounds)
    assert set(found.market_minor.tolist()) == {2000}
    assert set(found.haircut_ppm.tolist()) == {200_000}
    assert set(found.value_minor.tolist()) == {1000}
    assert found.loan_to_value_ppm.tolist() == [debt * 1000 for debt in debts.tolist()]
    assert found.trigger.tolist() == [
        Trigger.NONE, Trigger.WARNING, Trigger.TOP_UP, Trigger.CURE, Trigger.ENFORCE,
        Trigger.ENFORCE,
    ]  # fmt: skip
    assert found.top_up_minor.tolist() == [0, 0, 63, 63, 63, 252]


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_watch__more_ahead_of_us_is_never_worth_more(debt: int, senior: int) -> None:
    def of(ahead: int) -> Any:
        one = np.ones(1, dtype=np.int64)
        zero = 0 * one
        goods = Collateral(
            quantity=1000 * one, price_minor=1000 * one, price_haircut_ppm=zero,
            liquidity_haircut_ppm=zero, perishing_haircut_ppm=zero, enforcement_costs_minor=zero,
            senior_claims_minor=ahead * one,
        )  # fmt: skip
        bounds = Bounds(
            warning_ppm=700_000, top_up_ppm=800_000, enforce_ppm=1_000_000, cure_days=10
        )
        return watch(goods, debt * one, -one, bounds)

    assert of(senior + 1).value_minor[0] <= of(senior).value_minor[0]
    assert of(senior + 1).trigger[0] >= of(senior).trigger[0]
