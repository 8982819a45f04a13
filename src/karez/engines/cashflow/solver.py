"""The rate at which flows are worth nothing: one contract at a time, or many at once.

Every rule on the cost of credit makes the same equation: the sum of amount / ((1 + f i)(1 + i)^t)
is zero, with whole or fractional t, and f = 0 where the rule has no simple fraction. It is solved
for u = ln(1 + i), in which it is smooth from minus one hundred per cent upward.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.cashflow.errors import RateNotFoundError
from karez.kernel.errors import ensure

_FIRST_STEP = 0.01
_GROWTH_MOST = 600.0  # e ** 600 times an amount is still a double
_STEPS_MOST = 200
_DUST = 1e-13  # of the amounts: what their sum in doubles may be off
Column = npt.NDArray[np.float64]


@attrs.frozen
class Discounted:
    """An amount, paid (positive) or lent (negative), at a time in periods.

    ``periods`` count with compound interest, ``fraction`` of a period with simple interest.
    """

    amount: float
    periods: float
    fraction: float = 0.0


def value_at(flows: Sequence[Discounted], growth: float) -> float:
    """Return what flows are worth at the beginning, at the rate e ** growth - 1 a period.

    The sum is rounded once, so that the order of flows does not matter.
    """
    factor = math.exp(growth)
    return math.fsum(
        flow.amount
        * math.exp(-growth * flow.periods)
        / (1 - flow.fraction + flow.fraction * factor)
        for flow in flows
    )


def rate_of(flows: Sequence[Discounted]) -> float:
    """Return the rate a period at which the flows are worth nothing; of several, that nearest 0.

    Where more is paid than lent the rate is sought upward from zero, else downward to -1.

    Raises:
        RateNotFoundError: nothing is lent or paid, or no rate evens them out.
    """
    if not any(flow.amount < 0 for flow in flows):
        raise RateNotFoundError(reason="nothing is lent")
    if not any(flow.amount > 0 for flow in flows):
        raise RateNotFoundError(reason="nothing is paid")
    at_zero = value_at(flows, 0.0)
    if at_zero == 0:
        return 0.0
    near, far = _bracket(flows, at_zero)
    low, high = min(near, far), max(near, far)
    return math.expm1(_narrow(flows, low, high))


def _bracket(flows: Sequence[Discounted], at_zero: float) -> tuple[float, float]:
    """Double the step from zero until the value changes its sign."""
    longest = max(flow.periods + flow.fraction for flow in flows)
    most = _GROWTH_MOST if at_zero > 0 or not longest else _GROWTH_MOST / longest
    near, step = 0.0, math.copysign(_FIRST_STEP, at_zero)
    while abs(near) < most:
        far = math.copysign(min(abs(near + step), most), at_zero)
        if (value_at(flows, far) > 0) != (at_zero > 0):
            return near, far
        near, step = far, 2 * step
    raise RateNotFoundError(
        reason="it is more at every rate that a number can show"
        if at_zero > 0
        else "it is less at every rate above -100 %"
    )


def _narrow(flows: Sequence[Discounted], low: float, high: float) -> float:
    """Return the growth between the two, by Newton's steps where they help and halving else."""
    low_positive = value_at(flows, low) > 0
    at = (low + high) / 2
    for _ in range(_STEPS_MOST):
        value = value_at(flows, at)
        if value == 0:
            return at
        if (value > 0) == low_positive:
            low = at
        else:
            high = at
        slope = _slope_at(flows, at)
        wanted = at - value / slope if slope else math.inf
        if not low < wanted < high:
            wanted = (low + high) / 2
        if wanted in (at, low, high):
            break
        at = wanted
    return min((low, at, high), key=lambda growth: abs(value_at(flows, growth)))


def _slope_at(flows: Sequence[Discounted], growth: float) -> float:
    factor = math.exp(growth)
    slopes: list[float] = []
    for flow in flows:
        simple = 1 - flow.fraction + flow.fraction * factor
        worth = flow.amount * math.exp(-growth * flow.periods) / simple
        slopes.append(-worth * (flow.periods + flow.fraction * factor / simple))
    return math.fsum(slopes)


def rates_of(
    offsets: npt.NDArray[np.int64], amounts: Column, periods: Column, fractions: Column
) -> Column:
    """Return the rates of many contracts as ``rate_of`` does, NaN where there is none.

    The flows of contract n are those from ``offsets[n]`` to ``offsets[n + 1]``; each has one.
    """
    sizes = np.diff(offsets)
    if len(sizes) == 0:
        return np.zeros(0)
    ensure(
        sizes.min() > 0 and offsets[-1] == len(amounts),
        "each contract has flows, the last the last",
    )
    starts = offsets[:-1]

    def values(growth: Column) -> Column:
        each = np.repeat(growth, sizes)
        simple = 1 - fractions + fractions * np.exp(each)
        return np.add.reduceat(amounts * np.exp(-each * periods) / simple, starts)

    with np.errstate(under="ignore"):
        at_zero = values(np.zeros(len(sizes)))
        longest = np.maximum.reduceat(periods + fractions, starts)
        dust = _DUST * np.add.reduceat(np.abs(amounts), starts)
        near, far, found = _brackets(values, at_zero, longest, dust)
        rates = np.expm1(_halved(values, near, far, at_zero > 0))
    lends = np.minimum.reduceat(amounts, starts) < 0
    pays = np.maximum.reduceat(amounts, starts) > 0
    rates[at_zero == 0] = 0.0
    rates[~(lends & pays & (found | (at_zero == 0)))] = np.nan
    return rates


def _brackets(
    values: Callable[[Column], Column], at_zero: Column, longest: Column, dust: Column
) -> tuple[Column, Column, npt.NDArray[np.bool_]]:
    """Double the steps from zero as ``_bracket`` does; tell where the value changed its sign.

    A value below ``dust`` is what adding left over, and has none.
    """
    upward = at_zero > 0
    most = np.full(len(at_zero), _GROWTH_MOST)
    np.divide(most, longest, out=most, where=~upward & (longest > 0))
    sign = np.where(upward, 1.0, -1.0)
    near, step = np.zeros(len(at_zero)), np.full(len(at_zero), _FIRST_STEP)
    far = sign * np.minimum(step, most)
    found = -sign * values(far) > dust
    while ((np.abs(far) < most) & ~found).any():
        step = np.where(found, step, 2 * step)
        near = np.where(found, near, far)
        far = np.where(found, far, sign * np.minimum(np.abs(far) + step, most))
        found = -sign * values(far) > dust
    return near, far, found


def _halved(
    values: Callable[[Column], Column],
    near: Column,
    far: Column,
    near_positive: npt.NDArray[np.bool_],
) -> Column:
    """Halve each bracket until its ends are neighbours."""
    for _ in range(_STEPS_MOST):
        middle = (near + far) / 2
        if ((middle == near) | (middle == far)).all():
            break
        same = (values(middle) > 0) == near_positive
        near, far = np.where(same, middle, near), np.where(same, far, middle)
    return far
