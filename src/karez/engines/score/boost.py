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
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Ints
from karez.engines.score.tree_kernels import DEPTH
from karez.engines.score.trees import added

GROUPS = 5
MOST_TREES = 150  # in a group
RATE = 0.1  # of a tree's values that is taken
PULL = 2.0  # loans at even odds worth 8: what draws a node's value to nothing
ALIKE_MOST = 2.0  # weight of loans, on average, that no feature tells apart
LABEL_PLACES, LABEL_LOANS = 32, 20.0  # places of labels in order; what draws their rates together

Bools = npt.NDArray[np.bool_]


@attrs.frozen(eq=False)
class Dealt:
    """Cells of loans, and the part that each was dealt to."""

    made: Sequence[Column]
    part: npt.NDArray[np.int64]
    total: Floats
    bad: Floats


@attrs.frozen(eq=False)
class Apart:
    """What is said of each cell by those who have not seen it.

    ``order`` is the place of each level of each column as all loans have it, ``places`` (cells x
    columns) are those of the cells without their own part.
    """

    cells: Dealt
    logit: Floats
    variance: Floats
    order: tuple[Ints, ...]
    places: Ints


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
    found = design.collapse(made, bad, weights)
    made = [attrs.evolve(column, codes=column.codes[found.row]) for column in made]
    none = np.zeros(len(found.row), np.int32)  # of which there may be no other column
    codes = np.column_stack([none, *(column.codes for column in made)]).astype(np.uint32)
    part = (kernels.hashes(codes) % np.uint64(GROUPS)).astype(np.int64)
    cells = Dealt(made, part, found.total, found.bad)
    refused = _refused(cells)
    if refused:
        return attrs.evolve(model, proof=Proof(refused=refused))
    apart = Apart(cells, *said(model.recipe, cells), *ordered(cells))
    direction = [model.recipe.feature(column.name).direction or 0 for column in made]
    grown = _grow(apart, np.array(direction, np.int32))
    count = int(grown.gain.argmax()) + 1
    weight = float(found.total.sum())
    gain = float(grown.gain[count - 1]) / weight
    error = float(np.sqrt(max(grown.square[count - 1] / weight - gain**2, 0) / weight))
    model = attrs.evolve(model, proof=Proof(gain, error))
    return _with(model, apart, grown, count) if Proof(gain, error).holds else model


def _refused(cells: Dealt) -> str:
    """Return why trees cannot be tried, or nothing."""
    if not cells.made:
        return "no feature says anything"
    if cells.total.sum() > ALIKE_MOST * len(cells.total):
        return "too many loans are alike in every feature"
    good = cells.total - cells.bad
    for group in range(GROUPS):
        others = cells.part != group
        if others.all() or not cells.bad[others].any() or not good[others].any():
            return "there are too few loans to keep some apart"
    return ""


def said(recipe: Recipe, cells: Dealt) -> tuple[Floats, Floats]:
    """Return log-odds of each cell, and their variance, by effects pooled from other parts."""
    logit, variance = np.empty(len(cells.total)), np.empty(len(cells.total))
    good = cells.total - cells.bad
    for group in range(GROUPS):
        others = cells.part != group
        failed, paid = np.flatnonzero(others & (cells.bad > 0)), np.flatnonzero(others & (good > 0))
        rows = np.concatenate([failed, paid])
        outcome = np.repeat([1.0, 0.0], [len(failed), len(paid)])
        weights = np.concatenate([cells.bad[failed], good[paid]])
        learned = [attrs.evolve(column, codes=column.codes[rows]) for column in cells.made]
        pooled, _ = estimate(recipe, learned, outcome, weights)
        notes = Notes(len(rows), float(weights.sum()), float(weights @ outcome), 0, True)
        other = finish(pooled, recipe, notes, ())
        held = np.flatnonzero(cells.part == group)
        scores = scored(other, {each.name: each.codes[held] for each in cells.made}, len(held))
        logit[held], variance[held] = scores.logit, scores.logit_sd**2
    return logit, variance


