"""All checks together: what is left of an advance, why, and on which records it rests."""

import hashlib

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.trust.cases import (
    BUYER,
    CARRIER,
    DAY,
    OTHER,
    SELLER,
    advance,
    goods,
    keys,
    parties,
    sale,
    table,
)
from karez.engines.trust import ALL, Evidence, Rules, Verdict, assess, combine
from karez.engines.trust import evidence as ev
from karez.engines.trust.checks import CHECKS
from karez.engines.trust.evidence import NONE
from karez.engines.trust.verdict import Answer


def reasons(evidence, row=0):
    return {one.check_id: one for one in assess(evidence).reasons(row)}


def test_nothing__is_assessed_to_nothing():
    found = assess(Evidence())
    assert len(found.believable_minor) == 0
    assert {answer.check.check_id for answer in found.answers} == set(ALL)


def test_good_sale__is_believed_in_full():
    found = assess(goods())
    assert found.believable_minor.tolist() == [10_000]
    assert found.verdict[0] == Verdict.PASS
    assert found.risk_minor[0] == 0


def test_believable__is_the_least_that_any_check_lets_stand():
    evidence = goods(sale(carriage=None), line_changes={"receipt": (700, 7_000)})
    found = assess(evidence)
    assert found.believable_minor.tolist() == [7_000]
    assert found.verdict[0] == Verdict.REVIEW
    assert found.risk_minor[0] > 0


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 10**15)), min_size=1, max_size=5))
def test_combine__never_believes_more_than_was_asked(rows):
    evidence = goods([], advances=[advance(amount=amount) for _, amount in rows])
    answer = Answer.over(CHECKS[1], np.ones(len(rows), np.bool_))
    for row, (score, _) in enumerate(rows):
        answer.doubt(row, Verdict.REVIEW, score, known_on=DAY, words="", cites=())
    found = combine(evidence, (answer,), Rules())
    amounts = np.array([amount for _, amount in rows])
    assert (found.believable_minor >= 0).all()
    assert (found.believable_minor <= amounts).all()
    assert (found.risk_minor <= amounts).all()


def test_reasons__leave_out_what_has_nothing_to_go_on():
    assert set(reasons(goods())) == {
        "content", "three-way", "handover", "evidence-once", "independent", "ring",
    }  # fmt: skip


def test_inputs__are_the_digests_of_the_records_that_a_reason_rests_on():
    names = ["advances", "documents"]
    digests = {
        name: [hashlib.sha256(f"{name}{row}".encode()).hexdigest() for row in range(5)]
        for name in names
    }
    evidence = attrs.evolve(goods(), digests=digests)
    wanted = sorted([digests["advances"][0], *digests["documents"]])
    assert reasons(evidence)["three-way"].inputs == tuple(wanted)


def test_inputs__change_with_any_record_and_with_nothing_else():
    plain = reasons(goods())["handover"].inputs
    assert reasons(goods())["handover"].inputs == plain
    moved = reasons(goods(sale(receipt=(-4, 2, BUYER, 13))))["handover"].inputs
    assert moved != plain


def claims(*said):
    return table(ev.CLAIM, [(source, 0, says, DAY) for source, says in said])


def test_corroborated__takes_two_hands():
    one_hand = table(ev.TIE, [(SELLER, ev.Tie.OWNER, 1), (CARRIER, ev.Tie.OWNER, 1)])
    said = claims((SELLER, True), (CARRIER, True))
    assert reasons(goods(claims=said))["corroborated"].verdict == Verdict.PASS
    found = reasons(goods(claims=said, ties=one_hand))["corroborated"]
    assert found.verdict == Verdict.HOLD
    assert found.words == "1 independent sources bear it out; it takes 2"


def test_truth__who_gains_is_no_witness():
    said = claims((SELLER, True), (CARRIER, False), (OTHER, False))
    found = reasons(goods(claims=said))["truth"]
    assert found.verdict == Verdict.REVIEW
    assert found.words == "denied by parties 2, parties 3, of 2 sources; believed at 67%"
    assert "truth" not in reasons(goods(claims=claims((SELLER, True))))


def test_truth__one_denial_among_many_is_an_error():
    said = claims((BUYER, True), (CARRIER, True), (OTHER, False))
    assert reasons(goods(claims=said))["truth"].verdict == Verdict.PASS


def test_checks__only_those_that_are_asked_for_are_made():
    found = assess(goods(), made=["ring", "three-way"])
    assert [answer.check.check_id for answer in found.answers] == ["three-way", "ring"]
    with pytest.raises(AssertionError, match="exists"):
        assess(goods(), made=["no-such-check"])


def test_checks__do_not_depend_on_the_order_of_records():
    advances = [advance(), advance(lender=1, on=DAY + 5), advance(party=2, buyer=3, on=DAY + 1)]
    documents = sale() + sale(1) + sale(2, receipt=(-4, 1, NONE, 33))
    rng = np.random.default_rng(5)
    plain = assess(goods(documents, advances=advances))
    for _ in range(5):
        mixed = [documents[place] for place in rng.permutation(len(documents))]
        found = assess(goods(mixed, advances=advances))
        assert (found.verdict == plain.verdict).all()
        assert (found.believable_minor == plain.believable_minor).all()


def test_assess__leaves_its_evidence_as_it_was():
    evidence = goods(parties=parties(), keys=keys())
    before = {name: getattr(evidence, name).copy() for name in ("advances", "documents", "lines")}
    assess(evidence)
    for name, table_before in before.items():
        assert (getattr(evidence, name) == table_before).all()
