"""Transactions as a Czech bank published them for the PKDD'99 discovery challenge.

A row is one movement of a customer's account, with the bank's own balance after it. Amounts and
balances are printed rounded to ten hellers each by itself, so the printed figures need not add up:
a balance may move by ten hellers more or less than the printed amount.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

import attrs

from karez.doors.files.errors import HeaderIncompleteError
from karez.doors.files.rows import Table, as_csv
from karez.kernel.money import Currency, currency, format_amount, parse_amount
from karez.kernel.time import parse_date

COLUMNS = (
    "trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol",
    "bank", "account",
)  # fmt: skip
STEP_MINOR = 10
"""What the bank rounds its printed figures to."""
_ROWS_A_DAY_MOST = 8  # orders of one day's rows are tried out; beyond this the file's own is kept


@attrs.frozen
class BankRow:
    """One movement, positive where the customer's balance grows, and the balance after it."""

    row_id: str
    account: str
    day: date
    amount_minor: int
    balance_minor: int
    operation: str
    symbol: str

    @property
    def before_minor(self) -> int:
        """The bank's balance before it, if its figures added up."""
        return self.balance_minor - self.amount_minor


def read_bank_file(table: Table) -> list[BankRow]:
    """Return the movements, account by account, in the order in which the bank's balances follow.

    The file says the day, not the order within it; the running balance does.

    Raises:
        HeaderIncompleteError: a column is missing.
        KarezError: the first row that cannot be read.
    """
    for name in COLUMNS[:8]:
        if name not in table.header:
            found, wanted = ", ".join(table.header), ", ".join(COLUMNS)
            raise HeaderIncompleteError(file=table.file, missing=name, found=found, wanted=wanted)
    koruna = currency("CZK")
    rows: list[BankRow] = []
    for block in table.blocks:
        for fault in block.faults.values():
            raise fault.error
        rows += [_bank_row(dict(zip(table.header, row, strict=True)), koruna) for row in block.rows]
    rows.sort(key=lambda row: (row.account, row.day))
    return [row for _, of_account in groupby(rows, _account) for row in _in_order(of_account)]


def _account(row: BankRow) -> str:
    return row.account


def _bank_row(fields: dict[str, str], unit: Currency) -> BankRow:
    amount_minor = parse_amount(fields["amount"], unit)
    day = fields["date"]
    return BankRow(
        row_id=fields["trans_id"],
        account=fields["account_id"],
        day=parse_date(f"19{day[:2]}-{day[2:4]}-{day[4:]}"),
        amount_minor=amount_minor if fields["type"] == "credit" else -amount_minor,
        balance_minor=parse_amount(fields["balance"], unit),
        operation=fields["operation"],
        symbol=fields["k_symbol"].strip(),
    )


def _in_order(rows: Iterable[BankRow]) -> Iterator[BankRow]:
    balance_minor = 0
    for _, of_day in groupby(rows, lambda row: row.day):
        together = list(of_day)
        if 1 < len(together) <= _ROWS_A_DAY_MOST:
            together = _chained(balance_minor, together) or together
        yield from together
        balance_minor = together[-1].balance_minor


def _chained(balance_minor: int, rows: Sequence[BankRow]) -> list[BankRow]:
    """Return the rows so that each goes on from the balance before it, or nothing."""
    if not rows:
        return []
    nearest = sorted(rows, key=lambda row: abs(row.before_minor - balance_minor))
    for row in nearest:
        if abs(row.before_minor - balance_minor) > STEP_MINOR:
            break
        rest = [other for other in rows if other is not row]
        after = _chained(row.balance_minor, rest)
        if len(after) == len(rest):
            return [row, *after]
    return []


def make_bank_file(*, accounts: int = 300, rows_each: int = 100, seed: int = 1999) -> str:
    """Return a file of the same shape: invented, but always the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    koruna = currency("CZK")
    numbers = iter(range(1, accounts * rows_each + 1))
    lines = [";".join(COLUMNS)]
    for account in range(1, accounts + 1):
        day = date(1995, 1, 1) + timedelta(days=chance.randrange(365))
        balance_minor = 0  # to the heller; what is printed is rounded
        for _ in range(rows_each):
            day += timedelta(days=chance.randrange(12))
            kind = chance.choice(_KINDS if balance_minor > 500_000 else _KINDS[:1])
            if kind[2] == "interest credited":
                amount_minor = balance_minor // 300
            elif kind[2] == "payment for statement":
                amount_minor = 1_460
            else:
                amount_minor = chance.randrange(100_000, 3_000_000, 10)
            if kind[0] == "withdrawal":
                amount_minor = min(amount_minor, balance_minor // 10 * 10)
            balance_minor += amount_minor if kind[0] == "credit" else -amount_minor
            printed = [
                format_amount(round(exact / STEP_MINOR) * STEP_MINOR, koruna)
                for exact in (amount_minor, balance_minor)
            ]
            fields = [str(next(numbers)), str(account), f"{day:%y%m%d}", *kind[:2], *printed]
            lines.append(as_csv([*fields, kind[2], "", ""], ";"))
    return "\n".join(lines) + "\n"


_KINDS = (
    ("credit", "credit in cash", ""),
    ("credit", "collection from another bank", ""),
    ("credit", "", "interest credited"),
    ("withdrawal", "withdrawal in cash", ""),
    ("withdrawal", "withdrawal in cash", "payment for statement"),
    ("withdrawal", "remittance to another bank", "household"),
)
