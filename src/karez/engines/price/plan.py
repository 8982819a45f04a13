"""A year's budget spread over firms: to whom, how much, at which rate; a proven optimum.

The tail loss is held by cuts. Expected shortfall is the largest mean loss over any worst share of
the years, so the mean over the worst years of any one plan is a linear bound that every allowed
plan keeps. We solve, look at the worst years of the answer, add their bound if it is broken, and
solve again until it is not. Each answer is the best of a question that asks less, so the last one,
which keeps what was asked, is the best of all.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.errors import PlanImpossibleError
from karez.engines.price.offers import Offers, find_offers
from karez.engines.price.optimum import maximise
from karez.engines.price.question import Question
from karez.engines.price.rate import Floats, Ints
from karez.engines.price.solver import Choice, Solved
from karez.engines.price.tail import expected_shortfall, worst_weights
from karez.kernel.errors import ensure

BUDGET, TAIL = "budget", "tail"
_CUTS_MOST = 400
_DUST_STEPS = 1e-6
"""How far a row may be off: the solver's tolerance, with room."""


@attrs.frozen(eq=False)
class Plan:
    """The best plan. Arrays have one entry for each firm, zero for those that get nothing."""

    question: Question
    offers: Offers
    amount_minor: Ints
    rate_ppm: Ints
    lost: Floats
    counted_minor: Floats
    """What the constraints count of the amount."""
    profit_minor: Floats
    """Expected, as all profit here."""
    bound_minor: float
    """What no plan can earn more than: the proof."""
    price: Mapping[str, float]
    """What one more unit of each constraint would earn, if amounts could be broken."""
    room_minor: Mapping[str, float]
    """What each constraint has left."""
    cuts: Floats
    """What a unit lent to each firm loses in worst years that had to be looked at."""
    cut_prices: Floats
    """What one more unit of loss in each of them would earn."""

    @property
    def total_minor(self) -> float:
        """The expected profit of the whole plan."""
        return float(self.profit_minor.sum())

    @property
    def gap_minor(self) -> float:
        """How much more another plan might earn, as far as is proven."""
        return max(self.bound_minor - self.total_minor, 0.0)

    @property
    def expected_loss_minor(self) -> Floats:
        """What each firm is expected to lose us; it is in the profit already."""
        firms = self.question.firms
        balance = self.amount_minor * (1 - self.lost) * self.question.balance_share
        return balance * firms.pd * firms.lgd

    @property
    def bad_years_minor(self) -> Floats:
        """What each firm loses us in the worst years of the plan; zero without a bound on the tail.

        It adds up to the expected shortfall that the bound is on.
        """
        question = self.question
        weights = worst_weights(question.tail_losses @ self.counted_minor, question.tail_share)
        return weights @ question.tail_losses * self.counted_minor


def make_plan(question: Question, cuts: Floats | None = None) -> Plan:
    """Return a plan that no other beats. ``cuts`` of a plan with the same tail make it quicker.

    Raises:
        PlanImpossibleError: the least that bounds ask for cannot be reached.
    """
    offers = find_offers(question)
    if cuts is None:
        cuts = np.empty((0, len(question.firms)))
    _, cuts = _solve(question, offers, cuts, whole=False)
    solved, cuts = _solve(question, offers, cuts, whole=True)
    relaxed, cuts = _solve(question, offers, cuts, whole=False)
    return _answer(question, offers, cuts, solved, relaxed)


@attrs.frozen(eq=False)
class Row:
    """A constraint on the sum of some offers."""

    members: npt.NDArray[np.bool_]
    least_minor: int
    most_minor: int


