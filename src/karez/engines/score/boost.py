"""Growing trees on what the pooled effects leave, and proving them on loans kept apart.

The cells of the data are dealt into parts. For each part the effects are pooled from the others:
so every cell has log-odds that know nothing of its outcome, and so has every label a default rate.
On these, each group of trees is grown without another part, and judged on that part.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import design, kernels, tree_kernels
from karez.engines.score.design import Column
from karez.engines.score.estimate import estimate
from karez.engines.score.finish import finish, shift
from karez.engines.score.model import Model, Notes, Proof, Trees
from karez.engines.score.predict import scored
from karez.engines.score.table import Floats, Ints
from karez.engines.score.trees import added
from karez.engines.score.tree_kernels import DEPTH

GROUPS = 5
MOST_TREES = 150  # in a group
RATE = 0.1  # of a tree's values that is taken
PULL = 2.0  # loans at even odds worth 8: what draws a node's value to nothing
ALIKE_MOST = 2.0  # weight of loans, on average, that no feature tells apart
LABEL_PLACES, LABEL_LOANS = 32, 20.0  # places of labels in order; what draws their rates together
ASKED_LEAST = 8  # features that a tree may ask about, of few
SEED = 2_026

Bools = npt.NDArray[np.bool_]


@attrs.frozen(eq=False)
class Apart:
    """Cells of loans, and what is said of each by those who have not seen it."""

    part: npt.NDArray[np.int64]
    total: Floats
    bad: Floats
    places: Ints
    logit: Floats
    variance: Floats


@attrs.frozen(eq=False)
class Grown:
    """The trees of all groups, as in ``model.Trees``, and what each further tree was worth.

    ``gain`` and ``square`` are sums over the loans kept apart of how much less the loss of each
    was after so many trees, and of its square.
    """

    asked: Ints
    above: Ints
    leaves: Floats
    gain: Floats
    square: Floats


def add_trees(model: Model, made: Sequence[Column], bad: Floats, weights: Floats) -> Model:
    """Return the model with trees, if they prove to be worth it, and with what was found.

    ``made`` are the columns of the features, ``bad`` the outcomes of their rows.
    """
    firsts, total, bad = design.collapse(made, bad, weights)
    made = [attrs.evolve(column, codes=column.codes[firsts]) for column in made]
    part = (kernels.hashes(_codes(made, len(total))) % np.uint64(GROUPS)).astype(np.int64)
    refused = _refused(made, part, total, bad)
    if refused:
        return attrs.evolve(model, proof=Proof(refused=refused))
    logit, variance = _said(model, made, part, total, bad)
    order, places = _ordered(model, made, part, total, bad)
    apart = Apart(part, total, bad, places, logit, variance)
    direction = [model.recipe.feature(column.name).direction or 0 for column in made]
    grown = _grow(apart, np.array(direction, np.int32))
    count = int(grown.gain.argmax()) + 1
    gain, weight = float(grown.gain[count - 1] / total.sum()), float(total.sum())
    error = float(np.sqrt(max(grown.square[count - 1] / weight - gain**2, 0) / weight))
    proof = Proof(gain, error)
    model = attrs.evolve(model, proof=proof)
    return _with(model, made, order, grown, count, apart) if proof.holds else model


def _codes(made: Sequence[Column], rows: int) -> Ints:
    codes = [column.codes for column in made]
    return np.column_stack(codes) if codes else np.zeros((rows, 0), np.int32)


def _refused(
    made: Sequence[Column], part: npt.NDArray[np.int64], total: Floats, bad: Floats
) -> str:
    """Return why trees cannot be tried, or nothing."""
    if not made:
        return "no feature says anything"
    if total.sum() > ALIKE_MOST * len(total):
        return "too many loans are alike in every feature"
    for group in range(GROUPS):
        others = part != group
        if others.all() or not bad[others].sum() > 0 or not (total - bad)[others].sum() > 0:
            return "there are too few loans to keep some apart"
    return ""


def _said(
    model: Model, made: Sequence[Column], part: npt.NDArray[np.int64], total: Floats, bad: Floats
) -> tuple[Floats, Floats]:
    """Return log-odds of each cell, and their variance, by effects pooled from other parts."""
    logit, variance = np.empty(len(total)), np.empty(len(total))
    good = total - bad
    for group in range(GROUPS):
        failed, paid = (np.flatnonzero((part != group) & (kind > 0)) for kind in (bad, good))
        rows = np.concatenate([failed, paid])
        outcome = np.repeat([1.0, 0.0], [len(failed), len(paid)])
        learned = [attrs.evolve(column, codes=column.codes[rows]) for column in made]
        weights = np.concatenate([bad[failed], good[paid]])
        pooled, _ = estimate(model.recipe, learned, outcome, weights)
        notes = Notes(len(rows), float(weights.sum()), float(bad[failed].sum()), 0, True)
        other = finish(pooled, model.recipe, notes, ())
        held = np.flatnonzero(part == group)
        scores = scored(
            other, {column.name: column.codes[held] for column in made}, len(held)
        )
        logit[held], variance[held] = scores.logit, scores.logit_sd**2
    return logit, variance


def _ordered(
    model: Model, made: Sequence[Column], part: npt.NDArray[np.int64], total: Floats, bad: Floats
) -> tuple[tuple[Ints, ...], Ints]:
    """Return for each column the place of each level, and of each cell as others' outcomes say.

    Bins are in their own order, and a missing number stands in the middle of the loans. Labels
    stand by their default rate, drawn to that of all; the cell's own part has no say in it.
    """
    order: list[Ints] = []
    places: list[Ints] = []
    for column in made:
        if column.kind == "number":
            below = np.cumsum(np.bincount(column.codes, total, column.levels)[:-1])
            middle = np.searchsorted(below, below[-1] / 2)
            whole = np.append(np.arange(column.levels - 1), middle).astype(np.int32)
            own = whole[column.codes]
        else:
            rates = [_rates(column, part != group, total, bad) for group in range(GROUPS)]
            said = np.array(rates)[part, column.codes]
            shares = np.arange(1, LABEL_PLACES) / LABEL_PLACES
            edges = np.unique(np.quantile(said, shares))
            everything = _rates(column, part >= 0, total, bad)
            whole, own = (
                np.searchsorted(edges, rate, side="right").astype(np.int32)
                for rate in (everything, said)
            )
        order.append(whole)
        places.append(own)
    return tuple(order), np.column_stack(places)


def _rates(column: Column, some: Bools, total: Floats, bad: Floats) -> Floats:
    """Return the default rate of each level among some cells, drawn to that of all of them."""
    loans, failed = (np.bincount(column.codes, each * some, column.levels) for each in (total, bad))
    rate = failed.sum() / loans.sum()
    return (failed + LABEL_LOANS * rate) / (loans + LABEL_LOANS)


def _grow(apart: Apart, direction: Ints) -> Grown:
    asked = np.zeros((GROUPS, MOST_TREES, DEPTH), np.int32)
    above = np.zeros((GROUPS, MOST_TREES, DEPTH), np.int32)
    leaves = np.zeros((GROUPS, MOST_TREES, 1 << DEPTH))
    gain, square = np.zeros(MOST_TREES), np.zeros(MOST_TREES)
    features = len(direction)
    some = max(min(features, ASKED_LEAST), features // 2)
    good = apart.total - apart.bad
    base = kernels.mean_sigmoid(apart.logit, apart.variance)
    for group in range(GROUPS):
        learned, held = apart.part != group, apart.part == group
        draw = np.random.default_rng(SEED + group)
        logit = apart.logit.copy()
        for tree in range(MOST_TREES):
            chance, slope = kernels.mean_sigmoid_and_slope(logit, apart.variance)
            steep = (apart.bad - apart.total * chance) * learned
            curved = apart.total * slope * learned
            may_ask = np.sort(draw.permutation(features)[:some]).astype(np.int32)
            asked[group, tree], above[group, tree], leaf = tree_kernels.grow(
                apart.places, steep, curved, may_ask, direction, PULL
            )
            value = np.bincount(leaf, steep, 1 << DEPTH)
            value /= np.bincount(leaf, curved, 1 << DEPTH) + PULL
            leaves[group, tree] = RATE * in_order(value, direction[asked[group, tree]])
            logit += leaves[group, tree, leaf]
            chance = kernels.mean_sigmoid(logit[held], apart.variance[held])
            better = np.log(chance / base[held]), np.log((1 - chance) / (1 - base[held]))
            for weight, each in zip((apart.bad[held], good[held]), better, strict=True):
                gain[tree] += weight @ each
                square[tree] += weight @ each**2
    return Grown(asked, above, leaves, gain, square)


def in_order(leaves: Floats, direction: Ints) -> Floats:
    """Return values of the last nodes that rise, or fall, with each answer as it is asked for.

    Midway between the highest value that a node may have for those below it, and the lowest for
    those above it: both are in order, and so is their mean. Values in order stay as they are.
    """
    low, high = leaves.reshape((2,) * DEPTH).copy(), leaves.reshape((2,) * DEPTH).copy()
    for question in np.flatnonzero(direction).tolist():
        below, beyond = (0, 1) if direction[question] > 0 else (1, 0)
        for values, better, to, of in ((high, np.maximum, beyond, below),
                                       (low, np.minimum, below, beyond)):  # fmt: skip
            lines = np.moveaxis(values, question, 0)
            lines[to] = better(lines[to], lines[of])
    return ((low + high) / 2).ravel()


def _with(
    model: Model,
    made: Sequence[Column],
    order: tuple[Ints, ...],
    grown: Grown,
    count: int,
    apart: Apart,
) -> Model:
    """Return the model with so many trees a group, around 0 for its loans, and the rate as it was."""
    places = np.column_stack([
        whole[column.codes] for whole, column in zip(order, made, strict=True)
    ])
    asked, above = grown.asked[:, :count].copy(), grown.above[:, :count].copy()
    nodes = np.array([
        [_nodes(places, apart.total, *tree) for tree in zip(*group, strict=True)]
        for group in zip(asked, above, grown.leaves[:, :count], strict=True)
    ])
    names = tuple(column.name for column in made)
    trees = Trees(names, order, asked, above, nodes, 0.0, 0.0, 0.0)
    more = added(trees, places, model.recipe.scale.factor)
    spread = float(np.sqrt(apart.total @ more[0] ** 2 / apart.total.sum()))
    trees = attrs.evolve(
        trees, least=float(more[0].min()), most=float(more[0].max()), spread=spread
    )
    model = attrs.evolve(model, trees=trees)
    scores = scored(model, {column.name: column.codes for column in made}, len(places))
    moved = shift(apart.total, apart.bad, scores.logit, scores.logit_sd**2)
    return attrs.evolve(model, intercept=model.intercept + moved)


def _nodes(places: Ints, total: Floats, asked: Ints, above: Ints, leaves: Floats) -> Floats:
    """Return the mean of each node of a tree over the loans in it, less that of the first."""
    leaf = np.zeros(len(places), np.int64)
    for feature, place in zip(asked, above, strict=True):
        leaf = 2 * leaf + (places[:, feature] > place)
    weight = np.bincount(leaf, total, 1 << DEPTH)
    rows: list[Floats] = [leaves]
    for _ in range(DEPTH):
        weight, value = weight.reshape(-1, 2), rows[0].reshape(-1, 2)
        held = weight.sum(axis=1)
        mean = (weight * value).sum(axis=1) / np.where(held > 0, held, 1)
        rows.insert(0, np.where(held > 0, mean, value.mean(axis=1)))
        weight = held
    nodes = np.concatenate(rows)
    return nodes - nodes[0]
