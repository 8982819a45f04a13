"""A fitted score applied: to a table, or to one applicant in a few millionths of a second."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import isfinite

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score import bins, kernels
from karez.engines.score.errors import ColumnMissingError
from karez.engines.score.kernels import Places
from karez.engines.score.labels import known_codes
from karez.engines.score.model import DRAW_STEPS, Block, Model, Trees
from karez.engines.score.points import base_points, level_points
from karez.engines.score.reasons import Reason, card, worst
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Ints, Table
from karez.engines.score.trees import added, placed, reason

INTERVAL_Z = 1.6448536269514722  # nine of ten


@attrs.frozen(eq=False)
class Scores:
    """One value for each row.

    ``pd`` is the default probability, averaged over what is not known of the effects; between
    ``pd_low`` and ``pd_high`` it lies with nine chances in ten. ``logit`` and ``logit_sd`` are the
    mean and the standard deviation of the log-odds. ``points`` are whole; more are better.
    """

    pd: Floats
    pd_low: Floats
    pd_high: Floats
    logit: Floats
    logit_sd: Floats
    points: Ints

    def __len__(self) -> int:
        return len(self.pd)


@attrs.frozen
class Score:
    """The score of one applicant, as in ``Scores``, and the reasons why it is not better."""

    pd: float
    pd_low: float
    pd_high: float
    logit: float
    logit_sd: float
    points: int
    reasons: tuple[Reason, ...]


def apply(model: Model, table: Table) -> Scores:
    """Return the scores of a table that has the columns of the model's recipe.

    Raises: ColumnMissingError, ColumnMalformedError.
    """
    return scored(model, _feature_codes(model, table), len(table))


def scored(model: Model, levels: Mapping[str, Ints], rows: int) -> Scores:
    """Return the scores of rows by the level of each feature."""
    stack = _Stack.of(model)
    codes = np.zeros((rows, len(model.blocks) + 1), np.uint32)
    for column, (start, code) in enumerate(
        zip(stack.starts, _with_pairs(model, levels), strict=True), 1
    ):
        codes[:, column] = code + start
    places = None if model.trees is None else placed(model.trees, levels)
    pd, low, high, logit, sd, points = stack.scores(codes, places)
    return Scores(pd, low, high, logit, sd, points.astype(np.int32))


def explain(model: Model, table: Table, reasons: int = 4) -> list[list[Reason]]:
    """Return for each row at most ``reasons`` reasons why it is riskier than the average loan.

    The largest comes first. Only what raises the default probability is a reason.

    Raises: ColumnMissingError, ColumnMalformedError.
    """
    codes = level_codes(model, table)
    cards = [
        dict(card(model, block, np.unique(code).tolist()))
        for block, code in zip(model.blocks, codes, strict=True)
    ]
    columns = [code.tolist() for code in codes]
    joint = together(model, codes, len(table))
    return [
        worst(
            [*(held[column[row]] for held, column in zip(cards, columns, strict=True)), *more],
            reasons,
        )
        for row, more in enumerate(joint)
    ]


def together(model: Model, codes: Sequence[Ints], rows: int) -> list[list[Reason]]:
    """Return for each row what trees add to it, if the model has any."""
    trees = model.trees
    if trees is None:
        return [[] for _ in range(rows)]
    levels = {block.name: code for block, code in zip(model.blocks, codes, strict=True)}
    places = placed(trees, levels)
    return [
        [reason(model, trees, places[[row]], {name: int(levels[name][row]) for name in levels})]
        for row in range(rows)
    ]


class Scorer:
    """A model made ready to score one applicant at a time, with the same figures as ``apply``."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._stack = _Stack.of(model)
        self._blocks = [
            _Lookup(block, start, dict(card(model, block, range(len(block.effect)))))
            for block, start in zip(model.blocks, self._stack.starts, strict=True)
        ]
        self._features = [(feature.name, feature.kind) for feature in model.recipe.features]

    def score(
        self,
        numbers: Mapping[str, float | None],
        labels: Mapping[str, str | None],
        reasons: int = 4,
    ) -> Score:
        """Return the score of an applicant; a number or a label that is not known is None.

        Raises: ColumnMissingError.
        """
        for name, kind in self._features:
            if name not in (numbers if kind == "number" else labels):
                kinds = "numbers" if kind == "number" else "labels"
                raise ColumnMissingError(column=name, kind=kinds)
        paired: dict[str, int] = {}
        levels: dict[str, int] = {}
        codes = [0]
        parts: list[Reason] = []
        for lookup in self._blocks:
            level = lookup.level(numbers, labels, paired)
            levels[lookup.name] = level
            codes.append(lookup.start + level)
            parts.append(lookup.reasons[level])
        trees, places = self._model.trees, None
        if trees is not None:
            held = zip(trees.features, trees.order, strict=True)
            places = np.array([[order[levels[name]] for name, order in held]], np.int32)
            parts.append(reason(self._model, trees, places, levels))
        found = self._stack.scores(np.array([codes], np.uint32), places)
        pd, low, high, logit, sd, points = found[:, 0]
        return Score(
            float(pd), float(low), float(high), float(logit), float(sd), int(points),
            tuple(worst(parts, reasons)),
        )  # fmt: skip


