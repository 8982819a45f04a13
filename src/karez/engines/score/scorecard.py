"""The score as a card of points: each level of each feature, what it adds, and what was counted."""

from __future__ import annotations

import math

import attrs
import numpy as np

from karez.engines.score.model import Block, Model
from karez.engines.score.points import level_points, weights_of_evidence
from karez.engines.score.predict import level_codes, together
from karez.engines.score.reasons import Reason, level_name
from karez.engines.score.table import Table


@attrs.frozen
class Line:
    """One level: its points and ``effect`` in log-odds, as fitted, beside what was counted there.

    ``weight_of_evidence`` is the logarithm of the share of good loans over that of defaults, None
    where one of the two is 0. Points follow the effect, which is drawn to 0 where loans are few;
    the weight of evidence is not.
    """

    feature: str
    words: str
    value: str
    points: int
    effect: float
    sd: float
    loans: float
    defaults: float
    weight_of_evidence: float | None


def scorecard(model: Model) -> tuple[Line, ...]:
    """Return every level of every block, in the order of the model; what was never seen is last.

    What trees add is not among them: it has no levels, and ``apply`` alone knows it.
    """
    return tuple(line for block in model.blocks for line in _lines(model, block))


def parts(model: Model, table: Table) -> list[list[Line]]:
    """Return for each row the line of each block, the largest effect first.

    Their points and those of ``points.base_points`` add up to the points of the score; what trees
    add is a line of its own.

    Raises: ColumnMissingError, ColumnMalformedError.
    """
    cards = [_lines(model, block) for block in model.blocks]
    codes = level_codes(model, table)
    found: list[list[Line]] = []
    for row, joint in enumerate(together(model, codes, len(table))):
        held = [card[int(code[row])] for card, code in zip(cards, codes, strict=True)]
        held += [_joint_line(model, each) for each in joint]
        found.append(sorted(held, key=lambda line: -abs(line.effect)))
    return found


def _joint_line(model: Model, joint: Reason) -> Line:
    return Line(
        feature=joint.feature,
        words=joint.feature,
        value=joint.value,
        points=joint.points,
        effect=joint.effect,
        sd=joint.sd,
        loans=joint.loans,
        defaults=model.notes.events_weighted,
        weight_of_evidence=None,
    )


def _lines(model: Model, block: Block) -> list[Line]:
    points, evidence = level_points(model.recipe.scale, block), weights_of_evidence(block)
    words = " and ".join(model.recipe.feature(name).title for name in block.features)
    return [
        Line(
            feature=block.name,
            words=words,
            value=level_name(model, block, level),
            points=int(points[level]),
            effect=float(block.effect[level]),
            sd=float(block.sd[level]),
            loans=float(block.good[level] + block.bad[level]),
            defaults=float(block.bad[level]),
            weight_of_evidence=None if math.isnan(evidence[level]) else float(evidence[level]),
        )
        for level in np.arange(len(block.effect)).tolist()
    ]
