"""Watching a score: on later loans, is it still right, fair, and asked about its own kind?"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import attrs
import numpy as np

from karez.engines.score.challenge import Contest, Stakes, contest
from karez.engines.score.develop import CHANCE, Evidence, segment_odds
from karez.engines.score.drift import ColumnDrift, SegmentDrift, compare_counts
from karez.engines.score.errors import TableEmptyError
from karez.engines.score.fairness import Fairness, audit_fairness
from karez.engines.score.measures import Measures, judge, measure, sums
from karez.engines.score.model import Model
from karez.engines.score.overlap import Overlap, measure_overlap
from karez.engines.score.predict import apply, level_codes
from karez.engines.score.reasons import level_name
from karez.engines.score.table import Floats, Table

CELLS_MOST = 20


@attrs.frozen(eq=False)
class Watched:
    """What was found; what needs outcomes is None or empty without them."""

    rows: int
    columns: tuple[ColumnDrift, ...]
    measures: Measures | None = None
    profit: float | None = None
    segments: Mapping[str, SegmentDrift] = attrs.field(factory=dict[str, SegmentDrift])
    fairness: Fairness | None = None
    contest: Contest | None = None
    overlap: Overlap | None = None

    @property
    def alarms(self) -> tuple[str, ...]:
        """What is wrong, in words."""
        found = [each.alarm for each in self.columns if each.alarm is not None]
        for name, segments in self.segments.items():
            found += [f"{name}, {words}" for words in segments.alarms]
        found += self.fairness.alarms if self.fairness is not None else ()
        found += self.overlap.warnings if self.overlap is not None else ()
        return (*found,)


def watch(  # noqa: PLR0913 - each is another thing to compare with
    model: Model,
    table: Table,
    evidence: Evidence | None,
    *,
    stakes: Stakes,
    tenths: tuple[Floats, Floats],
    challenger: Model | None = None,
    training: Table | None = None,
) -> Watched:
    """Return what becomes of a score on loans, or on applicants where ``evidence`` is None.

    ``tenths`` are edges of the probabilities that were said of the training loans, and the shares
    of the population between them. ``challenger`` is compared on the same loans, and ``training``
    shows how far these lie outside the population of the fit.

    Raises as ``apply``, ``measure`` and ``audit_fairness`` do, and
        TableEmptyError: there are no rows.
    """
    if not len(table):
        raise TableEmptyError
    pd = apply(model, table).pd
    overlap = None if training is None else measure_overlap(training, table)
    if evidence is None:
        columns = _columns(model, table, pd, np.ones(len(table)), tenths)
        return Watched(len(table), columns, overlap=overlap)
    judged = judge(evidence.outcome, pd, evidence.weight)
    weight = judged.weight
    contested = None
    if challenger is not None:
        other = apply(challenger, table).pd
        contested = contest(
            evidence.outcome, pd, other, stakes, weight=weight, propensity=evidence.propensity
        )
    fairness = None
    if evidence.groups:
        fairness = audit_fairness(
            evidence.outcome, pd, evidence.groups, pd_below=stakes.cut, weight=weight
        )
    return Watched(
        len(table),
        _columns(model, table, pd, weight, tenths),
        measures=measure(evidence.outcome, pd, weight),
        profit=stakes.profit(judged),
        segments=segment_odds(model, table, judged),
        fairness=fairness,
        contest=contested,
        overlap=overlap,
    )


def _columns(
    model: Model,
    table: Table,
    pd: Floats,
    weight: Floats,
    tenths: tuple[Floats, Floats],
) -> tuple[ColumnDrift, ...]:
    """Compare the levels of each feature, and the score, with what the fit saw of them."""
    worth = weight * (weight.sum() / (weight @ weight))  # of as many equal loans (Kish)
    mains = [
        (block, codes)
        for block, codes in zip(model.blocks, level_codes(model, table), strict=True)
        if block.kind != "pair"
    ]
    chance = CHANCE / (len(mains) + 1)
    found: list[ColumnDrift] = []
    for block, codes in mains:
        before, now = block.good + block.bad, sums(codes.astype(np.int64), worth, len(block.effect))
        kept = np.argsort(-before, kind="stable")[: CELLS_MOST - 1]
        rest = np.setdiff1d(np.arange(len(before)), kept)
        cells = [level_name(model, block, int(level)) for level in kept] + ["any other"]
        counts = [np.append(part[kept], part[rest].sum()) for part in (before, now)]
        found.append(compare_counts(block.name, counts[0], counts[1], cells, chance=chance))
    edges, shares = tenths
    now = sums(np.searchsorted(edges, pd, side="right").astype(np.int64), worth, len(shares))
    limits = ["0", *(f"{edge:.3f}" for edge in edges), "1"]
    cells = [f"a probability of {a} to {b}" for a, b in pairwise(limits)]
    before = shares * model.notes.rows
    found.append(compare_counts("score", before, now, cells, chance=chance))
    return tuple(sorted(found, key=lambda each: each.psi_limit - each.psi))
