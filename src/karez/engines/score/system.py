"""The linear system of one round, and its solution by conjugate gradients."""

from __future__ import annotations

from copy import copy

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import kernels
from karez.engines.score.kernels import Codes, Columns
from karez.engines.score.table import Floats

Groups = npt.NDArray[np.intp]


@attrs.frozen(eq=False)
class Cells:
    """Rows with the same codes taken together. ``total`` and ``bad`` are their weights."""

    codes: Codes
    total: Floats
    bad: Floats


class System:
    """(Z'WZ + P) of one round, and in the space where pooled neighbours are one."""

    def __init__(self, cells: Cells, weights: Floats, prior: tuple[Floats, Floats]) -> None:
        self.codes = cells.codes
        self.weights = {
            np.dtype(np.float64): weights,
            np.dtype(np.float32): weights.astype(np.float32),
        }
        self.diagonal, self.beside = prior
        self.data = kernels.level_sums(cells.codes, weights, len(self.diagonal))
        self.groups: Groups | None = None
        self.factors = kernels.factored(self.data + self.diagonal, self.beside)

    def grouped(self, groups: Groups | None) -> System:
        """Return the same where places of one group, which are neighbours, move as one."""
        if groups is None:
            return self
        other = copy(self)
        other.groups = groups
        inside = groups[1:] == groups[:-1]
        main = self.data + self.diagonal
        main[:-1] += np.where(inside, 2 * self.beside[:-1], 0)
        last = np.append(np.flatnonzero(~inside), len(groups) - 1)
        main = other.gathered(main).astype(np.float64)
        other.factors = kernels.factored(main, self.beside[last])
        return other

    def gathered(self, values: Columns) -> Columns:
        """Return ``values`` summed over each group."""
        if self.groups is None:
            return values
        starts = np.flatnonzero(np.diff(self.groups, prepend=-1))
        return np.add.reduceat(values, starts, axis=0)

    def times(self, values: Columns) -> Columns:
        """Return (Z'WZ + P) times the columns of ``values``."""
        spread = values if self.groups is None else values[self.groups]
        out = np.empty_like(spread)
        kernels.times_data(self.codes, self.weights[spread.dtype], spread, out)
        out += self.diagonal.astype(spread.dtype)[:, None] * spread
        beside = self.beside[:-1].astype(spread.dtype)[:, None]
        out[:-1] += beside * spread[1:]
        out[1:] += beside * spread[:-1]
        return self.gathered(out)

    def solve(
        self,
        right: Columns,
        start: Columns,
        close: float,
        most: int,
    ) -> Columns:
        """Return x of (Z'WZ + P) x = ``right``, column by column, ``close`` to its right side."""
        right = self.gathered(right)
        x = (
            start
            if self.groups is None
            else start[np.flatnonzero(np.diff(self.groups, prepend=-1))]
        )
        x = x.copy()
        residual = right - self.times(x)
        z, whole = np.empty_like(residual), np.empty_like(residual)
        kernels.solved(*self.factors, residual, z)
        kernels.solved(*self.factors, right, whole)
        enough = close * close * np.einsum("ij,ij->j", right, whole) + 1e-30
        way, size = z.copy(), np.einsum("ij,ij->j", residual, z)
        for turn in range(most):
            if turn and (size <= enough).all():
                break
            ahead = self.times(way)
            length = size / np.maximum(np.einsum("ij,ij->j", way, ahead), 1e-30)
            x += length * way
            residual -= length * ahead
            kernels.solved(*self.factors, residual, z)
            after = np.einsum("ij,ij->j", residual, z)
            way *= after / np.maximum(size, 1e-30)
            way += z
            size = after
        return x if self.groups is None else x[self.groups]


def times_prior(prior: tuple[Floats, Floats], mean: Floats) -> Floats:
    """Return P times ``mean``; ``prior`` is the diagonal of P and what is beside it."""
    diagonal, beside = prior
    out = diagonal * mean
    out[:-1] += beside[:-1] * mean[1:]
    out[1:] += beside[:-1] * mean[:-1]
    return out
