"""Granularity: printed values, others' pools, and how lumpy a book is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.risk.book import Book
from karez.engines.risk.distribution import portfolio
from karez.engines.risk.factors import Factors, Shares
from karez.engines.risk.granularity import (
    basel_loss,
    concentration,
    default_counts,
    granularity_adjustment,
    slices,
)


@pytest.mark.parametrize(
    ("loans", "at_99", "at_999"),
    [(50, 9.37, 14.27), (100, 8.70, 13.30), (300, 8.25, 12.65), (1000, 8.09, 12.43)],
)
def test_printed_table__basel_and_adjustment(loans, at_99, at_999):
    book = Book.of([str(row) for row in range(loans)], exposure=1 / loans, pd=0.04, lgd=0.45)
    for level, wanted, fine in ((0.99, at_99, 8.03), (0.999, at_999, 12.33)):
        basel = basel_loss(book, 0.15, level)
        assert round(100 * basel, 2) == fine
        adjusted = basel + granularity_adjustment(book, 0.15, level)
        assert round(100 * adjusted, 2) == wanted


def test_basel__understates_a_lumpy_book_and_the_adjustment_mends_it():
    loss = np.exp(np.random.default_rng(0).standard_normal(100))
    book = Book.of([str(row) for row in range(100)], exposure=loss, pd=0.04, lgd=0.45)
    exact = portfolio(book, Factors(Shares(0.15))).losses.value_at_risk(0.99)
    basel = basel_loss(book, 0.15, 0.99)
    assert basel < 0.92 * exact
    assert basel + granularity_adjustment(book, 0.15, 0.99) == pytest.approx(exact, rel=0.015)


def test_adjustment__is_none_without_a_common_factor():
    book = Book.of(["a"], exposure=1.0, pd=0.04, lgd=0.45)
    assert granularity_adjustment(book, 0.0, 0.99) == 0
    assert basel_loss(book, 0.0, 0.99) == pytest.approx(0.018)


def test_default_counts__as_others_print_them():
    # Open Risk portfolioAnalytics, vasicek_base: its correlation is the loading, so a square here.
    assert default_counts(10, 0.34140, 0.04)[0] == pytest.approx(0.02476980528, abs=1e-10)
    assert default_counts(200, 0.05, 0.16)[10] == pytest.approx(0.03981467, abs=1e-8)


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=30))
def test_concentration__between_even_and_one_name(amounts):
    found = concentration(np.array(amounts))
    assert 1 - 1e-9 <= found.effective_number <= len(amounts) + 1e-9
    assert found.hhi <= found.largest_share + 1e-12


def test_concentration__of_nothing_is_nothing():
    assert concentration(np.zeros(3)).effective_number == 0


def test_slices__add_up():
    book = Book.of(["a", "b", "c"], exposure=[1.0, 2.0, 4.0], pd=0.1, lgd=0.5)
    found = slices(book, np.array([1.0, 0.5, 0.25]), ["north", "south", "north"])
    assert [(one.value, one.loans, one.exposure) for one in found] == [
        ("north", 2, 5.0),
        ("south", 1, 2.0),
    ]
    assert sum(one.shortfall for one in found) == 1.75
