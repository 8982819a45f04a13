"""Effects that are drawn together as far as the data say: means, joint draws and spreads.

The model. A default has log-odds z'b. Effects of a factor, a segment or a pair are normal around 0
with a spread of their own; those of neighbouring bins differ by normal steps. The posterior of b is
taken to be normal with mean m and covariance V, and is the one nearest to the truth by the
variational bound (Gaussian variational approximation). There, with p and w the mean of the sigmoid
and of its derivative over each row's own log-odds, N(z'm, z'Vz),

    Z'(y - p) = P m,        V = (Z' diag(w) Z + P)^-1,        spread^2 = (m'Sm + tr SV) / rank,

P being the prior precision and S its shape. Where p and w are taken at the mean alone, this is the
Laplace approximation, whose spreads are too low by a fifth with ten loans a level.

V is never made. z'Vz comes from draws of N(0, V), which solve (Z'WZ + P) x = noise with the
covariance of the left side, and tr SV from probes (Hutchinson), which solve it with random signs on
the right: each by conjugate gradients, a handful of columns at once. The error of a probe comes
only from what is off the diagonal of V, and is smaller by far than that of a draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import kernels
from karez.engines.score.prior import Part, Prior
from karez.engines.score.system import Cells, System, times_prior
from karez.engines.score.table import Floats

SEED = 2_026
EARLY = 8  # draws, and probes, of a search
FINAL, FINAL_OF_MANY = 64, 32  # draws that a score keeps
MANY = 50_000  # cells
MOST_ROUNDS, MOST_TURNS, MOST_POOLINGS = 60, 60, 6
MEAN_CLOSE = 1e-5  # log-odds
DRAW_CLOSE = 3e-3  # of the right side, in the norm of the inverse
SPREAD_CLOSE = 3e-3  # of log variance
NEARLY = 0.1  # of log variance, from where draws are to be exact
LEAST_VARIANCE = 1e-6
STEP_MOST = 1.5  # of log variance, in one round
ROW_STEP_MOST = 2.0  # log-odds of a row, in one round

Draws = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@attrs.define(eq=False)
class State:
    """Where the search stands. ``variances`` has one spread, squared, for each part.

    ``evidence`` is how many levels' worth of spread the data speak for. ``probes`` are the
    solutions for the probes of the traces.
    """

    mean: Floats
    variances: Floats
    probes: Draws
    draws: Draws
    evidence: Floats
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
        np.array([part.variance for part in parts]),
        np.zeros((levels, EARLY), np.float32),
        np.zeros((levels, EARLY), np.float32),
        np.zeros(len(parts)),
    )


def widened(state: State, parts: Sequence[Part]) -> State:
    """Return the state with room for more parts at the end, of which nothing is known yet."""
    wider = _nothing(parts)
    wider.mean[: len(state.mean)] = state.mean
    wider.variances[: len(state.variances)] = state.variances
    wider.probes[: len(state.mean)] = state.probes
    wider.draws[: len(state.mean)] = state.draws
    return attrs.evolve(wider, rounds=state.rounds)


def kept(state: State, parts: Sequence[Part], some: Sequence[int]) -> State:
    """Return the state of some of the parts, in this order; the search is to go on."""
    places = np.concatenate([np.arange(parts[at].start, parts[at].stop) for at in some])
    return State(
        state.mean[places],
        state.variances[some],
        state.probes[places],
        state.draws[places],
        state.evidence[some],
        state.rounds,
    )


def pool(cells: Cells, parts: Sequence[Part], state: State, close: float = 1.0) -> State:
    """Search on from ``state`` until mean and spreads stand still, ``close`` times the usual."""
    prior = Prior.of(parts)
    noise = _Noise(cells, prior, EARLY, EARLY)
    pull = [(part.prior_levels, part.prior_variance, part.prior_rate) for part in parts]
    slow, before, evidence = np.ones(len(parts)), np.zeros(len(parts)), np.zeros(len(parts))
    still = np.inf
    for _ in range(MOST_ROUNDS):
        near = still < NEARLY
        moved = _round(cells, prior, state, noise, DRAW_CLOSE * (min(close, 10) if near else 10))
        steps, evidence = _spread_steps(prior, state, noise, np.array(pull).T)
        steps[(state.variances <= LEAST_VARIANCE) & (steps < 0)] = 0
        slow = np.where(steps * before < 0, slow / 2, np.minimum(slow * 1.2, 1))
        before = steps
        steps = np.clip(steps * slow, -STEP_MOST, STEP_MOST)
        state.variances = np.maximum(state.variances * np.exp(steps), LEAST_VARIANCE)
        state.rounds += 1
        still = np.abs(steps * np.minimum(evidence, 1)).max()
        if near and moved < 100 * MEAN_CLOSE * close and still < SPREAD_CLOSE * close:
            state.converged = True
            break
    state.evidence = evidence
    return state


def settle(cells: Cells, parts: Sequence[Part], state: State) -> None:
    """Make the final draws, and bring the mean to rest under them, its walks in order."""
    state.probes = np.zeros((len(state.mean), 0), np.float32)
    count = FINAL if len(cells.total) < MANY else FINAL_OF_MANY
    state.draws = np.zeros((len(state.mean), count), np.float32)
    prior = Prior.of(parts)
    noise = _Noise(cells, prior, 0, count)
    for _ in range(MOST_ROUNDS):
        moved = _round(cells, prior, state, noise, 5 * DRAW_CLOSE)
        noise = None
        if moved < MEAN_CLOSE:
            break
    chance, _ = chances(cells, state)
    _order(cells, parts, state.mean, prior.precision(state.variances), chance)


def deviations(cells: Cells, parts: Sequence[Part], state: State) -> Floats:
    """Return the posterior standard deviation of each coefficient, less its part's average.

    Given all other parts a part's covariance is known exactly; only what the others' uncertainty
    adds comes from the draws (Rao and Blackwell).
    """
    _, slope = chances(cells, state)
    prior = Prior.of(parts).precision(state.variances)
    system = System(cells, cells.total * slope, prior)
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


def chances(cells: Cells, state: State) -> tuple[Floats, Floats]:
    """Return each cell's mean probability, and the mean of its derivative by the log-odds."""
    variance = kernels.row_variances(cells.codes, state.draws)
    return kernels.mean_sigmoid_and_slope(kernels.row_sums(cells.codes, state.mean), variance)


