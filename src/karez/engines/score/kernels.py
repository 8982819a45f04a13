"""The loops over rows and levels, compiled: the same text for every kind of block.

``Codes`` hold places of coefficients in one vector over all blocks, so that the log-odds of a row
are the sum of its coefficients. The prior precision of that vector is tridiagonal: ``diagonal`` and
``beside``, which is 0 where two neighbours have nothing in common.
"""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from numba.extending import intrinsic

from karez.engines.score.table import Floats

Compiled = TypeVar("Compiled", bound=Callable[..., Any])
Columns = npt.NDArray[np.floating]
Whole = npt.NDArray[np.int64]
Places = npt.NDArray[np.uint32]


def _compile(function: Compiled) -> Compiled:
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def _quick(function: Compiled) -> Compiled:
    """Compile a function whose sums may be taken in any order, several columns at once."""
    compiler = numba.njit(
        cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"}
    )
    return cast("Compiled", compiler(function))


class Codes(NamedTuple):
    """The ``places`` of rows x blocks, and where runs begin.

    A run is of rows that differ in the last block alone: what the others add up to is added once.
    ``starts`` ends with the number of rows. Neither has a sign, so that no loop looks for one.
    """

    places: Places
    starts: Places


@_compile
def run_starts(places: Places) -> Places:
    """Return the starts of the runs of ``Codes``."""
    rows, blocks = places.shape
    out = np.empty(rows + 1, np.uint32)
    runs = 0
    for row in range(rows):
        same = row > 0
        block = blocks - 2  # the one that changes most often, where rows are sorted
        while same and block >= 0:
            same = places[row, block] == places[row - 1, block]
            block -= 1
        if not same:
            out[runs] = row
            runs += 1
    out[runs] = rows
    return out[: runs + 1].copy()


_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS /= _WEIGHTS.sum()
_MIDDLE = len(_NODES) // 2  # nodes lie in pairs around 0, and so one exponential serves two


@cast("Any", intrinsic)
def _power_of_two(_typing: Any, _exponent: Any) -> Any:
    """Return 2 to a whole number from -1022 to 1023, made of its bits."""

    def made(context: Any, builder: Any, _signature: Any, exponent: Any) -> Any:
        biased = builder.add(exponent[0], context.get_constant(numba.int64, 1023))
        bits = builder.shl(biased, context.get_constant(numba.int64, 52))
        return builder.bitcast(bits, context.get_value_type(numba.float64))

    return numba.float64(numba.int64), made


_LOG2_E = np.log2(np.e)
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # their sum is ln 2
_EXP_TERMS = tuple(1 / float(factorial(term)) for term in range(11, -1, -1))


@_compile
def exponential(x: float) -> float:
    """Return e to ``x``, within 1e-14 of it, for x from -700 to 700: beyond, as at that end.

    That of the system is a call, which keeps a loop over rows from being done several at once.
    """
    x = min(max(x, -700.0), 700.0)
    whole = np.rint(x * _LOG2_E)
    rest = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    out = 0.0
    for term in numba.literal_unroll(_EXP_TERMS):
        out = out * rest + term
    return out * _power_of_two(np.int64(whole))


