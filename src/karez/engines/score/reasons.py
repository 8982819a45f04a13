"""What moved a score: exact, because a score is a sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs
import numpy as np

from karez.engines.score.model import Block, Model
from karez.engines.score.points import level_points


@attrs.frozen
class Reason:
    """One block's part in the score of one row.

    ``effect`` is in log-odds against the average loan of the training data, positive where it
    raises the default probability; ``points`` is the same in points of the card. ``loans`` is the
    weight of training loans at this level: 0 means that it was never seen, and that what is wider
    speaks alone.
    """

    feature: str
    value: str
    effect: float
    sd: float
    points: int
    loans: float
    words: str


def card(model: Model, block: Block, levels: Iterable[int]) -> Iterator[tuple[int, Reason]]:
    """Give each of these levels of a block with its part in a score."""
    points = level_points(model.recipe.scale, block)
    title = " and ".join(model.recipe.feature(name).title for name in block.features)
    for level in levels:
        value = level_name(model, block, level)
        yield (
            level,
            Reason(
                feature=block.name,
                value=value,
                effect=float(block.effect[level]),
                sd=float(block.sd[level]),
                points=int(points[level]),
                loans=float(block.good[level] + block.bad[level]),
                words=f"{title}: {value}",
            ),
        )


def worst(parts: list[Reason], most: int) -> list[Reason]:
    """Return the parts that raise the default probability, the largest first."""
    against = [part for part in parts if part.effect > 0]
    return sorted(against, key=lambda part: -part.effect)[:most]


def level_name(model: Model, block: Block, level: int) -> str:
    """Return a level in words: a range of numbers, a label, or a pair of those."""
    if block.kind == "pair":
        if level == block.unseen:
            return "no history of both together"
        return " and ".join(
            _paired_name(model, model.block(name), int(code))
            for name, code in zip(block.features, block.cells[level], strict=True)
        )
    if level == block.unseen:
        return "not known" if block.kind == "number" else "no history here"
    if block.kind != "number":
        label = block.labels[level]
        return "not known" if label is None else label
    unit = model.recipe.feature(block.name).unit
    return _range(block.edges.tolist(), level) + (f" {unit}" if unit else "")


def _paired_name(model: Model, block: Block, group: int) -> str:
    """Return what a pair calls a level: for a number several bins at once."""
    if not len(block.coarse):
        return level_name(model, block, group)
    bins = np.flatnonzero(block.coarse == group)
    if bins[-1] == block.unseen:
        return level_name(model, block, block.unseen)
    inside = [-np.inf, *block.edges.tolist(), np.inf]
    low, high = inside[bins[0]], inside[bins[-1] + 1]
    edges = [edge for edge in (low, high) if np.isfinite(edge)]
    unit = model.recipe.feature(block.name).unit
    level = 1 if low > -np.inf else 0
    return _range(edges, level) + (f" {unit}" if unit else "")


def _range(edges: list[float], level: int) -> str:
    if not edges:
        return "any"
    if level == 0:
        return f"below {edges[0]:g}"
    if level == len(edges):
        return f"{edges[-1]:g} or more"
    return f"{edges[level - 1]:g} to {edges[level]:g}"
