"""How well each method did, repeat by repeat, and where ours was not the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from benchmarks.thin.contest import Attempt
from benchmarks.thin.loans import WEIGHTS, Floats, Loans
from benchmarks.thin.splits import Bools, Split
from karez.engines.score.measures import expected_profit, losses, measure, segment_chi

MARGIN = 0.20
APPROVED_BELOW = 0.217
"""Where a loan earns nothing, when a default loses 72 % of it."""


@attrs.frozen
class Column:
    """One measure: its heading, decimals, and what is to be small of it."""

    heading: str
    digits: int
    badness: Callable[[Floats], Floats] = lambda value: value


COLUMNS = (
    Column("log-loss", 4),
    Column("<30", 4),
    Column("<10", 4),
    Column("Brier", 4),
    Column("AUC", 3, lambda value: -value),
    Column("bias", 3, np.abs),
    Column("chi place", 2, lambda value: np.abs(value - 1)),
    Column("chi bank", 2, lambda value: np.abs(value - 1)),
    Column("profit", 2, lambda value: -value),
    Column("CPU s", 2),
)
"""``<30`` and ``<10`` are the log-loss where the place had fewer loans to learn from."""


@attrs.frozen
class Standing:
    """The measures of one protocol, by method.

    ``values`` is repeats by columns. ``loan_losses`` is the log-loss of each loan, mean over the
    repeats that judged it, NaN where none did.
    """

    learned: float
    judged: float
    values: Mapping[str, Floats]
    loan_losses: Mapping[str, Floats]
    loan_weight: Floats

    def mean(self, name: str) -> Floats:
        """Return the mean over repeats of each column."""
        return np.nanmean(self.values[name], axis=0)

    def behind(self, ours: str, peer: str) -> Floats:
        """Return, by repeat and column, by how much ours is worse than a peer."""
        both = zip(COLUMNS, self.values[ours].T, self.values[peer].T, strict=True)
        return np.column_stack([
            column.badness(mine) - column.badness(theirs) for column, mine, theirs in both
        ])  # fmt: skip

    def spread(self, ours: str, peer: str) -> Floats:
        """Return the standard deviation over repeats of that; 0 where there is one repeat."""
        behind = self.behind(ours, peer)
        return behind.std(axis=0, ddof=min(1, len(behind) - 1))

    def loan_error(self, ours: str, peer: str) -> float:
        """Return the standard error, over loans, of the difference in log-loss."""
        apart = self.loan_losses[ours] - self.loan_losses[peer]
        rows = np.isfinite(apart)
        weight = self.loan_weight[rows]
        off = apart[rows] - np.average(apart[rows], weights=weight)
        return float(np.sqrt(((weight * off) ** 2).sum()) / weight.sum())


def stand(
    loans: Loans, splits: Sequence[Split], attempts: Mapping[str, Sequence[Attempt]], part: str
) -> Standing:
    """Judge all attempts of a protocol on one part of the loans: ``development`` or ``last``."""
    judged: list[Bools] = [getattr(split, part) for split in splits]
    values: dict[str, list[list[float]]] = {name: [] for name in attempts}
    each = {name: np.full((len(splits), len(loans)), np.nan) for name in attempts}
    for place, (split, rows) in enumerate(zip(splits, judged, strict=True)):
        others, known = loans.take(rows), _known_loans(loans, split)[rows]
        for name, tries in attempts.items():
            pd = tries[place].pd[rows]
            values[name].append([*_measures(others, pd, known, split), tries[place].fit_seconds])
            each[name][place, rows] = losses(others.default, pd)
    seen = np.any(judged, axis=0)
    return Standing(
        float(np.mean([split.training.sum() for split in splits])),
        float(np.mean([rows.sum() for rows in judged])),
        {name: np.array(table) for name, table in values.items()},
        {name: _mean_where(seen, table) for name, table in each.items()},
        loans.weight if splits[0].weighted else np.ones(len(loans)),
    )


def _mean_where(seen: Bools, table: Floats) -> Floats:
    answer = np.full(len(seen), np.nan)
    answer[seen] = np.nanmean(table[:, seen], axis=0)
    return answer


def _known_loans(loans: Loans, split: Split) -> npt.NDArray[np.int64]:
    """Return for every loan how many loans of its place could be learned from."""
    _, at = np.unique(loans.labels["place"].astype(str), return_inverse=True)
    return np.bincount(at, split.training)[at].astype(np.int64)


def _measures(loans: Loans, pd: Floats, known: npt.NDArray[np.int64], split: Split) -> list[float]:
    """Return every column but the last.

    Profit is that of the whole register's applicants. A method that learned from the file as it is,
    where defaults are too many, is taken to the register's odds first: one shift of the log-odds,
    the same for every method.
    """
    weight = loans.weight if split.weighted else np.ones(len(loans))
    at_register = pd
    if not split.weighted:
        at_register = expit(logit(np.clip(pd, 1e-12, 1 - 1e-12)) + np.log(WEIGHTS[1] / WEIGHTS[0]))
    whole = measure(loans.default, pd, weight)
    thin = [
        np.average(losses(loans.default[rows], pd[rows]), weights=weight[rows])
        for rows in (known < 30, known < 10)
    ]
    return [
        whole.log_loss,
        *thin,
        whole.brier,
        whole.auc or np.nan,
        whole.bias,
        segment_chi(loans.default, pd, loans.labels["place"], weight),
        segment_chi(loans.default, pd, loans.labels["bank"], weight),
        expected_profit(
            loans.default, at_register, margin=MARGIN, loss_share=loans.loss_share,
            pd_below=APPROVED_BELOW, weight=loans.weight,
        ),
    ]  # fmt: skip
