"""Warehouse receipts against what lay in store, event by event."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.trust import twin
from engines.trust.cases import advance, parties, table
from karez.engines.trust import Evidence, Kind, Rules, Verdict
from karez.engines.trust import evidence as ev
from karez.engines.trust.evidence import Movement
from karez.engines.trust.stock import stock, walk

MOVES = st.lists(
    st.tuples(st.sampled_from(list(Movement)), st.integers(1, 20), st.integers(0, 8)), max_size=8
)
HOLDINGS = st.lists(
    st.tuples(st.integers(1, 20), st.integers(0, 8), st.integers(1, 6)), min_size=1, max_size=4
)


def evidence(moves, holdings, capacity=10**9):
    """Return evidence of one item in one store; holdings are quantity, from, until."""
    return Evidence(
        advances=table(
            ev.ADVANCE, [advance(kind=Kind.STORED, on=begins) for _, begins, _ in holdings]
        ),
        parties=parties(),
        stores=table(ev.STORE, [(capacity,)]),
        stock=table(ev.STOCK, [(0, 0, *move) for move in moves]),
        holdings=table(ev.HOLDING, [(row, 0, 0, *holding) for row, holding in enumerate(holdings)]),
    )


@given(MOVES, HOLDINGS)
def test_walk__adds_up(moves, holdings):
    lasting = [(quantity, begins, begins + lasts) for quantity, begins, lasts in holdings]
    seen = walk(evidence(moves, lasting), 0, 0)
    moved = sum(
        quantity if kind is Movement.IN else -quantity
        for kind, quantity, _ in moves
        if kind is not Movement.COUNT
    )
    assert seen.booked_milli[-1] == moved
    assert seen.pledged_milli[-1] == 0  # all have lapsed
    assert (np.diff(seen.on) >= 0).all()
    assert (seen.certain_milli <= seen.booked_milli).all()


@given(MOVES, HOLDINGS)
def test_stock__covers_what_the_twin_covers(moves, holdings):
    lasting = [(quantity, begins, begins + lasts) for quantity, begins, lasts in holdings]
    # Of one day at most one count and one movement of a kind: their order within it is not known.
    once = list({(kind, day): (kind, quantity, day) for kind, quantity, day in moves}.values())
    answer = stock(evidence(once, lasting), Rules())
    for row, share in enumerate(twin.shares_covered(once, lasting)):
        below = any("more went out" in one.words for one in answer.grounds.get(row, []))
        assert answer.score[row] == pytest.approx(min(share, 0.1) if below else share)


def test_stock__a_receipt_for_nothing_is_held():
    answer = stock(evidence([(Movement.IN, 100, 0)], [(80, 1, 9), (60, 2, 9)]), Rules())
    assert answer.verdict.tolist() == [Verdict.PASS, Verdict.HOLD]
    assert answer.score[1] == pytest.approx(20 / 60)
    assert answer.known_on[1] == 2


def test_stock__a_count_overrules_the_books():
    moves = [(Movement.IN, 100, 0), (Movement.COUNT, 30, 4)]
    answer = stock(evidence(moves, [(80, 1, 9)]), Rules())
    assert answer.score[0] == pytest.approx(30 / 80)


def test_stock__what_is_gone_between_counts_is_seen():
    moves = [(Movement.IN, 100, 0), (Movement.OUT, 90, 2), (Movement.IN, 90, 3),
             (Movement.COUNT, 100, 4)]  # fmt: skip
    answer = stock(evidence(moves, [(80, 1, 9)]), Rules())
    assert answer.score[0] == pytest.approx(10 / 80)
    assert answer.known_on[0] == 2


def test_stock__more_than_the_store_holds_is_false():
    answer = stock(evidence([(Movement.IN, 100, 0)], [(80, 0, 9)], capacity=90), Rules())
    assert "said to hold more than it can" in answer.grounds[0][0].words


def test_stock__more_out_than_in_is_false():
    moves = [(Movement.IN, 10, 0), (Movement.OUT, 11, 2), (Movement.IN, 50, 3)]
    answer = stock(evidence(moves, [(10, 1, 9)]), Rules())
    assert any("more went out than was there" in one.words for one in answer.grounds[0])
