"""New arrangements of an older schedule whose interest follows payments."""

from __future__ import annotations

from karez.engines.servicing.account import Account
from karez.engines.servicing.declining import Declining, planned
from karez.engines.servicing.errors import ScheduleUnfitError
from karez.engines.servicing.events import ReAge, ReAgeInterest, ReAmortise, ReAmortiseInterest
from karez.engines.servicing.reage_rows import re_age_rows
from karez.engines.servicing.reamortise import spread_rows
from karez.engines.servicing.terms import Bucket

PRINCIPAL, INTEREST = Bucket.PRINCIPAL, Bucket.INTEREST


def re_age_older(account: Account, schedule: Declining, event: ReAge) -> None:
    """Spread what is open over new rows, with interest until the day where it has run.

    Without equal parts of interest, new interest is worked out on the new rows; else it was agreed
    as an amount, and nothing changes it any more.
    """
    interest = 0
    if event.interest is not ReAgeInterest.EQUAL_FULL:
        interest = _end_interest(schedule, event)
    equal = event.interest is not ReAgeInterest.DEFAULT
    re_age_rows(account, event, with_interest=equal)
    if equal:
        schedule.ended = True
        return
    for row in account.rows:
        if row.reaged and row.due == event.on and row.start < event.on:
            row.add(INTEREST, event.on, max(interest - row.owed[INTEREST], 0))
    rows = [row for row in account.rows if not row.down_payment and not row.additional]
    new = [row for row in rows if row.reaged and row.start >= event.on]
    if new:
        schedule.begin_anew(rows, rows.index(new[0]), event.every, event.unit)


def _end_interest(schedule: Declining, event: ReAge) -> int:
    """Let rows owe no interest after a day, and return that of the row which runs on it."""
    later = [row for row in schedule.rows if row.due >= event.on]
    if not later:
        return 0
    running = later[0]
    place = schedule.rows.index(running)
    interest = schedule.entries[place].interest
    if place >= schedule.terms.interest_free:
        until = max(event.on, running.start)
        unrounded = schedule.interest(running, event.on, until)
        interest += schedule.account.figures.minor(unrounded)
    schedule.owe(running, planned(running), interest)
    for row in later[1:]:
        schedule.owe(row, planned(row), 0)
    schedule.put_loose()
    return interest


def re_amortise_older(account: Account, schedule: Declining, event: ReAmortise) -> None:
    """Spread overdue principal over later rows, whose instalments are worked out anew.

    Raises:
        ScheduleUnfitError: overdue interest is to be split too.
    """
    if event.interest is ReAmortiseInterest.EQUAL_SPLIT:
        raise ScheduleUnfitError
    spread_rows(account, event.on)
    place = next((at for at, row in enumerate(schedule.rows) if row.due > event.on), None)
    if place is not None:
        terms = schedule.terms
        schedule.begin_anew(schedule.rows, place, terms.every, terms.unit)
