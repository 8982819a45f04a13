"""The loops over rows and levels, compiled: the same text for every kind of block.

``codes`` (rows x blocks) holds places of coefficients in one vector over all blocks, so that the
log-odds of a row are the sum of its coefficients. The prior precision of that vector is
tridiagonal: ``diagonal`` and ``beside``, which is 0 where two neighbours have nothing in common.
"""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from karez.engines.score.table import Floats, Ints

Compiled = TypeVar("Compiled", bound=Callable[..., Any])
Columns = npt.NDArray[np.floating]
Whole = npt.NDArray[np.int64]


def _compile(function: Compiled) -> Compiled:
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def _quick(function: Compiled) -> Compiled:
    """Compile a function whose sums may be taken in any order, several columns at once."""
    compiler = numba.njit(
        cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"}
    )
    return cast("Compiled", compiler(function))


_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS /= _WEIGHTS.sum()
_MIDDLE = len(_NODES) // 2  # nodes lie in pairs around 0, and so one exponential serves two


@_compile
def mean_sigmoid_and_slope(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the means of the sigmoid and of its derivative over normal numbers.

    By nine nodes of Gauss and Hermite.
    """
    out, slope = np.empty(len(mean)), np.empty(len(mean))
    for row in range(len(mean)):
        sd = np.sqrt(variance[row])
        odds = np.exp(-mean[row])
        p = 1.0 / (1.0 + odds)
        total, slopes = _WEIGHTS[_MIDDLE] * p, _WEIGHTS[_MIDDLE] * p * (1.0 - p)
        for node in range(_MIDDLE):
            away = np.exp(sd * _NODES[node])
            p, q = 1.0 / (1.0 + odds * away), away / (away + odds)
            total += _WEIGHTS[node] * (p + q)
            slopes += _WEIGHTS[node] * (p * (1.0 - p) + q * (1.0 - q))
        out[row], slope[row] = total, slopes
    return out, slope


@_compile
def mean_sigmoid(mean: Floats, variance: Floats) -> Floats:
    """Return the mean of 1 / (1 + exp(-x)) over normal numbers x."""
    return mean_sigmoid_and_slope(mean, variance)[0]


@_compile
def row_sums(codes: Ints, values: Floats) -> Floats:
    """Return for each row the sum of its coefficients."""
    out = np.zeros(codes.shape[0])
    for row in range(codes.shape[0]):
        for block in range(codes.shape[1]):
            out[row] += values[codes[row, block]]
    return out


@_compile
def level_sums(codes: Ints, values: Floats, levels: int) -> Floats:
    """Return for each coefficient the sum of ``values`` over its rows."""
    out = np.zeros(levels)
    for row in range(codes.shape[0]):
        for block in range(codes.shape[1]):
            out[codes[row, block]] += values[row]
    return out


@_quick
def row_variances(codes: Ints, draws: Columns) -> Floats:
    """Return for each row the mean square of the sums of its coefficients' draws."""
    rows, blocks = codes.shape
    count = draws.shape[1]
    out = np.empty(rows)
    sums = np.empty(count, draws.dtype)
    for row in range(rows):
        sums[:] = 0
        for block in range(blocks):
            place = codes[row, block]
            for draw in range(count):
                sums[draw] += draws[place, draw]
        total = draws.dtype.type(0)
        for draw in range(count):
            total += sums[draw] * sums[draw]
        out[row] = total / count
    return out


@_quick
def scores(
    codes: Ints, effects: Floats, draws: Columns, points: Floats, more: Floats, z: float
) -> Floats:
    """Return six values for each row: as the fields of ``predict.Scores``, in order.

    ``more`` is what else adds to the log-odds, the variance and the points of each row.
    """
    out = np.empty((6, codes.shape[0]))
    out[3] = row_sums(codes, effects) + more[0]
    variance = row_variances(codes, draws) + more[1]
    out[4] = np.sqrt(variance)
    out[0] = mean_sigmoid(out[3], variance)
    out[1] = 1.0 / (1.0 + np.exp(z * out[4] - out[3]))
    out[2] = 1.0 / (1.0 + np.exp(-z * out[4] - out[3]))
    out[5] = row_sums(codes, points) + more[2]
    return out


@_quick
def times_data(codes: Ints, weights: Columns, values: Columns, out: Columns) -> None:
    """Set ``out`` to Z' W Z ``values``, a column at a time in step: levels x columns."""
    rows, blocks = codes.shape
    count = values.shape[1]
    out[:] = 0
    if count == 1:  # the loops over columns would cost more than what they do
        for row in range(rows):
            total = values[codes[row, 0], 0]
            for block in range(1, blocks):
                total += values[codes[row, block], 0]
            total *= weights[row]
            for block in range(blocks):
                out[codes[row, block], 0] += total
        return
    sums = np.empty(count, values.dtype)
    for row in range(rows):
        sums[:] = 0
        for block in range(blocks):
            place = codes[row, block]
            for column in range(count):
                sums[column] += values[place, column]
        weight = weights[row]
        for column in range(count):
            sums[column] *= weight
        for block in range(blocks):
            place = codes[row, block]
            for column in range(count):
                out[place, column] += sums[column]


@_compile
def sign_sums(codes: Ints, roots: Columns, signs: npt.NDArray[np.uint64], out: Columns) -> None:
    """Set ``out`` to Z' diag(``roots``) E: bit m of a row's ``signs`` is its sign in column m."""
    rows, blocks = codes.shape
    count = out.shape[1]
    out[:] = 0
    sums = np.empty(count, out.dtype)
    for row in range(rows):
        bits = signs[row]
        for column in range(count):
            sums[column] = roots[row] if (bits >> np.uint64(column)) & np.uint64(1) else -roots[row]
        for block in range(blocks):
            place = codes[row, block]
            for column in range(count):
                out[place, column] += sums[column]


@_compile
def hashes(codes: Ints) -> npt.NDArray[np.uint64]:
    """Return 64 mixed bits for each row, which depend on nothing but its codes."""
    out = np.empty(codes.shape[0], np.uint64)
    for row in range(codes.shape[0]):
        state = np.uint64(0x9E3779B97F4A7C15)
        for block in range(codes.shape[1]):
            state ^= np.uint64(codes[row, block])
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state ^= state >> np.uint64(31)
            state += np.uint64(0x9E3779B97F4A7C15)
        out[row] = state
    return out


@_compile
def factored(diagonal: Floats, beside: Floats) -> tuple[Floats, Floats]:
    """Return the pivots and multipliers of a tridiagonal matrix, for ``solved``."""
    pivots, multipliers = diagonal.copy(), np.zeros(len(diagonal))
    for place in range(1, len(diagonal)):
        if beside[place - 1] != 0:
            multipliers[place] = beside[place - 1] / pivots[place - 1]
            pivots[place] -= multipliers[place] * beside[place - 1]
    return pivots, multipliers


@_compile
def solved(pivots: Floats, multipliers: Floats, values: Columns, out: Columns) -> None:
    """Set ``out`` to the solution, for each column of ``values``, of a factored system."""
    levels, count = values.shape
    out[0] = values[0]
    for place in range(1, levels):
        for column in range(count):
            out[place, column] = (
                values[place, column] - out.dtype.type(multipliers[place]) * out[place - 1, column]
            )
    for column in range(count):
        out[levels - 1, column] /= out.dtype.type(pivots[levels - 1])
    for place in range(levels - 2, -1, -1):
        for column in range(count):
            out[place, column] = (
                out[place, column] / out.dtype.type(pivots[place])
                - out.dtype.type(multipliers[place + 1]) * out[place + 1, column]
            )


@_compile
def isotonic(
    data: Floats, wanted: Floats, diagonal: Floats, beside: Floats
) -> tuple[Floats, Whole]:
    """Return the nondecreasing x that makes x'Ax / 2 - x'b least, and the group of each place.

    A is tridiagonal: ``data`` + ``diagonal`` on it and ``beside``; b is ``wanted``. Neighbours that
    would fall are pooled and the whole is solved again, until none falls.
    """
    count = len(wanted)
    group = np.arange(count)
    groups = count
    while True:
        main, off, right = np.zeros(groups), np.zeros(groups), np.zeros(groups)
        for place in range(count):
            here = group[place]
            main[here] += data[place] + diagonal[place]
            right[here] += wanted[place]
            if place + 1 < count:
                if group[place + 1] == here:
                    main[here] += 2 * beside[place]
                else:
                    off[here] = beside[place]
        pivots, multipliers = factored(main, off)
        found = np.empty((groups, 1))
        solved(pivots, multipliers, right.reshape(-1, 1), found)
        fewer = np.zeros(groups, np.int64)
        for here in range(1, groups):
            fewer[here] = fewer[here - 1] + (found[here, 0] >= found[here - 1, 0])
        if fewer[groups - 1] == groups - 1:
            return found[group, 0], group
        group = fewer[group]
        groups = fewer[groups - 1] + 1
