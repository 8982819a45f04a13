"""The pooled model by dense matrices: slow, and plainly what the docstring of ``pooling`` says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from karez.engines.score.pooling import Cells, Part

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def precision(parts: Sequence[Part], variances: np.ndarray) -> np.ndarray:
    """P, block by block."""
    whole = np.zeros((parts[-1].stop, parts[-1].stop))
    for part, variance in zip(parts, variances, strict=True):
        beside = part.beside[:-1]
        shape = np.diag(part.shape) + np.diag(beside, 1) + np.diag(beside, -1)
        whole[part.place, part.place] = np.diag(part.fixed) + shape / variance
    return whole


def posterior(cells: Cells, parts: Sequence[Part], variances: np.ndarray):
    """Return m and V of the nearest normal, given the variances: Newton's method to the end."""
    rows, levels = len(cells.total), parts[-1].stop
    design = np.zeros((rows, levels))
    for block in range(cells.codes.places.shape[1]):
        design[np.arange(rows), cells.codes.places[:, block]] += 1
    prior = precision(parts, variances)
    mean, spread = np.zeros(levels), np.zeros(rows)
    for _ in range(200):
        points = expit((design @ mean)[:, None] + np.sqrt(spread)[:, None] * NODES)
        chance, slope = points @ WEIGHTS, (points * (1 - points)) @ WEIGHTS
        covariance = np.linalg.inv(design.T @ (design * (cells.total * slope)[:, None]) + prior)
        step = covariance @ (design.T @ (cells.bad - cells.total * chance) - prior @ mean)
        mean = mean + step
        before, spread = spread, np.einsum("ij,jk,ik->i", design, covariance, design)
        if max(np.abs(step).max(), np.abs(spread - before).max()) < 1e-10:
            return mean, covariance
    raise AssertionError("no rest")


def likeliest_variance(part: Part, mean: np.ndarray, covariance: np.ndarray) -> float:
    """The variance at which the bound is highest, given mean and covariance: one step of EM."""
    beside = part.beside[:-1]
    shape = np.diag(part.shape) + np.diag(beside, 1) + np.diag(beside, -1)
    here = mean[part.place]
    square = here @ shape @ here + np.trace(shape @ covariance[part.place, part.place])
    extra = part.prior_levels
    rank = np.linalg.matrix_rank(shape)
    return (square + extra * part.prior_variance) / (rank + extra)
