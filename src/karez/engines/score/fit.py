"""Fit a score: block by block, with the spread of each block's effects from the data."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import bins
from karez.engines.score.errors import (
    OutcomeMalformedError,
    OutcomeOneClassError,
    TableEmptyError,
    WeightMalformedError,
)
from karez.engines.score.model import DRAW_STEPS, Block, Dropped, Model, Notes
from karez.engines.score.predict import require_columns
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Ints, Table

DRAWS = 64


def fit(
    table: Table, outcome: npt.ArrayLike, recipe: Recipe, weight: npt.ArrayLike | None = None
) -> Model:
    """Return the score fitted to a table. ``outcome`` is 1 for a default, 0 for a good loan.

    Raises: TableEmptyError, OutcomeMalformedError, OutcomeOneClassError, WeightMalformedError,
    ColumnMissingError, ColumnMalformedError, ColumnLengthError.
    """
    require_columns(recipe, table)
    y = np.asarray(outcome, dtype=np.float64)
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    for row in np.flatnonzero((y != 0) & (y != 1)):
        raise OutcomeMalformedError(row=int(row), value=y[row])
    for row in np.flatnonzero(~((w >= 0) & (w < np.inf))):
        raise WeightMalformedError(row=int(row), value=w[row])
    if not w.sum() > 0:
        raise TableEmptyError
    rate = float(w @ y / w.sum())
    if rate in (0, 1):
        raise OutcomeOneClassError(rows=int((w > 0).sum()), outcome=int(rate))
    blocks: list[Block] = []
    codes: list[Ints] = []
    dropped: list[Dropped] = []
    for feature in recipe.features:
        code, block = _block(table, feature.name, feature.kind, recipe)
        if len(np.unique(code)) < 2:
            dropped.append(Dropped(feature.name, "all rows are alike"))
        good = np.bincount(code, w * (1 - y), len(block.effect))
        bad = np.bincount(code, w * y, len(block.effect))
        blocks.append(attrs.evolve(block, good=good, bad=bad))
        codes.append(code)
    intercept = float(np.log(rate / (1 - rate)))
    effects, variances, spreads = _solve(blocks, codes, y, w, intercept)
    rng = np.random.default_rng(0)
    done: list[Block] = []
    for block, effect, variance, spread in zip(blocks, effects, variances, spreads, strict=True):
        mean = float((block.good + block.bad) @ effect / w.sum())
        intercept += mean
        noise = rng.standard_normal((len(effect), DRAWS)) * DRAW_STEPS
        draws = np.clip(np.rint(noise), -127, 127).astype(np.int8)
        done.append(
            attrs.evolve(
                block, effect=effect - mean, sd=np.sqrt(variance), draws=draws, spread=spread
            )
        )
    noise = np.rint(rng.standard_normal(DRAWS) * DRAW_STEPS)
    return Model(
        recipe=recipe,
        blocks=tuple(done),
        intercept=intercept,
        intercept_sd=float(1 / np.sqrt(w.sum() * rate * (1 - rate))),
        intercept_draws=np.clip(noise, -127, 127).astype(np.int8),
        notes=Notes(len(table), float(w.sum()), float(w @ y), 30, True),
        dropped=tuple(dropped),
    )


def _block(table: Table, name: str, kind: str, recipe: Recipe) -> tuple[Ints, Block]:
    zero = np.zeros(0)
    draws = np.zeros((0, DRAWS), np.int8)
    if kind == "number":
        inner = bins.edges(table.numbers[name], recipe.most_bins, recipe.least_rows)
        code = bins.number_codes(table.numbers[name], inner)
        effect = np.zeros(len(inner) + 2)
        return code, Block((name,), "number", effect, zero, draws, zero, zero, 0.3, edges=inner)
    code, labels = bins.label_codes(name, table.labels[name])
    effect = np.zeros(len(labels) + 1)
    kind = "segment" if kind == "segment" else "factor"
    return code, Block((name,), kind, effect, zero, draws, zero, zero, 0.3, labels=labels)


def _solve(
    blocks: list[Block], codes: list[Ints], y: Floats, w: Floats, intercept: float
) -> tuple[list[Floats], list[Floats], list[float]]:
    logit = np.full(len(y), intercept)
    effects = [block.effect.copy() for block in blocks]
    variances = [block.effect.copy() for block in blocks]
    spreads = [0.3 for _ in blocks]
    for _ in range(30):
        for place, (block, code) in enumerate(zip(blocks, codes, strict=True)):
            p = 1 / (1 + np.exp(-logit))
            levels = len(block.effect)
            gradient = np.bincount(code, w * (y - p), levels)
            hessian = np.bincount(code, w * p * (1 - p), levels)
            precision = spreads[place] ** -2
            step = (gradient - precision * effects[place]) / (hessian + precision)
            effects[place] += step
            variances[place] = 1 / (hessian + precision)
            logit += step[code]
            square = effects[place] @ effects[place] + variances[place].sum() + 0.3**2
            spreads[place] = float(np.sqrt(square / (levels + 1)))
    return effects, variances, spreads
