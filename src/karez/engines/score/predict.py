"""A fitted score applied to a table: default probability, its interval, and points."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import bins, kernels
from karez.engines.score.errors import ColumnMissingError
from karez.engines.score.model import DRAW_STEPS, Block, Model
from karez.engines.score.points import base_points, level_points
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Ints, Table

INTERVAL_Z = 1.6448536269514722  # nine of ten


@attrs.frozen(eq=False)
class Scores:
    """One value for each row.

    ``pd`` is the default probability, averaged over what is not known of the effects; between
    ``pd_low`` and ``pd_high`` it lies with nine chances in ten. ``logit`` and ``logit_sd`` are the
    mean and the standard deviation of the log-odds. ``points`` are whole; more are better.
    """

    pd: Floats
    pd_low: Floats
    pd_high: Floats
    logit: Floats
    logit_sd: Floats
    points: Ints

    def __len__(self) -> int:
        return len(self.pd)


def apply(model: Model, table: Table) -> Scores:
    """Return the scores of a table that has the columns of the model's recipe.

    Raises: ColumnMissingError, ColumnMalformedError.
    """
    codes = level_codes(model, table)
    places, effects, draws, points = stacked(model)
    rows = np.zeros((len(table), len(codes) + 1), np.int32)
    for column, (start, code) in enumerate(zip(places, codes, strict=True), 1):
        rows[:, column] = code + start
    logit = kernels.row_sums(rows, effects)
    variance = kernels.row_variances(rows, draws)
    sd = np.sqrt(variance)
    return Scores(
        pd=kernels.mean_sigmoid(logit, variance),
        pd_low=1 / (1 + np.exp(-(logit - INTERVAL_Z * sd))),
        pd_high=1 / (1 + np.exp(-(logit + INTERVAL_Z * sd))),
        logit=logit,
        logit_sd=sd,
        points=kernels.row_sums(rows, points).astype(np.int32),
    )


def level_codes(model: Model, table: Table) -> list[Ints]:
    """Return for each block the level of each row."""
    require_columns(model.recipe, table)
    mains = {block.name: block for block in model.blocks if block.kind != "pair"}
    codes = {name: _codes(block, table) for name, block in mains.items()}
    paired = {name: block.in_pairs(codes[name]) for name, block in mains.items()}
    return [
        codes[block.name]
        if block.kind != "pair"
        else bins.pair_codes(paired[block.features[0]], paired[block.features[1]], block.cells)
        for block in model.blocks
    ]


def require_columns(recipe: Recipe, table: Table) -> None:
    """Raise ColumnMissingError where the table lacks what the recipe reads."""
    for feature in recipe.features:
        kind = "numbers" if feature.kind == "number" else "labels"
        if feature.name not in getattr(table, kind):
            raise ColumnMissingError(column=feature.name, kind=kind)


def _codes(block: Block, table: Table) -> Ints:
    if block.kind == "number":
        return bins.number_codes(table.numbers[block.name], block.edges)
    return bins.known_codes(block.name, table.labels[block.name], block.labels)


def stacked(model: Model) -> tuple[list[int], Floats, npt.NDArray[np.float32], Floats]:
    """Return where each block starts, and effects, draws and points of all, the intercept first."""
    counts = [1, *(len(block.effect) for block in model.blocks)]
    effects = [np.array([model.intercept]), *(block.effect for block in model.blocks)]
    sds = np.concatenate([[model.intercept_sd], *(block.sd for block in model.blocks)])
    steps = np.vstack([model.intercept_draws, *(block.draws for block in model.blocks)])
    scale = model.recipe.scale
    points = [[base_points(model)], *(level_points(scale, block) for block in model.blocks)]
    return (
        np.cumsum(counts)[:-1].tolist(),
        np.concatenate(effects),
        (steps * (sds / DRAW_STEPS)[:, None]).astype(np.float32),
        np.concatenate(points).astype(np.float64),
    )
