"""Pooling beside the dense twin, and beside worlds whose spreads are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear
from scipy.special import expit

from engines.score import twin
from engines.score.worlds import World, crossed, mixed
from karez.engines.score import Feature, Recipe, design, fit, kernels, pooling

FEATURES = (
    Feature("turnover"),
    Feature("age"),
    Feature("kind", "factor"),
    Feature("place", "segment", parent="county"),
    Feature("county", "segment"),
)
MIXED = Recipe(FEATURES, pairs=())
CROSSED = Recipe((Feature("a", "segment"), Feature("b", "segment")), pairs=())


def pooled(world: World, recipe: Recipe):
    weight = np.ones(len(world.table))
    made, _, _ = design.columns(world.table, recipe, weight)
    places = design.parts(made, recipe)
    cells = design.cells(made, places, design.collapse(made, world.outcome, weight))
    state = pooling.begin(cells, places)
    pooling.pool(cells, places, state)
    pooling.settle(cells, places, state)
    assert state.converged
    return cells, places, state


@pytest.mark.parametrize("seed", range(3))
def test_pool__agrees_with_dense_matrices(seed: int):
    cells, places, state = pooled(mixed(600, seed), MIXED)
    mean, covariance = twin.posterior(cells, places, state.variances)
    logit = kernels.row_sums(cells.codes, state.mean)
    assert logit == pytest.approx(kernels.row_sums(cells.codes, mean), abs=0.03)
    for part in places[1:]:
        centre = np.eye(len(part.shape))
        share = kernels.level_sums(cells.codes, cells.total, places[-1].stop)[part.place]
        centre -= share / share.sum()
        known = np.sqrt(np.diag(centre @ covariance[part.place, part.place] @ centre.T))
        assert pooling.deviations(cells, places, state)[part.place] == pytest.approx(
            known, rel=0.12
        )


@pytest.mark.parametrize("seed", range(3))
def test_pool__spreads_are_where_the_bound_is_highest(seed: int):
    cells, places, state = pooled(mixed(600, seed), MIXED)
    mean, covariance = twin.posterior(cells, places, state.variances)
    for part, variance in zip(places[1:], state.variances[1:], strict=True):
        rank = (part.shape > 0).sum()
        expected = twin.likeliest_variance(part, mean, covariance)
        # Eight probes leave an error, which is small beside what a few levels say of a spread.
        assert np.log(variance / expected) == pytest.approx(0, abs=0.25 / np.sqrt(rank))


def test_pool__deviations_of_rows_agree_with_dense_matrices():
    cells, places, state = pooled(mixed(600), MIXED)
    _, covariance = twin.posterior(cells, places, state.variances)
    rows = np.zeros((len(cells.total), places[-1].stop))
    for block in range(cells.codes.places.shape[1]):
        rows[np.arange(len(rows)), cells.codes.places[:, block]] += 1
    known = np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    ratio = np.sqrt(kernels.row_variances(cells.codes, state.draws)) / known
    assert ratio.mean() == pytest.approx(1, abs=0.06)
    assert ratio.std() < 0.13  # 64 draws: one part in eleven


@pytest.mark.parametrize(
    ("loans", "levels", "spreads", "base"),
    [
        (10_000, 1_000, (0.7, 0.5), -1.0),
        (20_000, 1_000, (0.4, 0.9), -1.5),
        (30_000, 500, (0.3, 0.6), -2.5),
    ],
)
def test_fit__finds_the_spreads_of_crossed_segments(loans, levels, spreads, base):
    found = np.mean(
        [
            [block.spread for block in fit(world.table, world.outcome, CROSSED).blocks]
            for world in (crossed(loans, levels, spreads, base, seed) for seed in range(6))
        ],
        axis=0,
    )
    assert found / np.array(spreads) == pytest.approx(np.ones(2), abs=0.1)


@given(
    st.lists(st.tuples(st.floats(0.01, 50), st.floats(-20, 20)), min_size=2, max_size=12),
    st.floats(0.01, 100),
)
def test_isotonic__agrees_with_constrained_least_squares(bins, smooth):
    data, wanted = np.array(bins).T
    count = len(data)
    links = np.append(np.full(count - 1, smooth), 0)
    diagonal, beside = links + np.append(0, links[:-1]), -links
    found, group = kernels.isotonic(data, wanted, diagonal, beside)
    assert (np.diff(found) >= 0).all()
    assert (found[1:][np.diff(group) == 0] == found[:-1][np.diff(group) == 0]).all()
    matrix = np.diag(data + diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    rises = np.tril(np.ones((count, count)))  # x is the first, and rises that are not negative
    root = np.linalg.cholesky(matrix).T
    best = lsq_linear(
        root @ rises,
        np.linalg.solve(root.T, wanted),
        bounds=([-np.inf] + [0] * (count - 1), np.inf),
        tol=1e-14,
    )
    slow = rises @ best.x

    def value(x):
        return x @ matrix @ x / 2 - x @ wanted

    assert value(found) <= value(slow) + 1e-6 * (1 + abs(value(slow)))
    assert found == pytest.approx(slow, abs=1e-3 * (1 + np.abs(slow).max()))


@given(st.integers(1, 30), st.integers(0, 1000))
def test_solved__agrees_with_a_dense_solution(levels, seed):
    rng = np.random.default_rng(seed)
    beside = np.append(rng.normal(size=levels - 1), 0)
    diagonal = 0.1 + np.abs(beside) + np.abs(np.append(0, beside[:-1]))
    right = rng.normal(size=(levels, 3))
    out = np.empty_like(right)
    kernels.solved(*kernels.factored(diagonal, beside), right, out)
    matrix = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    assert out == pytest.approx(np.linalg.solve(matrix, right), rel=1e-8, abs=1e-8)


@given(st.integers(1, 4), st.integers(1, 60), st.integers(1, 5), st.integers(0, 1000))
def test_loops__agree_with_dense_products(blocks: int, rows: int, levels: int, seed: int):
    rng = np.random.default_rng(seed)
    places = (rng.integers(0, levels, (rows, blocks)) + levels * np.arange(blocks)).astype(
        np.uint32
    )
    places = np.unique(places, axis=0) if seed % 2 else places  # in order, and in none
    codes = kernels.Codes(places, kernels.run_starts(places))
    design = (places[:, :, None] == np.arange(levels * blocks)).sum(axis=1).astype(np.float64)
    weights, values = rng.random(len(places)), rng.normal(size=(levels * blocks, 3))
    assert kernels.row_sums(codes, values[:, 0]) == pytest.approx(design @ values[:, 0])
    sums = kernels.level_sums(codes, weights, levels * blocks)
    assert sums == pytest.approx(design.T @ weights)
    slow = np.square(design @ values).mean(axis=1)
    assert kernels.row_variances(codes, values) == pytest.approx(slow)
    for columns in (1, 3):
        out = np.empty((levels * blocks, columns))
        kernels.times_data(codes, weights, values[:, :columns].copy(), out)
        assert out == pytest.approx(design.T @ (weights[:, None] * (design @ values[:, :columns])))


@given(st.floats(-750, 750))
def test_mean_sigmoid__is_the_sigmoid_where_nothing_varies(logit: float):
    found = kernels.mean_sigmoid(np.array([logit]), np.zeros(1))[0]
    assert found == pytest.approx(expit(logit), rel=1e-12, abs=1e-300)


def test_mean_sigmoid__agrees_with_a_fine_sum():
    means, deviations = np.meshgrid(np.linspace(-5, 5, 11), [0.0, 0.3, 1.0, 2.0])
    steps = np.linspace(-8, 8, 4001)
    weights = np.exp(-(steps**2) / 2)
    weights /= weights.sum()
    slow = (
        weights / (1 + np.exp(-(means.ravel()[:, None] + deviations.ravel()[:, None] * steps)))
    ).sum(axis=1)
    assert kernels.mean_sigmoid(means.ravel(), deviations.ravel() ** 2) == pytest.approx(
        slow, abs=5e-4
    )