class _Noise:
    """Signs of rows and normal numbers of coefficients, of which draws are made; and probes."""

    def __init__(self, cells: Cells, prior: Prior, probes: int, count: int) -> None:
        levels = len(prior.shape)
        rng = np.random.default_rng(SEED)
        self.probes = 1 - 2 * rng.integers(0, 2, (levels, probes)).astype(np.float32)
        self.signs = kernels.hashes(cells.codes.places)
        self.shaped = prior.spread(rng.standard_normal((levels, count), np.float32))
        self.fixed = rng.standard_normal((levels, count), np.float32)
        self.fixed *= np.sqrt(prior.fixed).astype(np.float32)[:, None]


def _round(cells: Cells, prior: Prior, state: State, noise: _Noise | None, close: float) -> float:
    """Take one step of the mean, and of the draws where there is noise; return how far it went."""
    before = state.mean.copy()
    precision = prior.precision(state.variances)
    chance, slope = chances(cells, state)
    pooled = _order(cells, prior.parts, state.mean, precision, chance)
    if pooled is not None:
        chance, slope = chances(cells, state)
    system = System(cells, cells.total * slope, precision)
    state.mean += _step(
        system, prior, state.mean, _gradient(cells, state.mean, precision, chance), pooled
    )
    if noise is not None:
        draws = np.empty_like(noise.fixed)
        roots = np.sqrt(cells.total * slope).astype(np.float32)
        kernels.sign_sums(cells.codes, roots, noise.signs, draws)
        size = np.sqrt(state.variances)[prior.owner].astype(np.float32)
        draws += noise.fixed + noise.shaped / size[:, None]
        right = np.hstack([prior.spread(noise.probes), draws])
        # Draws know no order: a spread would leap when neighbours pool.
        found = system.solve(right, np.hstack([state.probes, state.draws]), close, MOST_TURNS)
        state.probes, state.draws = np.hsplit(found, [noise.probes.shape[1]])
    return float(np.abs(kernels.row_sums(cells.codes, state.mean - before)).max())


