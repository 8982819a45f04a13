"""No loan is on two sides of a split, and nothing but a loan's own number settles its side."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.thin.loans import FILE, Loans, read_loans
from benchmarks.thin.splits import PLACE_GROUPS, PROTOCOLS, last_quarter, shares

EVERY = [(name, repeat) for name in PROTOCOLS for repeat in (0, 7)]


@pytest.fixture(scope="module")
def loans() -> Loans:
    if not FILE.exists():
        pytest.skip("the loans are not beside the repository")
    return read_loans()


@pytest.mark.parametrize(("name", "repeat"), EVERY)
def test_splits__no_loan_is_on_two_sides(loans: Loans, name: str, repeat: int):
    split = PROTOCOLS[name](loans, repeat)
    sides = split.training.astype(int) + split.development + split.last
    assert sides.max() == 1
    assert all(side.any() for side in (split.training, split.development, split.last))
    quarter = last_quarter(loans)
    assert not quarter[split.training | split.development].any()
    assert quarter[split.last].all()


def test_splits__order_and_company_do_not_move_a_loan(loans: Loans):
    some = np.random.default_rng(1).permutation(len(loans))[:2000]
    quarter = last_quarter(loans)
    assert 0.24 < quarter.mean() < 0.26
    assert (last_quarter(loans.take(some)) == quarter[some]).all()
    for name in ("halves", "places", "later", "weighted"):
        whole, part = PROTOCOLS[name](loans, 2), PROTOCOLS[name](loans.take(some), 2)
        assert (part.training == whole.training[some]).all()
        assert (part.last == whole.last[some]).all()


def test_splits__repeats_and_sizes(loans: Loans):
    sizes = [PROTOCOLS[name](loans, 1).training.sum() for name in ("small500", "small1500")]
    assert sizes == [500, 1500]
    first, second = (PROTOCOLS["halves"](loans, repeat).training for repeat in (0, 1))
    assert (first != second).mean() > 0.1
    away = np.sum(
        [PROTOCOLS["places"](loans, repeat).last for repeat in range(PLACE_GROUPS)], axis=0
    )
    assert set(away[PROTOCOLS["halves"](loans, 0).last].tolist()) == {1}  # each place once


def test_splits__a_place_left_out_is_not_learned_from(loans: Loans):
    for repeat in range(PLACE_GROUPS):
        split = PROTOCOLS["places"](loans, repeat)
        known = set(loans.labels["place"][split.training])
        assert not known & set(loans.labels["place"][split.last | split.development])


def test_splits__later_loans_are_later(loans: Loans):
    split = PROTOCOLS["later"](loans, 0)
    assert loans.fiscal_year[split.training].max() < loans.fiscal_year[split.last].min()
    known = loans.without(*split.unknown)
    assert not {"year", "time"} & (known.numbers.keys() | known.labels.keys())


def test_shares__are_the_same_for_ever():
    assert shares(np.array([1000014003]), "last quarter").tolist() == [0.7117589734368828]


def test_read_loans__nothing_that_was_learned_after_approval(loans: Loans):
    columns = loans.numbers.keys() | loans.labels.keys()
    assert not columns & {"term", "chg_off_date", "disbursement_gross", "balance_gross"}
    assert loans.default.sum() == 9094
    assert (loans.loss_share[loans.default == 1] > 0).mean() > 0.99
