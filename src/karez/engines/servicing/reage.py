"""Re-ageing: what is open is spread over new instalments.

Three ways: new instalments with interest worked out anew; principal and interest that are open in
equal parts; and, for a loan whose interest does not follow payments, the same on the rows alone.
"""

from __future__ import annotations

from datetime import date

from karez.engines.servicing import days, paying, planning
from karez.engines.servicing.account import Account
from karez.engines.servicing.charges import place_charges
from karez.engines.servicing.events import Charge, InterestPause, ReAge, ReAgeInterest
from karez.engines.servicing.factors import set_factors
from karez.engines.servicing.figures import ZERO
from karez.engines.servicing.instalments import fit_last_unpaid, smooth
from karez.engines.servicing.paying import Open
from karez.engines.servicing.period import Period
from karez.engines.servicing.plan import Plan
from karez.engines.servicing.reage_rows import Early, equal_parts, in_line, re_age_rows, take_early
from karez.engines.servicing.reamortise import move_overdue
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket

PRINCIPAL, INTEREST = Bucket.PRINCIPAL, Bucket.INTEREST


def re_age(account: Account, event: ReAge) -> None:
    """Spread what is open over new instalments."""
    equal = event.interest is not ReAgeInterest.DEFAULT
    recalculates = account.recalculates and account.plan is not None
    if recalculates and equal:
        _re_age_equally(account, event)
    elif recalculates:
        _re_age_with_interest(account, event)
    else:
        re_age_rows(account, event, with_interest=equal and account.bears_interest)
    account.reaged = True


def _re_age_with_interest(account: Account, event: ReAge) -> None:
    plan = account.the_plan()
    start = event.first_due
    if start != account.started:
        start = days.after(event.first_due, event.unit, -event.every)
    own = planning.own_plan(plan, start, event.instalments, event.every, event.unit)
    planning.disburse(own, start, plan.outstanding_principal)
    planning.lift_grace(plan)
    credited = _credited_later(plan, event.on)
    paid = _paid_since(plan, event.on)
    end_on(plan, event.on)
    paying.credit(plan, event.on, principal=credited)
    move_overdue(plan, event.on)
    merge_empty(plan)
    _attach(plan, own, event, paid)
    for pause in account.done:
        if isinstance(pause, InterestPause):
            planning.pause_interest(plan, max(pause.on, event.on), pause.until)
    _rows_from_plan(account, event.on)


def _credited_later(plan: Plan, on: date) -> int:
    return sum(
        period.credited_principal
        for period in plan.periods
        if period.start >= on and period.due > on
    )


def _paid_since(plan: Plan, on: date) -> Open:
    later = [period for period in plan.periods if period.due >= on]
    return Open(
        sum(period.paid_principal for period in later),
        sum(period.paid_interest for period in later),
    )


def end_on(plan: Plan, on: date) -> None:
    """End the plan on a day: the running period falls due, and later ones are no more."""
    running = plan.covering(on)
    if running is None:
        return
    running.holder = True
    is_last = running is plan.last
    if running.due != on:
        running.due = running.segments[-1].end = on
        set_factors(plan, [running])
    if not is_last:
        plan.remove(lambda period: period.due > on)


def merge_empty(plan: Plan) -> None:
    """Merge neighbours that hold nothing since earlier re-ages cut them off."""
    place = 0
    while place < len(plan.periods):
        period = plan.periods[place]
        while _is_empty(period) and period.following is not None and _is_empty(period.following):
            gone = period.following
            plan.remove(lambda each, gone=gone: each is gone)
            period.due = period.segments[-1].end = gone.due
            set_factors(plan, [period])
        place += 1


def _is_empty(period: Period) -> bool:
    return (
        period.holder
        and not period.instalment
        and not period.due_principal
        and not period.due_interest
    )


def _hold(plan: Plan, paid: Open) -> None:
    """Keep in the last period what was paid on or after the day of the re-age."""
    last = plan.last
    last.paid_interest = paid.interest
    last.paid_principal = paid.principal
    last.collect(last.paid)
    last.holder = True
    set_factors(plan, [last])


def _attach(plan: Plan, own: Plan, event: ReAge, paid: Open) -> None:
    lent_before = plan.periods[0].lent_before
    if paid.total:
        _hold(plan, paid)
    for place, new in enumerate(own.periods):
        collected = new.due_principal + new.due_interest
        if not place and event.first_due == plan.start:
            first = plan.periods[0]
            first.due = first.segments[-1].end = new.due
            first.collect(collected)
            set_factors(plan, [first])
            continue
        start = plan.maturity if not place else new.start
        added = plan.append(start, new.due, collected)
        added.lent_before = lent_before
        set_factors(plan, [added])
    reaged = [
        period
        for period in plan.periods
        if (period.start, period.due) == (event.on, event.first_due)
        or period.start >= event.first_due
    ]
    plan.settle()
    fit_last_unpaid(plan, event.on)
    if reaged:
        smooth(plan, reaged)