def ordered(cells: Dealt) -> tuple[tuple[Ints, ...], Ints]:
    """Return the place of each level of each column, and that of each cell without its own part.

    Bins are in their own order, and a missing number stands in the middle of the loans. Labels
    stand by their default rate, drawn to that of all.
    """
    order: list[Ints] = []
    places: list[Ints] = []
    for column in cells.made:
        if column.kind == "number":
            below = np.cumsum(np.bincount(column.codes, cells.total, column.levels)[:-1])
            middle = int((below < below[-1] / 2).sum())
            whole = np.array([*range(column.levels - 1), middle], np.int32)
            order.append(whole)
            places.append(whole[column.codes])
            continue
        rates = [_rates(column, cells, cells.part != group) for group in range(GROUPS)]
        said = np.array(rates)[cells.part, column.codes]
        edges = np.unique(np.quantile(said, np.arange(1, LABEL_PLACES) / LABEL_PLACES))
        known = _rates(column, cells, cells.part >= 0)
        order.append(np.searchsorted(edges, known, side="right").astype(np.int32))
        places.append(np.searchsorted(edges, said, side="right").astype(np.int32))
    return tuple(order), np.column_stack(places)


def _rates(column: Column, cells: Dealt, some: Bools) -> Floats:
    """Return the default rate of each level among some cells, drawn to that of all of them."""
    loans = np.bincount(column.codes, cells.total * some, column.levels)
    failed = np.bincount(column.codes, cells.bad * some, column.levels)
    rate = failed.sum() / loans.sum()
    return (failed + LABEL_LOANS * rate) / (loans + LABEL_LOANS)


def _grow(apart: Apart, direction: Ints) -> Grown:
    cells = apart.cells
    asked = np.zeros((GROUPS, MOST_TREES, DEPTH), np.int32)
    above, leaves = np.zeros_like(asked), np.zeros((GROUPS, MOST_TREES, 1 << DEPTH))
    gain, square = np.zeros(MOST_TREES), np.zeros(MOST_TREES)
    before = kernels.mean_sigmoid(apart.logit, apart.variance)
    outcomes = np.stack([cells.bad, cells.total - cells.bad])
    for group in range(GROUPS):
        learned, held = cells.part != group, cells.part == group
        logit = apart.logit.copy()
        for tree in range(MOST_TREES):
            chance, slope = kernels.mean_sigmoid_and_slope(logit, apart.variance)
            steep = (cells.bad - cells.total * chance) * learned
            curved = cells.total * slope * learned
            asked[group, tree], above[group, tree], leaf = tree_kernels.grow(
                apart.places, steep, curved, direction, PULL
            )
            value = np.bincount(leaf, steep, 1 << DEPTH)
            value /= np.bincount(leaf, curved, 1 << DEPTH) + PULL
            leaves[group, tree] = RATE * in_order(value, direction[asked[group, tree]])
            logit += leaves[group, tree, leaf]
            now, then = kernels.mean_sigmoid(logit[held], apart.variance[held]), before[held]
            less = np.stack([np.log(now / then), np.log((1 - now) / (1 - then))])
            gain[tree] += (outcomes[:, held] * less).sum()
            square[tree] += (outcomes[:, held] * less**2).sum()
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


def _with(model: Model, apart: Apart, grown: Grown, count: int) -> Model:
    """Return the model with so many trees a group, around 0 for its loans; their rate stays."""
    made, total = apart.cells.made, apart.cells.total
    levels = {column.name: column.codes for column in made}
    places = np.column_stack(
        [whole[column.codes] for whole, column in zip(apart.order, made, strict=True)]
    )
    asked, above = grown.asked[:, :count].copy(), grown.above[:, :count].copy()
    nodes = np.array(
        [
            [_nodes(places, total, *tree) for tree in zip(*group, strict=True)]
            for group in zip(asked, above, grown.leaves[:, :count], strict=True)
        ]
    )
    trees = Trees(tuple(levels), apart.order, asked, above, nodes, 0.0, 0.0, 0.0)
    more = added(trees, places, model.recipe.scale.factor)[0]
    least, most = float(more.min()), float(more.max())
    spread = float(np.sqrt(total @ more**2 / total.sum()))
    trees = attrs.evolve(trees, least=least, most=most, spread=spread)
    model = attrs.evolve(model, trees=trees)
    scores = scored(model, levels, len(total))
    moved = shift(total, apart.cells.bad, scores.logit, scores.logit_sd**2)
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
        mean: Floats = (weight * value).sum(axis=1) / np.where(held > 0, held, 1)
        rows.insert(0, np.where(held > 0, mean, value.mean(axis=1)))
        weight = held
    nodes = np.concatenate(rows)
    return nodes - nodes[0]
