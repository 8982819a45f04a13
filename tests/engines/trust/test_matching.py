"""Order, despatch, receipt, invoice: by value, by the day, by the key."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.trust import twin
from engines.trust.cases import (
    BUYER,
    CARRIER,
    DAY,
    OTHER,
    SELLER,
    advance,
    goods,
    keys,
    sale,
    table,
)
from karez.engines.trust import Rules, Verdict
from karez.engines.trust import evidence as ev
from karez.engines.trust.evidence import NONE, Paper
from karez.engines.trust.groups import control_groups, independent
from karez.engines.trust.matching import handover, match_lines, three_way
from karez.engines.trust.unique import content, evidence_once

QUANTITIES = st.one_of(st.just(0), st.integers(1, 5_000), st.integers(1, 3_000_000_000))
AMOUNTS = st.one_of(st.integers(1, 5_000), st.integers(1, 10**15))


@given(st.lists(st.tuples(st.lists(QUANTITIES, min_size=5, max_size=5),
                          st.lists(AMOUNTS, min_size=5, max_size=5)), max_size=6))  # fmt: skip
def test_match__agrees_with_its_twin_to_the_minor_unit(items):
    documents = table(ev.DOCUMENT, [(0, paper, DAY, 0, NONE, NONE) for paper in Paper])
    rows = [
        (paper, item, quantities[paper], amounts[paper])
        for item, (quantities, amounts) in enumerate(items)
        for paper in Paper
        if paper is not Paper.CARRIAGE
    ]
    found = match_lines(1, documents, table(ev.LINE, rows), Rules())
    wanted = [
        twin.matched_minor(quantities, amounts) if quantities[Paper.INVOICE] else 0
        for quantities, amounts in items
    ]
    assert found.matched_minor.tolist() == wanted
    assert (found.matched_minor <= found.invoiced_minor).all()


@pytest.mark.parametrize(
    ("changes", "score", "verdict"),
    [
        ({}, 1.0, Verdict.PASS),
        ({"receipt": (990, 9_900)}, 1.0, Verdict.PASS),  # within the tolerance
        ({"receipt": (900, 9_000)}, 0.9, Verdict.REVIEW),
        ({"despatch": (500, 5_000)}, 0.5, Verdict.REVIEW),
        ({"invoice": (1000, 12_500)}, 0.8, Verdict.REVIEW),  # a price that was not agreed
        ({"receipt": (0, 0)}, 0.0, Verdict.HOLD),
    ],
)
def test_three_way__scores_the_matched_share(changes, score, verdict):
    answer = three_way(goods(line_changes=changes), Rules())
    assert answer.score[0] == pytest.approx(score)
    assert answer.verdict[0] == verdict


def test_three_way__says_what_is_missing():
    answer = three_way(goods(sale(receipt=None)), Rules())
    words = answer.grounds[0][0].words
    assert (
        words == "0% of the invoice is matched; items 0: order 1, despatch 1, receipt 0, invoice 1"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"despatch": (-12, 1, SELLER, 11)}, "the despatch is dated before the order"),
        ({"receipt": (-8, 1, BUYER, 13)}, "the receipt is dated before the despatch"),
        ({"invoice": (-5, NONE, NONE, 14)}, "the invoice is dated before the receipt"),
        ({"receipt": (-4, 2, BUYER, 13)}, "goods were received at another place"),
        ({"carriage": None}, "no carrier says that it moved them"),
        ({"receipt": (-4, 1, NONE, 13)}, "nobody signed the receipt"),
        ({"receipt": (-4, 1, SELLER, 13)}, "one key signed despatch and receipt"),
        ({"receipt": (-4, 1, OTHER, 13)}, "a key that is not the buyer's"),
    ],
)
def test_handover__names_what_is_wrong(changes, words):
    answer = handover(goods(sale(**changes)), Rules())
    assert any(words in ground.words for ground in answer.grounds[0])
    assert answer.verdict[0] >= Verdict.REVIEW


def test_handover__passes_a_good_sale():
    answer = handover(goods(), Rules())
    assert answer.verdict[0] == Verdict.PASS
    assert not answer.grounds


def test_handover__a_key_enrolled_through_the_seller_holds():
    answer = handover(goods(keys=keys(indirect=[BUYER])), Rules())
    assert answer.verdict[0] == Verdict.HOLD
    assert answer.grounds[0][0].words.startswith("the buyer's key was not enrolled")


def test_handover__known_from_the_day_of_the_advance():
    answer = handover(goods(sale(carriage=None)), Rules())
    assert answer.known_on[0] == DAY


def test_content__refuses_the_same_document_while_the_first_runs():
    advances = [advance(), advance(lender=1, on=DAY + 5), advance(lender=2, on=DAY + 90)]
    documents = [row for number in range(3) for row in sale(number)]
    answer = content(goods(documents, advances=advances), Rules())
    assert answer.verdict.tolist() == [Verdict.PASS, Verdict.REJECT, Verdict.PASS]


def test_evidence__serves_once():
    advances = [advance(), advance(lender=1, on=DAY + 5)]
    new = {"invoice": (-3, NONE, NONE, 99), "receipt": (-4, 1, BUYER, 98)}
    answer = evidence_once(goods(sale() + sale(1, **new), advances=advances), Rules())
    assert answer.verdict.tolist() == [Verdict.PASS, Verdict.HOLD]
    assert answer.grounds[1][0].cites == (("advances", 0),)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7), st.integers(0, 5)), max_size=25))
def test_groups__agree_with_their_twin(ties):
    control = [tie for tie in ties if tie[1] != ev.Tie.GUARANTOR]
    found = control_groups(10, table(ev.TIE, ties), Rules(shared_most=3))
    assert found.tolist() == twin.groups(10, control, 3)


@pytest.mark.parametrize(
    ("tied", "words"),
    [
        ((SELLER, BUYER), "seller and buyer are in one hand: they share phone"),
        ((SELLER, CARRIER), "the carrier is in the seller's hand"),
    ],
)
def test_independent__sees_one_hand(tied, words):
    ties = table(ev.TIE, [(party, ev.Tie.PHONE, 7) for party in tied])
    evidence = goods(ties=ties)
    answer = independent(evidence, control_groups(4, ties, Rules()), Rules())
    assert words in [ground.words for ground in answer.grounds[0]]
    assert answer.verdict[0] == Verdict.HOLD


def test_independent__a_market_hall_ties_nobody():
    ties = table(ev.TIE, [(party, ev.Tie.ADDRESS, 7) for party in range(20)])
    assert (control_groups(20, ties, Rules()) == np.arange(20)).all()


ADVANCES = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9), st.booleans()), max_size=8)


@given(ADVANCES)
def test_content__doubts_what_ran_on_and_nothing_else(several):
    advances = [advance(on=DAY + on, until=DAY + on + lasts) for on, lasts, _ in several]
    documents = [
        (row, Paper.INVOICE, DAY, NONE, NONE, 1 if same else 100 + row)
        for row, (_, _, same) in enumerate(several)
    ]
    answer = content(goods(documents, advances=advances or [advance()]), Rules())
    for row, (on, _, same) in enumerate(several):
        runs = any(
            same and other_same and (other_on, other) < (on, row) and other_on + lasts > on
            for other, (other_on, lasts, other_same) in enumerate(several)
        )
        assert (answer.verdict[row] == Verdict.REJECT) == runs