def _rows_from_plan(account: Account, on: date) -> None:
    """Make rows anew from the plan: those due before the day stay, the running one keeps payments.

    Charges stay on the row in whose time they fall.
    """
    early = take_early(account, on)
    charges = [one for one in account.done if isinstance(one, Charge)]
    for period in account.the_plan().periods:
        if period.due < on:
            _close_row(account, period, on)
            continue
        row = Row(len(account.rows) + 1, period.start, period.due)
        row.reaged = True
        old = _take_merged(account, period)
        if old is not None:
            row.met, row.met_on = old.met, old.met_on
        row.owed[PRINCIPAL] = period.due_principal if period.instalment else 0
        row.owed[INTEREST] = period.due_interest if period.instalment else 0
        row.credited[PRINCIPAL] = period.credited_principal
        if period.holder:
            early.hold(row)
        place_charges(account, charges, [row], first=period.previous is None)
        account.rows.append(row)
        row.update(on)
    _drop_additional(account)
    in_line(account)


def _take_merged(account: Account, period: Period) -> Row | None:
    """Take away rows that show earlier re-ages of a period, and return the first of them."""
    merged = [
        row
        for row in account.rows
        if row.reaged
        and not sum(row.owed)
        and period.holder
        and period.start <= row.start
        and row.due <= period.due
    ]
    account.rows = [row for row in account.rows if row not in merged]
    return merged[0] if merged else None


def _close_row(account: Account, period: Period, on: date) -> None:
    """Let the row of a period before the re-age owe what the plan says: what was paid of it."""
    for row in account.rows:
        if row.start == period.start and not row.down_payment:
            row.due = period.due
            row.owed[PRINCIPAL] = period.due_principal if period.instalment else 0
            row.owed[INTEREST] = period.due_interest if period.instalment else 0
            row.update(on)
            return


def _drop_additional(account: Account) -> None:
    maturity = account.the_plan().maturity
    account.rows = [row for row in account.rows if not row.additional or row.due > maturity]
    for row in account.rows:
        if row.additional:
            row.start = maturity


def _re_age_equally(account: Account, event: ReAge) -> None:
    plan, on, count = account.the_plan(), event.on, event.instalments
    figures = account.figures
    till = on if event.interest is ReAgeInterest.EQUAL_PAYABLE else plan.maturity
    open_ = paying.open_on(plan, till)
    charges = [0, 0, 0, 0]
    for row in account.rows:
        if not row.down_payment:
            for bucket in (Bucket.FEE, Bucket.PENALTY):
                charges[bucket] += row.open(bucket)
                row.owed[bucket] = row.paid[bucket]
    parts = {
        bucket: equal_parts(figures, charges[bucket], count)
        for bucket in (Bucket.FEE, Bucket.PENALTY)
    }
    early = take_early(account, on)
    _plan_equally(plan, event, open_, [sum(each) for each in zip(*parts.values(), strict=True)])
    _drop_additional(account)
    _rows_equally(account, on, parts, early)


def _plan_equally(plan: Plan, event: ReAge, open_: Open, charges: list[int]) -> None:
    """Replace what is open by periods that collect fixed interest and principal."""
    on, maturity = event.on, plan.maturity
    paid = _paid_since(plan, on)
    credited = _credited_later(plan, on)
    end_on(plan, on)
    paying.credit(plan, on, principal=credited)
    for period in plan.periods:
        last = period.segments[-1]
        last.credited_interest -= min(period.outstanding_interest, period.credited_interest)
        period.changed()
        period.collect(period.paid)
        period.credited_principal_moved = period.credited_principal
        period.credited_interest_moved = period.credited_interest
        period.moved_down = True
        period.touch()
    if maturity >= on:
        _hold(plan, paid)
        plan.last.reaged = True
    merge_empty(plan)
    new = _append_reaged(plan, event)
    count = event.instalments
    interest = equal_parts(plan.figures, open_.interest, count)
    whole = plan.figures.share(open_.total + sum(charges), count)
    left = open_.principal
    for place, period in enumerate(new):
        planned = whole - interest[place] - charges[place]
        principal = left if period is new[-1] else min(planned, left)
        left -= principal
        period.fixed_interest = interest[place]
        period.original_instalment = interest[place] + principal
        period.collect(period.original_instalment)
    plan.settle()
    plan.set_rate(min(on, maturity), ZERO)
    fit_last_unpaid(plan, on)


def _append_reaged(plan: Plan, event: ReAge) -> list[Period]:
    new: list[Period] = []
    due = event.first_due
    for _ in range(event.instalments):
        before = plan.last
        period = plan.append(before.due, due, 0)
        period.lent_before = before.lent_before
        period.reaged = True
        new.append(period)
        due = days.after(due, event.unit, event.every)
    return new


def _rows_equally(account: Account, on: date, parts: dict[Bucket, list[int]], early: Early) -> None:
    plan = account.the_plan()
    old = len(plan.periods) - len(parts[Bucket.FEE])
    for number, period in enumerate(plan.periods, 1):
        if period.due < on:
            _close_row(account, period, on)
            continue
        row = Row(number, period.start, period.due)
        row.reaged = True
        _take_merged(account, period)
        row.owed[PRINCIPAL], row.owed[INTEREST] = period.due_principal, period.due_interest
        row.credited[PRINCIPAL] = period.credited_principal
        if period.holder:
            early.hold(row)
            for bucket in parts:
                row.owed[bucket] = row.paid[bucket]
            row.met, row.met_on = False, None
        else:
            for bucket, amounts in parts.items():
                row.owed[bucket] = amounts[number - old - 1]
        account.rows.append(row)
        row.update(on)
    in_line(account)
