"""A table as blocks of levels, and rows with the same levels as one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import bins
from karez.engines.score.kernels import Codes, run_starts
from karez.engines.score.labels import label_codes
from karez.engines.score.model import Cells as PairCells
from karez.engines.score.model import Dropped
from karez.engines.score.pairs import Found
from karez.engines.score.prior import Part
from karez.engines.score.recipe import Feature, Recipe
from karez.engines.score.system import Cells
from karez.engines.score.table import Floats, Ints, Table

PAIR_GROUPS = 5  # of the bins of a number, in a pair
PAIR_VARIANCE = 0.02  # where the search begins
PAIR_RATE = 6.0  # of the exponential prior of a pair's spread: one in twelve is above 0.4
NEIGHBOURS = (
    0.5  # correlation of neighbouring groups of a number, within a level of the other feature
)
FREE = 1e-4  # precision of the intercept
LEVEL = 0.1  # precision of each bin of a number, beside its steps
MISSING = 1.0  # precision of a missing number's effect


@attrs.frozen(eq=False)
class Collapsed:
    """Cells in the order of their levels: a ``row`` of each, and its ``total`` and ``bad`` weight.

    ``cell`` is that of each row.
    """

    row: Ints
    cell: npt.NDArray[np.intp]
    total: Floats
    bad: Floats


@attrs.frozen(eq=False)
class Column:
    """One block before it has effects: its levels, and which of them each row is.

    ``ordered`` is how many groups of bins the second feature of a pair has, if it is a number.
    """

    features: tuple[str, ...]
    kind: Literal["number", "factor", "segment", "pair"]
    codes: Ints
    levels: int
    edges: Floats = attrs.field(factory=lambda: np.empty(0))
    labels: tuple[str | None, ...] = ()
    coarse: Ints = attrs.field(factory=lambda: np.empty(0, np.int32))
    cells: PairCells = attrs.field(factory=lambda: np.empty((0, 2), np.int32))
    ordered: int | None = None

    @property
    def name(self) -> str:
        """The feature; of a pair the first."""
        return self.features[0]

    def in_pairs(self) -> Ints:
        """The levels of the rows as pairs see them."""
        return self.coarse[self.codes] if len(self.coarse) else self.codes


def columns(
    table: Table, recipe: Recipe, weight: Floats
) -> tuple[list[Column], list[Dropped], list[str]]:
    """Return the columns of the features, those that say nothing, and what was stepped around."""
    kept: list[Column] = []
    dropped: list[Dropped] = []
    notes: list[str] = []
    for feature in recipe.features:
        if feature.kind == "number":
            values = table.numbers[feature.name]
            infinite = int(np.isinf(values).sum())
            if infinite:
                notes.append(f"{feature.name}: {infinite} infinite values count as missing")
            column = _number(feature, values, recipe, weight)
        else:
            column = _labels(feature, table)
        reason = _nothing(column, weight)
        if reason:
            dropped.append(Dropped(feature.name, reason))
        else:
            kept.append(column)
    return kept, dropped, notes


def pair_column(found: Found, made: Sequence[Column]) -> Column:
    """Return the column of a pair of these columns."""
    second = next(column for column in made if column.name == found.names[1])
    ordered = int(second.coarse[-1]) if second.kind == "number" else None
    levels = len(found.cells) + 1
    return Column(found.names, "pair", found.codes, levels, cells=found.cells, ordered=ordered)


def parts(made: Sequence[Column], recipe: Recipe) -> list[Part]:
    """Return the places of the intercept and of each column's levels, and their priors."""
    one = np.ones(1)
    out = [Part(0, 0 * one, 0 * one, FREE * one, 1.0, 1.0, 0.0)]
    for column in made:
        start, zero = out[-1].stop, np.zeros(column.levels)
        expected = recipe.prior_sd**2
        if column.kind == "number":
            bins = len(column.edges) + 1
            fixed = np.append(np.full(bins, LEVEL), MISSING)
            direction = recipe.feature(column.name).direction or 0
            expected = recipe.number_sd**2 / max(bins - 1, 1)
            out.append(
                Part(
                    start, *_walk(bins), fixed, expected, expected, recipe.number_levels,
                    walk=bins, direction=direction,
                )
            )  # fmt: skip
        elif column.kind == "pair":
            out.append(Part(start, *_chains(column), zero, PAIR_VARIANCE, 0.0, 0.0, PAIR_RATE))
        else:
            out.append(Part(start, zero + 1, zero, zero, expected, expected, recipe.prior_levels))
    return out


