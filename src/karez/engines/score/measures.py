"""How good probabilities of default were, once the outcomes are known; every measure weighted.

An outcome is 1 for a default and 0 for none, ``pd`` the probability that was said before. A weight
says how many loans of the population a row stands for; without weights each stands for one.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.errors import (
    ColumnLengthError,
    OutcomeMalformedError,
    OutcomeOneClassError,
    ProbabilityRangeError,
    TableEmptyError,
    WeightMalformedError,
)
from karez.engines.score.table import Floats, Labels
from karez.kernel.errors import ensure

Values = npt.ArrayLike

_LEAST = float(np.finfo(np.float64).eps)
"""A probability nearer to 0 or 1 counts as this in a logarithm: one sure error is not infinite."""


@attrs.frozen
class Judged:
    """Outcomes, probabilities and weights as arrays that belong together, checked once."""

    outcome: Floats
    pd: Floats
    weight: Floats


@attrs.frozen
class Measures:
    """The measures of one set of probabilities; ``auc`` and ``ks`` are None with one class only."""

    rows: int
    events: int
    observed: float
    predicted: float
    log_loss: float
    brier: float
    auc: float | None
    ks: float | None

    @property
    def bias(self) -> float:
        """Mean probability less observed rate: above 0 is too gloomy, below it too hopeful."""
        return self.predicted - self.observed


def measure(outcome: Values, pd: Values, weight: Values | None = None) -> Measures:
    """Return all measures that need nothing but outcomes and probabilities.

    Raises as ``judge`` does.
    """
    judged = judge(outcome, pd, weight)
    alive = judged.weight > 0
    both = len(np.unique(judged.outcome[alive])) == 2
    return Measures(
        rows=int(alive.sum()),
        events=int(judged.outcome[alive].sum()),
        observed=_mean(judged.outcome, judged.weight),
        predicted=_mean(judged.pd, judged.weight),
        log_loss=_mean(losses(judged.outcome, judged.pd), judged.weight),
        brier=_mean((judged.outcome - judged.pd) ** 2, judged.weight),
        auc=_auc(judged) if both else None,
        ks=_ks(judged) if both else None,
    )


def judge(outcome: Values, pd: Values, weight: Values | None = None) -> Judged:
    """Return the three as float arrays, weights 1 where none are given.

    Raises:
        ColumnLengthError: they are not of one length.
        OutcomeMalformedError: an outcome is neither 0 nor 1.
        ProbabilityRangeError: a probability is missing, below 0 or above 1.
        WeightMalformedError: a weight is missing, below 0 or infinite.
        TableEmptyError: no row has a weight above 0.
    """
    ys, ps = np.asarray(outcome, np.float64), np.asarray(pd, np.float64)
    ws = np.ones(len(ys)) if weight is None else np.asarray(weight, np.float64)
    for name, values in (("pd", ps), ("weight", ws)):
        if len(values) != len(ys):
            raise ColumnLengthError(column=name, found=len(values), expected=len(ys))
    checks = (
        (ys, (ys == 0) | (ys == 1), OutcomeMalformedError),
        (ps, (ps >= 0) & (ps <= 1), ProbabilityRangeError),
        (ws, (ws >= 0) & np.isfinite(ws), WeightMalformedError),
    )
    for values, sound, error in checks:
        if not sound.all():
            row = int(np.argmin(sound))
            raise error(row=row, value=float(values[row]))
    if not ws.any():
        raise TableEmptyError
    return Judged(ys, ps, ws)


def log_loss(outcome: Values, pd: Values, weight: Values | None = None) -> float:
    """Return the mean of ``-log`` of the probability that was given to what happened.

    Raises as ``judge`` does.
    """
    judged = judge(outcome, pd, weight)
    return _mean(losses(judged.outcome, judged.pd), judged.weight)


def brier(outcome: Values, pd: Values, weight: Values | None = None) -> float:
    """Return the mean squared distance of probability and outcome.

    Raises as ``judge`` does.
    """
    judged = judge(outcome, pd, weight)
    return _mean((judged.outcome - judged.pd) ** 2, judged.weight)


def bias(outcome: Values, pd: Values, weight: Values | None = None) -> float:
    """Return mean probability less observed rate.

    Raises as ``judge`` does.
    """
    judged = judge(outcome, pd, weight)
    return _mean(judged.pd - judged.outcome, judged.weight)


def auc(outcome: Values, pd: Values, weight: Values | None = None) -> float:
    """Return how often a default had the higher probability than a loan that paid; ties are half.

    Raises as ``judge`` does, and
        OutcomeOneClassError: there are no pairs to compare.
    """
    return _auc(judge(outcome, pd, weight))


def ks(outcome: Values, pd: Values, weight: Values | None = None) -> float:
    """Return the largest distance of the two distributions of probabilities (Kolmogorov-Smirnov).

    Raises as ``auc`` does.
    """
    return _ks(judge(outcome, pd, weight))


def segment_chi(
    outcome: Values,
    pd: Values,
    segment: Labels,
    weight: Values | None = None,
    *,
    rows_least: int = 5,
) -> float:
    """Return how far defaults inside segments were from what was expected of them.

    It is the mean over segments of ``(observed - expected)^2 / variance``: 1 is what chance alone
    makes of probabilities that are right in every segment. A segment with fewer rows than
    ``rows_least`` says too little and is left out; NaN where none is left. A missing label is a
    segment of its own.

    Weights may depend on the outcome, as they do where all defaults and a part of the other loans
    were kept. A row's weight then would have been another with the other outcome, and the variance
    takes that into account.

    Raises as ``judge`` does.
    """
    judged = judge(outcome, pd, weight)
    codes, count = coded(segment)
    if len(codes) != len(judged.pd):
        raise ColumnLengthError(column="segment", found=len(codes), expected=len(judged.pd))
    excess, variance = deviations(judged)
    enough = np.bincount(codes[judged.weight > 0], minlength=count) >= rows_least
    off = sums(codes, excess, count)[enough] ** 2
    scale = sums(codes, variance, count)[enough]
    sure = scale == 0  # every probability 0 or 1: right is right, and wrong has no scale
    if not len(scale):
        return float("nan")
    ratio = np.where(sure, np.where(off > 0, np.inf, 0.0), off / np.where(sure, 1.0, scale))
    return float(ratio.mean())


def expected_profit(  # noqa: PLR0913 - each is an input of the rule
    outcome: Values,
    pd: Values,
    *,
    margin: float,
    loss_share: Values,
    pd_below: float | None = None,
    weight: Values | None = None,
) -> float:
    """Return what 100 applicants for loans of equal size bring, in units of one loan.

    Loans with a probability under ``pd_below`` are made: one that pays brings ``margin``, one that
    defaults costs ``loss_share``, a number or one a row. Without ``pd_below`` the cut is where a
    loan with the mean loss of the defaults earns nothing.

    Raises as ``judge`` does.
    """
    judged = judge(outcome, pd, weight)
    shares = np.broadcast_to(np.asarray(loss_share, np.float64), judged.pd.shape)
    bad = judged.outcome == 1
    if pd_below is None:
        lost = _mean(shares[bad], judged.weight[bad]) if judged.weight[bad].any() else 1.0
        pd_below = margin / (margin + lost)
    gains = np.where(bad, -shares, margin) * (judged.pd < pd_below)
    return 100 * _mean(gains, judged.weight)


def losses(outcome: Floats, pd: Floats) -> Floats:
    """Return the log-loss of each row."""
    said = np.where(outcome == 1, pd, 1 - pd)
    return -np.log(np.maximum(said, _LEAST))


def deviations(judged: Judged) -> tuple[Floats, Floats]:
    """Return each row's weighted outcome less what was expected, and the variance of that.

    Of a row that had outcome y, the weight is ``u * w_y``: ``w_1`` and ``w_0`` are the mean weights
    of defaults and other loans, ``u`` what is the row's own. A kept row of a population with
    probability p is a default with odds ``p/w_1 : (1-p)/w_0``, so its deviation has mean 0 and
    variance ``u^2 p (1-p) (w_1 (1-p) + w_0 p) / (p/w_1 + (1-p)/w_0)``.
    """
    outcome, pd, weight = judged.outcome, judged.pd, judged.weight
    means = [
        float(weight[(outcome == y) & (weight > 0)].mean())
        if weight[outcome == y].any()
        else float(weight[weight > 0].mean())
        for y in (0, 1)
    ]
    own = weight / np.where(outcome == 1, means[1], means[0])
    spread = (means[1] * (1 - pd) + means[0] * pd) / (pd / means[1] + (1 - pd) / means[0])
    return weight * (outcome - pd), own**2 * pd * (1 - pd) * spread


def coded(labels: Labels) -> tuple[npt.NDArray[np.int64], int]:
    """Return a whole number for each label, in the order of the labels, and how many there are."""
    texts = ["" if label is None else f"={label}" for label in labels]
    names, codes = np.unique(np.array(texts, np.str_), return_inverse=True)
    return codes.astype(np.int64), len(names)


def sums(codes: npt.NDArray[np.int64], values: Floats, count: int) -> Floats:
    """Return the sum of the values of each code from 0 to before ``count``."""
    return np.bincount(codes, values, count).astype(np.float64)


def _mean(values: Floats, weight: Floats) -> float:
    return float(np.average(values, weights=weight))


def _auc(judged: Judged) -> float:
    good, bad = _steps(judged)
    below = np.cumsum(good) - good
    return float((bad * (below + good / 2)).sum() / (good.sum() * bad.sum()))


def _ks(judged: Judged) -> float:
    good, bad = _steps(judged)
    return float(np.abs(np.cumsum(good) / good.sum() - np.cumsum(bad) / bad.sum()).max())


def _steps(judged: Judged) -> tuple[Floats, Floats]:
    """Return the weight of loans that paid and of defaults at each probability, rising."""
    levels, place = np.unique(judged.pd, return_inverse=True)
    bad = sums(place, judged.weight * judged.outcome, len(levels))
    good = sums(place, judged.weight * (1 - judged.outcome), len(levels))
    alive = judged.outcome[judged.weight > 0]
    ensure(len(alive), "some row has a weight")
    if not (bad.any() and good.any()):
        raise OutcomeOneClassError(rows=len(alive), outcome=int(alive[0]))
    return good, bad
