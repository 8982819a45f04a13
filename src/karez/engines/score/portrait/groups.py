"""Sums and middles by group, for groups that are numbered 0, 1, 2 … ``count`` - 1."""

from __future__ import annotations

import numpy as np

from karez.engines.score.portrait.facts import Bools, Floats, Ints


def total(group: Ints, count: int, values: Ints | Floats) -> Floats:
    """Return the sum of each group. Sums of minor units are exact up to 2**53."""
    return np.bincount(group, weights=values, minlength=count).astype(np.float64)


def tally(group: Ints, count: int) -> Floats:
    """Return how many each group has."""
    return np.bincount(group, minlength=count).astype(np.float64)


def distinct(group: Ints, count: int, values: Ints) -> Floats:
    """Return how many different values, none below zero, each group has."""
    if not len(values):
        return np.zeros(count)
    width = int(values.max()) + 1
    return tally(np.unique(group * width + values) // width, count)


def pick(group: Ints, count: int, values: Ints | Floats, *, last: bool = False) -> Floats:
    """Return the first or last value of each group, NaN of an empty one; groups are in order."""
    found = np.full(count, np.nan)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    at = np.append(starts[1:], len(group))[: len(starts)] - 1 if last else starts
    found[group[at]] = values[at]
    return found


def greatest(group: Ints, count: int, values: Ints | Floats) -> Floats:
    """Return the greatest value of each group, NaN of an empty one."""
    found = np.full(count, np.nan)
    np.fmax.at(found, group, values.astype(np.float64))
    return found


def median(group: Ints, count: int, values: Ints | Floats) -> Floats:
    """Return the middle value of each group, NaN of an empty one."""
    order = np.lexsort((values, group))
    ranked = values[order].astype(np.float64)
    size = np.bincount(group, minlength=count)
    start = np.cumsum(size) - size
    found = np.full(count, np.nan)
    some = size > 0
    low, high = (start + (size - 1) // 2)[some], (start + size // 2)[some]
    found[some] = (ranked[low] + ranked[high]) / 2
    return found


def quartiles(series: Floats, known: Ints) -> tuple[Floats, Floats]:
    """Return the lower and upper quartile of the first ``known`` columns of each row.

    Between two values it is in proportion, as ``numpy.quantile`` has it; NaN of no columns.
    """
    places = np.arange(int(series.shape[1]))
    outside = places >= known[:, None]
    ranked = np.sort(np.where(outside, np.inf, series), axis=1)
    rows = np.arange(len(series))
    found: list[Floats] = []
    for part in (0.25, 0.75):
        at = np.maximum(known - 1, 0) * part
        low = np.floor(at).astype(np.int64)
        high = np.ceil(at).astype(np.int64)
        below, above = ranked[rows, low], ranked[rows, high]
        with np.errstate(invalid="ignore"):
            value = below + (above - below) * (at - low)
        found.append(np.where(known > 0, value, np.nan))
    return found[0], found[1]


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return a part of a whole; NaN where there is no positive whole."""
    some: Bools = whole > 0
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=some)


def contrast(one: Floats, other: Floats) -> Floats:
    """Return how much more one is than the other, from -1 (nothing to some) to 1; none is < 0."""
    return ratio(one - other, one + other)


def log10(values: Floats) -> Floats:
    """Return the decimal logarithm; NaN where there is none."""
    return np.log10(values, out=np.full(len(values), np.nan), where=values > 0)
