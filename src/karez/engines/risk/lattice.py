"""Amounts on a lattice: each is shared between neighbouring points so that its moments stay."""

from __future__ import annotations

import math

import attrs
import numpy as np

from karez.engines.risk.book import Floats, Ints

ON_POINT = 1e-9


@attrs.frozen(eq=False)
class Spread:
    """For each value the first of four points it is on, and its weights on the four."""

    first: Ints
    weight: Floats
    """By value and point; what is linear has zeros on the last two."""


def linear(position: Floats) -> Spread:
    """Return shares of the two points around each position: mean kept, none negative."""
    first = np.floor(position + ON_POINT).astype(np.int64)
    part = np.clip(position - first, 0, 1)
    weight = np.zeros((len(position), 4))
    weight[:, 0], weight[:, 1] = 1 - part, part
    return Spread(first, weight)


def cubic(position: Floats) -> Spread:
    """Return Lagrange weights of the four points around each position: three moments kept.

    Of a sum of many small amounts it changes neither mean, variance nor skewness, where two
    points would add a variance of up to a quarter of a step squared to each. A position below 1
    has a weight at -1: with the points 0 to 3 instead, waves of a sixth of a turn would grow.
    """
    first = np.floor(position).astype(np.int64) - 1
    u = position - first
    weight = np.column_stack(
        [
            -(u - 1) * (u - 2) * (u - 3) / 6,
            u * (u - 2) * (u - 3) / 2,
            -u * (u - 1) * (u - 3) / 2,
            u * (u - 1) * (u - 2) / 6,
        ]
    )
    return Spread(first, weight)


def common_step(losses: Floats, points: int) -> float | None:
    """Return the step of which every loss is a whole number, if they need fewer points.

    None: there is none, such as for amounts that have nothing to do with each other.
    """
    least = float(losses.min())
    for parts in range(1, 17):
        step = least / parts
        whole = np.rint(losses / step)
        if np.all(np.abs(losses / step - whole) < ON_POINT * whole):
            units = whole.astype(np.int64)
            divisor = math.gcd(*np.unique(units).tolist())
            return step * divisor if units.sum() // divisor < points else None
    return None
