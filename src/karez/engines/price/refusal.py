"""Why a firm gets nothing: its limit, its price, or a constraint that has no room left for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs
import numpy as np

from karez.engines.price.offers import Offers, all_offers
from karez.engines.price.plan import TAIL, Plan, Row, shared_rows
from karez.engines.price.tail import expected_shortfall

_NOTHING_MINOR = 0.5
"""What is below half a minor unit, the solver may leave aside as well."""


class Why(StrEnum):
    """What stands against lending to a firm."""

    LIMIT = "limit"  # its limit is below the smallest amount
    CAP = "cap"  # no rate that may be offered is allowed
    PRICE = "price"  # at no rate, and no amount, does it earn anything
    FULL = "full"  # it would earn something, and a constraint has no room for it


@attrs.frozen
class Refusal:
    """A firm that gets nothing."""

    firm: int
    why: Why
    earns: float
    """Expected profit of a unit at its best rate and its largest amount; NaN where none is."""
    asked: float
    """What the same use of the constraints earns elsewhere, at the margin."""
    full: tuple[str, ...] = ()
    """Constraints without room for the least that would earn something; the dearest first."""


def find_refusals(plan: Plan) -> list[Refusal]:
    """Return why each firm that gets nothing gets nothing.

    A firm that would earn something is refused only where something is full: else the plan with it
    would be better, and the plan is proven to be the best.
    """
    offers = all_offers(plan.question)
    gains = offers.profit * offers.most_steps * plan.question.step_minor - offers.fixed_minor
    rates = len(plan.question.rates_ppm)
    best = np.full(len(plan.question.firms), -1)
    for start in range(0, len(offers), rates):
        best[offers.firm[start]] = start + int(gains[start : start + rates].argmax())
    shared = shared_rows(plan.question, offers)
    return [
        _refusal(plan, offers, shared, firm, int(best[firm]))
        for firm in np.flatnonzero(plan.amount_minor == 0).tolist()
    ]


def _refusal(
    plan: Plan, offers: Offers, shared: Mapping[str, Row], firm: int, best: int
) -> Refusal:
    if best < 0:
        return Refusal(firm, Why.LIMIT, np.nan, np.nan)
    question, use = plan.question, float(offers.use[best])
    step, most = question.step_minor, int(offers.most_steps[best]) * question.step_minor
    profit, fixed = float(offers.profit[best]), float(offers.fixed_minor[best])
    if profit == -np.inf:
        return Refusal(firm, Why.CAP, np.nan, np.nan)
    earns = profit - fixed / most
    bound = [name for name, row in shared.items() if row.members[best]]
    asked = use * sum(plan.price[name] for name in bound)
    asked += use * float(plan.cut_prices @ plan.cuts[:, firm])
    if earns * most < _NOTHING_MINOR:
        return Refusal(firm, Why.PRICE, earns, asked)
    # Profit is linear in the amount, and begins where it pays the fixed cost.
    smallest = max(int(offers.least_steps[best]), int(fixed / profit // step) + 1) * step
    full = [name for name in bound if plan.room_minor[name] < use * smallest]
    counted = plan.counted_minor.copy()
    counted[firm] += use * smallest
    shortfall = expected_shortfall(question.tail_losses @ counted, question.tail_share)
    if shortfall > question.tail_most_minor:
        full.append(TAIL)
    full.sort(key=lambda name: -plan.price[name])
    return Refusal(firm, Why.FULL, earns, asked, tuple(full))
