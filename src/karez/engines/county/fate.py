"""What becomes of loans: when they fail, how late they pay, what comes back.

A loan fails in the course of a year with its default probability, evenly over the months, and more
often while its industry is under a shock. Drawn loan by loan from the seed and the loan's own
number, so that one loan more changes the fate of no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

import attrs
import numpy as np

SEVERITY = 0.62  # of what is owed when a loan fails, that never comes back
_DAYS_A_YEAR = 365
_RECOVERED_AFTER_DAYS = (120, 360)
_PUNCTUAL, _SOON, _LATE = 0.72, 0.93, 0.99
_FAILURE, _DELAY, _HABIT, _WAY, _STRANGER = range(5)  # what a stream of chances is for


_PAYS_CASH, _SLIPS, _SENDS_ANOTHER, _STRANGERS_A_DAY = 0.3, 0.04, 0.02, 0.03


class Way(StrEnum):
    """How a payment comes: cash, or a transfer that names the loan, names it wrongly, or not."""

    CASH = "cash"
    TRANSFER = "transfer"
    SLIP = "slip"
    FROM_ANOTHER = "from-another"  # a relative pays, and writes for whom


@attrs.frozen
class Shock:
    """Loans of one group fail so many times as often from one day to another."""

    group: str
    first: date
    last: date
    times: float


@attrs.frozen
class Lent:
    """A loan whose fate is asked for."""

    number: int
    pd_year: float
    """Its default probability within a year, from 0 to below 1."""
    group: str
    paid_out: date
    last_due: date


@attrs.frozen
class Fates:
    """What becomes of one loan that is paid out on a day."""

    fails_on: date | None
    """From this day on it pays nothing any more."""
    recovered_on: date | None
    recovered_share: float
    """Of what is owed on the day it failed."""


def draw_fates(seed: int, loan: Lent, shocks: Sequence[Shock] = ()) -> Fates:
    """Return what becomes of a loan until its last due date."""
    draw = np.random.default_rng([seed, 4, loan.number, _FAILURE])
    endures = float(draw.exponential())
    hazard_day = -np.log1p(-loan.pd_year) / _DAYS_A_YEAR
    day, spent = loan.paid_out, 0.0
    while day < loan.last_due:
        day += timedelta(1)
        times = [each.times for each in shocks
                 if each.group == loan.group and each.first <= day <= each.last]  # fmt: skip
        spent += hazard_day * float(np.prod(times))
        if spent >= endures:
            after = int(draw.integers(*_RECOVERED_AFTER_DAYS))
            share = float(draw.beta(2 * (1 - SEVERITY), 2 * SEVERITY))
            return Fates(day, day + timedelta(after), share)
    return Fates(None, None, 0.0)


def payment_delay_days(seed: int, loan: int, instalment: int) -> int:
    """Return how many days after the due date a borrower who is well pays an instalment."""
    draw = np.random.default_rng([seed, 4, loan, _DELAY, instalment])
    how = draw.random()
    if how < _PUNCTUAL:
        return 0
    if how < _SOON:
        return int(draw.integers(1, 6))
    if how < _LATE:
        return int(draw.integers(6, 25))
    return int(draw.integers(25, 45))


def payment_way(seed: int, loan: int, day: date) -> Way:
    """Return how a borrower pays on a day; some always bring cash, the others slip at times."""
    if np.random.default_rng([seed, 4, loan, _HABIT]).random() < _PAYS_CASH:
        return Way.CASH
    how = np.random.default_rng([seed, 4, loan, _WAY, day.toordinal()]).random()
    if how < _SLIPS:
        return Way.SLIP
    return Way.FROM_ANOTHER if how < _SLIPS + _SENDS_ANOTHER else Way.TRANSFER


def stranger_pays(seed: int, day: date) -> int:
    """Return what somebody sends by mistake on a day, who has no loan; mostly nothing."""
    draw = np.random.default_rng([seed, 4, 0, _STRANGER, day.toordinal()])
    return int(draw.integers(1, 80)) * 1_000 if draw.random() < _STRANGERS_A_DAY else 0
