"""Where the bins of a number end, and which bin each value is in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from karez.engines.score.table import Floats, Ints


def edges(values: Floats, weight: Floats, most_bins: int, least_weight: float) -> Floats:
    """Return the sorted inner edges of the bins of a number; none where all values are alike.

    Quantiles of the rows alone would merge rare values into common ones: where 97 of 100 loans
    have a guarantee of one half, what the others have is lost. So an edge is a quantile of the
    rows or of the distinct values, and stays if every bin weighs ``least_weight``. Missing and
    infinite values have no part in it.
    """
    known = np.isfinite(values) & (weight > 0)
    distinct, place = np.unique(values[known], return_inverse=True)
    if len(distinct) < 2:
        return np.empty(0)
    below = np.cumsum(np.bincount(place, weight[known]))  # the weight up to and with each value
    shares = np.arange(1, most_bins) / most_bins
    weights: Floats = shares * below[-1]
    by_rows: list[int] = np.searchsorted(below, weights, side="right").tolist()
    by_values: list[int] = (shares * len(distinct)).astype(np.intp).tolist()
    kept: list[float] = []
    begun = 0.0
    for at in sorted({*by_rows, *by_values}):
        if at == 0 or at >= len(distinct):
            continue
        if below[at - 1] - begun >= least_weight and below[-1] - below[at - 1] >= least_weight:
            kept.append(float(distinct[at]))
            begun = below[at - 1]
    return np.array(kept)


def number_codes(values: Floats, inner: Floats) -> Ints:
    """Return the bin of each value; the last level, ``len(inner) + 1``, is a missing one."""
    codes = np.searchsorted(inner, values, side="right").astype(np.int32)
    codes[~np.isfinite(values)] = len(inner) + 1
    return codes


def coarse_levels(below: Floats, groups: int) -> Ints:
    """Return for each bin of a number, whose weights are given, which of few groups it is in.

    The groups weigh about alike. A missing number, the level after all bins, is a group of its own.
    """
    middle = (np.cumsum(below) - below / 2) / max(below.sum(), 1e-300)
    whole = np.minimum(middle * groups, groups - 1).astype(np.int32)
    _, group = np.unique(whole, return_inverse=True)
    return np.append(group, group.max() + 1).astype(np.int32)


def pair_codes(first: Ints, second: Ints, cells: npt.NDArray[np.int32]) -> Ints:
    """Return the place of each pair of levels in ``cells``, and ``len(cells)`` where it is none."""
    if not len(cells):
        return np.zeros(len(first), np.int32)
    width = np.int64(2**31)
    keys = cells[:, 0] * width + cells[:, 1]
    asked = first * width + second
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, place, len(keys)).astype(np.int32)
