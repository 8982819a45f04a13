"""What happens to a plan: money goes out, a rate changes, interest pauses, due dates move."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs

from karez.engines.servicing import days
from karez.engines.servicing.days import ONE_DAY
from karez.engines.servicing.errors import PeriodUnknownError
from karez.engines.servicing.factors import set_factors
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.instalments import fit_last_unpaid, smooth, spread
from karez.engines.servicing.period import Period
from karez.engines.servicing.plan import Plan, split
from karez.engines.servicing.terms import InterestPeriod, Terms, Unit


def stretches(
    start: date, count: int, every: int, unit: Unit, terms: Terms
) -> list[tuple[date, date]]:
    """Return the first day and due date of each period, all counted from the first day."""
    ends = [
        days.due_date(start, unit, every * place, terms.month_end) for place in range(1, count + 1)
    ]
    if terms.fixed_length is not None and ends:
        ends[-1] = days.after(start, unit, terms.fixed_length)
    return list(zip([start, *ends[:-1]], ends, strict=True))


def new_plan(start: date, terms: Terms, figures: Figures) -> Plan:
    """Return the plan of a loan to which nothing was paid out yet."""
    return Plan(stretches(start, terms.instalments, terms.every, terms.unit, terms), terms, figures)


def disburse(plan: Plan, on: date, amount: int) -> None:
    """Pay out an amount: the instalments from the running period on pay it off too."""
    terms = plan.terms
    if terms.interest_period is InterestPeriod.SAME_AS_REPAYMENT and not terms.partial_periods:
        # Without partial periods money that goes out within a period counts from its first day.
        running = next((period for period in plan.periods if period.due > on), None)
        on = running.start if running is not None else on
    for period in plan.periods:
        if on <= period.start:
            period.lent_before += amount
    if terms.full_term_tranches:
        _disburse_full_term(plan, on, amount)
        return
    period = plan.change_balance(on, disbursed=amount)
    if period is not None:
        _replan(plan, _due_from(period, on), on)


def capitalise(plan: Plan, on: date, amount: int) -> None:
    """Make an amount principal, as if it had been paid out and kept."""
    for period in plan.periods:
        if on <= period.start:
            period.lent_before += amount
    period = plan.change_balance(on, capitalised=amount)
    if period is not None:
        _replan(plan, _due_from(period, on), on)


def _due_from(period: Period, on: date) -> date:
    """Return from which due date a change counts: on a due date itself, from the next."""
    if period.due == on and period.following is not None:
        return period.following.due
    return period.due


def _replan(plan: Plan, due: date, on: date, *, in_place: bool = False) -> None:
    """Work out the instalments that are due from a day on.

    Unless in place, they are worked out on a copy to which nothing was paid, so that what was paid
    early does not make later instalments smaller.
    """
    periods = plan.from_due(due)
    in_place = in_place or plan.is_copy or plan.is_empty or plan.flat
    _give_interest_grace(plan)
    set_factors(plan, periods)
    if plan.flat:
        spread(plan, periods)
        _give_principal_grace(plan, periods)
        plan.settle()
        fit_last_unpaid(plan, due)
        return
    plan.settle()
    if in_place:
        spread(plan, periods)
    elif periods:
        _replan_unpaid(plan, periods, on)
    _give_principal_grace(plan, periods)
    plan.settle()
    fit_last_unpaid(plan, due)
    if in_place and periods:
        smooth(plan, periods)


def _replan_unpaid(plan: Plan, periods: list[Period], on: date) -> None:
    twin = plan.unpaid_trial()
    period = twin.change_balance(on)
    if period is not None:
        _replan(twin, _due_from(period, on), on)
    due = periods[0].due
    by_due = {period.due: period for period in twin.periods}
    for period in plan.periods:
        new = by_due.get(period.due)
        if period.due >= due and new is not None:
            period.original_instalment = new.original_instalment
            period.collect(new.instalment)


def _give_interest_grace(plan: Plan) -> None:
    grace = plan.terms.grace_on_interest
    if grace:
        for place, period in enumerate(plan.periods):
            period.interest_grace = place < grace
            period.touch()


def _give_principal_grace(plan: Plan, periods: list[Period]) -> None:
    """Let the first instalments collect interest only, and the others the principal."""
    for period in plan.periods:
        period.principal_grace = False
    grace = plan.terms.grace_on_principal
    if not grace or not periods or plan.grace_lifted:
        return
    for period in plan.periods[:grace]:
        if period.due >= periods[0].due:
            interest = period.due_interest
            period.original_instalment = interest
            period.collect(interest)
            period.principal_grace = True
        elif not period.due_principal:
            period.principal_grace = True
    paying = [period for period in periods if not period.principal_grace]
    if paying:
        plan.settle()
        spread(plan, paying)


def lift_grace(plan: Plan) -> None:
    """End grace on principal for good: a new arrangement takes its place."""
    plan.grace_lifted = True
    for period in plan.periods:
        period.principal_grace = False


def _disburse_full_term(plan: Plan, on: date, amount: int) -> None:
    """Pay a tranche off over a full term of its own, merged with the others by due date."""
    terms = plan.terms
    running = next((each for each in plan.periods if each.start <= on < each.due), None)
    start = running.start if running is not None else plan.maturity
    own = own_plan(plan, start, terms.instalments, terms.every, terms.unit)
    disburse(own, on, amount)
    plan.change_balance(on, disbursed=amount)
    for place, new in enumerate(own.periods):
        collected = new.due_principal + new.due_interest
        known = next(
            (each for each in plan.periods if (each.start, each.due) == (new.start, new.due)), None
        )
        if known is not None:
            known.original_instalment = known.instalment + collected
            known.collect(known.original_instalment)
            set_factors(plan, [known])
        else:
            first = plan.maturity if not place else new.start
            lent_before = plan.last.lent_before
            added = plan.append(first, new.due, collected)
            added.lent_before = lent_before
            set_factors(plan, [added])
    plan.settle()
    fit_last_unpaid(plan, on)


def own_plan(plan: Plan, start: date, count: int, every: int, unit: Unit) -> Plan:
    """Return an empty plan of so many equal instalments under the same conventions of days."""
    terms = attrs.evolve(
        plan.terms,
        instalments=count,
        every=every,
        unit=unit,
        interest_period=InterestPeriod.DAILY,
        fixed_length=None,
        grace_on_principal=0,
        grace_on_interest=0,
        interest_free=0,
        multiple_minor=0,
        full_term_tranches=False,
    )
    return new_plan(start, terms, plan.figures)


def change_rate(plan: Plan, since: date, rate_pct_year: Decimal) -> None:
    """Let another yearly rate apply from a day; instalments from then on are worked out anew."""
    effective = since - ONE_DAY
    plan.set_rate(effective, rate_pct_year)
    period = plan.change_balance(effective)
    if period is not None:
        _replan(plan, _due_from(period, effective), effective, in_place=True)


def extend(plan: Plan, since: date, count: int, seed: date, begun: int) -> None:
    """Add periods at the end; the instalments from a day on are worked out anew.

    The new due dates are counted from ``seed``, after which ``begun`` periods are there already.
    """
    effective = since - ONE_DAY
    lent_before = plan.last.lent_before
    for place in range(begun, begun + count):
        start = plan.maturity
        due = days.due_date(seed, plan.unit, (place + 1) * plan.every, plan.terms.month_end)
        plan.append(start, due, 0).lent_before = lent_before
    period = plan.change_balance(effective)
    if period is not None:
        _replan(plan, _due_from(period, effective), effective, in_place=True)


def pause_interest(plan: Plan, start: date, end: date) -> None:
    """Charge no interest from one day to another, both included."""
    paused = [period for period in plan.periods if period.start < end and period.due >= start]
    for period in paused:
        begin = max(start - ONE_DAY, period.start)
        finish = min(end, period.due)
        if all(segment.start != begin for segment in period.segments):
            split(period, begin)
        if all(segment.end != finish for segment in period.segments):
            split(period, finish)
        for segment in period.segments:
            if segment.start >= begin and segment.end <= finish:
                segment.paused = True
        period.changed()
    if paused:
        set_factors(plan, plan.from_due(paused[0].start))
        plan.settle()
        fit_last_unpaid(plan, paused[0].start)


def move_due_date(plan: Plan, due: date, to: date, every: int, unit: Unit) -> None:
    """Move a due date; the ones after it follow at the given distance.

    Raises:
        PeriodUnknownError: no period covers the due date.
    """
    target = plan.covering(due)
    if target is None:
        raise PeriodUnknownError(on=due)
    place = plan.periods.index(target)
    target.due = target.segments[-1].end = to
    moved = to
    for period in plan.periods[place + 1 :]:
        period.start = moved
        moved = days.after(period.start, unit, every)
        if period.following is None and plan.terms.fixed_length is not None:
            extra = (to - due).days
            moved = days.after(plan.start, plan.unit, plan.terms.fixed_length + extra)
        period.due = moved
        period.segments[0].start = period.start
        period.segments[-1].end = moved
    set_factors(plan, plan.from_due(min(due, to)))
    plan.settle()
    fit_last_unpaid(plan, due)
