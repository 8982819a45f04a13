"""Can lending disagree with itself? Every loan is folded anew, and what was kept is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import attrs

from karez.books.money.read import balances_now
from karez.engines.servicing.outlook import outlook
from karez.engines.servicing.standing import Standing
from karez.kernel.finding import Findings
from karez.services.bookkeeping import Books
from karez.services.lending.judging import Case
from karez.services.lending.loan import PART_BITS
from karez.services.lending.queries import QUERIES
from karez.services.lending.standing import StandingRow
from karez.services.lending.store import load_kept
from karez.services.products import Role

if TYPE_CHECKING:
    import psycopg

_OWN = (Role.PRINCIPAL, Role.INTEREST, Role.FEES, Role.CREDIT)


@attrs.define
class LendingVerification(Findings):
    """How many loans and events were folded anew, and each place at which something disagrees."""

    loans: int = 0
    events: int = 0
    postings: int = 0


def _silent(_done: int, _all: int) -> None:
    """Tell nobody."""


def verify(books: Books, progress: Callable[[int, int], None] = _silent) -> LendingVerification:
    """Fold every loan anew; compare how each stands on every day, and its accounts in the book.

    ``progress`` is told how many loans are done, and of how many.
    """
    report = LendingVerification()
    with books.transaction() as connection:
        parts = connection.execute(QUERIES["parts"].text).fetchall()
    every = len(parts) << PART_BITS
    for part, _ in parts:
        with books.transaction() as connection:
            _verify_part(connection, part, report)
        progress(report.loans, max(every, report.loans))
    return report


def _verify_part(connection: psycopg.Connection, part: int, report: LendingVerification) -> None:
    asked = {"parts": [part]}
    [(_, closed_on)] = connection.execute(QUERIES["lock_parts"].text, asked).fetchall()
    bounds = {"first": part << PART_BITS, "last": ((part + 1) << PART_BITS) - 1}
    numbers = [row[0] for row in connection.execute(QUERIES["part_numbers"].text, bounds)]
    loans = {"loans": numbers}
    foreseen = dict(connection.execute(QUERIES["outlooks"].text, loans).fetchall())
    stood: dict[int, list[StandingRow]] = {number: [] for number in numbers}
    names = [field.name for field in attrs.fields(StandingRow)]
    for number, *values in connection.execute(QUERIES["standings"].text, loans):
        stood[number].append(StandingRow(**dict(zip(names, values, strict=True))))
    cases = {
        number: Case.to_end(kept, closed_on, closed_on + timedelta(days=1))
        for number, kept in load_kept(connection, numbers).items()
    }
    for number, case in cases.items():
        report.loans += 1
        report.events += len(case.kept.events)
        _compare_standings(report, number, case, stood[number])
        if not _same_outlook(foreseen.get(number, b""), case):
            report.find("outlook", "lending.outlook", number, "is not what the fold foresees")
    _compare_accounts(connection, report, cases)


def _same_outlook(stored: bytes, case: Case) -> bool:
    """Tell whether an outlook says of the days to come what the fold says."""
    return stored == outlook(case.folded.history.account).tobytes()


def _compare_standings(
    report: LendingVerification, number: int, case: Case, stored: Sequence[StandingRow]
) -> None:
    """Compare rows day by day: where one ends may differ, but not what holds on a day."""
    told = case.rows(case.kept.loan.opened_on)

    def find(day: date, what: str) -> None:
        report.find("standing", "lending.standing", f"{number} {day}", what)

    for row, following in zip(stored, [*stored[1:], None], strict=True):
        if row.until != (following.since if following else None):
            find(row.since, "does not end where the next row begins")
    if not stored or stored[0].since != told[0].since:
        find(told[0].since, "is not the first day of the first row")
        return
    for day in sorted({row.since for row in (*stored, *told) if row.since <= case.today}):
        kept, true = (
            [row for row in rows if row.since <= day][-1].on(day) for rows in (stored, told)
        )
        for field in attrs.fields(Standing):
            old, new = getattr(kept, field.name), getattr(true, field.name)
            if old != new and field.name != "holds_until":
                find(day, f"{field.name} is {old}, the fold says {new}")


def _compare_accounts(
    connection: psycopg.Connection, report: LendingVerification, cases: dict[int, Case]
) -> None:
    """Compare what stands on the accounts of loans with the sum of their movements."""
    expected: Counter[int] = Counter()
    owner: dict[int, str] = {}
    for number, case in cases.items():
        loan = case.kept.loan
        for role in _OWN:
            account = loan.account(role)
            if account is not None:
                owner[account] = f"{number} {role}"
                expected[account] += 0
        for move in case.folded.movements:
            report.postings += 1
            for side, sign in zip(case.kept.mapping.sides(move.kind), (1, -1), strict=True):
                if side not in _OWN:
                    continue
                account = loan.account(Role(side))
                if account is None:
                    report.find("account", "lending.loan", number, f"has no account of {side}")
                else:
                    expected[account] += sign * move.amount_minor
    for account, balance in balances_now(connection, expected.keys()).items():
        if balance != expected[account]:
            report.find(
                "account", "money.transfer", owner[account],
                f"the book has {balance}, the movements come to {expected[account]}",
            )  # fmt: skip
