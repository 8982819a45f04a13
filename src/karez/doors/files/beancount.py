"""The book as beancount text (https://beancount.github.io), so that ``bean-check`` can check it.

Accounts, one transaction for each entry, and what every account must hold at the end. What is
pending moves nothing: such entries are left out, and counted in a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.wire import date_of
from karez.kernel.ids import show_id
from karez.kernel.money import currency, format_amount
from karez.services.bookkeeping import Account, Journal, Page

_ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
_UNSAFE = re.compile(r"[^A-Za-z0-9]")


def account_name(account: Account) -> str:
    """Return beancount's name for an account: the root of its type, and its code.

    No two codes have one name. What beancount does not take is written ``-2e`` (below 256) or
    ``-u01f4a7``, and ``X--`` goes before a code that does not begin with a capital or a digit.
    """
    code = _UNSAFE.sub(_escaped, account.code)
    begins_well = code[0].isdigit() or code[0].isupper()
    return f"{_ROOTS[account.type]}:{code if begins_well else 'X--' + code}"


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"-{number:02x}" if number < 256 else f"-u{number:06x}"


@attrs.define
class _Summary:
    """What a first reading finds: the days, the last day of each account, what it holds."""

    first: date
    last: date
    last_of: npt.NDArray[np.int32]
    sums: npt.NDArray[np.int64]


def write_beancount(journal: Journal, path: Path, title: str) -> int:
    """Write the book as beancount text; return the number of transactions."""
    names = {account.number: account_name(account) for account in journal.accounts}
    summary = _summary(journal)
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"; The whole book as known at {journal.known_at.isoformat()}\n")
        stream.write(f'option "title" {_quoted(title)}\n\n')
        for account in journal.accounts:
            stream.write(f"{summary.first} open {names[account.number]} {account.currency}\n")
            if account.name:
                stream.write(f"  name: {_quoted(account.name)}\n")
        written, left_out = _write_entries(stream, journal, names)
        stream.write(f"\n; {left_out} entries that moved nothing are left out:")
        stream.write(" what is pending, voided or expired.\n\n")
        stream.writelines(_endings(journal, names, summary))
    return written


def _summary(journal: Journal) -> _Summary:
    top = len(journal.accounts) + 1
    last_of = np.full(top, np.iinfo(np.int32).min, np.int32)
    sums = np.zeros(top, np.int64)
    days: list[int] = []
    for page in journal.pages():
        rows = page.rows
        for side, sign in (("debit_account", 1), ("credit_account", -1)):
            np.add.at(sums, rows[side], sign * rows["amount_minor"])
            np.maximum.at(last_of, rows[side], rows["valid_on"])
        days += [int(rows["valid_on"].min()), int(rows["valid_on"].max())]
    days = days or [0]
    return _Summary(date_of(min(days)), date_of(max(days)), last_of, sums)


def _write_entries(stream: IO[str], journal: Journal, names: Mapping[int, str]) -> tuple[int, int]:
    units = {account.number: currency(account.currency) for account in journal.accounts}
    written = left_out = 0
    for page in journal.pages():
        for start, end in _entries(page):
            rows = page.rows[start:end]
            lines = [
                f"  {names[number]}  {format_amount(sign * amount, units[number])}"
                f" {units[number].code}\n"
                for debit, credit, amount in zip(
                    rows["debit_account"].tolist(),
                    rows["credit_account"].tolist(),
                    rows["amount_minor"].tolist(),
                    strict=True,
                )
                if amount
                for number, sign in ((debit, 1), (credit, -1))
            ]
            if not lines:
                left_out += 1
                continue
            written += 1
            entry_id = UUID(bytes=rows["entry_id"][0].tobytes())
            memo, reference = page.notes.get(entry_id, ("", "{}"))
            stream.write(f"\n{date_of(int(rows['valid_on'][0]))} * {_quoted(memo)}\n")
            stream.write(f'  entry: "{show_id("ent", entry_id)}"\n')
            stream.write(f"  kind: {_quoted(journal.kinds[int(rows['kind'][0])])}\n")
            if reference != "{}":
                stream.write(f"  reference: {_quoted(reference)}\n")
            stream.writelines(lines)
    return written, left_out


def _entries(page: Page) -> Iterator[tuple[int, int]]:
    starts = np.flatnonzero(page.rows["line"] == 0).tolist()
    return zip(starts, [*starts[1:], len(page.rows)], strict=True)


def _endings(journal: Journal, names: Mapping[int, str], summary: _Summary) -> Iterator[str]:
    day_after = summary.last + timedelta(days=1)
    for account in journal.accounts:
        number = account.number
        if account.closed_on is None:
            unit = currency(account.currency)
            held = format_amount(int(summary.sums[number]), unit)
            # Without a tolerance of our own beancount would pass over one minor unit.
            yield f"{day_after} balance {names[number]}  {held} ~ 0 {unit.code}\n"
        else:
            used = int(summary.last_of[number])
            never = used == np.iinfo(np.int32).min
            last = summary.first if never else date_of(used)
            yield f"{max(account.closed_on, last)} close {names[number]}\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
