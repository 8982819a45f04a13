"""What the engines of risk say of the book: losses, vintages, roll rates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.risk.book import Book
from karez.engines.risk.distribution import portfolio
from karez.engines.risk.factors import Factors
from karez.engines.risk.rolls import STATES, counted, rolls
from karez.engines.risk.vintages import NEVER, vintages
from karez.engines.servicing.standing import Status
from karez.services.bookkeeping import Books
from karez.services.lending import STATUSES
from karez.services.reporting.portfolio import Portfolio, load_portfolio
from karez.services.reporting.queries import QUERIES

DEFAULT_DAYS = 90
"""A loan that is so many days late, or was given up, is in default (IFRS 9, B5.5.37)."""

AGES = (3, 6, 9, 12, 18, 24, 36)
_NEARLY_SURE = 0.999
_HUNDREDTH = Decimal("0.01")
_REPAID = [STATUSES.index(Status.PAID_OFF), STATUSES.index(Status.OVERPAID)]
_GIVEN_UP = STATUSES.index(Status.WRITTEN_OFF)


@attrs.frozen(kw_only=True)
class Loss:
    """What the loans of one currency may lose within a year.

    Loans in default are no risk any more: what they are taken to lose stands apart.
    """

    currency: str
    loans: int
    exposure_minor: int
    expected_loss_minor: int
    spread_minor: int
    tail_level_pct: Decimal
    value_at_risk_minor: int
    expected_shortfall_minor: int
    loans_in_default: int
    lost_in_default_minor: int


@attrs.frozen(kw_only=True)
class VintageLine:
    """Of the loans booked in a quarter: the part that was in default by an age in months.

    None where nobody of the quarter is so old yet.
    """

    cohort: str
    loans: int
    by_3_pct: Decimal | None
    by_6_pct: Decimal | None
    by_9_pct: Decimal | None
    by_12_pct: Decimal | None
    by_18_pct: Decimal | None
    by_24_pct: Decimal | None
    by_36_pct: Decimal | None


@attrs.frozen(kw_only=True)
class RollLine:
    """Where loans of a state of arrears are a month later, in per cent."""

    group: str
    state: str
    loan_months: int
    to_current_pct: Decimal
    to_1_30_pct: Decimal
    to_31_60_pct: Decimal
    to_61_90_pct: Decimal
    to_default_pct: Decimal
    to_repaid_pct: Decimal


def losses(book: Portfolio, *, level: float) -> list[Loss]:
    """Return the distribution of losses within a year, read at a level, by currency.

    Raises:
        LevelError: the level is not between 0 and 1.
    """
    units = np.array(book.currency, dtype=str)
    owed = book.principal_minor + np.maximum(book.amounts["interest_minor"], 0)
    late = (book.days_past_due >= DEFAULT_DAYS) | book.is_given_up
    result: list[Loss] = []
    for currency in book.currencies():
        inside = (units == currency) & book.is_open & (owed > 0)
        risky, lost = np.flatnonzero(inside & ~late), np.flatnonzero(inside & late)
        found = None
        if len(risky):
            loans = Book.of(
                [str(number) for number in book.numbers[risky].tolist()],
                exposure=owed[risky],
                pd=np.minimum(book.pd[risky], _NEARLY_SURE),
                lgd=book.lgd[risky],
                sector=[book.industry[place] or "-" for place in risky.tolist()],
            )
            found = portfolio(loans, Factors()).losses
        result.append(
            Loss(
                currency=currency,
                loans=len(risky),
                exposure_minor=int(owed[risky].sum()),
                expected_loss_minor=round(found.mean) if found else 0,
                spread_minor=round(found.sd) if found else 0,
                tail_level_pct=Decimal(str(level)) * 100,
                value_at_risk_minor=round(found.value_at_risk(level)) if found else 0,
                expected_shortfall_minor=round(found.expected_shortfall(level)) if found else 0,
                loans_in_default=len(lost),
                lost_in_default_minor=round(float((owed[lost] * book.lgd[lost]).sum())),
            )
        )
    return result


def vintage_curves(books: Books, on: date) -> list[VintageLine]:
    """Return how the loans of each quarter fared until a day, by their age in months."""
    book = load_portfolio(books, on)
    if not len(book):
        return []
    asked = {"valid_on": on, "days_late": DEFAULT_DAYS, "given_up": _GIVEN_UP}
    with books.transaction() as connection:
        first = dict(connection.execute(QUERIES["first_defaults"].text, asked).fetchall())
    begun = np.array([_month(day) for day in book.opened_on], dtype=np.int64)
    failed = [first.get(number) for number in book.numbers.tolist()]
    defaulted = np.array([NEVER if day is None else _month(day) for day in failed], dtype=np.int64)
    cohorts = [f"{day.year}-Q{(day.month + 2) // 3}" for day in book.opened_on]
    ids = [str(number) for number in book.numbers.tolist()]
    found = vintages(ids, cohorts, begun, defaulted, _month(on))
    shares = found.cumulative
    return [
        VintageLine(
            cohort=name,
            loans=cohorts.count(name),
            **{f"by_{age}_pct": _share(shares[place], age) for age in AGES},
        )
        for place, name in enumerate(found.cohorts)
    ]


def roll_rates(books: Books, on: date, *, by: str, months: int) -> list[RollLine]:
    """Return how loans moved between states of arrears over the last month ends before a day."""
    ends = [on]
    for _ in range(months):
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    booked = [load_portfolio(books, day) for day in reversed(ends)]
    groups = sorted(set(booked[-1].groups(by)))
    if not groups:
        return []
    counts = np.zeros((len(groups), len(STATES), len(STATES)))
    for before, after in pairwise(booked):
        places = np.searchsorted(after.numbers, before.numbers)
        states = _states(before)
        moving = states < STATES.index("default")
        segment = np.array([groups.index(name) for name in before.groups(by)], dtype=np.int64)
        counts += counted(
            segment[moving],
            states[moving],
            _states(after)[places][moving],
            len(groups),
            len(STATES),
        )
    found = rolls([group or "-" for group in groups], counts)
    return [
        RollLine(
            group=group,
            state=state,
            loan_months=round(counts[row, column].sum()),
            **{
                f"to_{name.replace('-', '_')}_pct": _pct(found.probability[row, column, to])
                for to, name in enumerate(STATES)
            },
        )
        for row, group in enumerate(found.segments)
        for column, state in enumerate(STATES[:-2])
        if counts[row, column].sum()
    ]


def _states(book: Portfolio) -> npt.NDArray[np.int64]:
    """Return the place in ``STATES`` of each loan."""
    late = np.searchsorted([0, 30, 60, DEFAULT_DAYS - 1], book.days_past_due, side="left")
    state = np.where(book.is_given_up, STATES.index("default"), late)
    return np.where(np.isin(book.status, _REPAID), STATES.index("repaid"), state)


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _share(curve: Sequence[float] | npt.NDArray[np.float64], age: int) -> Decimal | None:
    if age > len(curve) or np.isnan(curve[age - 1]):
        return None
    return _pct(float(curve[age - 1]))


def _pct(share: float) -> Decimal:
    return Decimal(100 * share).quantize(_HUNDREDTH)