@attrs.frozen(eq=False)
class _Stack:
    """All blocks in one vector, the intercept first; ``starts`` says where each block begins."""

    starts: list[int]
    effects: Floats
    draws: npt.NDArray[np.float32]
    points: Floats
    trees: Trees | None
    factor: float

    @classmethod
    def of(cls, model: Model) -> _Stack:
        counts = [1, *(len(block.effect) for block in model.blocks)]
        sds = np.concatenate([[model.intercept_sd], *(block.sd for block in model.blocks)])
        steps = np.vstack([model.intercept_draws, *(block.draws for block in model.blocks)])
        scale = model.recipe.scale
        points = [[base_points(model)], *(level_points(scale, block) for block in model.blocks)]
        return cls(
            np.cumsum(counts)[:-1].tolist(),
            np.concatenate([[model.intercept], *(block.effect for block in model.blocks)]),
            (steps * (sds / DRAW_STEPS)[:, None]).astype(np.float32),
            np.concatenate(points).astype(np.float64),
            model.trees,
            scale.factor,
        )

    def scores(self, codes: Places, places: Ints | None) -> Floats:
        """Return six values for each row; ``places`` are those that trees ask about."""
        more = np.zeros((3, len(codes)))
        if self.trees is not None and places is not None:
            more = added(self.trees, places, self.factor)
        return kernels.scores(codes, self.effects, self.draws, self.points, more, INTERVAL_Z)


class _Lookup:
    """One block as dictionaries and sorted edges."""

    def __init__(self, block: Block, start: int, reasons: Mapping[int, Reason]) -> None:
        self.name, self.start, self.reasons = block.name, start, reasons
        self._names, self._kind, self._unseen = block.features, block.kind, block.unseen
        self._edges: list[float] = block.edges.tolist()
        self._labels = {label: level for level, label in enumerate(block.labels)}
        self._coarse: list[int] = block.coarse.tolist()
        self._cells = {(a, b): level for level, (a, b) in enumerate(block.cells.tolist())}

    def level(
        self,
        numbers: Mapping[str, float | None],
        labels: Mapping[str, str | None],
        paired: dict[str, int],
    ) -> int:
        """Return the level of an applicant, and note in ``paired`` what pairs call it."""
        name = self._names[0]
        if self._kind == "pair":
            return self._cells.get((paired[name], paired[self._names[1]]), self._unseen)
        if self._kind == "number":
            value = numbers[name]
            if value is None or not isfinite(value):
                level = self._unseen
            else:
                level = bisect_right(self._edges, value)
            paired[name] = self._coarse[level]
            return level
        paired[name] = level = self._labels.get(labels[name], self._unseen)
        return level


def level_codes(model: Model, table: Table) -> list[Ints]:
    """Return for each block the level of each row.

    Raises: ColumnMissingError, ColumnMalformedError.
    """
    return _with_pairs(model, _feature_codes(model, table))


def _feature_codes(model: Model, table: Table) -> dict[str, Ints]:
    require_columns(model.recipe, table)
    return {block.name: _codes(block, table) for block in model.blocks if block.kind != "pair"}


def _with_pairs(model: Model, levels: Mapping[str, Ints]) -> list[Ints]:
    """Return the level of each row in every block, given those of the features."""
    mains = (block for block in model.blocks if block.kind != "pair")
    paired = {block.name: block.in_pairs(levels[block.name]) for block in mains}
    return [
        levels[block.name]
        if block.kind != "pair"
        else bins.pair_codes(paired[block.features[0]], paired[block.features[1]], block.cells)
        for block in model.blocks
    ]


def require_columns(recipe: Recipe, table: Table) -> None:
    """Raise ColumnMissingError where the table lacks what the recipe reads."""
    for feature in recipe.features:
        kind = "numbers" if feature.kind == "number" else "labels"
        if feature.name not in getattr(table, kind):
            raise ColumnMissingError(column=feature.name, kind=kind)


def _codes(block: Block, table: Table) -> Ints:
    if block.kind == "number":
        return bins.number_codes(table.numbers[block.name], block.edges)
    return known_codes(block.name, table.labels[block.name], block.labels)
