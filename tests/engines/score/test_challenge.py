"""Two scores on the same loans: plain sums, a bootstrap, and how often chance is believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.score.challenge import Stakes, Verdict, contest
from karez.engines.score.errors import ColumnLengthError, PropensityRangeError
from karez.engines.score.measures import expected_profit, log_loss

STAKES = Stakes(margin=0.2, loss_share=0.7)
ROWS = st.lists(
    st.tuples(
        st.sampled_from((0, 1)),
        st.sampled_from((0.05, 0.2, 0.3, 0.6)),
        st.sampled_from((0.05, 0.2, 0.3, 0.6)),
        st.sampled_from((0.5, 1.0, 3.0)),
    ),
    min_size=2,
    max_size=40,
)


@given(ROWS)
def test_contest__is_the_difference_of_two_measures(rows):
    outcome, old, new, weight = zip(*rows, strict=True)
    found = contest(outcome, old, new, STAKES, weight=weight)
    said = {"margin": 0.2, "loss_share": 0.7, "pd_below": STAKES.cut, "weight": weight}
    profit = expected_profit(outcome, new, **said) - expected_profit(outcome, old, **said)
    assert found.profit.mean == pytest.approx(profit)
    loss = log_loss(outcome, new, weight) - log_loss(outcome, old, weight)
    assert found.log_loss.mean == pytest.approx(loss)


@given(ROWS)
def test_contest__turned_round_is_turned_round(rows):
    outcome, old, new, weight = zip(*rows, strict=True)
    there = contest(outcome, old, new, STAKES, weight=weight)
    back = contest(outcome, new, old, STAKES, weight=weight)
    assert back.profit.mean == pytest.approx(-there.profit.mean)
    assert back.profit.high == pytest.approx(-there.profit.low)
    other = {Verdict.CHALLENGER: Verdict.CHAMPION, Verdict.CHAMPION: Verdict.CHALLENGER}
    assert back.verdict == other.get(there.verdict, there.verdict)


def loans(seed, rows, noise):
    """Outcomes, what is true of them, and what a score says that sees it through noise."""
    draw = np.random.default_rng(seed)
    logit = draw.normal(-1, 1.2, rows)
    outcome = (draw.random(rows) < 1 / (1 + np.exp(-logit))).astype(float)
    return outcome, *(1 / (1 + np.exp(-logit - draw.normal(0, n, rows))) for n in noise)


def test_contest__has_the_error_of_the_bootstrap():
    outcome, old, new = loans(1, 400, (1.0, 0.2))
    weight = np.where(outcome == 1, 1.0, 3.0)
    found = contest(outcome, old, new, STAKES, weight=weight)
    draw = np.random.default_rng(2)
    means = []
    for _ in range(500):
        rows = draw.integers(0, 400, 400)
        again = contest(outcome[rows], old[rows], new[rows], STAKES, weight=weight[rows])
        means.append((again.profit.mean, again.log_loss.mean))
    spread = np.std(means, axis=0)
    assert (found.profit.error, found.log_loss.error) == pytest.approx(tuple(spread), rel=0.12)


def test_contest__knows_the_better_and_does_not_believe_chance():
    outcome, old, new = loans(3, 3000, (2.0, 0.1))
    assert contest(outcome, old, new, STAKES).verdict is Verdict.CHALLENGER
    assert contest(outcome, new, old, STAKES).verdict is Verdict.CHAMPION
    # Two scores equally good: the challenger is chosen in at most one of twenty.
    verdicts = [contest(*loans(seed, 200, (0.7, 0.7)), STAKES).verdict for seed in range(200)]
    assert verdicts.count(Verdict.CHALLENGER) <= 18


def test_contest__says_that_it_is_not_enough_and_how_many_would_be():
    outcome, old, new = loans(5, 60, (0.5, 0.4))
    found = contest(outcome, old, new, STAKES)
    assert found.verdict is Verdict.NOT_ENOUGH
    assert found.words.startswith("not enough evidence: the challenger makes")
    assert found.rows_needed is not None
    assert found.rows_needed > 60
    same = contest(outcome, old, old, STAKES)
    assert (same.verdict, same.rows_needed) == (Verdict.NOT_ENOUGH, None)


def test_contest__asks_for_a_profit_worth_the_change():
    outcome, old, new = loans(3, 3000, (2.0, 0.1))
    least = contest(outcome, old, new, STAKES).profit.high
    found = contest(outcome, old, new, STAKES, profit_least=least)
    assert found.verdict is Verdict.NOT_ENOUGH


def test_contest__weighs_loans_by_how_likely_they_were_made():
    # Of all applicants both scores earn the same; of those that were made, the champion more.
    draw = np.random.default_rng(7)
    outcome, old, new = loans(7, 40_000, (0.7, 0.7))
    propensity = np.where(old < 0.3, 0.9, 0.1)
    made = draw.random(len(old)) < propensity
    all_of_them = contest(outcome, old, new, STAKES)
    seen = contest(outcome[made], old[made], new[made], STAKES, propensity=propensity[made])
    unweighted = contest(outcome[made], old[made], new[made], STAKES)
    error = np.hypot(seen.profit.error, all_of_them.profit.error)
    assert abs(seen.profit.mean - all_of_them.profit.mean) < 3 * error
    assert abs(unweighted.approved.mean - all_of_them.approved.mean) > 3 * error
    assert seen.rows_effective < seen.rows


def test_contest__names_what_is_wrong():
    with pytest.raises(PropensityRangeError, match=r"Row 1 has the propensity 0\.0"):
        contest([0, 1], [0.1, 0.2], [0.1, 0.2], STAKES, propensity=[1, 0])
    with pytest.raises(ColumnLengthError, match="propensity has 1"):
        contest([0, 1], [0.1, 0.2], [0.1, 0.2], STAKES, propensity=[1])
