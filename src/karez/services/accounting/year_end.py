"""The end of a year: income and expense are carried to retained earnings.

The ids of these entries follow from the day, so that they are found again without a list of them:
what they moved is no profit, and a year that was ended twice was ended once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

import attrs

from karez.books.money.account import Account
from karez.books.money.read import entries_among, sums_of_entries
from karez.kernel.money import Money
from karez.kernel.money import currency as currency_of
from karez.services.accounting.errors import YearNotEndedError
from karez.services.bookkeeping import (
    Books,
    Draft,
    Movement,
    derive_id,
    post_entry,
    reverse_entry,
    trial_balance,
)

RETAINED = "3020"
"""Retained earnings in the standard chart."""

_TIMES = 4  # a year is ended at most so often: what was entered late is carried by one more entry


@attrs.frozen(kw_only=True)
class YearEnd:
    """What was carried to retained earnings at the end of a year, in minor units by currency."""

    on: date
    entry_id: UUID | None
    result_minor: Mapping[str, int]


def end_year(books: Books, on: date, *, retained: str = RETAINED) -> YearEnd:
    """Carry what stands on the accounts of income and expense to retained earnings, dated a day.

    Where nothing stands on them nothing is posted: a year that was ended stays so.

    Raises:
        AccountUnknownError: there is no account ``retained``.
        PeriodClosedError: the books are closed through the day; reopen them first.
    """
    movements: list[Movement] = []
    result = Counter[str]()
    for account, sums in trial_balance(books, on).rows:
        net = sums.balance_minor("debit")
        if account.type in {"income", "expense"} and net:
            movements.append(_carried(account, net, retained))
            result[account.currency] -= net
    if not movements:
        return YearEnd(on=on, entry_id=None, result_minor={})
    with books.transaction() as connection:
        there = entries_among(connection, _ids(on))
    free = [one for one in _ids(on) if one not in there]
    draft = Draft(
        on, movements, kind="year-end", memo=f"Year ended on {on}", entry_id=(free or _ids(on))[0]
    )
    post_entry(books, draft)
    return YearEnd(on=on, entry_id=draft.entry_id, result_minor=dict(result))


def undo_year_end(books: Books, on: date) -> list[UUID]:
    """Reverse the entries that ended a year on a day, on the same day; return the reversals.

    Raises:
        YearNotEndedError: there are none that are in force.
        PeriodClosedError: the books are closed through the day; reopen them first.
    """
    with books.transaction() as connection:
        ids = _ids(on)
        there = entries_among(connection, [*ids, *map(_reversal, ids)])
    standing = [one for one in ids if one in there and _reversal(one) not in there]
    if not standing:
        raise YearNotEndedError(on=on)
    return [reverse_entry(books, one, on).entry_id for one in standing]


def carried_between(
    books: Books, first_day: date, last_day: date, *, known_at: datetime
) -> Mapping[int, int]:
    """Return what the ends of years moved from one day to another: debits less credits by number.

    Reversals of them are dated the same day and cancel them.
    """
    days = (last_day - first_day).days + 1
    ids = [one for ahead in range(days) for one in _ids(first_day + timedelta(days=ahead))]
    with books.transaction() as connection:
        # Reversals only of what is there: a year has one end, and many days.
        there = entries_among(connection, ids)
        both = [*there, *map(_reversal, there)]
        return sums_of_entries(connection, both, known_at=known_at)


def _carried(account: Account, net_minor: int, retained: str) -> Movement:
    amount = Money(abs(net_minor), currency_of(account.currency))
    if net_minor > 0:
        return Movement(retained, account.code, amount)
    return Movement(account.code, retained, amount)


def _ids(on: date) -> list[UUID]:
    return [derive_id("year-end", on.isoformat(), str(time)) for time in range(_TIMES)]


def _reversal(entry_id: UUID) -> UUID:
    return derive_id("reversal", str(entry_id))
