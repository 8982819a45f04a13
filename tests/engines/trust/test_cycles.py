"""Rings: the quick search finds what trying every order finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.trust import twin
from engines.trust.cases import DAY, advance, goods, parties
from karez.engines.trust import Rules, Verdict
from karez.engines.trust.cycles import Sales, ring, rings

RULES = Rules(ring_parties_most=4, ring_days=10, ring_amount_pct=20)
SALES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 20), st.integers(80, 120)),
    max_size=7,
)


def found(sales, rules=RULES):
    columns = np.array(sales, np.int64).reshape(-1, 4).T
    return rings(Sales(*columns), rules)


@given(SALES)
def test_rings__are_those_of_the_twin(sales):
    slow = twin.rings(sales, parties_most=4, days=10, amount_pct=20)
    quick = found(sales).rows
    assert len(quick) == len(set(quick))
    assert set(quick) == slow


def test_rings__end_where_they_may_not_go_on():
    sales = [(one, other, 0, 100) for one in range(12) for other in range(12) if one != other]
    cut = found(sales, Rules(ring_steps_most=1_000))
    assert not cut.complete
    assert cut.rows


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_ring__holds_goods_that_go_round(size):
    documents = [(number, 4, DAY + number, 0, -1, -1) for number in range(size)]
    advances = [
        advance(party=number, buyer=(number + 1) % size, on=DAY + number) for number in range(size)
    ]
    answer = ring(goods(documents, advances=advances, parties=parties(size)), Rules())
    assert (answer.verdict == Verdict.HOLD).all()
    assert (answer.known_on == DAY + size - 1).all()
    assert answer.grounds[0][0].words.startswith("the same goods go round: parties 0 > parties 1")


def test_ring__a_chain_is_none():
    advances = [advance(party=0, buyer=1), advance(party=1, buyer=2)]
    answer = ring(goods([], advances=advances), Rules())
    assert (answer.verdict == Verdict.PASS).all()