@_compile
def mean_sigmoid_and_slope(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the means of the sigmoid and of its derivative over normal numbers.

    By nine nodes of Gauss and Hermite.
    """
    out, slope = np.empty(len(mean)), np.empty(len(mean))
    for row in range(len(mean)):
        sd = np.sqrt(variance[row])
        odds = exponential(-mean[row])
        p = 1.0 / (1.0 + odds)
        total, slopes = _WEIGHTS[_MIDDLE] * p, _WEIGHTS[_MIDDLE] * p * (1.0 - p)
        for node in range(_MIDDLE):
            away = exponential(sd * _NODES[node])
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
def row_sums(codes: Codes, values: Floats) -> Floats:
    """Return for each row the sum of its coefficients."""
    places, starts = codes
    last = places.shape[1] - 1
    out = np.empty(places.shape[0])
    for run in range(len(starts) - 1):
        base = 0.0
        for block in range(last):
            base += values[places[starts[run], block]]
        for row in range(starts[run], starts[run + 1]):
            out[row] = base + values[places[row, last]]
    return out


@_compile
def level_sums(codes: Codes, values: Floats, levels: int) -> Floats:
    """Return for each coefficient the sum of ``values`` over its rows."""
    places, starts = codes
    last = places.shape[1] - 1
    out = np.zeros(levels)
    for run in range(len(starts) - 1):
        total = 0.0
        for row in range(starts[run], starts[run + 1]):
            total += values[row]
            out[places[row, last]] += values[row]
        for block in range(last):
            out[places[starts[run], block]] += total
    return out


_TILE = 64  # rows whose sums are kept before they are squared


@_quick
def row_variances(codes: Codes, draws: Columns) -> Floats:
    """Return for each row the mean square of the sums of its coefficients' draws."""
    places, starts = codes
    rows, last = places.shape[0], places.shape[1] - 1
    count = draws.shape[1]
    out = np.empty(rows)
    base, sums = np.empty(count, draws.dtype), np.empty((_TILE, count), draws.dtype)
    run = 0
    for first in range(0, rows, _TILE):
        for row in range(first, min(first + _TILE, rows)):
            if row == starts[run]:
                run += 1
                base[:] = 0
                for block in range(last):
                    place = places[row, block]
                    for draw in range(count):
                        base[draw] += draws[place, draw]
            place = places[row, last]
            for draw in range(count):
                sums[row - first, draw] = base[draw] + draws[place, draw]
        for row in range(first, min(first + _TILE, rows)):
            total = draws.dtype.type(0)
            for draw in range(count):
                total += sums[row - first, draw] * sums[row - first, draw]
            out[row] = total / count
    return out


@_quick
def scores(
    places: Places, effects: Floats, draws: Columns, points: Floats, more: Floats, z: float
) -> Floats:
    """Return six values for each row: as the fields of ``predict.Scores``, in order.

    ``more`` is what else adds to the log-odds, the variance and the points of each row.
    """
    codes = Codes(places, run_starts(places))
    out = np.empty((6, len(places)))
    out[3] = row_sums(codes, effects) + more[0]
    variance = row_variances(codes, draws) + more[1]
    out[4] = np.sqrt(variance)
    out[0] = mean_sigmoid(out[3], variance)
    out[1] = 1.0 / (1.0 + np.exp(z * out[4] - out[3]))
    out[2] = 1.0 / (1.0 + np.exp(-z * out[4] - out[3]))
    out[5] = row_sums(codes, points) + more[2]
    return out


@_quick
def times_data(codes: Codes, weights: Columns, values: Columns, out: Columns) -> None:
    """Set ``out`` to Z' W Z ``values``, a column at a time in step: levels x columns."""
    if values.shape[1] == 1:  # the loops over columns would cost more than what they do
        _times_data_once(codes, weights, values[:, 0], out[:, 0])
        return
    places, starts = codes
    last = places.shape[1] - 1
    count = values.shape[1]
    out[:] = 0
    base, sums = np.empty(count, values.dtype), np.empty(count, values.dtype)
    for run in range(len(starts) - 1):
        first = starts[run]
        base[:] = 0
        for block in range(last):
            place = places[first, block]
            for column in range(count):
                base[column] += values[place, column]
        place, weight = places[first, last], weights[first]
        for column in range(count):
            sums[column] = weight * (base[column] + values[place, column])
            out[place, column] += sums[column]
        for row in range(first + np.uint32(1), starts[run + 1]):
            place, weight = places[row, last], weights[row]
            for column in range(count):
                share = weight * (base[column] + values[place, column])
                sums[column] += share
                out[place, column] += share
        for block in range(last):
            place = places[first, block]
            for column in range(count):
                out[place, column] += sums[column]


@_quick
def _times_data_once(codes: Codes, weights: Columns, values: Columns, out: Columns) -> None:
    places, starts = codes
    last = places.shape[1] - 1
    out[:] = 0
    for run in range(len(starts) - 1):
        first = starts[run]
        base = total = 0.0
        for block in range(last):
            base += values[places[first, block]]
        for row in range(first, starts[run + 1]):
            share = weights[row] * (base + values[places[row, last]])
            total += share
            out[places[row, last]] += share
        for block in range(last):
            out[places[first, block]] += total


@_compile
def sign_sums(codes: Codes, roots: Columns, signs: npt.NDArray[np.uint64], out: Columns) -> None:
    """Set ``out`` to Z' diag(``roots``) E: bit m of a row's ``signs`` is its sign in column m."""
    places = codes.places
    rows, blocks = places.shape
    count = out.shape[1]
    out[:] = 0
    sums = np.empty(count, out.dtype)
    for row in range(rows):
        bits = signs[row]
        for column in range(count):
            sums[column] = roots[row] if (bits >> np.uint64(column)) & np.uint64(1) else -roots[row]
        for block in range(blocks):
            place = places[row, block]
            for column in range(count):
                out[place, column] += sums[column]


@_compile
def hashes(places: Places) -> npt.NDArray[np.uint64]:
    """Return 64 mixed bits for each row, which depend on nothing but its places."""
    out = np.empty(places.shape[0], np.uint64)
    for row in range(places.shape[0]):
        state = np.uint64(0x9E3779B97F4A7C15)
        for block in range(places.shape[1]):
            state ^= np.uint64(places[row, block])
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
