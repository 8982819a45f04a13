"""How much each instalment collects: the equal instalment, its smoothing, and the last one.

Under a declining balance the equal instalment is the one that pays off the balance over periods of
unequal length: the balance grown by all factors, over the sum of what one unit paid on each due
date grows to. The last instalment takes what rounding leaves; if it then stands out, the equal
instalment is moved a little, three times at most, as long as that brings the last two closer
together.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs

from karez.engines.servicing.factors import set_factors
from karez.engines.servicing.figures import ONE, ZERO
from karez.engines.servicing.period import Period
from karez.engines.servicing.plan import Plan

SMOOTHINGS_MOST = 3


def spread(plan: Plan, periods: list[Period]) -> None:
    """Set the equal instalment of these periods, which are to pay off what is open before them."""
    if not periods:
        return
    if plan.flat:
        _spread_flat(plan, periods)
        return
    figures = plan.figures
    grown, annuity = ONE, ONE
    for place, period in enumerate(periods):
        factor = ONE if _no_interest_due(plan, period) else period.grow_factor()
        grown = figures.multiply(grown, factor)
        if place:
            annuity = figures.add(ONE, figures.multiply(annuity, factor))
    balance = Decimal(periods[0].opening_balance())
    instalment = figures.minor(figures.divide(figures.multiply(grown, balance), annuity))
    instalment += figures.minor(_fixed_share(plan, periods))
    plan.collect(periods, to_multiple(plan, instalment))


def _no_interest_due(plan: Plan, period: Period) -> bool:
    return plan.terms.grace_on_interest > 0 and period.interest_grace


def _fixed_share(plan: Plan, periods: list[Period]) -> Decimal:
    total = Decimal(sum(period.fixed_interest for period in periods))
    return plan.figures.divide(total, Decimal(len(periods)))


def to_multiple(plan: Plan, instalment: int) -> int:
    """Round an instalment to the terms' multiple, unless nothing would be left of it."""
    rounded = plan.figures.to_multiple(instalment, plan.terms.multiple_minor)
    return rounded if rounded or instalment <= 0 else instalment


def _spread_flat(plan: Plan, periods: list[Period]) -> None:
    """Set equal instalments of principal and flat interest; the last takes the remainder."""
    first, last = periods[0], periods[-1]
    interest = plan.figures.minor(_fixed_share(plan, periods))
    for period in periods:
        interest += period.calculated_interest
        if period.previous is not None:
            interest -= period.previous.unrecognised  # counted where it ran
        period.collect(period.calculated_interest)
    repaid = 0
    if first.previous is not None:
        repaid = first.previous.lent_until(None) - first.previous.end_balance
    total = first.lent_until(first.segments[-1]) + interest - repaid
    equal = to_multiple(plan, plan.figures.share(total, len(periods)))
    remainder = total - equal * len(periods)
    excess = 0
    for period in periods:
        instalment = equal + remainder if period is last else equal
        room = instalment + period.credited + period.later_interest
        if room < period.paid:
            excess += period.paid - room
            instalment = period.paid
        period.original_instalment = instalment
        period.collect(instalment)
        period.settle()
    for period in reversed(periods):
        if excess > 0 and not period.is_paid:
            paid = period.paid - period.credited - period.later_interest
            least = max(period.calculated_interest, period.instalment - excess, paid, 0)
            excess -= period.instalment - least
            period.collect(least)
            period.settle()


def fit_last_unpaid(plan: Plan, till: date) -> None:
    """Let the last unpaid instalment collect what all others leave over.

    Interest of later periods that are paid already is collected by it as well. A rounded-up
    instalment may leave less than nothing: then it collects nothing and the one before is fitted.
    """
    _no_more_than_open(plan)
    unpaid = [period for period in plan.periods if not period.is_paid]
    if not unpaid:
        last = plan.last
        if plan.paid_principal or not last.segments or not last.end_balance:
            return
        unpaid = [last]
    for period in plan.periods:
        if period.moved_up:
            period.moved_up = False
            period.touch()
    while not _fitted(plan, unpaid[-1]) and len(unpaid) > 1:
        unpaid.pop()
    defer_later_interest(plan, unpaid[-1], till)


def _fitted(plan: Plan, last: Period) -> bool:
    """Let a period collect what all others leave over; tell whether what was paid leaves it so."""
    if last.later_interest:
        last.later_interest = 0
        last.touch()
    least = last.paid - last.credited
    while True:
        # Interest that had found no room takes what is added, so that more has to be.
        fitted = last.instalment + plan.lent + plan.due_interest - plan.collected
        if last is plan.last:
            fitted += last.unrecognised
        if last.fixed_interest > 0:
            fitted = max(fitted, last.paid_principal + last.fixed_interest)
        if last.instalment == max(fitted, least):
            return fitted >= least
        last.collect(max(fitted, least))


