"""The score engine of this house, asked as any lender would ask it: no setting is tuned here."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from benchmarks.thin.loans import FACTORS, NUMBERS, SEGMENTS, Floats, Loans
from benchmarks.thin.peers import Fit, Predict
from karez.engines import score
from karez.engines.score import Feature, Recipe, Table


def recipe(loans: Loans) -> Recipe:
    """Return what the model may use: every column that was known on the day of approval."""
    numbers = [Feature(name, "number") for name in NUMBERS if name in loans.numbers]
    factors = [Feature(name, "factor") for name in FACTORS if name in loans.labels]
    segments = [Feature(name, "segment", parent=parent) for name, parent in SEGMENTS.items()]
    return Recipe((*numbers, *factors, *segments))


def table(loans: Loans) -> Table:
    """Return the loans as the engine takes them."""
    return Table([str(each) for each in loans.ids], loans.numbers, loans.labels)


def scorecard(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit the score with its defaults, and trees where they prove themselves; it draws no lots."""
    del seed
    return _fitted(attrs.evolve(recipe(loans), trees=True), loans, weight)


def without_trees(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit the hierarchical scorecard with its defaults: a sum of effects and no more."""
    del seed
    return _fitted(recipe(loans), loans, weight)


def without_pairs(loans: Loans, weight: Floats, seed: int) -> Predict:
    """Fit that without looking for pairs of features that act together."""
    del seed
    return _fitted(attrs.evolve(recipe(loans), pairs=()), loans, weight)


def _fitted(how: Recipe, loans: Loans, weight: Floats) -> Predict:
    model = score.fit(table(loans), loans.default, how, weight)
    return lambda others: score.apply(model, table(others)).pd


OURS: Mapping[str, Fit] = {
    "Karez": scorecard,
    "Karez without trees": without_trees,
    "Karez without pairs": without_pairs,
}
