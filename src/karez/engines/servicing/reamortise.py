"""Re-amortisation: what is overdue is spread over the instalments that are still to come."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing.account import Account
from karez.engines.servicing.events import ReAmortise, ReAmortiseInterest
from karez.engines.servicing.factors import set_factors
from karez.engines.servicing.instalments import fit_last_unpaid, smooth, spread
from karez.engines.servicing.period import Period
from karez.engines.servicing.plan import Plan
from karez.engines.servicing.planning import lift_grace
from karez.engines.servicing.terms import Bucket


def re_amortise(account: Account, event: ReAmortise) -> None:
    """Spread overdue principal, and interest if there is any, over later instalments."""
    if account.recalculates and account.plan is not None:
        plan = account.the_plan()
        if plan.maturity <= event.on:
            return  # No instalment is still to come.
        if event.interest is ReAmortiseInterest.EQUAL_SPLIT:
            _split_interest(plan, event.on)
            for bucket in (Bucket.FEE, Bucket.PENALTY):
                _split_charges(account, bucket, event.on)
        else:
            _spread_overdue(plan, event.on)
        account.follow_plan(event.on)
        return
    spread_rows(account, event.on)
    account.reamortised = True


def spread_rows(account: Account, on: date) -> None:
    """Add overdue principal to later rows in equal parts; the last takes the remainder."""
    later = [
        row
        for row in account.rows
        if row.due > on and not row.additional and not row.down_payment and not row.reaged
    ]
    if not later:
        return
    overdue = 0
    for row in account.rows:
        if row.due <= on:
            overdue += row.owed[Bucket.PRINCIPAL] - row.paid[Bucket.PRINCIPAL]
            row.owed[Bucket.PRINCIPAL] = row.paid[Bucket.PRINCIPAL]
            row.update(on)
    figures = account.figures
    part = figures.to_multiple(figures.share(overdue, len(later)), account.terms.multiple_minor)
    for row in later[:-1]:
        row.add(Bucket.PRINCIPAL, on, part)
        overdue -= part
    later[-1].add(Bucket.PRINCIPAL, on, overdue)


def _split_charges(account: Account, bucket: Bucket, on: date) -> None:
    """Move overdue fees or penalties to later rows in equal parts; the last takes the remainder."""
    later = [row for row in account.rows if row.due > on and not row.additional]
    if not later:
        return
    overdue = 0
    for row in account.rows:
        if row.due <= on and row.open(bucket) > 0:
            overdue += row.open(bucket)
            row.owed[bucket] -= row.open(bucket)
    part = account.figures.share(overdue, len(later))
    for row in later[:-1]:
        row.owed[bucket] += part
    later[-1].owed[bucket] += overdue - part * (len(later) - 1)


def _spread_overdue(plan: Plan, on: date) -> None:
    lift_grace(plan)
    move_overdue(plan, on)
    later = [period for period in plan.periods if period.due > on]
    spread(plan, later)
    plan.settle()
    fit_last_unpaid(plan, on)
    if later:
        smooth(plan, later)


def move_overdue(plan: Plan, on: date) -> None:
    """Let periods that began and are not paid collect no more than was paid of them."""
    for period in plan.periods:
        if period.start > on or period.is_paid:
            continue
        for segment in period.segments:
            if segment.end == on:
                segment.correction = 0
        last = period.segments[-1]
        if last.correction:
            last.correction -= period.outstanding_principal
        _close(period)


def _close(period: Period) -> None:
    period.collect(period.paid)
    period.credited_principal_moved = period.credited_principal
    period.credited_interest_moved = period.credited_interest
    period.touch()


def _split_interest(plan: Plan, on: date) -> None:
    """Move overdue interest to later periods in equal parts, beside the principal."""
    lift_grace(plan)
    overdue = [period for period in plan.periods if period.due <= on and not period.is_paid]
    interest = sum(period.due_interest - period.paid_interest for period in overdue)
    later = [period for period in plan.periods if period.due > on]
    part = plan.figures.share(interest, len(later)) if later and interest > 0 else 0
    _correct_for_paid(plan, on)
    for period in overdue:
        for segment in period.segments:
            if segment.end == on:
                segment.correction = 0
        if period.paid_principal > 0:
            period.segments[-1].correction -= period.paid_principal
        _close(period)
        period.moved_down = True
        period.touch()
    set_factors(plan, later)
    for period in later:
        period.fixed_interest += part
        period.touch()
    spread(plan, later)
    plan.settle()
    fit_last_unpaid(plan, on)
    if later:
        smooth(plan, later)


def _correct_for_paid(plan: Plan, on: date) -> None:
    """Let the balance fall by what was paid of each past period on its due date."""
    plan.unsettle()
    for segment in plan.segments():
        segment.correction = 0
    for period in plan.periods:
        if period.is_paid and period.due <= on:
            following = period.following
            credited = following.credited_principal if following is not None else 0
            paid = period.paid_principal - credited
            if paid > 0:
                period.segments[-1].correction -= paid
