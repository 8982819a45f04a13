"""Priors of effects: a shape for each block, and how likely each spread is."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import kernels
from karez.engines.score.kernels import Columns
from karez.engines.score.table import Floats


@attrs.frozen(eq=False)
class Part:
    """One block's places in the vector of coefficients: ``start`` up to ``stop``.

    Their prior precision is ``fixed`` + ``shape`` / variance, where ``shape`` is tridiagonal: its
    diagonal, and ``beside`` it. ``prior_levels`` levels of ``prior_variance`` are taken as seen
    before, and the spread is exponential with ``prior_rate``: the larger, the less likely. The
    first ``walk`` places are bins in order, and ``direction`` says whether their effects may only
    rise (1), only fall (-1), or both (0).
    """

    start: int
    shape: Floats
    beside: Floats
    fixed: Floats
    variance: float
    prior_variance: float
    prior_levels: float
    prior_rate: float = 0.0
    walk: int = 0
    direction: int = 0

    @property
    def stop(self) -> int:
        """The place after the last."""
        return self.start + len(self.shape)

    @property
    def place(self) -> slice:
        """The part's slice of the vector."""
        return slice(self.start, self.stop)


@attrs.frozen(eq=False)
class Prior:
    """The shapes of all parts in one vector, and their root: shape = R R', R lower bidiagonal.

    ``order`` is the direction of the step that ends at each place, 0 where it may go both ways.
    """

    parts: Sequence[Part]
    starts: npt.NDArray[np.intp]
    owner: npt.NDArray[np.intp]
    shape: Floats
    beside: Floats
    fixed: Floats
    root: Floats
    below: Floats
    rank: Floats
    order: Floats

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Prior:
        """Return the prior of these parts, which follow one another from 0."""
        starts = np.array([part.start for part in parts])
        owner = np.repeat(np.arange(len(parts)), [len(part.shape) for part in parts])
        shape = np.concatenate([part.shape for part in parts])
        beside = np.concatenate([part.beside for part in parts])
        fixed = np.concatenate([part.fixed for part in parts])
        pivots, multipliers = kernels.factored(shape, beside)
        root = np.sqrt(np.maximum(pivots, 0))
        below = np.append(multipliers[1:] * root[:-1], 0)
        order = np.zeros(len(shape))
        for part in parts:
            order[part.start + 1 : part.start + part.walk] = part.direction
        return cls(
            parts,
            starts,
            owner,
            shape,
            beside,
            fixed,
            root,
            below,
            np.add.reduceat(root > 0, starts) * 1.0,
            order,
        )

    def precision(self, variances: Floats) -> tuple[Floats, Floats]:
        """Return the diagonal of the prior precision and what is beside it."""
        variance = variances[self.owner]
        return self.fixed + self.shape / variance, self.beside / variance

    def spread(self, values: Columns) -> Columns:
        """Return R times the columns of ``values``."""
        out = self.root.astype(values.dtype)[:, None] * values
        out[1:] += self.below.astype(values.dtype)[:-1, None] * values[:-1]
        return out

    def gathered(self, values: Columns) -> Columns:
        """Return R' times the columns of ``values``."""
        out = self.root.astype(values.dtype)[:, None] * values
        out[:-1] += self.below.astype(values.dtype)[:-1, None] * values[1:]
        return out
