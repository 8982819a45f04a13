"""Deferred fees by effective interest, held to exact fractions."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.servicing.loans import START, lend, pay
from karez.engines.servicing import Terms, fold
from karez.engines.servicing.effective import Flow, earned_by
from karez.engines.servicing.events import Charge, ChargeTime, WriteOff
from karez.engines.servicing.movements import MovementKind, movements


def earned_slowly(flows: list[Flow], deferred: int) -> list[Fraction]:
    """Return what is earned by each instalment, the daily rate found by halving."""
    lent = sum(flow.principal_minor for flow in flows)
    low, high = Fraction(0), Fraction(4)
    for _ in range(60):
        rate = (low + high) / 2
        worth = sum(flow.amount_minor / (1 + rate) ** flow.days for flow in flows)
        low, high = (rate, high) if worth > lent - deferred else (low, rate)
    worth, day, left = Fraction(lent - deferred), 0, lent
    earned: list[Fraction] = []
    for flow in flows:
        worth = worth * (1 + low) ** (flow.days - day) - flow.amount_minor
        day, left = flow.days, left - flow.principal_minor
        # Interest that comes late may earn more than all of it for a while.
        so_far = earned[-1] if earned else Fraction(0)
        earned.append(min(max(deferred - (left - worth), so_far), Fraction(deferred)))
    return earned


def test_earned__known_answer():
    """A loan of 1,000.00 repaid in a year at 10 %, of which 50.00 were kept: 15.79 % effective.

    After half a year 950.00 has grown by the square root of 1.157895, to 1,022.25, of which 50.00
    of interest is due: what is carried is 972.25, and 22.25 of the fee is earned.
    """
    flows = [Flow(182, 0, 5_000), Flow(364, 100_000, 5_000)]
    first, last = earned_by(flows, 5_000)
    assert last == 5_000
    # (1.05 + x)(...): the rate of half a year r solves 50/(1+r) + 1050/(1+r)**2 = 950.
    rate = (0.05 + (0.05**2 + 4 * 0.95 * 1.05) ** 0.5) / (2 * 0.95) - 1
    assert first == round(95_000 * (1 + rate) - 5_000 - 95_000)


HALVED = Fraction(1, 10**9)
"""The twin finds its rate by halving, and so to some digits."""


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 50_000), st.integers(0, 5_000)),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 20),
)
def test_earned__as_with_fractions(parts: list[tuple[int, int, int]], pct: int):
    days = accumulate(days for days, _, _ in parts)
    flows = [Flow(day, p + 1_000, i) for day, (_, p, i) in zip(days, parts, strict=True)]
    deferred = sum(flow.principal_minor for flow in flows) * pct // 100
    found = earned_by(flows, deferred)
    for amount, exact in zip(found, earned_slowly(flows, deferred), strict=True):
        assert abs(amount - exact) <= 1 + HALVED
    assert found == sorted(found)
    assert found[-1] == deferred


def test_earned__a_fee_as_large_as_the_loan_is_earned_evenly():
    assert earned_by([Flow(10, 500, 0), Flow(40, 500, 0)], 1_000) == [250, 1_000]


FEE = Charge(
    number=1,
    on=START,
    posted_on=START,
    penalty=False,
    amount_minor=6_000,
    time=ChargeTime.AT_DISBURSEMENT,
)
MADE = Terms(rate_pct_year=Decimal(18), instalments=6)


@pytest.mark.parametrize("event", [pay(3, date(2024, 3, 15), 10_000_000), None, "write-off"])
def test_fees__are_earned_in_the_end(event: object):
    events = [FEE, lend(300_000, number=2)]
    if event == "write-off":
        events.append(WriteOff(number=3, on=date(2024, 3, 15), posted_on=date(2024, 3, 15)))
    elif event is not None:
        events.append(event)  # pyright: ignore[reportArgumentType]
    loan = fold(MADE, events, as_of=date(2024, 8, 1))
    kinds = MovementKind.FEE_DEFERRED_EARNED, MovementKind.FEE_WITHHELD
    moved = {
        kind: [one for one in movements(loan, date(2024, 8, 1)) if one.kind is kind]
        for kind in kinds
    }
    earned, withheld = (moved[kind] for kind in kinds)
    assert sum(one.amount_minor for one in earned) == 6_000
    assert [one.amount_minor for one in withheld] == [6_000]
    last = date(2024, 7, 1) if event is None else date(2024, 3, 15)
    assert max(one.on for one in earned) == last


def test_fees__a_late_payment_changes_nothing_that_was_earned_before():
    events = [FEE, lend(300_000, number=2)]
    day = date(2024, 4, 10)
    before = movements(fold(MADE, events, as_of=day), day)
    paid = pay(3, date(2024, 3, 5), 60_000)
    after = movements(fold(MADE, [*events, paid], as_of=day), day)
    kind = MovementKind.FEE_DEFERRED_EARNED
    assert [one for one in before if one.kind is kind] == [one for one in after if one.kind is kind]
