"""What a product says about the days of its loans: accounts, stages, provisions, late charges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import attrs
import numpy as np

from karez.books.money.account import find_numbers
from karez.books.money.errors import AccountUnknownError
from karez.engines.risk.ecl import AS_TODAY, Paths, Rules
from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.late import LatePolicy
from karez.services.closing.reading import Bools, Int64s, Records
from karez.services.lending.loan import Sheet
from karez.services.lending.store import load_loans
from karez.services.products import LedgerMapping, find_sheet

if TYPE_CHECKING:
    import psycopg

_IMPAIRMENT = "5020"
_ALLOWANCE = {stage: f"119{stage}" for stage in (1, 2, 3)}


@attrs.frozen(eq=False)
class Policy:
    """The part of a product that closing asks for; what no product says is as in the standard."""

    mapping: LedgerMapping = attrs.field(factory=LedgerMapping)
    rules: Rules = attrs.field(factory=Rules)
    paths: Paths = AS_TODAY

    def provision_sides(self, stage: int) -> tuple[str, str]:
        """Return which accounts a provision in this stage debits and credits."""
        own = self.mapping.overrides.get(f"allowance-{stage}")
        return own or (_IMPAIRMENT, _ALLOWANCE[stage])


def policy_of(connection: psycopg.Connection, sheet: Sheet | None) -> Policy:
    """Return the policy of the product, by code and version, that loans were made from."""
    if sheet is None:
        return Policy()
    found = find_sheet(connection, *sheet)
    return Policy(found.ledger, found.stage_rules(), found.economy())


@attrs.define
class Policies:
    """Policies by the keys of ``LOAN``, and accounts by code, each read once.

    Keep one for each connection: a version of a product never changes.
    """

    by_product: dict[int, Policy] = attrs.field(factory=dict[int, Policy])
    late_steps: dict[int, Bools] = attrs.field(factory=dict[int, Bools])
    accounts: dict[str, int] = attrs.field(factory=dict[str, int])

    def know(self, connection: psycopg.Connection, loans: Records) -> None:
        """Read what the products of these loans say that is not known yet."""
        examples: dict[int, list[tuple[str, int]]] = {}
        for what, known in (("product", self.by_product), ("late", self.late_steps)):
            keys, places = np.unique(loans[f"{what}_key"], return_index=True)
            for key, place in zip(keys.tolist(), places.tolist(), strict=True):
                if key not in known:
                    number = int(loans["loan_number"][place])
                    examples.setdefault(number, []).append((what, key))
        for number, loan in load_loans(connection, examples.keys()).items():
            for what, key in examples[number]:
                if what == "late":
                    self.late_steps[key] = late_days(loan.late)
                else:
                    self.by_product[key] = policy_of(connection, loan.sheet)

    def numbers(self, connection: psycopg.Connection, codes: Iterable[str]) -> Mapping[str, int]:
        """Return the numbers of accounts of the chart.

        Raises:
            AccountUnknownError: one is not open.
        """
        wanted = set(codes) - self.accounts.keys()
        if wanted:
            self.accounts |= find_numbers(connection, wanted)
            for code in sorted(wanted - self.accounts.keys()):
                raise AccountUnknownError(account=code)
        return self.accounts

    def charges(self, late_keys: Int64s, days_late: Int64s) -> Bools:
        """Return where a policy charges something on an instalment that is so many days late."""
        hit = np.zeros(len(late_keys), np.bool_)
        for key in np.unique(late_keys).tolist():
            at = late_keys == key
            steps = self.late_steps[key]
            days = days_late[at]
            hit[at] = steps[np.minimum(days, len(steps) - 1)] & (days < len(steps))
        return hit


def late_days(policy: LatePolicy) -> Bools:
    """Return for each number of days late whether a policy charges something on it."""
    days = [late for late, _, _ in policy.days_late()]
    steps = np.zeros(max(days, default=0) + 1, np.bool_)
    steps[days] = True
    return steps


@attrs.frozen(eq=False)
class Task:
    """One part to end one day for, within a transaction that holds its lock."""

    connection: psycopg.Connection
    policies: Policies
    part: int
    day: date

    @property
    def number(self) -> int:
        """The day, counted from 2000-01-01."""
        return day_number(self.day)

    @property
    def is_last_of_month(self) -> bool:
        """Whether all loans are provided for anew."""
        return (self.day + timedelta(days=1)).day == 1
