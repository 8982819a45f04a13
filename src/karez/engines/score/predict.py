"""A fitted score applied to a table: default probability, its interval, and points."""

from __future__ import annotations

import attrs
import numpy as np

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
    effects = [model.intercept + np.zeros(len(table))]
    effects += [block.effect[code] for block, code in zip(model.blocks, codes, strict=True)]
    logit = np.sum(effects, axis=0)
    sd = np.sqrt(_variance(model, codes, len(table)))
    points = np.full(len(table), base_points(model), np.int32)
    for block, code in zip(model.blocks, codes, strict=True):
        points += level_points(model.recipe.scale, block)[code]
    return Scores(
        pd=kernels.mean_sigmoid(logit, sd * sd),
        pd_low=1 / (1 + np.exp(-(logit - INTERVAL_Z * sd))),
        pd_high=1 / (1 + np.exp(-(logit + INTERVAL_Z * sd))),
        logit=logit,
        logit_sd=sd,
        points=points,
    )


def level_codes(model: Model, table: Table) -> list[Ints]:
    """Return for each block the level of each row."""
    require_columns(model.recipe, table)
    mains = {block.name: block for block in model.blocks if block.kind != "pair"}
    codes = {name: _codes(block, table) for name, block in mains.items()}
    return [
        codes[block.name]
        if block.kind != "pair"
        else bins.pair_codes(codes[block.features[0]], codes[block.features[1]], block.cells)
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


def _variance(model: Model, codes: list[Ints], rows: int) -> Floats:
    scale = np.float32(model.intercept_sd / DRAW_STEPS)
    sums = np.tile(model.intercept_draws * scale, (rows, 1))
    for block, code in zip(model.blocks, codes, strict=True):
        sums += (block.draws * (block.sd[:, None] / DRAW_STEPS).astype(np.float32))[code]
    return np.mean(np.square(sums), axis=1, dtype=np.float64)
