"""Can closing disagree with itself, with lending or with the general ledger?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from karez.books.money.account import find_numbers
from karez.books.money.read import balances_now
from karez.kernel.finding import Findings
from karez.services.bookkeeping import Books
from karez.services.closing.policies import Policy, policy_of
from karez.services.closing.queries import QUERIES

if TYPE_CHECKING:
    import psycopg


@attrs.define
class ClosingVerification(Findings):
    """How many days were ended, of how many loans something is set aside, and what disagrees."""

    days: int = 0
    provisions: int = 0


def verify(books: Books) -> ClosingVerification:
    """Check that each day was ended once for each part without a gap, and provisions.

    What is set aside for loans must be what the general ledger has on the accounts of allowances,
    and the stage of each loan that by which it was last provided for.
    """
    report = ClosingVerification()
    with books.transaction() as connection:
        _verify_days(connection, report)
        _verify_stages(connection, report)
        _verify_allowances(connection, report)
    return report


def _verify_days(connection: psycopg.Connection, report: ClosingVerification) -> None:
    for part, count, first, last, closed_on, day in connection.execute(QUERIES["ended_days"].text):
        report.days = max(report.days, count)
        if count and count != (last - first).days + 1:
            report.find("days", "closing.part_day", part, f"lacks days between {first} and {last}")
        if count and last != closed_on:
            what = f"is ended through {closed_on}, and its last day is {last}"
            report.find("days", "lending.part", part, what)
        if closed_on < day:
            what = f"is ended through {closed_on}, and all loans through {day}"
            report.find("days", "lending.part", part, what)


def _verify_stages(connection: psycopg.Connection, report: ClosingVerification) -> None:
    for loan, stage, provided in connection.execute(QUERIES["stages_apart"].text):
        what = f"is in stage {stage}, and was provided for in stage {provided}"
        report.find("stage", "lending.standing", loan, what)


def _verify_allowances(connection: psycopg.Connection, report: ClosingVerification) -> None:
    expected: Counter[str] = Counter({Policy().provision_sides(stage)[1]: 0 for stage in (1, 2, 3)})
    for code, version, stage, count, allowance in connection.execute(
        QUERIES["allowances"].text
    ).fetchall():
        report.provisions += count
        if stage:
            sheet = None if code is None else (code, version)
            account = policy_of(connection, sheet).provision_sides(stage)[1]
            expected[account] += int(allowance)
    numbers = find_numbers(connection, set(expected))
    balances = balances_now(connection, set(numbers.values()))
    for code, allowance in sorted(expected.items()):
        stands = -balances[numbers[code]] if code in numbers else 0
        if stands != allowance:
            what = f"has {stands}, and {allowance} is set aside for loans"
            report.find("allowance", "money.account", code, what)
