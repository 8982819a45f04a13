"""Fit a score: features, then the pairs that show in what they leave, pooled all together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from karez.engines.score import design, kernels, pooling
from karez.engines.score.design import Column
from karez.engines.score.errors import (
    ColumnLengthError,
    OutcomeMalformedError,
    OutcomeOneClassError,
    TableEmptyError,
    WeightMalformedError,
)
from karez.engines.score.model import DRAW_STEPS, Block, Dropped, Model, Notes
from karez.engines.score.model import Draws as Steps
from karez.engines.score.pairs import Rows, look, screen
from karez.engines.score.predict import require_columns
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Table

ROUGHLY = 30.0  # how much less near to rest a search may end that only looks for pairs
CANDIDATES = 60
LEAST_EVIDENCE = 1.0  # levels' worth


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
    cells = design.collapse(made, bad, weights)
    pairs, state = _pairs(recipe, made, cells, bad, weights)
    made += pairs
    places = design.parts(made, recipe)
    data = design.cells(made, places, *cells)
    converged = pooling.pool(data, places, state).converged
    stay = [
        at
        for at, column in enumerate(made, 1)
        if column.kind != "pair" or recipe.pairs != "screened" or state.evidence[at] >= LEAST_EVIDENCE
    ]
    made, state = [made[at - 1] for at in stay], pooling.kept(state, places, [0, *stay])
    places = design.parts(made, recipe)
    data = design.cells(made, places, *cells)
    pooling.settle(data, places, state)
    if not converged:
        fallbacks.append(f"the search stopped after {state.rounds} rounds before it was at rest")
    if len(recipe.features) > weights @ bad:
        fallbacks.append("there are more features than defaults: most effects are drawn to nothing")
    notes = Notes(
        len(table), float(weights.sum()), float(weights @ bad), state.rounds, converged,
        tuple(fallbacks),
    )  # fmt: skip
    return _model(recipe, made, places, data, state, notes, dropped)


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

    A pair is a candidate if it shows in the residuals of the features alone. All candidates are then
    pooled together, roughly, and those stay whose cells differ most.
    """
    places = design.parts(made, recipe)
    data = design.cells(made, places, *cells)
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
    codes = design.row_codes(made, places)
    chance = kernels.mean_sigmoid(
        kernels.row_sums(codes, state.mean), kernels.row_variances(codes, state.draws)
    )
    rows = Rows(bad - chance, chance * (1 - chance), weights)
    found = screen(levels, rows, recipe.least_pair_z, CANDIDATES)
    pairs = [design.pair_column(pair, made) for pair in found]
    whole = design.parts([*made, *pairs], recipe)
    state = pooling.widened(state, whole)
    pooling.pool(design.cells([*made, *pairs], whole, *cells), whole, state, close=ROUGHLY)
    first = len(places)
    order = sorted(range(first, len(whole)), key=lambda at: -state.variances[at])
    stay = [at for at in order if state.evidence[at] >= LEAST_EVIDENCE][: recipe.most_pairs]
    return [pairs[at - first] for at in stay], pooling.kept(state, whole, [*range(first), *stay])


def _numbers_last(made: Sequence[Column]) -> list[Column]:
    return sorted(made, key=lambda column: column.kind == "number")


def _model(
    recipe: Recipe,
    made: Sequence[Column],
    places: Sequence[pooling.Part],
    data: pooling.Cells,
    state: pooling.State,
    notes: Notes,
    dropped: Sequence[Dropped],
) -> Model:
    """Bring every block to 0 for the average loan, and the whole to the default rate it learned."""
    levels = len(state.mean)
    total = kernels.level_sums(data.codes, data.total, levels)
    bad = kernels.level_sums(data.codes, data.bad, levels)
    mean, draws, sd = (
        state.mean.copy(),
        state.draws.astype(np.float64),
        pooling.deviations(data, places, state),
    )
    for part in places[1:]:
        share = total[part.place] / total[0]
        middle, middles = share @ mean[part.place], share @ draws[part.place]
        mean[part.place] -= middle
        draws[part.place] -= middles
        mean[0] += middle
        draws[0] += middles
    sd[0] = np.sqrt(np.square(draws[0]).mean())
    steps = _steps(draws)
    blocks = [
        Block(
            features=column.features,
            kind=column.kind,
            effect=mean[part.place].copy(),
            sd=sd[part.place].copy(),
            draws=steps[part.place].copy(),
            good=(total - bad)[part.place],
            bad=bad[part.place].copy(),
            spread=float(np.sqrt(variance)),
            edges=column.edges,
            labels=column.labels,
            coarse=column.coarse,
            cells=column.cells,
        )
        for column, part, variance in zip(made, places[1:], state.variances[1:], strict=True)
    ]
    rounded = (steps * (sd / DRAW_STEPS)[:, None]).astype(np.float32)
    return Model(
        recipe=recipe,
        blocks=tuple(blocks),
        intercept=float(mean[0]) + _shift(data, mean, rounded),
        intercept_sd=float(sd[0]),
        intercept_draws=steps[0].copy(),
        notes=notes,
        dropped=tuple(dropped),
    )


def _steps(draws: Floats) -> Steps:
    """Return the draws in whole steps, each level's with the standard deviation that it has."""
    size = np.sqrt(np.square(draws).mean(axis=1))
    steps = np.rint(draws * (DRAW_STEPS / np.maximum(size, 1e-12))[:, None])
    return np.clip(steps, -127, 127).astype(np.int8)


def _shift(data: pooling.Cells, mean: Floats, draws: npt.NDArray[np.float32]) -> float:
    """Return what brings the mean probability to the rate of the training data."""
    logit, variance = kernels.row_sums(data.codes, mean), kernels.row_variances(data.codes, draws)
    shift = 0.0
    for _ in range(20):
        chance, slope = kernels.mean_sigmoid_and_slope(logit + shift, variance)
        step = float((data.bad.sum() - data.total @ chance) / (data.total @ slope))
        shift += step
        if abs(step) < 1e-10:
            break
    return shift
