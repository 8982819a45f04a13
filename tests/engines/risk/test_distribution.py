"""The Gaussian model: every outcome of small books, printed tables, Monte Carlo, contributions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from engines.risk.twin import every_outcome, shortfall
from karez.engines.risk.book import Book
from karez.engines.risk.distribution import portfolio
from karez.engines.risk.errors import (
    BookEmptyError,
    FactorMalformedError,
    LevelError,
    LoanMalformedError,
    SectorUnknownError,
)
from karez.engines.risk.factors import Factors, Shares
from karez.engines.risk.losses import Losses, Reading
from karez.engines.risk.moments import loss_sd

BASEL = Factors(Shares(0.15))


def book_of(loss, pd, sector=None):
    return Book.of(
        [str(row) for row in range(len(loss))], exposure=loss, pd=pd, lgd=1.0, sector=sector
    )


def large_book(loans: int, seed: int = 7) -> Book:
    rng = np.random.default_rng(seed)
    exposure = 3000 * np.exp(rng.standard_normal(loans))
    exposure[: loans // 1000] = rng.uniform(1e5, 1e6, loans // 1000)
    pd = np.clip(0.04 * np.exp(0.7 * rng.standard_normal(loans) - 0.245), 0.0005, 0.6)
    return Book.of(
        [str(row) for row in range(loans)],
        exposure=exposure,
        pd=pd,
        lgd=0.45,
        sector=[f"sector {place}" for place in rng.integers(0, 4, loans)],
    )


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_small_books__are_exact(data):
    count = data.draw(st.integers(1, 6))
    loss = data.draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    pd = data.draw(st.lists(st.floats(0.001, 0.8), min_size=count, max_size=count))
    sector = data.draw(st.lists(st.sampled_from("ab"), min_size=count, max_size=count))
    factors = Factors(
        Shares(data.draw(st.sampled_from([0.0, 0.1, 0.3])), data.draw(st.sampled_from([0.0, 0.2])))
    )
    book = book_of(np.array(loss, dtype=float), pd, sector)
    found, wanted = portfolio(book, factors), every_outcome(book, factors)
    assert found.losses.reading is Reading.STEPS
    amounts = found.losses.amounts
    ours = {
        round(amount, 9): chance
        for amount, chance in zip(amounts.tolist(), found.losses.probability.tolist(), strict=True)
    }
    assert all(ours[loss] == pytest.approx(chance, abs=2e-7) for loss, chance in wanted.items())
    level = data.draw(st.floats(0.05, 0.95))
    _, tail = shortfall(ours, level)
    assert found.losses.expected_shortfall(level) == pytest.approx(tail, abs=1e-9)
    shares = found.shortfall_shares(level)
    assert shares.sum() == pytest.approx(tail, rel=1e-9)
    assert np.all(shares >= -1e-9)
    assert np.all(shares <= book.loss + 1e-9)


def test_shortfall_share__is_the_mean_of_the_loan_in_the_tail():
    book = book_of([3.0, 2.0, 2.0], [0.1, 0.2, 0.05])
    found = portfolio(book, Factors(Shares(0.0)))
    # Alone, each loan defaults on its own; the tail beyond 99 % is counted out by hand.
    chance, part = [], []
    for defaults in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(defaults, book.pd, 1 - book.pd))
        chance.append((float(np.array(defaults) @ book.loss), weight))
        part.append(np.array(defaults) * book.loss)
    tail = found.losses.tail(0.9)
    wanted = sum(
        weight * tail[round(loss)] * each for (loss, weight), each in zip(chance, part, strict=True)
    )
    assert found.shortfall_shares(0.9) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("loans", "at_99", "at_999"),
    [(50, 9.00, 14.40), (100, 8.55, 13.05), (300, 8.25, 12.60), (1000, 8.10, 12.42)],
)
def test_printed_table__equal_loans(loans, at_99, at_999):
    book = Book.of([str(row) for row in range(loans)], exposure=1 / loans, pd=0.04, lgd=0.45)
    losses = portfolio(book, BASEL).losses
    assert round(100 * losses.value_at_risk(0.99), 2) == at_99
    assert round(100 * losses.value_at_risk(0.999), 2) == at_999


@pytest.mark.parametrize("loans", [40, 300])
def test_unequal_loans__the_lattice_moves_no_figure(loans):
    rng = np.random.default_rng(loans)
    loss = np.exp(rng.standard_normal(loans))
    book = book_of(loss / loss.sum(), np.full(loans, 0.04))
    plain, fine = portfolio(book, BASEL), portfolio(book, BASEL, points=2**15)
    for level in (0.99, 0.999):
        assert plain.losses.value_at_risk(level) == pytest.approx(
            fine.losses.value_at_risk(level), rel=1e-3 if loans == 40 else 1e-4
        )
        assert plain.losses.expected_shortfall(level) == pytest.approx(
            fine.losses.expected_shortfall(level), rel=1e-4
        )
    assert plain.losses.mean == pytest.approx(float(book.expected_loss.sum()), rel=1e-8)
    assert plain.losses.sd == pytest.approx(loss_sd(book, BASEL), rel=1e-4)
    assert plain.losses.probability.min() > -1e-15


def test_large_book__has_the_exact_moments():
    book, factors = large_book(20_000), Factors(Shares(0.06, 0.08))
    losses = portfolio(book, factors).losses
    assert losses.mean == pytest.approx(float(book.expected_loss.sum()), rel=1e-5)
    assert losses.sd == pytest.approx(loss_sd(book, factors), rel=1e-4)


@pytest.mark.parametrize("highest", [0.5, 0.62])
def test_large_book__the_table_is_as_good_as_loan_by_loan(highest):
    sizes = np.array([0.73, 1.0, 1.9, 3.31])
    chances = np.array([0.002, 0.013, 0.08, 0.31, highest])
    kinds = [(size, pd) for size in sizes for pd in chances]
    loss, pd = (np.repeat(column, 200) for column in zip(*kinds, strict=True))
    book = book_of(loss, pd)
    found = portfolio(book, BASEL, points=1024)
    assert found._sectors[0].crowd is not None
    at = np.arange(-7, 7, 0.02)
    weight = np.exp(-(at**2) / 2)
    turn = 2 * np.pi * np.arange(513) / 1024
    exponent = np.zeros((len(at), len(turn)), complex)
    for size, chance in kinds:  # every loan where it is, and not on a lattice
        given_z = ndtr((ndtri(chance) - np.sqrt(0.15) * at[:, None]) / np.sqrt(0.85))
        wave = np.exp(-1j * turn * size / found.losses.step)
        exponent += 200 * np.log1p(given_z * (wave - 1))
    probability = np.fft.irfft(weight / weight.sum() @ np.exp(exponent), 1024)
    one_by_one = Losses(found.losses.step, probability, Reading.CELLS)
    for level in (0.5, 0.99, 0.999):
        assert found.losses.value_at_risk(level) == pytest.approx(
            one_by_one.value_at_risk(level), rel=1e-5
        )


def test_monte_carlo__agrees_within_its_error():
    book, factors = large_book(2_000), Factors(Shares(0.1, 0.1))
    rng = np.random.default_rng(1)
    names, sector = np.unique(book.sector, return_inverse=True)
    threshold, draws = ndtri(book.pd), []
    for _ in range(8_000):
        common = np.sqrt(0.1) * (rng.standard_normal() + rng.standard_normal(len(names))[sector])
        hit = common + np.sqrt(0.8) * rng.standard_normal(len(book)) < threshold
        draws.append(float(book.loss[hit].sum()))
    losses = portfolio(book, factors).losses
    error = np.std(draws) / np.sqrt(len(draws))
    assert abs(np.mean(draws) - losses.mean) < 4 * error
    for level in (0.9, 0.99):
        beyond = np.mean(np.array(draws) > losses.value_at_risk(level))
        assert abs(beyond - (1 - level)) < 4 * np.sqrt(level * (1 - level) / len(draws))


def test_large_book__shares_add_up_and_follow_size():
    book, factors = large_book(6_000), Factors(Shares(0.06, 0.08))
    found = portfolio(book, factors)
    shares = found.shortfall_shares(0.99)
    assert shares.sum() == pytest.approx(found.losses.expected_shortfall(0.99), rel=1e-6)
    assert np.all(shares > 0)
    assert np.all(shares < book.loss)
    # A tail is worse than the mean for every loan.
    assert np.all(shares > 0.99 * book.expected_loss)


def test_shares__are_the_slope_of_the_shortfall():
    rng = np.random.default_rng(2)
    loss, pd = np.exp(rng.standard_normal(60)), np.full(60, 0.05)
    shares = portfolio(book_of(loss, pd), BASEL).shortfall_shares(0.99)
    for row in (0, int(np.argmax(loss))):
        high, low = loss.copy(), loss.copy()
        high[row] *= 1.02
        low[row] *= 0.98
        more, less = (
            portfolio(book_of(each, pd), BASEL, points=2**14).losses.expected_shortfall(0.99)
            for each in (high, low)
        )
        assert (more - less) / 0.04 == pytest.approx(shares[row], rel=0.01)


@given(st.integers(0, 4), st.floats(1.01, 1.5))
@settings(deadline=None, max_examples=15)
def test_tail__grows_with_every_probability(row, times):
    loss = np.array([5.0, 3.0, 2.0, 1.0, 1.0])
    pd = np.array([0.1, 0.05, 0.2, 0.3, 0.02])
    riskier = pd.copy()
    riskier[row] *= times
    before, after = (portfolio(book_of(loss, each), BASEL).losses for each in (pd, riskier))
    assert after.expected_shortfall(0.95) >= before.expected_shortfall(0.95) - 1e-9
    assert after.mean > before.mean


def test_edge__books_of_one_and_of_nothing():
    one = portfolio(book_of([10.0], [0.04]), BASEL).losses
    assert one.probability[:2] == pytest.approx([0.96, 0.04])
    assert (one.value_at_risk(0.95), one.value_at_risk(0.97)) == (0, 10)
    assert one.expected_shortfall(0.99) == pytest.approx(10)
    safe = portfolio(book_of([10.0, 5.0], [0.0, 0.0]), BASEL)
    assert safe.losses.value_at_risk(0.999) == 0
    assert safe.losses.sd == 0
    assert safe.shortfall_shares(0.99).tolist() == [0, 0]
    mixed = portfolio(book_of([10.0, 5.0], [0.0, 0.5]), BASEL)
    assert mixed.losses.exceedance(0) == pytest.approx(0.5)
    assert mixed.losses.exceedance(5) == pytest.approx(0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pd": [0.1, 1.0]}, "Loan b: pd is 1.0"),
        ({"pd": [-0.1, 0.1]}, "Loan a: pd is -0.1"),
        ({"pd": [0.1, np.nan]}, "Loan b: pd is nan"),
        ({"exposure": [-1.0, 1.0]}, "Loan a: exposure is -1.0"),
        ({"exposure": [np.inf, 1.0]}, "Loan a: exposure is inf"),
        ({"lgd": [0.5, 1.5]}, "Loan b: lgd is 1.5"),
    ],
)
def test_bad_loans__are_named(change, words):
    columns = {"exposure": [1.0, 1.0], "pd": [0.1, 0.1], "lgd": 0.5, **change}
    with pytest.raises(LoanMalformedError, match=words):
        Book.of(["a", "b"], **columns)


def test_bad_questions__are_named():
    book = book_of([1.0], [0.1], ["fishing"])
    with pytest.raises(BookEmptyError):
        Book.of([], exposure=[], pd=[], lgd=[])
    with pytest.raises(BookEmptyError):
        book.take(np.array([False]))
    with pytest.raises(SectorUnknownError, match="'fishing', which has no factor; there are farms"):
        portfolio(book, Factors(None, {"farms": Shares(0.1)}))
    for shares in (Shares(1.0), Shares(-0.1), Shares(0.5, 0.5), Shares(0.1, 1e-6)):
        with pytest.raises(FactorMalformedError, match="fishing"):
            portfolio(book, Factors(shares))
    with pytest.raises(LevelError):
        portfolio(book, BASEL).losses.value_at_risk(1.0)


@pytest.mark.parametrize(
    ("loans", "spread", "pd", "shares"),
    [
        # Loans of a fraction of a step, in years so good that few steps are lost.
        (20_000, 0.0, 0.04, Shares(0.3, 0.08)),
        # Some loans far larger than the rest, and a year that moves all.
        (3_000, 2.0, 0.03, Shares(0.3)),
        # Loans that are all but sure to be lost.
        (3_000, 1.0, 0.9, Shares(0.3, 0.08)),
        # Few defaults: what can be lost is far more than what will be.
        (1_500, 0.5, 0.001, Shares(0.06)),
        # Equal loans between two points of the lattice, a few in default.
        (1_100, 0.0, 0.04, Shares(0.15)),
    ],
)
def test_extreme_books__keep_their_moments_and_their_shares(loans, spread, pd, shares):
    loss = np.exp(spread * np.random.default_rng(1).standard_normal(loans))
    book, factors = book_of(loss, np.full(loans, pd)), Factors(shares)
    found = portfolio(book, factors)
    assert found.losses.mean == pytest.approx(float(book.expected_loss.sum()), rel=1e-4)
    assert found.losses.sd == pytest.approx(loss_sd(book, factors), rel=2e-4)
    short = found.losses.expected_shortfall(0.99)
    assert found.shortfall_shares(0.99).sum() == pytest.approx(short, rel=2e-4)
