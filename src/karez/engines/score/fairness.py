# pyright: basic
"""Fairness: who is approved and who is judged wrongly, by group and where groups meet.

The rates are fairlearn's (``MetricFrame``); it has no types, and comes with the extra ``audit``. A
group of a dozen loans has hardly a rate: so each stands between its bounds (Clopper and Pearson),
comparisons between bounds recovered from those (Zou and Donner), and a small group is never a bare
figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import combinations
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.chances import rate_bounds
from karez.engines.score.drift import SegmentOdds, segment_drift
from karez.engines.score.errors import ColumnLengthError, ExtraMissingError
from karez.engines.score.measures import Judged, Labels, judge
from karez.engines.score.table import Floats

SMALL_ROWS = 30
FOUR_FIFTHS = 0.8
NO_GROUP = "not known"


@attrs.frozen
class Between:
    """A figure and its bounds. ``value`` is None where the group is too small to name one."""

    value: float | None
    low: float
    high: float

    def __str__(self) -> str:
        bounds = f"{self.low:.2f} to {self.high:.2f}"
        return bounds if self.value is None else f"{self.value:.2f} ({bounds})"


@attrs.frozen
class Group:
    """One group, or one meeting of two: what is decided on it, and how rightly.

    ``approved`` is the share that the cut approves; ``good_approved`` of loans that paid,
    ``bad_approved`` of those that defaulted. The ratio is to the group of the same kind with the
    highest approval, the differences are from it; None for that group itself, and for a rate of
    which there are no loans. ``calibration_z`` is the excess of defaults over those expected, in
    standard deviations; ``rate`` the default rate, drawn towards that of all groups, where
    ``rate_said`` was said.
    """

    names: tuple[str, ...]
    rows: int
    approved: Between
    good_approved: Between | None
    bad_approved: Between | None
    approval_ratio: Between | None
    good_difference: Between | None
    bad_difference: Between | None
    calibration_z: float
    rate_said: float
    rate: float

    @property
    def small(self) -> bool:
        """Whether it has too few rows to name a figure."""
        return self.rows < SMALL_ROWS


@attrs.frozen
class Fairness:
    """The groups by the columns that make them, and what to look at, in words."""

    groups: Mapping[tuple[str, ...], tuple[Group, ...]]
    alarms: tuple[str, ...]
    doubts: tuple[str, ...]


def audit_fairness(  # noqa: PLR0913 - each is an input of the audit
    outcome: npt.ArrayLike,
    pd: npt.ArrayLike,
    columns: Mapping[str, Labels],
    *,
    pd_below: float,
    weight: npt.ArrayLike | None = None,
    chance: float = 0.1,
) -> Fairness:
    """Return what approving loans with a probability under ``pd_below`` means for groups.

    ``columns`` name each row's group, by one or more columns; every two of them are looked at
    where they meet as well. Each bound is missed with at most half of ``chance``; an alarm shares
    that out among all groups. Weighted rows count for bounds as what they are worth (Kish).

    Raises as ``measures.judge`` does, and
        ExtraMissingError: fairlearn is not installed.
        ColumnLengthError: a column has another length.
    """
    judged = judge(outcome, pd, weight)
    for name, labels in columns.items():
        if len(labels) != len(judged.pd):
            raise ColumnLengthError(column=name, found=len(labels), expected=len(judged.pd))
    texts = {name: [_text(label) for label in labels] for name, labels in columns.items()}
    kinds = [(name,) for name in texts] + list(combinations(texts, 2))
    rates = {kind: _rates(judged, {name: texts[name] for name in kind}, pd_below) for kind in kinds}
    compared = max(1, sum(len(held) - 1 for held in rates.values()))
    groups: dict[tuple[str, ...], tuple[Group, ...]] = {}
    alarms: list[str] = []
    doubts: list[str] = []
    for kind, held in rates.items():
        odds = _odds(judged, [texts[name] for name in kind])
        best = _best(held)
        groups[kind] = tuple(_group(each, best, odds[each.names], chance) for each in held)
        for each in held:
            ratio = _ratio(each.approved, best.approved, chance / compared)
            if (
                each is best
                or ratio is None
                or each.approved.rate >= FOUR_FIFTHS * best.approved.rate
            ):
                continue
            found = alarms if ratio.high < FOUR_FIFTHS else doubts
            found.append(_words(kind, each, best, ratio))
    return Fairness(groups, (*alarms,), (*doubts,))


@attrs.frozen
class _Rate:
    """A rate, and of how many equal loans it is one."""

    rate: float
    rows: float

    def bounds(self, chance: float) -> tuple[float, float]:
        low, high = rate_bounds(self.rate * self.rows, self.rows, miss=chance)
        return float(low), float(high)


@attrs.frozen
class _Rates:
    names: tuple[str, ...]
    rows: int
    approved: _Rate
    good_approved: _Rate | None
    bad_approved: _Rate | None


def _text(label: object) -> str:
    return NO_GROUP if label is None else str(label)


def _rates(judged: Judged, columns: Mapping[str, Sequence[str]], pd_below: float) -> list[_Rates]:
    """Return the rates of each group that has a row with a weight, as fairlearn counts them."""
    if find_spec("fairlearn") is None:
        raise ExtraMissingError(extra="audit", what="The audit of fairness")
    from fairlearn.metrics import (  # noqa: PLC0415 - an extra, and slow to import
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )

    alive = judged.weight > 0
    good, weight = (1 - judged.outcome[alive]).astype(int), judged.weight[alive]
    by_group = {name: np.array(labels)[alive] for name, labels in columns.items()}

    metrics = {
        "approved": partial(selection_rate, pos_label=1),
        "good": partial(true_positive_rate, pos_label=1),
        "bad": partial(false_positive_rate, pos_label=1),
    }
    frame = MetricFrame(
        metrics=metrics,
        y_true=good,
        y_pred=(judged.pd[alive] < pd_below).astype(int),
        sensitive_features=by_group,
        sample_params={name: {"sample_weight": weight} for name in metrics},
    )
    found: list[_Rates] = []
    by_names: Any = frame.by_group  # a pandas frame
    for key, row in by_names.iterrows():
        names = tuple(str(name) for name in (key if isinstance(key, tuple) else (key,)))
        here = np.all(
            [by_group[name] == label for name, label in zip(columns, names, strict=True)], axis=0
        )
        if not here.any():  # labels of two columns that never meet
            continue
        paid, failed = (_worth(weight[here & (good == kind)]) for kind in (1, 0))
        found.append(
            _Rates(
                names,
                int(here.sum()),
                _Rate(float(row["approved"]), _worth(weight[here])),
                _Rate(float(row["good"]), paid) if paid else None,
                _Rate(float(row["bad"]), failed) if failed else None,
            )
        )
    return found


def _worth(weight: Floats) -> float:
    """Return how many equal loans have as much to say as loans of these weights (Kish)."""
    return float(weight.sum() ** 2 / (weight @ weight)) if len(weight) else 0.0


def _best(held: Sequence[_Rates]) -> _Rates:
    """Return the group with the highest approval, of those that are not small if there are any."""
    large = [each for each in held if each.rows >= SMALL_ROWS]
    return max(large or held, key=lambda each: each.approved.rate)


def _odds(judged: Judged, columns: Sequence[Sequence[str]]) -> dict[tuple[str, ...], SegmentOdds]:
    """Return how right the probabilities are in each group."""
    names = sorted(set(zip(*columns, strict=True)))
    place = {name: str(number) for number, name in enumerate(names)}
    codes = [place[name] for name in zip(*columns, strict=True)]
    found = segment_drift(judged.outcome, judged.pd, codes, judged.weight)
    return {names[int(each.segment or 0)]: each for each in found.segments}


def _group(each: _Rates, best: _Rates, odds: SegmentOdds, chance: float) -> Group:
    compared: list[Any] = [None, None, None]
    if each is not best:
        compared = [
            _ratio(each.approved, best.approved, chance),
            _difference(each.good_approved, best.good_approved, chance),
            _difference(each.bad_approved, best.bad_approved, chance),
        ]
    own: list[Any] = [
        None if rate is None else Between(rate.rate, *rate.bounds(chance))
        for rate in (each.approved, each.good_approved, each.bad_approved)
    ]
    if each.rows < SMALL_ROWS:
        own = [_unnamed(found) for found in own]
    if min(each.rows, best.rows) < SMALL_ROWS:
        compared = [_unnamed(found) for found in compared]
    return Group(
        names=each.names,
        rows=each.rows,
        approved=own[0],
        good_approved=own[1],
        bad_approved=own[2],
        approval_ratio=compared[0],
        good_difference=compared[1],
        bad_difference=compared[2],
        calibration_z=odds.z,
        rate_said=odds.rate_said,
        rate=odds.rate,
    )


def _unnamed(found: Between | None) -> Between | None:
    return None if found is None else attrs.evolve(found, value=None)


def _difference(each: _Rate | None, best: _Rate | None, chance: float) -> Between | None:
    """Return the difference of two rates, its bounds recovered from theirs."""
    if each is None or best is None:
        return None
    (low, high), (low_best, high_best) = each.bounds(chance), best.bounds(chance)
    found = each.rate - best.rate
    return Between(
        found,
        found - float(np.hypot(each.rate - low, high_best - best.rate)),
        found + float(np.hypot(high - each.rate, best.rate - low_best)),
    )


def _ratio(each: _Rate, best: _Rate, chance: float) -> Between | None:
    """Return the ratio of two rates, its bounds recovered from theirs in logarithms."""
    if not best.rate:
        return None
    (low, high), (low_best, high_best) = each.bounds(chance), best.bounds(chance)
    if not each.rate:
        return Between(0.0, 0.0, high / low_best)
    found = each.rate / best.rate
    down = np.hypot(np.log(each.rate / low), np.log(high_best / best.rate))
    up = np.hypot(np.log(high / each.rate), np.log(best.rate / low_best))
    return Between(found, found * float(np.exp(-down)), found * float(np.exp(up)))


def _words(kind: Sequence[str], each: _Rates, best: _Rates, ratio: Between) -> str:
    who = " and ".join(f"{name} {label}" for name, label in zip(kind, each.names, strict=True))
    than = " and ".join(best.names)
    small = f"; only {each.rows} loans" if each.rows < SMALL_ROWS else ""
    return (
        f"{who}: approved {ratio.low:.2f} to {ratio.high:.2f} times as often as {than}, where four"
        f" fifths are asked{small}"
    )
