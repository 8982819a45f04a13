"""Fit a score: check what goes in, pool the effects, and add trees where they are asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from karez.engines.score import design
from karez.engines.score.boost import add_trees
from karez.engines.score.errors import (
    ColumnLengthError,
    OutcomeMalformedError,
    OutcomeOneClassError,
    TableEmptyError,
    WeightMalformedError,
)
from karez.engines.score.estimate import estimate
from karez.engines.score.finish import finish
from karez.engines.score.model import Model, Notes
from karez.engines.score.predict import require_columns
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Table


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
    pooled, converged = estimate(recipe, made, bad, weights)
    rounds = pooled.state.rounds
    if not converged:
        fallbacks.append(f"the search stopped after {rounds} rounds before it was at rest")
    if len(recipe.features) > weights @ bad:
        fallbacks.append("there are more features than defaults: most effects are drawn to nothing")
    total, defaults = float(weights.sum()), float(weights @ bad)
    notes = Notes(len(table), total, defaults, rounds, converged, tuple(fallbacks))
    model = finish(pooled, recipe, notes, dropped)
    return add_trees(model, made, bad, weights) if recipe.trees else model


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
