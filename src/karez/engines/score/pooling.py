"""Effects that are drawn together as far as the data say: means, joint draws and spreads.

The model. A default has log-odds z'b. Effects of a factor, a segment or a pair are normal around 0
with a spread of their own; those of neighbouring bins differ by normal steps. The posterior of b is
taken to be normal with mean m and covariance V, and is the one nearest to the truth by the
variational bound (Gaussian variational approximation). There, with p and w the mean of the sigmoid
and of its derivative over each row's own log-odds, N(z'm, z'Vz),

    Z'(y - p) = P m,        V = (Z' diag(w) Z + P)^-1,        spread^2 = (m'Sm + tr SV) / rank,

P being the prior precision and S its shape. Where p and w are taken at the mean alone, this is the
Laplace approximation, whose spreads are too low by a fifth with ten loans a level.

V is never made. z'Vz comes from draws of N(0, V), which solve (Z'WZ + P) x = noise with the covariance
of the left side, and tr SV from probes (Hutchinson), which solve it with random signs on the right:
each by conjugate gradients, a handful of columns at once. The error of a probe comes only from what
is off the diagonal of V, and is smaller by far than that of a draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import kernels
from karez.engines.score.table import Floats, Ints

SEED = 2_026
PROBES, EARLY_DRAWS, FINAL_DRAWS = 8, 8, 64
MOST_ROUNDS = 60
MEAN_CLOSE = 1e-5  # log-odds
SPREAD_CLOSE = 3e-3  # of log variance
STEP_MOST = 1.5  # of log variance, in one round
MEAN_STEP_MOST = 4.0  # log-odds, in one round

Draws = npt.NDArray[np.float32]
Groups = npt.NDArray[np.intp]


@attrs.frozen(eq=False)
class Part:
    """One block's places in the vector of coefficients: ``start`` up to ``stop``.

    ``walk`` says how many of them, from the first, differ by steps from their neighbours; the others
    are drawn to 0. ``direction`` orders the walk. ``free`` places have no prior to speak of.
    """

    start: int
    stop: int
    walk: int = 0
    direction: int = 0
    free: bool = False
    prior_variance: float = 0.16
    prior_levels: float = 0.5

    @property
    def place(self) -> slice:
        """The part's slice of the vector."""
        return slice(self.start, self.stop)


@attrs.frozen(eq=False)
class Cells:
    """Rows with the same codes taken together. ``total`` and ``bad`` are their weights."""

    codes: Ints
    total: Floats
    bad: Floats


@attrs.define(eq=False)
class State:
    """Where the search stands. ``variances`` has one spread, squared, for each part.

    ``probes`` are the solutions for the probes of the traces, of as many columns or none.
    """

    mean: Floats
    variances: Floats
    probes: Draws
    draws: Draws
    rounds: int = 0
    converged: bool = False


def begin(cells: Cells, parts: Sequence[Part]) -> State:
    """Return the state before anything was learned but the rate of default, which is part 0."""
    state = _nothing(parts)
    rate = cells.bad.sum() / cells.total.sum()
    state.mean[0] = np.log(rate / (1 - rate))
    return state


def _nothing(parts: Sequence[Part]) -> State:
    levels = parts[-1].stop
    return State(
        np.zeros(levels),
        np.array([part.prior_variance for part in parts]),
        np.zeros((levels, PROBES), np.float32),
        np.zeros((levels, EARLY_DRAWS), np.float32),
    )


def widened(state: State, parts: Sequence[Part]) -> State:
    """Return the state with room for more parts at the end, of which nothing is known yet."""
    wider = _nothing(parts)
    wider.mean[: len(state.mean)] = state.mean
    wider.variances[: len(state.variances)] = state.variances
    wider.probes[: len(state.mean)] = state.probes
    wider.draws[: len(state.mean)] = state.draws
    return attrs.evolve(wider, rounds=state.rounds)