def _no_more_than_open(plan: Plan) -> None:
    """Cut what instalments collect of principal to what those before them leave open."""
    still_open = plan.lent - plan.paid_principal
    for period in plan.periods:
        excess = period.due_principal - period.paid_principal - still_open
        if excess > 0:
            least = max(period.paid - period.credited, 0)
            period.collect(max(period.instalment - excess, least))
        still_open -= period.due_principal - period.paid_principal


def defer_later_interest(plan: Plan, period: Period, till: date) -> None:
    """Let an unpaid period collect the interest of paid periods after it, as known on a day."""
    if not any(later.unrecognised for later in plan.periods[period.place + 1 :]):
        return  # Interest that ends earlier finds no less room.
    twin = plan.trial()
    beyond = any(due > period.due for _, _, due in twin.arrears)
    here = any(due == period.due for _, _, due in twin.arrears)
    if here and not beyond:
        _take_back_arrears(twin)
    set_factors_until(twin, till)
    if here and not beyond:
        twin.settle()
    for later in reversed(twin.periods):
        if later.unrecognised > 0 and later.due > period.due:
            period.later_interest = later.unrecognised
            period.touch()
            for moved in plan.periods:
                if moved.due > period.due:
                    moved.moved_up = True
                    moved.touch()
            return


def _take_back_arrears(plan: Plan) -> None:
    for on, amount, _ in plan.arrears:
        plan.change_balance(on, correction=-amount)
    plan.arrears.clear()
    plan.arrears_until = None


def set_factors_until(plan: Plan, till: date) -> None:
    """Work out factors as if interest ran until a day only."""
    period = plan.covering(till)
    if period is not None:
        segment = running_segment(period, till)
        if segment is not None:
            segment.end = till
    set_factors(plan, plan.periods)
    for each in plan.periods:
        for segment in each.segments:
            if till < segment.end:
                segment.factor = segment.factor_to_due = ZERO
        each.changed()


def running_segment(period: Period, day: date):  # noqa: ANN201
    """Return the last stretch that a day belongs to."""
    found = None
    for place, segment in enumerate(period.segments):
        first = period.previous is None and not place
        if segment.start < day <= segment.end or (first and day == segment.start):
            found = segment
    return found


@attrs.frozen
class Gap:
    """How far the last instalment that is open stands from the one before."""

    equal: int
    difference: int
    parts: int
    countable: int

    @staticmethod
    def of(periods: list[Period]) -> Gap:
        """Return the gap between the last two neighbours that are both unpaid."""
        graces = sum(period.principal_grace for period in periods)
        for place in range(len(periods) - 1, 0, -1):
            last, before = periods[place], periods[place - 1]
            if last.principal_grace or before.principal_grace:
                continue
            if not last.is_paid and not before.is_paid:
                equal = before.instalment
                uncountable = sum(
                    period.principal_grace or equal < period.paid for period in periods
                )
                return Gap(
                    equal,
                    last.instalment - equal,
                    len(periods) - graces,
                    max(1, len(periods) - uncountable),
                )
        return Gap(periods[0].instalment, 0, len(periods) - graces, max(1, len(periods)))

    def is_wide(self, plan: Plan) -> bool:
        """Whether the gap is more than half a hundredth for each instalment."""
        half = self.parts // 2
        hundredths = abs(self.difference) * 100
        return half > 0 and hundredths > half * 10**plan.figures.decimals

    def closed(self, plan: Plan) -> int:
        """Return the instalment that would spread the gap over all."""
        return to_multiple(plan, self.equal + plan.figures.share(self.difference, self.countable))


def smooth(plan: Plan, periods: list[Period]) -> None:
    """Move the equal instalment so that the last one stands out less."""
    twin: Plan | None = None
    for _ in range(SMOOTHINGS_MOST):
        gap = Gap.of(periods)
        instalment = gap.closed(plan)
        if not gap.is_wide(plan) or instalment == gap.equal:
            return
        if twin is None:
            twin = plan.trial()
        start, due = periods[0].start, periods[0].due
        movable = [
            period
            for period in twin.periods
            if period.start >= start
            and period.due >= due
            and not period.holder
            and not period.principal_grace
        ]
        twin.collect(movable, instalment)
        twin.settle()
        fit_last_unpaid(twin, due)
        if abs(Gap.of(twin.periods).difference) >= abs(gap.difference):
            return
        targets = [period for period in periods if not period.principal_grace]
        for period, new in zip(targets, movable, strict=False):
            period.original_instalment = new.instalment
            period.collect(new.instalment)
        plan.settle()
