"""Since when a right has counted against others, without a gap."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

import attrs

from karez.engines.priority.facts import Asset, Claim, Facts, Kind, Step
from karez.engines.priority.regime import Period, Regime

_SATURDAY = 5
REGISTRATION = "registration"


def chain_start(steps: Iterable[Step], on: date, *, tolerance_days: int = 0) -> date | None:
    """Return the day since which the steps have counted without a gap, up to ``on``; else None.

    A step counts on its last day. The next must begin by then, or within the tolerance after.
    """
    start: date | None = None
    end: date | None = None
    for step in sorted(steps, key=lambda step: step.start):
        if step.start > on:
            break
        if start is None or (end is not None and step.start > end + timedelta(tolerance_days)):
            start, end = step.start, step.end
        elif end is not None:
            end = None if step.end is None else max(end, step.end)
    if start is None or (end is not None and end < on):
        return None
    return start


def period_end(start: date, period: Period, holidays: Collection[date]) -> date:
    """Return the last day of a period that begins after ``start``."""
    if period.unit == "days":
        return start + timedelta(period.count)
    if period.unit == "months":
        years, month = divmod(start.month - 1 + period.count, 12)
        last = calendar.monthrange(start.year + years, month + 1)[1]
        return date(start.year + years, month + 1, min(start.day, last))
    day, left = start, period.count
    while left:
        day += timedelta(1)
        left -= day.weekday() < _SATURDAY and day not in holidays
    return day


def known_steps(steps: Iterable[Step], on: date) -> tuple[Step, ...]:
    """Return the steps as they were known on a day: what ended later had not ended."""
    return tuple(
        attrs.evolve(step, end=None) if step.end is not None and step.end > on else step
        for step in steps
        if step.start <= on
    )


def steps_of(regime: Regime, facts: Facts, claim: Claim) -> tuple[Step, ...]:
    """Return all steps of a right in this very asset, those the law adds among them.

    Before a right attaches, a registration counts, and nothing else does.
    """
    steps = [
        step if step.name == REGISTRATION or claim.day is None or step.start >= claim.day
        else attrs.evolve(step, start=claim.day)
        for step in claim.steps
        if step.name == REGISTRATION or claim.day is None or step.end is None
        or step.end >= claim.day
    ]  # fmt: skip
    steps = [found for step in steps for found in _under_name(regime, facts, claim, step)]
    if claim.day is not None:
        steps.append(Step("attachment", claim.day))
        if claim.acquisition and facts.asset.type in regime.automatic_types:
            steps.append(Step("automatic", claim.day))
    if claim.notice is not None:
        steps.append(Step("notice", claim.notice))
    return tuple(steps + _in_proceeds(regime, facts, claim))


def _under_name(regime: Regime, facts: Facts, claim: Claim, step: Step) -> Iterator[Step]:
    """Give a step as it serves after the debtor's change of name: as it is, later, or not."""
    renamed = facts.asset.renamed
    got = facts.asset.possession or claim.day
    if (
        regime.rename_period is None or step.name != REGISTRATION
        or renamed is None or step.start >= renamed or got is None
    ):  # fmt: skip
        yield step
        return
    last = period_end(renamed, regime.rename_period, facts.holidays)
    if got <= last or (claim.renamed is not None and claim.renamed <= last):
        yield step
    elif claim.renamed is not None:
        yield attrs.evolve(step, start=claim.renamed)


def _in_proceeds(regime: Regime, facts: Facts, claim: Claim) -> list[Step]:
    """Return the steps in the original asset, as far as they last in its proceeds."""
    received = claim.day
    if not claim.original_steps or received is None:
        return []
    covering = [
        step for step in claim.original_steps
        if step.start <= received and (step.end is None or step.end >= received)
    ]  # fmt: skip
    if not covering or claim.effective_in_proceeds is False:
        return []
    kept = list(claim.original_steps)
    if claim.effective_in_proceeds or _lasts_in_proceeds(regime, facts.asset):
        return [
            attrs.evolve(step, end=None) if step in covering and step.name != REGISTRATION else step
            for step in kept
        ]
    registered = [step for step in covering if step.name == REGISTRATION]
    if registered and _same_office(regime, facts.asset):
        return kept
    if regime.proceeds_period is None:
        return kept
    last = period_end(received, regime.proceeds_period, facts.holidays)
    return [
        step if step.end is not None and step.end <= last else attrs.evolve(step, end=last)
        for step in kept
    ]


def _lasts_in_proceeds(regime: Regime, asset: Asset) -> bool:
    kinds = {asset.type, "cash"} if asset.cash else {asset.type}
    return bool(kinds & set(regime.proceeds_automatic))


def _same_office(regime: Regime, asset: Asset) -> bool:
    return (
        regime.proceeds_by_registration
        and not asset.bought_with_cash
        and not {asset.type, *asset.proceeds_of[:1]} & set(regime.unregistered_types)
    )


def level_steps(regime: Regime, steps: Iterable[Step], level: int) -> list[Step]:
    """Return the steps that count at a level. ``any`` is each of them but the agreement itself."""
    names = regime.levels[level]
    return [
        step for step in steps
        if step.name in names
        or ("any" in names and step.name not in {"attachment", "notice"})
    ]  # fmt: skip


def effective(
    regime: Regime, facts: Facts, claim: Claim, on: date, *, tolerance_days: int | None = None
) -> tuple[int, date] | None:
    """Return the level at which a right counts on a day and since when, or None if it does not."""
    if claim.kind is not Kind.SECURITY:
        return None
    tolerance = regime.lapse_tolerance_days if tolerance_days is None else tolerance_days
    steps = steps_of(regime, facts, claim)
    for level in range(len(regime.levels)):
        start = chain_start(level_steps(regime, steps, level), on, tolerance_days=tolerance)
        if start is not None:
            return level, start
    return None
