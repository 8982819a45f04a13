"""Champion and challenger: which of two scores to use, or that the evidence is not enough.

Both are judged on the same loans, so what counts is the difference on each loan: most of what makes
losses vary is common to both and falls out. Where it was a score that decided which loans exist,
each stands for those that were like it and were not made: its weight is one over the probability,
logged at the decision, that it was made.
"""

from __future__ import annotations

from enum import StrEnum

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.chances import beyond, normal_quantile
from karez.engines.score.errors import ColumnLengthError, PropensityRangeError
from karez.engines.score.measures import Judged, expected_profit, judge, losses
from karez.engines.score.table import Floats


class Verdict(StrEnum):
    """What to do."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    NOT_ENOUGH = "not enough evidence"


@attrs.frozen
class Difference:
    """The challenger's mean less the champion's, its standard error, and its interval."""

    mean: float
    error: float
    low: float
    high: float


@attrs.frozen
class Contest:
    """How two scores compare on ``rows`` loans, which count like ``rows_effective`` equal ones.

    ``log_loss`` is better below 0; ``profit``, for each 100 applicants in units of one loan, above.
    ``approved`` is the difference of the shares of applicants that would be approved.
    ``rows_needed`` says how many loans like these would settle it, were the differences as found.
    """

    verdict: Verdict
    rows: int
    rows_effective: float
    log_loss: Difference
    profit: Difference
    approved: Difference
    rows_needed: int | None
    words: str


@attrs.frozen
class Stakes:
    """What a loan that pays brings and one that defaults costs, in units of the loan, and the cut.

    Loans with a probability below ``pd_below`` are approved.
    """

    margin: float
    loss_share: float
    pd_below: float | None = None

    @property
    def cut(self) -> float:
        """``pd_below``, or where a loan earns nothing."""
        if self.pd_below is not None:
            return self.pd_below
        return self.margin / (self.margin + self.loss_share)

    def profit(self, judged: Judged) -> float:
        """Return what 100 applicants bring, in units of one loan; see ``expected_profit``."""
        return expected_profit(
            judged.outcome,
            judged.pd,
            margin=self.margin,
            loss_share=self.loss_share,
            pd_below=self.cut,
            weight=judged.weight,
        )


def contest(  # noqa: PLR0913 - each is an input of the comparison
    outcome: npt.ArrayLike,
    champion: npt.ArrayLike,
    challenger: npt.ArrayLike,
    stakes: Stakes,
    *,
    weight: npt.ArrayLike | None = None,
    propensity: npt.ArrayLike | None = None,
    chance: float = 0.05,
    profit_least: float = 0.0,
) -> Contest:
    """Compare the probabilities of two scores on loans whose outcome is known.

    The challenger is chosen only where its profit is above the champion's by more than
    ``profit_least``, and its log-loss is not worse, beyond what chance makes of it; the champion
    where the same holds the other way. Else there is not enough evidence, and the champion stays
    because it is there. ``chance`` is that of choosing the challenger wrongly.

    ``propensity`` is the probability with which each loan was made, as logged at the decision. It
    makes the comparison one of all applicants; those that no rule could have approved stay unknown.

    Raises as ``measures.judge`` does, and
        PropensityRangeError: a propensity is not above 0 and up to 1.
    """
    old, new = judge(outcome, champion, weight), judge(outcome, challenger, weight)
    shares = old.weight if propensity is None else old.weight / _propensity(propensity, len(old.pd))
    gain = _profit(new, stakes) - _profit(old, stakes)
    loss = losses(new.outcome, new.pd) - losses(old.outcome, old.pd)
    taken = (new.pd < stakes.cut).astype(float) - (old.pd < stakes.cut)
    z = normal_quantile(1 - chance)
    profit, log_loss = (_difference(each, shares, z) for each in (100 * gain, loss))
    verdict = Verdict.NOT_ENOUGH
    if profit.low > profit_least and log_loss.low <= 0:
        verdict = Verdict.CHALLENGER
    elif profit.high < -profit_least and log_loss.high >= 0:
        verdict = Verdict.CHAMPION
    rows = int((shares > 0).sum())
    return Contest(
        verdict=verdict,
        rows=rows,
        rows_effective=float(shares.sum() ** 2 / (shares @ shares)),
        log_loss=log_loss,
        profit=profit,
        approved=_difference(100 * taken, shares, z),
        rows_needed=_rows_needed(profit, rows, z) if verdict is Verdict.NOT_ENOUGH else None,
        words=_words(verdict, profit, log_loss, rows),
    )


def _propensity(values: npt.ArrayLike, rows: int) -> Floats:
    found = np.asarray(values, np.float64)
    if len(found) != rows:
        raise ColumnLengthError(column="propensity", found=len(found), expected=rows)
    wrong = np.flatnonzero(~((found > 0) & (found <= 1)))
    if len(wrong):
        raise PropensityRangeError(row=int(wrong[0]), value=float(found[wrong[0]]))
    return found


def _profit(judged: Judged, stakes: Stakes) -> Floats:
    made = judged.pd < stakes.cut
    return np.where(judged.outcome == 1, -stakes.loss_share, stakes.margin) * made


def _difference(values: Floats, weight: Floats, z: float) -> Difference:
    """Return the weighted mean and its standard error, by what each row adds to the ratio."""
    total = float(weight.sum())
    mean = float(weight @ values) / total
    rows = np.count_nonzero(weight)
    part = weight * (values - mean) / total
    error = float(np.sqrt(part @ part * rows / max(1, rows - 1)))
    return Difference(mean, error, mean - z * error, mean + z * error)


def _rows_needed(profit: Difference, rows: int, z: float) -> int | None:
    """Return how many rows would make a difference like this one sure, None for no difference."""
    if not profit.mean:
        return None
    return int(np.ceil(rows * (z * profit.error / profit.mean) ** 2))


def _words(verdict: Verdict, profit: Difference, log_loss: Difference, rows: int) -> str:
    found = (
        f"{profit.mean:+.2f} of a loan for each 100 applicants ({profit.low:+.2f} to"
        f" {profit.high:+.2f}), log-loss {log_loss.mean:+.4f} ({log_loss.low:+.4f} to"
        f" {log_loss.high:+.4f}), on {rows:,} loans"
    )
    if verdict is Verdict.NOT_ENOUGH:
        by_chance = beyond(abs(profit.mean) / profit.error) if profit.error else 0.5
        return (
            f"not enough evidence: the challenger makes {found}; a difference so large or larger,"
            f" this way, comes of chance alone with {by_chance:.0%}"
        )
    return f"use the {verdict}: the challenger makes {found}"