def pool(cells: Cells, parts: Sequence[Part], state: State, close: float = 1.0) -> State:
    """Search on from ``state`` until mean and spreads stand still, ``close`` times as near as usual.

    Then the draws are made anew, ``FINAL_DRAWS`` of them, and the mean is settled with those.
    """
    noise = _Noise(cells, parts, PROBES, EARLY_DRAWS)
    slow = np.ones(len(parts))
    before = np.zeros(len(parts))
    for _ in range(MOST_ROUNDS):
        moved = _round(cells, parts, state, noise)
        steps = _spread_steps(cells, parts, state, noise)
        slow = np.where(steps * before < 0, slow / 2, np.minimum(slow * 1.2, 1))
        before = steps
        state.variances *= np.exp(np.clip(steps * slow, -STEP_MOST, STEP_MOST))
        state.rounds += 1
        if moved < 100 * MEAN_CLOSE * close and np.abs(steps).max() < SPREAD_CLOSE * close:
            state.converged = True
            break
    return state


def settle(cells: Cells, parts: Sequence[Part], state: State) -> State:
    """Return the state with its final draws, and the mean at rest under them."""
    state.draws = np.zeros((len(state.mean), FINAL_DRAWS), np.float32)
    state.probes = np.zeros((len(state.mean), 0), np.float32)
    noise = _Noise(cells, parts, 0, FINAL_DRAWS)
    for _ in range(MOST_ROUNDS):
        moved = _round(cells, parts, state, noise)
        noise = None
        if moved < MEAN_CLOSE:
            break
    return state


def deviations(cells: Cells, parts: Sequence[Part], state: State) -> Floats:
    """Return the posterior standard deviation of each coefficient, less its part's average.

    Given all other parts a part's covariance is known exactly; only what the others' uncertainty
    adds comes from the draws (Rao and Blackwell).
    """
    _, slope = _chances(cells, state)
    prior = _prior(parts, state.variances)
    system = _System(cells, cells.total * slope, prior, None)
    total = kernels.level_sums(cells.codes, cells.total, len(state.mean))
    draws = state.draws.astype(np.float64)
    away = np.empty_like(draws)
    kernels.solved(*system.factors, system.times(draws), away)
    away = draws - away
    out = np.zeros(len(state.mean))
    out[0] = np.square(draws[0]).mean()
    for part in parts[1:]:
        share = total[part.place] / total[0]
        main = (system.data + system.diagonal)[part.place]
        if part.walk:
            beside = system.beside[part.start : part.stop - 1]
            known = np.linalg.inv(np.diag(main) + np.diag(beside, 1) + np.diag(beside, -1))
            centre = np.eye(len(main)) - share
            known = np.einsum("ij,jk,ik->i", centre, known, centre)
        else:
            known = (1 - 2 * share) / main + (share**2 / main).sum()
        others = away[part.place] - share @ away[part.place]
        out[part.place] = known + np.square(others).mean(axis=1)
    return np.sqrt(out)


class _Noise:
    """Signs of rows and normal numbers of coefficients, of which draws are made; and probes."""

    def __init__(self, cells: Cells, parts: Sequence[Part], probes: int, count: int) -> None:
        levels = parts[-1].stop
        rng = np.random.default_rng(SEED)
        self.probes = 1 - 2 * rng.integers(0, 2, (levels, probes)).astype(np.float32)
        for part in parts:
            if part.free:
                self.probes[part.place] = 0
            elif part.walk:
                self.probes[part.start + part.walk - 1 : part.stop] = 0
        self.signs = kernels.hashes(cells.codes)
        self.own = rng.standard_normal((levels, count), np.float32)
        self.steps = rng.standard_normal((levels, count), np.float32)


