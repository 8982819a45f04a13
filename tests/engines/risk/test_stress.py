"""Shocks to parts of a book, and the shock that uses up the capital."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from karez.engines.risk.book import Book
from karez.engines.risk.errors import ShockMalformedError
from karez.engines.risk.factors import Factors, Shares
from karez.engines.risk.stress import Shock, reverse_stress, stressed

FACTORS = Factors(Shares(0.1, 0.05))


def book():
    return Book.of(
        ["a", "b", "c", "d"],
        exposure=[100.0, 200.0, 300.0, 50.0],
        pd=[0.02, 0.05, 0.1, 0.0],
        lgd=[0.4, 0.5, 0.9, 0.4],
        sector=["farms", "farms", "mills", "mills"],
        labels={"county": ["north", "south", "north", "north"]},
    )


def test_shock__hits_what_it_names_and_nothing_else():
    drought = Shock("drought", 2.0, 1.5, {"sector": ["farms"], "county": ["north"]})
    after = stressed(book(), FACTORS, [drought])
    assert after.pd[1:].tolist() == book().pd[1:].tolist()
    assert after.lgd == pytest.approx([0.6, 0.5, 0.9, 0.4])
    wanted = ndtr((ndtri(0.02) + 2 * np.sqrt(0.15)) / np.sqrt(0.85))
    assert after.pd[0] == pytest.approx(wanted)


def test_shocks__add_up_on_a_loan_that_both_hit():
    both = [Shock("flood", 1.0, 2.0, {"county": ["north"]}), Shock("price", 1.0, 2.0)]
    after = stressed(book(), FACTORS, both)
    once = stressed(book(), FACTORS, [Shock("joint", 2.0, 4.0)])
    assert after.pd[0] == pytest.approx(once.pd[0])
    assert after.pd[1] < once.pd[1]
    assert after.lgd[2] == 1.0
    assert after.pd[3] == 0


@given(st.floats(0, 6), st.floats(0, 3))
def test_shock__never_makes_a_loan_surer(severity, more):
    mild, hard = (
        stressed(book(), FACTORS, [Shock("x", size)]) for size in (severity, severity + more)
    )
    assert np.all(mild.pd >= book().pd)
    assert np.all(hard.pd >= mild.pd - 1e-15)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.05, 0.9))
def test_reverse__reaches_the_capital_by_the_shortest_way(part):
    plain = book()
    capital = part * float(plain.loss[:3].sum())
    found = reverse_stress(plain, FACTORS, capital)
    assert found is not None
    assert found.expected_loss == pytest.approx(capital, rel=1e-6)
    fall = np.array([found.national_sd, *found.sector_sd.values()])
    assert abs(found.distance_sd) == pytest.approx(np.linalg.norm(fall))

    def lost(where):
        reached = np.sqrt(0.1) * where[0] + np.sqrt(0.05) * where[[1, 1, 2, 2]]
        return float(plain.loss @ ndtr((ndtri(plain.pd) + reached) / np.sqrt(0.85)))

    slow = minimize(
        lambda where: where @ where,
        np.full(3, 2.0),
        constraints={"type": "eq", "fun": lambda where: (lost(where) - capital) / capital},
        tol=1e-10,
    )
    assert found.distance_sd**2 <= slow.fun * (1 + 1e-4) or not slow.success


def test_reverse__capital_that_nothing_uses_up():
    assert reverse_stress(book(), FACTORS, 1e6) is None
    small = reverse_stress(book(), FACTORS, 0.9 * float(book().expected_loss.sum()))
    assert small is not None
    assert small.chance > 0.4


def test_bad_shocks__are_named():
    with pytest.raises(ShockMalformedError, match="Shock flood: severity_sd is -1"):
        Shock("flood", -1.0)
    with pytest.raises(ShockMalformedError, match="lgd_times is nan"):
        Shock("flood", 1.0, np.nan)
    with pytest.raises(ShockMalformedError, match="where is village"):
        stressed(book(), FACTORS, [Shock("flood", 1.0, where={"village": ["x"]})])
    with pytest.raises(ShockMalformedError, match="capital is 0"):
        reverse_stress(book(), FACTORS, 0.0)
