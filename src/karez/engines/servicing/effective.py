"""Deferred fees by effective interest: what a fee kept at disbursement earns by each due date.

The effective rate is the one at which the instalments to come are worth what was paid out less the
fees (IFRS 9, B5.4.1). What is deferred after a due date is the principal then open less the
instalments that still come, at that rate; what has left it is earned. A fee larger than what is
lent has no such rate: it is earned evenly by days.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from math import exp

import attrs

_DIGITS = Context(prec=34)
_ONE = Decimal(1)
_GUESSES = 40  # Newton from the left of a falling convex curve: it nears the root each time
_POLISH = 3  # from sixteen digits to all


@attrs.frozen
class Flow:
    """An instalment that is to come: in how many days, and its principal and interest."""

    days: int
    principal_minor: int
    interest_minor: int

    @property
    def amount_minor(self) -> int:
        """Both together."""
        return self.principal_minor + self.interest_minor


def earned_by(flows: Sequence[Flow], deferred_minor: int, accrued_minor: int = 0) -> list[int]:
    """Return how much of a deferred fee is earned by each instalment, the last earning it all.

    ``accrued_minor`` is interest that has accrued of the first instalment already.
    """
    gross = sum(flow.principal_minor for flow in flows)
    carried = gross + accrued_minor - deferred_minor
    paid_in = [flow for flow in flows if flow.amount_minor > 0]
    if carried <= 0 or sum(flow.amount_minor for flow in paid_in) <= carried:
        return _evenly(flows, deferred_minor)
    growth = _DIGITS.divide(_ONE, _daily_discount(paid_in, carried))
    worth = Decimal(carried)
    day = earned = 0
    result: list[int] = []
    for flow in flows:
        worth = _DIGITS.multiply(worth, _DIGITS.power(growth, flow.days - day))
        worth = _DIGITS.subtract(worth, Decimal(flow.amount_minor))
        day = flow.days
        gross -= flow.principal_minor
        left = gross - int(worth.to_integral_value())
        # A schedule that grows before it shrinks takes nothing back that was earned.
        earned = min(max(deferred_minor - left, earned), deferred_minor)
        result.append(earned)
    result[-1] = deferred_minor
    return result


def _evenly(flows: Sequence[Flow], deferred_minor: int) -> list[int]:
    last = flows[-1].days
    return [deferred_minor * flow.days // last for flow in flows]


def _daily_discount(flows: Sequence[Flow], carried: int) -> Decimal:
    """Return what one unit in a day is worth today, exact to all digits whatever the machine."""
    force = 0.0
    for _ in range(_GUESSES):
        worths = [flow.amount_minor * exp(-force * flow.days) for flow in flows]
        over = sum(worths) - carried
        slope = sum(worth * flow.days for worth, flow in zip(worths, flows, strict=True))
        step = over / slope
        force += step
        if abs(step) < 1e-15:
            break
    discount = Decimal(exp(-force))
    for _ in range(_POLISH):
        worth, slope = Decimal(-carried), Decimal(0)
        for flow in flows:
            power = _DIGITS.power(discount, flow.days - 1)
            slope = _DIGITS.add(slope, power * flow.amount_minor * flow.days)
            worth = _DIGITS.add(worth, power * discount * flow.amount_minor)
        discount = _DIGITS.subtract(discount, _DIGITS.divide(worth, slope))
    return discount
