"""Fit a score: features, then the pairs that show in what they leave, pooled all together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from karez.engines.score import design, pooling
from karez.engines.score.design import Column
from karez.engines.score.errors import (
    ColumnLengthError,
    OutcomeMalformedError,
    OutcomeOneClassError,
    TableEmptyError,
    WeightMalformedError,
)
from karez.engines.score.finish import Pooled, finish
from karez.engines.score.model import Model, Notes
from karez.engines.score.pairs import Rows, look, screen
from karez.engines.score.predict import require_columns
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Table

ROUGHLY = 30.0  # how much less near to rest a search may end that only looks for pairs
CANDIDATES = 60
LEAST_EVIDENCE = 2.0  # levels' worth


def fit(
    table: Table, outcome: npt.ArrayLike, recipe: Recipe, weight: npt.ArrayLike | None = None
) -> Model:
    """Return the score fitted to a table. ``outcome`` is 1 for a default, 0 for a good loan.

    A row of weight 2 counts as two rows. The same input gives the same score, in whatever order the
    rows are.

    Raises: TableEmptyError, OutcomeMalformedError, OutcomeOneClassError, WeightMalformedError,
    ColumnMissingError, ColumnMalformedError, ColumnLengthError.
    """
    require_columns(recipe, table)
    bad, weights = _outcome(outcome, len(table)), _weights(weight, len(table))
    _require_both(bad, weights)
    if not weights.all():
        some = weights > 0
        table, bad, weights = table.take(some), bad[some], weights[some]
    made, dropped, fallbacks = design.columns(table, recipe, weights)
    pooled, converged = _pool(recipe, made, bad, weights)
    rounds = pooled.state.rounds
    if not converged:
        fallbacks.append(f"the search stopped after {rounds} rounds before it was at rest")
    if len(recipe.features) > weights @ bad:
        fallbacks.append("there are more features than defaults: most effects are drawn to nothing")
    total, defaults = float(weights.sum()), float(weights @ bad)
    notes = Notes(len(table), total, defaults, rounds, converged, tuple(fallbacks))
    return finish(pooled, recipe, notes, dropped)


def _pool(recipe: Recipe, made: list[Column], bad: Floats, weights: Floats) -> tuple[Pooled, bool]:
    """Return what was pooled in the end, and whether the search came to rest."""
    cells = design.collapse(made, bad, weights)
    pairs, state = _pairs(recipe, made, cells, bad, weights)
    made = [*made, *pairs]
    places = design.parts(made, recipe)
    pooling.pool(design.cells(made, places, cells), places, state)
    converged = state.converged
    stay = [
        at
        for at, column in enumerate(made, 1)
        if column.kind != "pair"
        or recipe.pairs != "screened"
        or state.evidence[at] >= LEAST_EVIDENCE
    ]
    made, state = [made[at - 1] for at in stay], pooling.kept(state, places, [0, *stay])
    places = design.parts(made, recipe)
    data = design.cells(made, places, cells)
    pooling.settle(data, places, state)
    return Pooled(made, places, data, state), converged


def _outcome(outcome: npt.ArrayLike, rows: int) -> Floats:
    values = np.asarray(outcome, dtype=np.float64)
    if len(values) != rows:
        raise ColumnLengthError(column="outcome", found=len(values), expected=rows)
    for row in np.flatnonzero((values != 0) & (values != 1))[:1].tolist():
        raise OutcomeMalformedError(row=row, value=float(values[row]))
    return values


def _weights(weight: npt.ArrayLike | None, rows: int) -> Floats:
    if weight is None:
        return np.ones(rows)
    values = np.asarray(weight, dtype=np.float64)
    if len(values) != rows:
        raise ColumnLengthError(column="weight", found=len(values), expected=rows)
    for row in np.flatnonzero(~((values >= 0) & (values < np.inf)))[:1].tolist():
        raise WeightMalformedError(row=row, value=float(values[row]))
    return values


def _require_both(bad: Floats, weights: Floats) -> None:
    some = bad[weights > 0]
    if not len(some):
        raise TableEmptyError
    if some.min() == some.max():
        raise OutcomeOneClassError(rows=len(some), outcome=int(some[0]))


def _pairs(
    recipe: Recipe,
    made: Sequence[Column],
    cells: design.Collapsed,
    bad: Floats,
    weights: Floats,
) -> tuple[list[Column], pooling.State]:
    """Return the pairs that the score will have, and where the search for it may begin.

    A pair is a candidate if it shows in the residuals of the features alone. All candidates are
    then pooled together, roughly, and those stay whose cells differ most.
    """
    places = design.parts(made, recipe)
    data = design.cells(made, places, cells)
    state = pooling.begin(data, places)
    levels = {column.name: column.in_pairs() for column in _numbers_last(made)}
    if recipe.pairs != "screened":
        rows = Rows(0 * bad, 0 * bad, weights)
        named = [tuple(name for name in levels if name in pair) for pair in recipe.pairs]
        pairs = [
            design.pair_column(look(levels, (pair[0], pair[1]), rows), made)
            for pair in named
            if len(pair) == 2
        ]
        return pairs, pooling.widened(state, design.parts([*made, *pairs], recipe))
    if len(made) < 2 or not recipe.most_pairs:
        return [], state
    pooling.pool(data, places, state, close=ROUGHLY)
    chance = pooling.chances(data, state)[0][cells.cell]
    rows = Rows(bad - chance, chance * (1 - chance), weights)
    found = screen(levels, rows, recipe.least_pair_z, CANDIDATES)
    pairs = [design.pair_column(pair, made) for pair in found]
    whole = design.parts([*made, *pairs], recipe)
    state = pooling.widened(state, whole)
    pooling.pool(design.cells([*made, *pairs], whole, cells), whole, state, close=ROUGHLY)
    first = len(places)
    order = sorted(range(first, len(whole)), key=lambda at: -state.variances[at])
    stay = [at for at in order if state.evidence[at] >= LEAST_EVIDENCE][: recipe.most_pairs]
    return [pairs[at - first] for at in stay], pooling.kept(state, whole, [*range(first), *stay])


def _numbers_last(made: Sequence[Column]) -> list[Column]:
    return sorted(made, key=lambda column: column.kind == "number")