def shared_rows(question: Question, offers: Offers) -> dict[str, Row]:
    """Return the constraints on sums by name: the budget, then the bounds."""
    rows = {BUDGET: Row(np.ones(len(offers), dtype=np.bool_), 0, question.budget_minor)}
    for bound in question.bounds:
        names = question.firms.industry if bound.of == "industry" else question.firms.group
        members = np.array([names[firm] == bound.name for firm in offers.firm], dtype=np.bool_)
        rows[f"{bound.of} {bound.name}"] = Row(members, bound.least_minor, bound.most_minor)
    return rows


def _solve(
    question: Question, offers: Offers, cuts: Floats, *, whole: bool
) -> tuple[Solved, Floats]:
    """Return an optimum that keeps the tail, and all cuts that it took."""
    most = question.tail_most_minor / question.step_minor
    for _ in range(_CUTS_MOST):
        solved = maximise(_choice(question, offers, cuts), whole=whole)
        if solved is None:
            raise PlanImpossibleError(reason="they ask for more than the others allow")
        lent = _by_firm(question, offers, offers.use * solved.amounts)
        years = question.tail_losses @ lent
        if expected_shortfall(years, question.tail_share) <= most + _DUST_STEPS:
            return solved, cuts
        worst = worst_weights(years, question.tail_share) @ question.tail_losses
        cuts = np.concatenate([cuts, worst[None]])
    raise PlanImpossibleError(reason=f"the tail is still too heavy after {_CUTS_MOST} looks at it")


def _choice(question: Question, offers: Offers, cuts: Floats) -> Choice:
    """Return the choice that is to be made, in steps."""
    step = question.step_minor
    shared = shared_rows(question, offers)
    members = np.array([row.members for row in shared.values()], dtype=np.float64)
    least = [row.least_minor / step for row in shared.values()]
    most = [row.most_minor / step for row in shared.values()]
    return Choice(
        firm=offers.firm,
        gain=offers.profit,
        fixed=offers.fixed_minor / step,
        least=offers.least_steps,
        most=offers.most_steps,
        sums=np.concatenate([members, cuts[:, offers.firm]]) * offers.use,
        sums_least=np.array(least + [-np.inf] * len(cuts)),
        sums_most=np.array(most + [question.tail_most_minor / step] * len(cuts)),
        must=np.zeros(len(question.firms), dtype=np.bool_),
    )


def _by_firm(question: Question, offers: Offers, values: Floats) -> Floats:
    return np.bincount(offers.firm, values, len(question.firms)).astype(np.float64)


def _answer(
    question: Question, offers: Offers, cuts: Floats, solved: Solved, relaxed: Solved
) -> Plan:
    firms, step = len(question.firms), question.step_minor
    steps = solved.amounts.astype(np.int64)
    taken = np.flatnonzero(steps)
    at = offers.firm[taken]
    ensure(len(set(at.tolist())) == len(at), "a firm has one rate")
    amount, rate = np.zeros(firms, dtype=np.int64), np.zeros(firms, dtype=np.int64)
    lost, profit = np.zeros(firms), np.zeros(firms)
    amount[at] = steps[taken] * step
    rate[at] = question.rates_ppm[offers.rate[taken]]
    lost[at] = offers.lost[taken]
    profit[at] = offers.profit[taken] * amount[at] - offers.fixed_minor[taken]
    used = offers.use * steps * step
    shared = shared_rows(question, offers)
    room = {name: row.most_minor - float(used[row.members].sum()) for name, row in shared.items()}
    price = dict(zip(shared, relaxed.prices.tolist(), strict=False))
    cut_prices = relaxed.prices[len(shared) :]
    lent = _by_firm(question, offers, used)
    if question.tail is not None:
        shortfall = expected_shortfall(question.tail_losses @ lent, question.tail_share)
        room[TAIL], price[TAIL] = question.tail.most_minor - shortfall, float(cut_prices.sum())
    ensure(min(room.values()) >= -_DUST_STEPS * step, "every constraint is kept")
    return Plan(
        question, offers, amount, rate, lost, lent, profit, solved.bound * step, price, room, cuts,
        cut_prices,
    )  # fmt: skip
