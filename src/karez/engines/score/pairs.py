"""Pairs of features that act together: which of them show in what the features leave."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.table import Floats, Ints

WIDTH = np.int64(2**31)
LEAST_ROWS = 2  # to a cell, on average: fewer say nothing of the pair


@attrs.frozen(eq=False)
class Found:
    """A pair, its z, the pairs of levels that were seen, and which of them each row is."""

    names: tuple[str, str]
    z: float
    cells: npt.NDArray[np.int32]
    codes: Ints


@attrs.frozen(eq=False)
class Rows:
    """What the features leave of each row: outcome - probability, its variance, and the weight."""

    residual: Floats
    variance: Floats
    weight: Floats


def screen(levels: Mapping[str, Ints], rows: Rows, least_z: float, most: int) -> list[Found]:
    """Return the pairs whose cells differ more than chance allows, the clearest first.

    If a pair adds nothing, the sum over its cells of (sum of residuals)^2 - sum of squares has mean
    0 and variance 2 sum((sum v)^2 - sum v^2), v being the variance of a row: the two as z. A row of
    weight w is w rows with an outcome each, and below one a part of one: its own square is w^2.
    """
    names = list(levels)
    found: list[Found] = []
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            pair = look(levels, (first, second), rows)
            if pair.z >= least_z and len(pair.cells) * LEAST_ROWS <= rows.weight.sum():
                found.append(pair)
    return sorted(found, key=lambda pair: (-pair.z, pair.names))[:most]


def look(levels: Mapping[str, Ints], names: tuple[str, str], rows: Rows) -> Found:
    """Return a pair and its z; 0 where its cells say no more than one of the features."""
    first, second = levels[names[0]], levels[names[1]]
    keys, codes = np.unique(first * WIDTH + second, return_inverse=True)
    cells = np.column_stack([keys // WIDTH, keys % WIDTH]).astype(np.int32)
    found = Found(names, 0.0, cells, codes.astype(np.int32))
    if len(keys) <= max(len(np.unique(cells[:, 0])), len(np.unique(cells[:, 1]))):
        return found
    weight = rows.weight
    sums = np.bincount(codes, weight * rows.residual)
    own = np.minimum(weight, weight**2)
    expected = np.bincount(codes, own * rows.variance)
    excess = float(sums @ sums - own @ rows.residual**2)
    spread = 2 * float(expected @ expected - np.minimum(weight, own**2) @ rows.variance**2)
    if not spread > 0:
        return found
    return attrs.evolve(found, z=excess / spread**0.5)
