"""A policy made ready: each column cut into the pieces that its cells can tell apart.

A piece is a stretch of numbers, a label, all other labels, or missing. For each piece there is a
set of the rows that let it through. So an application is looked up once for each column, however
many rows there are, and the rows that fit it are what its pieces' sets have in common.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.policy.cells import Condition, Interval, Kind
from karez.engines.price.policy.table import Policy

Floats = npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class Pieces:
    """The pieces of a column; the last one is missing."""

    kind: Kind
    cuts: Floats
    """Of numbers: a piece begins at each. The last is NaN, which sorts behind all numbers."""
    labels: tuple[str, ...]
    """Of labels: a piece each, then one for all others."""
    passes: tuple[int, ...]
    """For each piece a set of rows: bit 0 is the first row."""

    def words(self, pieces: Sequence[int]) -> str:
        """Return pieces, in their order, in the language of cells; nothing for all of them."""
        missing = len(self.passes) - 1
        if len(pieces) == len(self.passes):
            return ""
        there = [piece for piece in pieces if piece != missing]
        words = self._labels(there) if self.kind is Kind.LABEL else self._stretches(there)
        return " or ".join([*words, *(["missing"] if missing in pieces else [])])

    def _labels(self, pieces: Sequence[int]) -> list[str]:
        others = len(self.labels)
        if others in pieces:
            out = [label for piece, label in enumerate(self.labels) if piece not in pieces]
            return [f"not in ({', '.join(out)})" if out else "any label"]
        names = [self.labels[piece] for piece in pieces]
        return [f"in ({', '.join(names)})"] if len(names) > 1 else names

    def _stretches(self, pieces: Sequence[int]) -> list[str]:
        ends = [-np.inf, *self.cuts[:-1].tolist(), np.inf]
        runs: list[list[float]] = []
        for piece in pieces:
            if runs and runs[-1][1] == ends[piece]:
                runs[-1][1] = ends[piece + 1]
            else:
                runs.append([ends[piece], ends[piece + 1]])
        return [_stretch(low, high) for low, high in runs]


def pieces_of(policy: Policy) -> list[Pieces]:
    """Return the pieces of each column of a policy."""
    return [
        _pieces(kind, [row.cells[place] for row in policy.rows])
        for place, kind in enumerate(policy.kinds)
    ]


def _pieces(kind: Kind, cells: Sequence[Condition]) -> Pieces:
    if kind is Kind.LABEL:
        labels = tuple(sorted(frozenset[str]().union(*(cell.labels for cell in cells))))
        fits = [[(label in cell.labels) != cell.others for cell in cells] for label in labels]
        fits.append([cell.others for cell in cells])
        cuts = np.empty(0)
    else:
        labels = ()
        halves = [[_half_open(interval) for interval in cell.intervals] for cell in cells]
        ends = {end for of_cell in halves for half in of_cell for end in half if np.isfinite(end)}
        cuts = np.array([*sorted(ends), np.nan])
        starts = [-np.inf, *cuts[:-1].tolist()]
        fits = [
            [any(low <= start < high for low, high in of_cell) for of_cell in halves]
            for start in starts
        ]
    fits.append([cell.missing for cell in cells])
    passes = [sum(fit << row for row, fit in enumerate(of_piece)) for of_piece in fits]
    return Pieces(kind, cuts, labels, tuple(passes))


def _half_open(interval: Interval) -> tuple[float, float]:
    """Return an interval as from its first number to before another: each float has a next one."""
    low = interval.low if interval.low_in else _next(interval.low)
    high = _next(interval.high) if interval.high_in else interval.high
    return low, high


def _next(value: float) -> float:
    return value if np.isinf(value) else float(np.nextafter(value, np.inf))


def _stretch(low: float, high: float) -> str:
    """Return the numbers from ``low`` to before ``high``, in the language of cells."""
    if _next(low) == high and np.isfinite(low):
        return f"{low:.15g}"
    # The number after a shorter one is a cut that the shorter one's cell has made.
    left, right = _shorter(low), _shorter(high)
    if np.isinf(low) and np.isinf(high):
        return "any number"
    if np.isinf(low):
        return f"{'<' if right == high else '<='} {right:.15g}"
    if np.isinf(high):
        return f"{'>=' if left == low else '>'} {left:.15g}"
    return f"{'[' if left == low else '('}{left:.15g}, {right:.15g}{')' if right == high else ']'}"


def _shorter(value: float) -> float:
    """Return the number that a cut was made after, if it was."""
    before = float(np.nextafter(value, -np.inf))
    return before if len(repr(before)) < len(repr(value)) else value
