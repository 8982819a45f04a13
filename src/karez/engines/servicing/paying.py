"""How what is paid, paid back or left unpaid changes a plan."""

from __future__ import annotations

from datetime import date

import attrs

from karez.engines.servicing.errors import PeriodUnknownError
from karez.engines.servicing.factors import set_factors
from karez.engines.servicing.instalments import (
    defer_later_interest,
    fit_last_unpaid,
    running_segment,
    set_factors_until,
)
from karez.engines.servicing.period import Period
from karez.engines.servicing.plan import Plan
from karez.engines.servicing.terms import PreClose, Processing, Recalculation, Rest


@attrs.frozen
class Open:
    """Principal and interest that are open."""

    principal: int
    interest: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.principal + self.interest


def pay_interest(plan: Plan, start: date, due: date, on: date, amount: int) -> None:
    """Take an amount of a period's interest as paid."""
    period = plan.find(start, due)
    unpaid = [each for each in plan.periods if not each.is_paid]
    if unpaid and unpaid[-1] is not plan.last and on >= unpaid[-1].due and period is unpaid[-1]:
        defer_later_interest(plan, unpaid[-1], on)
    open_interest = plan.due_interest - plan.paid_interest
    if period is not None:
        period.paid_interest += min(amount, open_interest)
        period.touch()
    plan.settle()
    fit_last_unpaid(plan, on)


def pay_principal(plan: Plan, start: date, due: date, on: date, amount: int) -> None:
    """Take an amount of a period's principal as paid: the balance falls at once, if late when due.

    An instalment that was paid in full before its period begins keeps to what was paid of it.
    """
    if not amount:
        return
    period = plan.find(start, due)
    paid = plan.paid_principal
    lent = plan.lent
    taken = lent - paid if paid + amount > lent + plan.credited_principal else amount
    if period is not None:
        period.paid_principal += taken
        period.touch()
    falls_on = min(due, on)
    correct_balance(plan, falls_on, -amount)
    several = sum(not each.is_paid for each in plan.periods) > 1
    if plan.instalments_fixed or period is None:
        return
    if several:
        as_planned = period.original_instalment + period.credited
        early = on < period.start and period.paid == as_planned
        if early or period.paid > period.to_collect:
            period.collect(period.paid - period.credited)
    fit_last_unpaid(plan, falls_on)


def correct_balance(plan: Plan, on: date, amount: int) -> Period | None:
    """Let the balance that bears interest change on a day, and fit the last instalment."""
    period = plan.change_balance(on, correction=amount)
    if period is not None:
        set_factors(plan, [period])
        plan.settle()
        fit_last_unpaid(plan, on)
    return period


def credit(plan: Plan, on: date, *, principal: int = 0, interest: int = 0) -> None:
    """Put principal or interest that had been paid back on the loan."""
    period = plan.change_balance(on, correction=principal)
    if period is None:
        return
    for each in plan.periods:
        within = each.start <= on < each.due or (each is plan.last and on == each.due)
        if within:
            segment = next((one for one in reversed(each.segments) if one.start == on), None)
            if segment is not None:
                segment.credited_principal += principal
                segment.credited_interest += interest
                each.changed()
            break
    set_factors(plan, [period])
    plan.settle()
    fit_last_unpaid(plan, on)


def as_of(plan: Plan, day: date) -> Plan:
    """Return a copy of the plan in which no interest runs after a day."""
    if day >= plan.maturity:
        return plan.trial()
    twin = plan.trial(kept=_closed_before(plan, day))
    if day < twin.start:
        for period in twin.periods:
            period.segments.clear()
            period.changed()
        return twin
    running = twin.covering(day)
    if running is None:
        raise PeriodUnknownError(on=day)
    _cut(running, day)
    set_factors(twin, [running])
    for period in twin.periods[running.place + 1 :]:
        if period.previous is running and _opens_with_credit(period):
            # A credit on the running period's due date stays; its stretch gets no days.
            del period.segments[1:]
            period.segments[0].end = period.segments[0].start
            set_factors(twin, [period])
        else:
            period.segments.clear()
            period.changed()
    twin.settle()
    fit_last_unpaid(twin, day)
    return twin


def _closed_before(plan: Plan, day: date) -> int:
    """Return how many of the first periods ended before a day and are closed."""
    for place, period in enumerate(plan.periods):
        if period.due >= day or not period.is_closed:
            return place
    return len(plan.periods)


def _cut(period: Period, day: date) -> None:
    segment = running_segment(period, day)
    if segment is None:
        return
    segment.end = day
    place = period.segments.index(segment) + 1
    if place < len(period.segments):
        following = period.segments[place]
        segment.credited_principal += following.credited_principal
        segment.credited_interest += following.credited_interest
        del period.segments[place:]


def _opens_with_credit(period: Period) -> bool:
    first = period.segments[0]
    return first.credited_interest > 0 or first.credited_principal > 0


