"""Loans for tests: terms and events with as few words as possible."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import attrs

from karez.engines.servicing import Line, schedule_table
from karez.engines.servicing.account import Account
from karez.engines.servicing.events import Disbursement, Event, Payment
from karez.engines.servicing.terms import MonthLength, Terms, YearLength

START = date(2024, 1, 1)


def terms_30_360(rate: str, instalments: int, **more: Any) -> Terms:
    return Terms(
        rate_pct_year=Decimal(rate),
        instalments=instalments,
        year=YearLength.DAYS_360,
        month=MonthLength.DAYS_30,
        **more,
    )


def lend(amount_minor: int, on: date = START, number: int = 1) -> Disbursement:
    return Disbursement(number=number, on=on, posted_on=on, amount_minor=amount_minor)


def pay(number: int, on: date, amount_minor: int, *, posted_on: date | None = None) -> Payment:
    return Payment(number=number, on=on, posted_on=posted_on or on, amount_minor=amount_minor)


def lines(account: Account) -> list[Line]:
    return [line for line in schedule_table(account) if isinstance(line, Line)]


def principal_interest(account: Account) -> list[tuple[str, int, int]]:
    return [
        (line.due.isoformat(), line.principal_minor, line.interest_minor) for line in lines(account)
    ]


def numbered(events: Sequence[Event]) -> Iterator[Event]:
    """Yield the events numbered in the order in which they stand."""
    for number, event in zip(count(1), events, strict=False):
        yield attrs.evolve(event, number=number)
