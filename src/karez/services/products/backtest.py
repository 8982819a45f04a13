"""A product tried on past applications, before it is published.

For each: would it be eligible, within the ranges, at which rate, and what would it have earned.
Expected figures follow from default probabilities; realised ones from what became of those loans
that were made. What was refused in the past has no outcome, and who would not have taken the new
rate is not known: both are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.policy import Applications, Decision, decide
from karez.engines.price.rate import Floats, Ints
from karez.engines.servicing import Account, PayoutLine, schedule_table
from karez.kernel.errors import ensure
from karez.services.products.planning import planned
from karez.services.products.sheet import TermSheet

UNKNOWN = -1
_STARTS_ON = date(2027, 1, 1)
_YEAR_DAYS = 365


@attrs.frozen(eq=False)
class Past:
    """Past applications in columns. ``defaulted`` is 1, 0 or ``UNKNOWN``; so is what was lost."""

    names: Sequence[str]
    applications: Applications
    asked_minor: Ints
    instalments: Ints
    pd: Floats
    """Of a year."""
    lgd: Floats
    defaulted: Ints
    lost_minor: Ints


@attrs.frozen(eq=False)
class Trial:
    """What a product would have done, one entry for each application, and what it comes to."""

    decision: npt.NDArray[np.int8]
    within: npt.NDArray[np.bool_]
    """Whether it has such an amount, such instalments."""
    granted_minor: Ints
    """0 unless it is approved and within."""
    rate_pct_year: Floats
    expected_loss: Floats
    expected_profit: Floats
    has_outcome: npt.NDArray[np.bool_]
    """Granted, and it is known what became of it."""
    realised_loss: Floats
    realised_profit: Floats

    @property
    def granted(self) -> npt.NDArray[np.bool_]:
        """Which applications get a loan."""
        return self.granted_minor > 0


def backtest(sheet: TermSheet, past: Past) -> Trial:
    """Return what a product would have done with past applications.

    A loan of average balance B over T years collects its rate on B T, half of it if it defaults;
    loses the loss given default of B if it defaults, unless it is known what was lost; and costs
    what the pricing of the product says.

    Raises:
        PolicyColumnError: the applications lack a column that eligibility looks at.
    """
    decision, most = _decided(sheet, past)
    amount, count = sheet.amount, sheet.instalments
    within = (
        (past.asked_minor >= amount.least_minor)
        & (past.asked_minor <= amount.most_minor)
        & (past.instalments >= count.least)
        & (past.instalments <= count.most)
    )
    fits = np.minimum(past.asked_minor, most)
    granted = np.where((decision == Decision.APPROVE) & within, fits, 0)
    granted = np.where(granted >= amount.least_minor, granted, 0)
    granted -= granted % amount.step_minor
    rate = sheet.rates_for(np.maximum(past.asked_minor, 1), past.pd, past.lgd)
    lives = _lives(sheet, past.instalments, within)
    balance, years = granted * lives.share, lives.years
    defaults = -np.expm1(np.log1p(-np.minimum(past.pd, 1 - 1e-12)) * years)
    costs = sheet.costs()
    running = costs.running_rate(np.zeros(len(granted)), past.lgd)
    cost = np.where(granted > 0, (running * balance + costs.fixed_minor) * years, 0)
    fees = np.where(granted > 0, lives.flat_fees + lives.fee_share * granted, 0)
    interest = rate / 100 * balance * years
    loss = defaults * past.lgd * balance
    happened = np.where(past.defaulted == UNKNOWN, 0, past.defaulted)
    lost = np.where(past.lost_minor == UNKNOWN, past.lgd * balance, past.lost_minor) * happened
    known = (granted > 0) & (past.defaulted != UNKNOWN)
    return Trial(
        decision,
        within,
        granted,
        rate,
        loss,
        interest * (1 - defaults / 2) + fees - loss - cost,
        known,
        np.where(known, lost, 0),
        np.where(known, interest * (1 - happened / 2) + fees - lost - cost, 0),
    )


def _decided(sheet: TermSheet, past: Past) -> tuple[npt.NDArray[np.int8], Ints]:
    """Return what eligibility decides, and the largest amount that it lets through."""
    policy = sheet.policy()
    if policy is None:
        length = past.applications.count
        most = np.full(length, sheet.amount.most_minor, np.int64)
        return np.full(length, Decision.APPROVE, np.int8), most
    found = decide(policy, past.applications)
    return found.decision, found.most_minor


@attrs.frozen(eq=False)
class _Lives:
    """What a loan of so many instalments is like: its length, balance and fees."""

    years: Floats
    share: Floats
    """Average balance over the amount."""
    flat_fees: Floats
    fee_share: Floats


def _lives(sheet: TermSheet, instalments: Ints, within: npt.NDArray[np.bool_]) -> _Lives:
    """Return the lives of applications, from a loan of each number of instalments."""
    found = np.ones((4, len(instalments)))
    middle = (sheet.rate.least_pct_year + sheet.rate.most_pct_year) / 2
    for count in np.unique(instalments[within]).tolist():
        found[:, instalments == count] = np.array(_life(sheet, count, middle))[:, np.newaxis]
    return _Lives(*found)


def _life(sheet: TermSheet, instalments: int, rate: Decimal) -> tuple[float, float, float, float]:
    least, most = sheet.amount.least_minor, sheet.amount.most_minor
    accounts = [
        planned(
            sheet,
            amount_minor=amount_minor,
            rate_pct_year=rate,
            instalments=instalments,
            starts_on=_STARTS_ON,
        )
        for amount_minor in (least, most)
    ]
    # Fees are a part of the amount and a flat sum: two loans tell both.
    low, high = (_fees(account) for account in accounts)
    part = (high - low) / (most - least) if most > least else high / most
    days, share = _balance(accounts[1], most)
    return days / _YEAR_DAYS, share, high - part * most, part


def _fees(account: Account) -> int:
    return sum(line.fees_minor for line in schedule_table(account))


def _balance(account: Account, amount_minor: int) -> tuple[int, float]:
    """Return the days of a loan, and its average balance as a share of the amount."""
    balance, last, total = 0, _STARTS_ON, 0
    for line in schedule_table(account):
        on = line.on if isinstance(line, PayoutLine) else line.due
        total += balance * (on - last).days
        balance = (
            balance + line.amount_minor if isinstance(line, PayoutLine) else line.balance_minor
        )
        last = on
    days = (last - _STARTS_ON).days
    ensure(days > 0, "a loan lasts a day or more")
    return days, total / (days * amount_minor)