def _walk(bins: int) -> tuple[Floats, Floats]:
    """Steps from bin to bin; the missing level after them has no part in it."""
    links = np.append(np.ones(bins - 1), [0, 0])
    return links + np.append(0, links[:-1]), -links


def _chains(column: Column) -> tuple[Floats, Floats]:
    """Cells of one level of the first feature hang together along the groups of a number.

    The correlation of neighbours is ``NEIGHBOURS``, of those g groups apart its g-th power
    (an Ornstein-Uhlenbeck process). All other cells stand alone.
    """
    links = np.zeros(column.levels)
    if column.ordered is not None:
        first, second = column.cells.T
        apart = np.diff(second)
        near = (np.diff(first) == 0) & (second[1:] < column.ordered)
        links[: len(near)] = np.where(near, NEIGHBOURS ** np.maximum(apart, 1.0), 0)
    own = links**2 / (1 - links**2)
    return 1 + own + np.append(0, own[:-1]), -links / (1 - links**2)


def collapse(made: Sequence[Column], outcome: Floats, weight: Floats) -> Collapsed:
    """Return the cells of the rows.

    The order of the rows, and whether a row is there twice or weighs two, leaves no trace.
    """
    key = np.zeros(len(outcome), np.int64)
    size = 1
    for column in made:
        if size * column.levels >= 2**62:
            found, key = np.unique(key, return_inverse=True)
            size = len(found)
        key = key * column.levels + column.codes
        size *= column.levels
    found, cell = np.unique(key, return_inverse=True)
    row = np.empty(len(found), np.int32)
    row[cell] = np.arange(len(cell))  # whichever of a cell's
    return Collapsed(row, cell, _sums(cell, weight), _sums(cell, weight * outcome))


def cells(made: Sequence[Column], parts: Sequence[Part], collapsed: Collapsed) -> Cells:
    """Return the cells, each with the places of its coefficients; the intercept's is 0."""
    places = np.zeros((len(collapsed.row), len(parts)), np.uint32)
    for at, (column, part) in enumerate(zip(made, parts[1:], strict=True), 1):
        places[:, at] = column.codes[collapsed.row] + part.start
    return Cells(Codes(places, run_starts(places)), collapsed.total, collapsed.bad)


def _number(feature: Feature, values: Floats, recipe: Recipe, weight: Floats) -> Column:
    edges = bins.edges(values, weight, recipe.most_bins, recipe.least_rows)
    codes = bins.number_codes(values, edges)
    levels = len(edges) + 2
    below = _sums(codes, weight, levels)[:-1]
    coarse = bins.coarse_levels(below, PAIR_GROUPS)
    return Column((feature.name,), "number", codes, levels, edges=edges, coarse=coarse)


def _labels(feature: Feature, table: Table) -> Column:
    codes, labels = label_codes(feature.name, table.labels[feature.name])
    kind = "factor" if feature.kind == "factor" else "segment"
    return Column((feature.name,), kind, codes, len(labels) + 1, labels=labels)


def _nothing(column: Column, weight: Floats) -> str:
    """Return why a column says nothing, or nothing where it may."""
    held = np.flatnonzero(_sums(column.codes, weight, column.levels))
    if len(held) > 1:
        return ""
    if column.kind == "number" and held[0] == column.levels - 1:
        return "every value is missing"
    if column.labels == (None,):
        return "every value is missing"
    return "every loan has the same value, or too few have another"


def _sums(codes: npt.NDArray[np.integer], weight: Floats, levels: int = 0) -> Floats:
    return np.bincount(codes, weight, levels).astype(np.float64)
