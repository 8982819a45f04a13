"""What trees add to a score: the sum, how sure it is, and which features it comes from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from karez.engines.score import tree_kernels
from karez.engines.score.model import Model, Trees
from karez.engines.score.reasons import Reason, level_name
from karez.engines.score.table import Floats, Ints

TOGETHER = "together"
NAMED = 2  # features, in the words of a reason


def placed(trees: Trees, levels: Mapping[str, Ints]) -> Ints:
    """Return rows x features: the place of each row, whose levels of the blocks are given."""
    columns = [order[levels[name]] for name, order in zip(trees.features, trees.order, strict=True)]
    return np.column_stack(columns)


def added(trees: Trees, places: Ints, factor: float) -> Floats:
    """Return 3 x rows: what trees add to the log-odds, to their variance, and to the points.

    Each group of trees lacks one part of the loans, so the variance of their mean follows from
    how they differ (the jackknife of a part at a time). ``factor`` is points for one of log-odds.
    """
    groups = tree_kernels.sums(places, trees.asked, trees.above, trees.nodes)
    count = len(groups)
    mean = groups.sum(axis=0) / count
    variance = np.square(groups - mean).sum(axis=0) * (count - 1) / count
    return np.stack([mean, variance, np.rint(-factor * mean)])


def reason(model: Model, trees: Trees, places: Ints, levels: Mapping[str, int]) -> Reason:
    """Return what trees add to the score of one row, in the words of what moved it most."""
    effect, variance, points = added(trees, places, model.recipe.scale.factor)[:, 0].tolist()
    share = tree_kernels.shares(places, trees.asked, trees.above, trees.nodes)[0]
    order: list[int] = np.argsort(-share * np.sign(effect), kind="stable").tolist()
    most = [trees.features[at] for at in order[:NAMED] if share[at] * effect > 0]
    parts = [
        f"{model.recipe.feature(name).title} {level_name(model, model.block(name), levels[name])}"
        for name in most
    ]
    value = " with ".join(parts)
    return Reason(
        feature=TOGETHER,
        value=value,
        effect=effect,
        sd=variance**0.5,
        points=round(points),
        loans=model.notes.rows_weighted,
        words=f"{TOGETHER}: {value}",
    )