class _System:
    """(Z'WZ + P) of one round, in the space where pooled neighbours are one."""

    def __init__(
        self, cells: Cells, weights: Floats, prior: tuple[Floats, Floats], groups: Groups | None
    ) -> None:
        self.codes = cells.codes
        self.groups = groups
        self.weights = {
            np.dtype(np.float64): weights,
            np.dtype(np.float32): weights.astype(np.float32),
        }
        self.diagonal, self.beside = prior
        self.data = kernels.level_sums(cells.codes, weights, len(self.diagonal))
        main, beside = self.data + self.diagonal, self.beside
        if groups is not None:
            inside = groups[1:] == groups[:-1]
            main = main.copy()
            main[:-1] += np.where(inside, 2 * beside[:-1], 0)
            main = self._gathered(main)
            last = np.append(np.flatnonzero(~inside), len(groups) - 1)
            beside = beside[last]
        self.factors = kernels.factored(main, beside)

    def _gathered(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        if self.groups is None:
            return values
        starts = np.flatnonzero(np.diff(self.groups, prepend=-1))
        return np.add.reduceat(values, starts, axis=0)

    def times(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        spread = values if self.groups is None else values[self.groups]
        out = np.empty_like(spread)
        kernels.times_data(self.codes, self.weights[spread.dtype], spread, out)
        out += self.diagonal.astype(spread.dtype)[:, None] * spread
        beside = self.beside[:-1].astype(spread.dtype)[:, None]
        out[:-1] += beside * spread[1:]
        out[1:] += beside * spread[:-1]
        return self._gathered(out)

    def solve(
        self,
        right: npt.NDArray[np.floating],
        start: npt.NDArray[np.floating],
        close: float,
        most: int,
    ) -> npt.NDArray[np.floating]:
        """Return x of (Z'WZ + P) x = ``right``, column by column, to ``close`` of the right side."""
        right = self._gathered(right)
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
        for _ in range(most):
            if (size <= enough).all():
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


def _round(cells: Cells, parts: Sequence[Part], state: State, noise: _Noise | None) -> float:
    """Take one step of the mean, and of the draws where there is noise; return how far it went."""
    before = state.mean.copy()
    prior = _prior(parts, state.variances)
    chance, slope = _chances(cells, state)
    groups = _order(cells, parts, state, prior, chance, slope)
    if groups is not None:
        chance, slope = _chances(cells, state)
    system = _System(cells, cells.total * slope, prior, groups)
    gradient = _gradient(cells, state.mean, prior, chance)[:, None]
    step = system.solve(gradient, np.zeros_like(gradient), 1e-3, 60)[:, 0]
    state.mean += step * min(1.0, MEAN_STEP_MOST / np.abs(step).max())
    if noise is not None:
        right = _noise_sums(cells, parts, state.variances, noise, cells.total * slope)
        right = np.hstack([_probe_sums(parts, noise.probes), right])
        found = system.solve(right, np.hstack([state.probes, state.draws]), 3e-3, 60)
        state.probes, state.draws = np.hsplit(found, [noise.probes.shape[1]])
    return float(np.abs(state.mean - before).max())


def _chances(cells: Cells, state: State) -> tuple[Floats, Floats]:
    variance = kernels.row_variances(cells.codes, state.draws)
    return kernels.mean_sigmoid_and_slope(kernels.row_sums(cells.codes, state.mean), variance)


def _gradient(cells: Cells, mean: Floats, prior: tuple[Floats, Floats], chance: Floats) -> Floats:
    out = kernels.level_sums(cells.codes, cells.bad - cells.total * chance, len(mean))
    return out - _times_prior(prior, mean)


def _times_prior(prior: tuple[Floats, Floats], mean: Floats) -> Floats:
    diagonal, beside = prior
    out = diagonal * mean
    out[:-1] += beside[:-1] * mean[1:]
    out[1:] += beside[:-1] * mean[:-1]
    return out


FREE = 1e-4  # precision of what is free
LEVEL = 0.1  # precision of each bin of a walk, beside its steps
MISSING = 1.0  # precision of a missing number, whose effect belongs to no walk


def _prior(parts: Sequence[Part], variances: Floats) -> tuple[Floats, Floats]:
    """Return the diagonal of the prior precision and what is beside it."""
    diagonal, beside = np.zeros(parts[-1].stop), np.zeros(parts[-1].stop)
    for part, variance in zip(parts, variances.tolist(), strict=True):
        if part.free:
            diagonal[part.place] = FREE
        elif not part.walk:
            diagonal[part.place] = 1 / variance
        else:
            walk = slice(part.start, part.start + part.walk)
            diagonal[walk] = 2 / variance
            diagonal[walk.start] = diagonal[walk.stop - 1] = 1 / variance
            if part.walk == 1:
                diagonal[walk] = 0
            diagonal[walk] += LEVEL
            beside[walk.start : walk.stop - 1] = -1 / variance
            diagonal[walk.stop : part.stop] = MISSING
    return diagonal, beside


def _noise_sums(
    cells: Cells, parts: Sequence[Part], variances: Floats, noise: _Noise, weights: Floats
) -> Draws:
    """Return columns of noise whose covariance is that of the system's matrix."""
    out = np.empty_like(noise.own)
    kernels.sign_sums(cells.codes, np.sqrt(weights).astype(np.float32), noise.signs, out)
    for part, variance in zip(parts, variances.tolist(), strict=True):
        roots = np.float32(np.sqrt(FREE if part.free else 1 / variance))
        if not part.walk:
            out[part.place] += roots * noise.own[part.place]
            continue
        steps = roots * noise.steps[part.start : part.start + part.walk - 1]
        out[part.start : part.start + part.walk - 1] -= steps
        out[part.start + 1 : part.start + part.walk] += steps
        own = np.full(part.stop - part.start, np.sqrt(MISSING), np.float32)
        own[: part.walk] = np.sqrt(LEVEL)
        out[part.place] += own[:, None] * noise.own[part.place]
    return out


def _probe_sums(parts: Sequence[Part], probes: Draws) -> Draws:
    """Return the right sides of the probes: signs of levels, or of the steps between neighbours."""
    out = probes.copy()
    for part in parts:
        if part.walk > 1:
            steps = slice(part.start, part.start + part.walk - 1)
            out[steps] = -probes[steps]
            out[steps.start + 1 : steps.stop + 1] += probes[steps]
    return out


def _spread_steps(cells: Cells, parts: Sequence[Part], state: State, noise: _Noise) -> Floats:
    """Return for each part by how much the logarithm of its variance should move.

    The derivative of the bound by it, over what is known of it: with d = rank - tr(SV) / variance
    levels' worth of evidence the information is at least d^2 / (2 rank).
    """
    seen = kernels.level_sums(cells.codes, cells.total, len(state.mean)) > 0
    steps = np.zeros(len(parts))
    for place, part in enumerate(parts):
        if part.free:
            continue
        mean, sides = state.mean[part.place], state.probes[part.place]
        signs = noise.probes[part.place]
        if part.walk:
            mean, sides = np.diff(mean[: part.walk]), np.diff(sides[: part.walk], axis=0)
            signs = signs[: part.walk - 1]
        else:
            here = seen[part.place]
            mean, sides, signs = mean[here], sides[here], signs[here]
        rank = len(mean)
        if rank == 0:
            continue
        variance = state.variances[place]
        trace = min(max(float((signs * sides).sum()) / signs.shape[1], 0.0), rank * variance)
        extra = part.prior_levels
        gap = (mean @ mean + trace + extra * part.prior_variance) / variance - rank - extra
        known = max(rank - trace / variance, 0.0) ** 2 / rank + extra
        steps[place] = gap / max(known, 0.1 * rank)
    return steps


def _order(
    cells: Cells,
    parts: Sequence[Part],
    state: State,
    prior: tuple[Floats, Floats],
    chance: Floats,
    slope: Floats,
) -> Groups | None:
    """Bring each walk with a direction into order, and return which neighbours are pooled.

    The walk's own part of the problem is solved to the end with all others at rest.
    """
    if not any(part.direction and part.walk > 1 for part in parts):
        return None
    data = kernels.level_sums(cells.codes, cells.total * slope, len(state.mean))
    gradient = _gradient(cells, state.mean, prior, chance)
    pooled = np.zeros(len(state.mean), np.bool_)
    for part in parts:
        if not part.direction or part.walk < 2:
            continue
        walk = slice(part.start, part.start + part.walk)
        diagonal, beside = prior[0][walk], prior[1][walk]
        mean = state.mean[walk] * part.direction
        wanted = gradient[walk] * part.direction + data[walk] * mean
        wanted = wanted + _times_prior((diagonal, beside), mean)
        found, group = kernels.isotonic(data[walk], wanted, diagonal, beside)
        state.mean[walk] = found * part.direction
        pooled[walk.start + 1 : walk.stop] = group[1:] == group[:-1]
    return np.cumsum(~pooled) - 1 if pooled.any() else None