def due_amounts(plan: Plan, start: date, due: date, on: date) -> Open:
    """Return the most of a period's principal and interest that can be paid on a day.

    Raises:
        PeriodUnknownError: the plan has no such period.
    """
    twin = as_of(plan, on)
    period = twin.find(start, due)
    if period is None:
        raise PeriodUnknownError(on=due)
    unpaid = sum(not each.is_paid for each in twin.periods)
    _fit_advance(plan, twin, period, on, unpaid)
    allocation = plan.terms.allocation
    vertical = getattr(allocation, "processing", None) is Processing.VERTICAL
    if not vertical or unpaid <= 1:
        # The only instalment that is open takes all there is.
        return Open(period.due_principal, period.due_interest)
    principal = period.to_collect if unpaid > 1 else period.due_principal
    return Open(
        min(principal, max(twin.lent - twin.paid_principal, 0) + period.paid_principal),
        min(
            period.due_interest,
            max(twin.due_interest - twin.paid_interest, 0) + period.paid_interest,
        ),
    )


def _fit_advance(plan: Plan, twin: Plan, period: Period, on: date, unpaid: int) -> None:
    """Let a period that has not begun collect its planned instalment, but no more than is open."""
    if on > period.start:
        return
    if period.reaged:
        source = plan.find(period.start, period.due)
        if source is not None:
            period.collect(source.instalment)
    elif unpaid > 1:
        period.collect(period.original_instalment)
        excess = max(period.outstanding_principal - twin.outstanding_principal, 0)
        period.collect(period.instalment - excess)
    elif period.is_paid and unpaid == 1:
        still_open = twin.lent - twin.paid_principal + period.paid_principal + period.due_interest
        period.collect(min(period.original_instalment, still_open))


def interest_until(plan: Plan, start: date, due: date, on: date, *, credited: bool = True) -> int:
    """Return a period's interest as it stands on a day.

    Raises:
        PeriodUnknownError: the plan has no such period.
    """
    period = as_of(plan, on).find(start, due)
    if period is None:
        raise PeriodUnknownError(on=due)
    return period.calculated_interest - (0 if credited else period.credited_interest)


def open_on(plan: Plan, on: date) -> Open:
    """Return what would pay the loan off on a day."""
    twin = plan.trial()
    set_factors_until(twin, on)
    twin.settle()
    fit_last_unpaid(twin, on)
    return Open(
        max(twin.lent - twin.paid_principal, 0), max(twin.due_interest - twin.paid_interest, 0)
    )


def total_interest(plan: Plan, on: date) -> int:
    """Return the interest of all periods as it stands on a day."""
    return sum(due_amounts(plan, period.start, period.due, on).interest for period in plan.periods)


def till_due(terms: Recalculation, *, pays_off: bool) -> bool:
    """Tell whether interest runs till the due date although a payment comes before it."""
    till_rest = terms.pre_close is PreClose.TILL_REST_DATE
    return till_rest and (pays_off or terms.rest is Rest.SAME_AS_REPAYMENT)


def is_late(plan: Plan, on: date) -> bool:
    """Tell whether any principal is open after its due date on a day."""
    return any(
        period.due < on and not period.holder and period.outstanding_principal
        for period in plan.periods
    )


def charge_arrears(plan: Plan, terms: Recalculation, on: date, *, pays_off: bool) -> bool:
    """Let overdue principal bear interest until a day, and tell whether anything changed."""
    on = min(on, plan.maturity)
    late = [period for period in plan.periods if not period.holder and on > period.due]
    if not late:
        return False
    last = plan.last
    current = plan.covering(on) or last
    changed = False
    overdue = total = 0
    for period in late:
        if overdue:
            changed |= _adjust(
                plan, terms, period, on, overdue=overdue, total=total, pays_off=pays_off
            )
        overdue = period.outstanding_principal
        total += overdue
    if total and (current is not last or on <= last.due):
        changed |= _adjust(
            plan, terms, current, on, overdue=overdue, total=total, pays_off=pays_off
        )
    if total > 0 and (plan.arrears_until is None or plan.arrears_until < on):
        plan.arrears_until = on
    return changed


def _adjust(  # noqa: PLR0913 - what is overdue here and in all, until when
    plan: Plan,
    terms: Recalculation,
    period: Period,
    on: date,
    *,
    overdue: int,
    total: int,
    pays_off: bool,
) -> bool:
    if on == plan.arrears_until:
        return False
    start, due = period.start, period.due
    until = plan.arrears_until
    since = start if until is None or start > until else until
    _correct_arrears(plan, since, overdue)
    if start < on <= due:
        end = due if till_due(terms, pays_off=pays_off) else on
        _correct_arrears(plan, end, -total)
        plan.arrears_until = end
    return True


def _correct_arrears(plan: Plan, on: date, amount: int) -> None:
    period = plan.change_balance(on, correction=amount)
    if period is not None:
        plan.arrears.append((on, amount, period.due))
        set_factors(plan, [period])
        plan.settle()
        fit_last_unpaid(plan, on)
