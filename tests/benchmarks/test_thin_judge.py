"""The marks of the table: a cell is won, tied or lost by what was measured, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.thin.contest import Attempt
from benchmarks.thin.judge import COLUMNS, Standing, stand
from benchmarks.thin.loans import SEGMENTS, Loans
from benchmarks.thin.splits import Split
from benchmarks.thin.table import BOOSTED, OURS, show

COUNT = 400


@pytest.fixture(scope="module")
def loans() -> Loans:
    rng = np.random.default_rng(5)
    labels = {
        name: np.array([f"{level}" for level in rng.integers(0, 12, COUNT)], np.object_)
        for name in SEGMENTS
    }
    default = (rng.random(COUNT) < 0.4).astype(float)
    weight = np.where(default == 1, 10.5, 49.31)
    share = np.where(default == 1, 0.7, 0.0)
    year = np.full(COUNT, 2004)
    return Loans(np.arange(COUNT), {}, labels, default, weight, share, year)


def split_of(repeat: int, *, weighted: bool = False) -> Split:
    side = np.random.default_rng(repeat).integers(0, 3, COUNT)
    return Split("halves", repeat, side == 0, side == 1, side == 2, weighted)


def attempt(pd: np.ndarray, seconds: float = 1.0) -> Attempt:
    return Attempt(pd.astype(float), seconds)


def test_stand__judges_the_part_that_was_asked_for(loans: Loans):
    split = split_of(0)
    pd = np.where(split.last, np.where(loans.default == 1, 0.9, 0.1), 0.5)
    for part, loss in (("last", -np.log(0.9)), ("development", -np.log(0.5))):
        mean = stand(loans, [split], {OURS: [attempt(pd)]}, part).mean(OURS)
        assert mean[0] == pytest.approx(loss)
        assert mean[9] == 1.0


def test_stand__thin_places_by_what_was_learned_from(loans: Loans):
    split = split_of(1)
    known = {
        place: (loans.labels["place"][split.training] == place).sum()
        for place in set(loans.labels["place"])
    }
    few = np.array([known[place] < 10 for place in loans.labels["place"]])
    assert few[split.last].any()
    right = np.where(loans.default == 1, 0.8, 0.2)
    mean = stand(loans, [split], {OURS: [attempt(np.where(few, right, 0.5))]}, "last").mean(OURS)
    assert mean[2] == pytest.approx(-np.log(0.8))
    assert mean[0] > mean[2]


def test_stand__weights_and_profit_are_those_of_the_register(loans: Loans):
    split = split_of(2, weighted=True)
    rows = split.last
    good, bad = (loans.weight[rows & (loans.default == y)].sum() for y in (0, 1))
    rate = bad / (good + bad)
    mean = stand(loans, [split], {OURS: [attempt(np.full(COUNT, rate))]}, "last").mean(OURS)
    assert mean[5] == pytest.approx(0, abs=1e-12)  # no bias: the weighted rate was said
    approved = 100 * (0.2 * good - 0.7 * bad) / (good + bad)
    assert mean[8] == pytest.approx(approved)
    as_it_is = split_of(2)
    rate = loans.default[rows].mean()
    mean = stand(loans, [as_it_is], {OURS: [attempt(np.full(COUNT, rate))]}, "last").mean(OURS)
    assert mean[8] == pytest.approx(approved)  # the shift finds the same applicants


def test_loan_error__is_that_of_the_mean_difference(loans: Loans):
    split = split_of(3)
    rng = np.random.default_rng(1)
    ours, theirs = (attempt(rng.uniform(0.2, 0.8, COUNT)) for _ in range(2))
    standing = stand(loans, [split], {OURS: [ours], BOOSTED: [theirs]}, "last")
    y, rows = loans.default, split.last
    apart = np.log(np.where(y == 1, theirs.pd, 1 - theirs.pd)) - np.log(
        np.where(y == 1, ours.pd, 1 - ours.pd)
    )
    wanted = apart[rows].std() / np.sqrt(rows.sum())
    assert standing.loan_error(OURS, BOOSTED) == pytest.approx(wanted)
    assert standing.behind(OURS, BOOSTED)[0, 0] == pytest.approx(apart[rows].mean())


def test_show__marks_what_is_lost_and_what_is_tied():
    even = np.tile([0.5, 0.5, 0.5, 0.2, 0.7, 0.0, 1.0, 1.0, 3.0, 1.0], (3, 1))
    peer = even.copy()
    peer[:, 0] -= 0.01  # always better: lost
    peer[:, 3] += [-0.04, 0.01, 0.01]  # better on average, by less than the spread: tied
    peer[:, 4] -= 0.1  # a smaller AUC is worse: won
    peer[:, 7] -= 0.2  # less than 1 is as far from right as more: won
    values = {OURS: even, BOOSTED: peer}
    nobody = {name: np.zeros(5) for name in values}
    lines = show("halves", Standing(10, 20, values, nobody, np.ones(5)))
    ours, theirs = (next(line for line in lines if line.startswith(name)) for name in values)
    assert ours[24:].split()[:5] == ["0.5000!", "0.5000", "0.5000", "0.2000~", "0.700"]
    assert theirs[24:].split()[:5] == ["0.4900!", "0.5000", "0.5000", "0.1933~", "0.600"]
    assert "!" not in ours[24 + 11 * 4 :]
    assert lines[-1].startswith("log-loss, Karez less CatBoost: +0.0100; over repeats +0.0100")
    assert len(COLUMNS) == len(ours[24:].split())
