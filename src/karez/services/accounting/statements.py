"""Profit and loss, and the balance sheet, from the accounts of the money book by their type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import attrs

from karez.books.money.account import Account
from karez.books.money.read import TrialBalance
from karez.kernel.errors import ensure
from karez.services.accounting.errors import PeriodBackwardsError
from karez.services.accounting.year_end import carried_between
from karez.services.bookkeeping import Books, trial_balance

_SIGNS = {"asset": 1, "expense": 1, "liability": -1, "equity": -1, "income": -1}


@attrs.frozen(kw_only=True)
class Line:
    """One account with all below it: minor units, on the side that is usual for its type."""

    type: str
    code: str
    name: str
    currency: str
    amount_minor: int


@attrs.frozen(kw_only=True)
class ProfitAndLoss:
    """What was earned and spent from one day to another, both included."""

    first_day: date
    last_day: date
    known_at: datetime
    lines: tuple[Line, ...]

    @property
    def result_minor(self) -> Mapping[str, int]:
        """Income less expense in each currency."""
        return _result(self.lines)


@attrs.frozen(kw_only=True)
class BalanceSheet:
    """What is owned and owed at the end of a day.

    ``result_minor`` is the income less expense, in each currency, that no end of a year has carried
    to equity yet.
    """

    on: date
    known_at: datetime
    lines: tuple[Line, ...]
    result_minor: Mapping[str, int]

    def total_minor(self, type_: str, currency: str) -> int:
        """Return the sum of the lines of a type."""
        return sum(
            line.amount_minor
            for line in self.lines
            if line.type == type_ and line.currency == currency
        )


def profit_and_loss(
    books: Books, first_day: date, last_day: date, *, known_at: datetime | None = None
) -> ProfitAndLoss:
    """Return what was earned and spent from one day to another, as known at an instant (None: now).

    The entries that end years are left out: they move what was earned, and earn nothing.

    Raises:
        PeriodBackwardsError: the last day comes before the first.
    """
    if last_day < first_day:
        raise PeriodBackwardsError(first_day=first_day, last_day=last_day)
    until = trial_balance(books, last_day, known_at=known_at)
    before = trial_balance(books, first_day - timedelta(days=1), known_at=until.known_at)
    nets = _nets(until)
    nets.subtract(_nets(before))
    nets.subtract(carried_between(books, first_day, last_day, known_at=until.known_at))
    lines = _lines(until, nets, {"income", "expense"})
    return ProfitAndLoss(
        first_day=first_day, last_day=last_day, known_at=until.known_at, lines=lines
    )


def balance_sheet(books: Books, on: date, *, known_at: datetime | None = None) -> BalanceSheet:
    """Return what is owned and owed at the end of a day, as known at an instant (None: now)."""
    found = trial_balance(books, on, known_at=known_at)
    nets = _nets(found)
    result = _result(_lines(found, nets, {"income", "expense"}))
    lines = _lines(found, nets, {"asset", "liability", "equity"})
    sheet = BalanceSheet(on=on, known_at=found.known_at, lines=lines, result_minor=result)
    for currency in {line.currency for line in lines} | result.keys():
        owed = sheet.total_minor("liability", currency) + sheet.total_minor("equity", currency)
        owned = sheet.total_minor("asset", currency)
        ensure(owned == owed + result.get(currency, 0), "a balance sheet balances")
    return sheet


def _nets(found: TrialBalance) -> Counter[int]:
    """Return debits less credits of accounts by their numbers."""
    return Counter({account.number: sums.balance_minor("debit") for account, sums in found.rows})


def _lines(found: TrialBalance, nets: Mapping[int, int], types: set[str]) -> tuple[Line, ...]:
    accounts = {account.code: account for account, _ in found.rows}
    sums = Counter[str]()
    for account in accounts.values():
        sums[_shown(account, accounts)] += nets[account.number]
    return tuple(
        Line(
            type=account.type,
            code=code,
            name=account.name,
            currency=account.currency,
            amount_minor=_SIGNS[account.type] * sums[code],
        )
        for code, account in sorted(accounts.items())
        if account.type in types and sums[code]
    )


def _shown(account: Account, accounts: Mapping[str, Account]) -> str:
    """Return the code of the account in which one is summed: its code begins with that."""
    while account.parent is not None and account.code.startswith(f"{account.parent}."):
        account = accounts[account.parent]
    return account.code


def _result(lines: tuple[Line, ...]) -> dict[str, int]:
    result = Counter[str]()
    for line in lines:
        result[line.currency] += line.amount_minor if line.type == "income" else -line.amount_minor
    return dict(result)