def _step(
    system: System, prior: Prior, mean: Floats, gradient: Floats, pooled: Bools | None
) -> Floats:
    """Return Newton's step, with pooled neighbours moving as one; who would fall is pooled too."""
    step = np.zeros(len(mean))
    for _ in range(MOST_POOLINGS):
        groups = np.cumsum(~pooled) - 1 if pooled is not None and pooled.any() else None
        step = system.grouped(groups).solve(
            gradient[:, None], np.zeros((len(mean), 1)), 1e-3, MOST_TURNS
        )[:, 0]
        furthest = np.abs(kernels.row_sums(system.codes, step.astype(np.float64))).max()
        step = step * min(1.0, ROW_STEP_MOST / max(furthest, 1e-30))
        if pooled is None:
            break
        falls = prior.order * np.diff(mean + step, prepend=0) < -1e-12
        if not (falls & ~pooled).any():
            break
        pooled = pooled | falls
    return step.astype(np.float64)


def _gradient(cells: Cells, mean: Floats, prior: tuple[Floats, Floats], chance: Floats) -> Floats:
    out = kernels.level_sums(cells.codes, cells.bad - cells.total * chance, len(mean))
    return out - times_prior(prior, mean)


def _spread_steps(prior: Prior, state: State, noise: _Noise, pull: Floats) -> tuple[Floats, Floats]:
    """Return for each part by how much the logarithm of its variance should move, and its evidence.

    The derivative of the bound by it, over what is known of it: with d = rank - tr(SV) / variance
    levels' worth of evidence the information is at least d^2 / (2 rank). ``pull`` is what
    is known before: levels, their variance, and the rate of an exponential spread.
    """
    levels, variance, rate = pull
    squares = np.square(prior.gathered(state.mean[:, None])[:, 0])
    traces = (noise.probes * prior.gathered(state.probes)).mean(axis=1, dtype=np.float64)
    square, trace = np.add.reduceat(squares, prior.starts), np.add.reduceat(traces, prior.starts)
    rank = np.maximum(prior.rank, 1)
    evidence = np.maximum(prior.rank - trace / state.variances, 1e-6 * rank)
    expected, far = levels * variance / state.variances, rate * np.sqrt(state.variances)
    gap = square / state.variances - evidence + expected - levels - far
    known = evidence**2 / rank + expected + far / 2
    return np.where(prior.rank > 0, gap / known, 0), np.where(prior.rank > 0, evidence, 0)


def _order(
    cells: Cells,
    parts: Sequence[Part],
    mean: Floats,
    precision: tuple[Floats, Floats],
    chance: Floats,
) -> Bools | None:
    """Bring each walk with a direction into order; return who is pooled with who is before.

    Walk after walk makes a bound on the whole problem least, with all others at rest: there a row's
    slope is a quarter, its most, so that no walk goes too far. The bound touches where it begins:
    what is at rest under it is at rest under the truth, with the same neighbours pooled.
    """
    ordered = [part for part in parts if part.direction and part.walk > 1]
    if not ordered:
        return None
    bound = System(cells, cells.total / 4, precision)
    gradient = _gradient(cells, mean, precision, chance)
    pooled = np.zeros(len(mean), np.bool_)
    for part in ordered:
        walk = slice(part.start, part.start + part.walk)
        diagonal, beside = precision[0][walk], precision[1][walk]
        now = mean[walk] * part.direction
        wanted = gradient[walk] * part.direction + bound.data[walk] * now
        wanted += times_prior((diagonal, beside), now)
        found, group = kernels.isotonic(bound.data[walk], wanted, diagonal, beside)
        step = np.zeros((len(mean), 1))
        step[walk, 0] = (found - now) * part.direction
        mean[walk] = found * part.direction
        gradient -= bound.times(step)[:, 0]
        pooled[walk.start + 1 : walk.stop] = group[1:] == group[:-1]
    return pooled
