"""From pooled effects to a score: blocks around the average loan, draws in whole steps."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from karez.engines.score import kernels, pooling
from karez.engines.score.design import Column
from karez.engines.score.model import DRAW_STEPS, Block, Draws, Dropped, Model, Notes
from karez.engines.score.prior import Part
from karez.engines.score.recipe import Recipe
from karez.engines.score.system import Cells
from karez.engines.score.table import Floats


@attrs.frozen(eq=False)
class Pooled:
    """What was pooled, where, on which cells, and how it ended."""

    made: Sequence[Column]
    places: Sequence[Part]
    cells: Cells
    state: pooling.State


def finish(pooled: Pooled, recipe: Recipe, notes: Notes, dropped: Sequence[Dropped]) -> Model:
    """Bring every block to 0 for the average loan, and the whole to the default rate it learned."""
    data, places, state = pooled.cells, pooled.places, pooled.state
    levels = len(state.mean)
    total = kernels.level_sums(data.codes, data.total, levels)
    bad = kernels.level_sums(data.codes, data.bad, levels)
    mean, draws = state.mean.copy(), state.draws.astype(np.float64)
    sd = pooling.deviations(data, places, state)
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
        for column, part, variance in zip(pooled.made, places[1:], state.variances[1:], strict=True)
    ]
    rounded = (steps * (sd / DRAW_STEPS)[:, None]).astype(np.float32)
    logit = kernels.row_sums(data.codes, mean)
    variance = kernels.row_variances(data.codes, rounded)
    return Model(
        recipe=recipe,
        blocks=tuple(blocks),
        intercept=float(mean[0]) + shift(data.total, data.bad, logit, variance),
        intercept_sd=float(sd[0]),
        intercept_draws=steps[0].copy(),
        notes=notes,
        dropped=tuple(dropped),
    )


def _steps(draws: Floats) -> Draws:
    """Return the draws in whole steps, each level's with the standard deviation that it has."""
    size = np.sqrt(np.square(draws).mean(axis=1))
    steps = np.rint(draws * (DRAW_STEPS / np.maximum(size, 1e-12))[:, None])
    return np.clip(steps, -127, 127).astype(np.int8)


def shift(total: Floats, bad: Floats, logit: Floats, variance: Floats) -> float:
    """Return what brings the mean probability to the default rate, of these weights of loans."""
    moved = 0.0
    for _ in range(20):
        chance, slope = kernels.mean_sigmoid_and_slope(logit + moved, variance)
        step = float((bad.sum() - total @ chance) / (total @ slope))
        moved += step
        if abs(step) < 1e-10:
            break
    return moved
