"""Late charges: penalties are consequences of a policy, never inputs.

They are derived whenever the loan is folded, so that a payment that is entered late, with the day
on which it came, takes its penalties away by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

import attrs

from karez.engines.servicing.account import Account
from karez.engines.servicing.days import ONE_DAY
from karez.engines.servicing.errors import TermOutOfRangeError
from karez.engines.servicing.events import Charge, ChargeWaiver, Event
from karez.engines.servicing.fold import begin, end, fold, in_force, in_order, take
from karez.engines.servicing.terms import Bucket, Terms

LATE_FROM = 10**12
"""Derived charges are numbered from here on: by due date, then by their place in the policy."""

_MOST_CHARGES = 100  # of one instalment


class LateBasis(StrEnum):
    """Of what a late charge is a percentage: principal and interest, no earlier charges."""

    OVERDUE = "overdue"  # what is open of the instalment
    INSTALMENT = "instalment"  # all of it


@attrs.frozen(kw_only=True)
class LateStep:
    """A charge on an instalment that is so many days late, and again every so many days.

    A flat amount, a percentage, or the sum of both.
    """

    days_late: int
    flat_minor: int = 0
    pct: Decimal = Decimal(0)
    basis: LateBasis = LateBasis.OVERDUE
    repeat_every_days: int = 0
    most_times: int = 1

    def __attrs_post_init__(self) -> None:
        _at_least("days_late", self.days_late, 1)
        _at_least("flat_minor", self.flat_minor, 0)
        _at_least("pct", self.pct, 0)
        _at_least("repeat_every_days", self.repeat_every_days, 1 if self.most_times > 1 else 0)
        _at_least("most_times", self.most_times, 1)


@attrs.frozen(kw_only=True)
class LatePolicy:
    """What is charged when an instalment is late.

    What falls on a day of grace is charged on the first day after it. An instalment is late if its
    principal or interest is open at the end of the day.

    Raises:
        TermOutOfRangeError: a step says what none can, or there are more than a hundred charges.
    """

    grace_days: int = 0
    steps: tuple[LateStep, ...] = ()

    def __attrs_post_init__(self) -> None:
        _at_least("grace_days", self.grace_days, 0)
        times = sum(step.most_times for step in self.steps)
        if times > _MOST_CHARGES:
            rule = f"an instalment has {_MOST_CHARGES} late charges at most"
            raise TermOutOfRangeError(field="most_times", value=times, rule=rule)

    def days_late(self) -> Iterator[tuple[int, int, LateStep]]:
        """Yield on which days after the due date a step charges, with its place in the policy."""
        place = 0
        for step in self.steps:
            first = max(step.days_late, self.grace_days + 1)
            for time in range(step.most_times):
                yield first + time * step.repeat_every_days, place, step
                place += 1


def fold_late(terms: Terms, events: Iterable[Event], policy: LatePolicy, *, as_of: date) -> Account:
    """Return the loan as ``fold`` does, with the late charges that a policy puts on it until a day.

    A waiver of a late charge that has gone has gone with it.

    Raises:
        As ``fold`` does.
    """
    events = list(events)
    if not policy.steps:
        return fold(terms, events, as_of=as_of)
    standing = in_force(events)
    account = begin(terms, standing)
    if account.started is None:
        return account
    if not account.is_progressive:
        return fold(terms, _with_charges(terms, standing, policy, as_of), as_of=as_of)
    since = account.started
    for event in in_order(standing):
        before = min(event.effective - ONE_DAY, as_of)
        _charge(account, policy, since, before)
        since = max(since, before)
        if _waives_nothing(event, account.events):
            del account.events[event.number]
        else:
            take(account, event)
    _charge(account, policy, since, as_of)
    return end(account, as_of)


def with_late_charges(
    terms: Terms, events: Iterable[Event], policy: LatePolicy, through: date
) -> list[Event]:
    """Return the events in force and the late charges that a policy puts on the loan until a day.

    Raises:
        As ``fold`` does.
    """
    return list(fold_late(terms, events, policy, as_of=through).events.values())


def _charge(account: Account, policy: LatePolicy, since: date, through: date) -> None:
    for charge in _charges(account, policy, since, through):
        account.events[charge.number] = charge
        take(account, charge)


def _charges(account: Account, policy: LatePolicy, since: date, through: date) -> list[Charge]:
    """Return the charges of the days after ``since``, in which nothing happened to the loan."""
    if account.charged_off or account.written_off:
        return []
    dues = {
        row.due for row in account.rows if not row.met and row.due < through and not row.additional
    }
    charges: list[Charge] = []
    for due in dues:
        for days, place, step in policy.days_late():
            on = due + timedelta(days=days)
            if not since < on <= through:
                continue
            amount = _amount(account, step, due, on)
            if amount:
                charges.append(
                    Charge(
                        number=LATE_FROM + due.toordinal() * _MOST_CHARGES + place,
                        on=on,
                        posted_on=on,
                        penalty=True,
                        amount_minor=amount,
                    )
                )
    return sorted(charges, key=lambda charge: (charge.on, charge.number))


def _amount(account: Account, step: LateStep, due: date, on: date) -> int:
    """Return what a step charges on a day; nothing if neither principal nor interest is open."""
    if step.pct and account.recalculates and account.plan is not None:
        account = account.copy()
        account.charge_arrears(on)
    rows = [row for row in account.rows if row.due == due and not row.additional]
    buckets = Bucket.PRINCIPAL, Bucket.INTEREST
    overdue = sum(row.open(bucket) for row in rows for bucket in buckets)
    if overdue <= 0:
        return 0
    base = overdue
    if step.basis is LateBasis.INSTALMENT:
        base = sum(row.owed[bucket] for row in rows for bucket in buckets)
    return step.flat_minor + account.figures.percent(base, step.pct)


def _waives_nothing(event: Event, known: dict[int, Event]) -> bool:
    return (
        isinstance(event, ChargeWaiver) and event.charge >= LATE_FROM and event.charge not in known
    )


def _with_charges(
    terms: Terms, standing: Sequence[Event], policy: LatePolicy, through: date
) -> list[Event]:
    """Return events with the charges of a cumulative schedule, which knows charges beforehand.

    What is late on a day is judged by what had happened by then.
    """
    known: dict[int, Event] = {}
    first = min(days for days, _, _ in policy.days_late())
    loan = fold(terms, [one for one in standing if not _waives_nothing(one, known)], as_of=through)
    late = [
        row
        for row in loan.rows
        if row.due + timedelta(days=first) <= through
        and (row.met_on is None or row.met_on > row.due + timedelta(days=first))
    ]
    days = sorted({event.effective for event in standing if event.effective <= through})
    for since, until in zip(days, [*days[1:], through + ONE_DAY], strict=True) if late else ():
        happened = [one for one in standing if one.effective <= since]
        happened = [one for one in happened if not _waives_nothing(one, known)]
        account = fold(terms, [*happened, *known.values()], as_of=since)
        before = since - ONE_DAY
        known |= {one.number: one for one in _charges(account, policy, before, until - ONE_DAY)}
    return [*(one for one in standing if not _waives_nothing(one, known)), *known.values()]


def _at_least(field: str, value: int | Decimal, least: int) -> None:
    if value < least:
        raise TermOutOfRangeError(field=field, value=value, rule=f"it is {least} or more")
