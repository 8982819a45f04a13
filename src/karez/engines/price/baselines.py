"""What simpler lenders would do with the same budget, so that a plan can be held against it.

Each is judged by the plan's own measure of expected profit, but is freer than a plan: the bounds on
industries, groups and the tail do not hold it, nor do the limits of single firms; only the budget
and what one loan may be.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from karez.engines.price.curve import WHOLE_PPM
from karez.engines.price.question import Question
from karez.engines.price.rate import Floats, Ints, collected_share


@attrs.frozen(eq=False)
class Baseline:
    """A simple way to lend, and what it would earn."""

    name: str
    amount_minor: Ints
    rate_ppm: Ints
    profit_minor: Floats
    """Expected, firm by firm."""

    @property
    def total_minor(self) -> float:
        """The expected profit of all loans."""
        return float(self.profit_minor.sum())


def baselines(
    question: Question, sales_minor: Floats, *, least_minor: int, most_minor: int
) -> list[Baseline]:
    """Return four simple ways to lend the budget of a question.

    The same amount to all at the lowest rate; the same to all at the one rate that earns most; in
    proportion to sales at the one rate that earns most; and the largest firms first with as much as
    one may have, at the rate that would be best if all firms were the average firm.
    """
    count = len(question.firms)
    ends = (least_minor, most_minor)
    equal = _within(question, np.full(count, question.budget_minor / max(count, 1)), ends)
    share = sales_minor / max(float(sales_minor.sum()), 1.0)
    by_sales = _within(question, question.budget_minor * share, ends)
    largest = np.argsort(-sales_minor, kind="stable")
    fits = np.arange(count) < question.budget_minor // most_minor
    greedy = np.zeros(count, np.int64)
    greedy[largest[fits]] = most_minor
    average = _average(question)
    return [
        _at(question, "equal amounts at the lowest rate", equal, [question.rates_ppm[0]]),
        _at(question, "equal amounts at the best single rate", equal, question.rates_ppm),
        _at(question, "in proportion to sales, best single rate", by_sales, question.rates_ppm),
        _at(question, "largest first, all taken for average", greedy,
            [_best_rate(average, greedy, question.rates_ppm)]),
    ]  # fmt: skip


def expected_profit_minor(question: Question, amount_minor: Ints, rate_ppm: Ints) -> Floats:
    """Return what each loan is expected to earn, as a plan reckons it; nothing where none is."""
    firms, costs = question.firms, question.costs
    segments = np.arange(len(question.curve.segments))
    lost = np.empty(len(firms))
    for segment in segments[np.isin(segments, firms.segment)].tolist():
        rows = firms.segment == segment
        lost[rows] = question.curve.lost_at(rate_ppm[rows])[segment]
    cost = costs.running_rate(firms.pd, firms.lgd)
    margin = collected_share(firms.pd) * rate_ppm / WHOLE_PPM - cost
    earned = question.balance_share * amount_minor * margin - costs.fixed_minor
    return np.where(amount_minor > 0, (1 - lost) * earned, 0.0)


def _within(question: Question, wanted: Floats, ends: tuple[int, int]) -> Ints:
    """Return whole steps between the ends, the largest wishes first while the budget lasts."""
    step = question.step_minor
    clipped = np.clip(wanted, *ends)
    amounts = (np.floor(clipped / step) * step).astype(np.int64)
    order = np.argsort(-wanted, kind="stable")
    amounts[order[np.cumsum(amounts[order]) > question.budget_minor]] = 0
    return amounts


def _at(question: Question, name: str, amount_minor: Ints, rates: Sequence[int] | Ints) -> Baseline:
    rate = np.full(len(amount_minor), _best_rate(question, amount_minor, rates), dtype=np.int64)
    return Baseline(name, amount_minor, rate, expected_profit_minor(question, amount_minor, rate))


def _best_rate(question: Question, amount_minor: Ints, rates: Sequence[int] | Ints) -> int:
    def total(rate: int) -> float:
        everywhere = np.full(len(amount_minor), rate, dtype=np.int64)
        return float(expected_profit_minor(question, amount_minor, everywhere).sum())

    return max((int(rate) for rate in rates), key=total)


def _average(question: Question) -> Question:
    firms = question.firms
    same = attrs.evolve(
        firms,
        pd=np.full(len(firms), firms.pd.mean()),
        lgd=np.full(len(firms), firms.lgd.mean()),
    )
    return attrs.evolve(question, firms=same)
