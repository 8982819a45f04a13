"""``karez balance``, ``statement``, ``trial-balance`` and ``entry show``: asking the book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import click

from karez.doors.cli.bookkeeping import (
    entry_id,
    known_at,
    lines_of,
    major,
    on_day,
    open_books,
    today,
)
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.ids import show_id
from karez.kernel.time import parse_date
from karez.services import bookkeeping
from karez.services.bookkeeping import Account, EntryView, StatementLine, Sums, TrialBalance


@click.command()
@click.argument("code")
@click.option(
    "--on", type=parse_date, metavar="DATE", help="At the end of this day; by default today."
)
@known_at
@command_options
def balance(shell: Shell, *, code: str, on: date | None, known_at: datetime | None) -> None:
    """Show what stands on the account CODE at the end of a day."""
    with open_books(shell) as books:
        found = bookkeeping.balance(books, code, on or today(), known_at=known_at)
    unit = found.account.currency
    document = {
        "account": code,
        "name": found.account.name,
        "currency": unit,
        "as_of": found.valid_on,
        "known_at": found.known_at,
        "balance": major(found.balance_minor, unit),
        "pending": major(found.pending_minor, unit),
        "available": major(found.available_minor, unit),
    }
    pairs = [(name.replace("_", " "), value) for name, value in document.items() if value != ""]
    shell.show(document, lines_of(pairs))


@click.command()
@click.argument("code")
@click.option(
    "--from", "first_day", type=parse_date, metavar="DATE", required=True, help="The first day."
)
@click.option(
    "--to", "last_day", type=parse_date, metavar="DATE", help="The last day; by default today."
)
@known_at
@command_options
def statement(
    shell: Shell,
    *,
    code: str,
    first_day: date,
    last_day: date | None,
    known_at: datetime | None,
) -> None:
    """Show what happened on the account CODE from one day to another."""
    with open_books(shell) as books:
        found = bookkeeping.statement(
            books, code, first_day, last_day or today(), known_at=known_at
        )
    unit = found.account.currency
    document = {
        "account": code,
        "name": found.account.name,
        "currency": unit,
        "from": found.first_day,
        "to": found.last_day,
        "known_at": found.known_at,
        "opening": major(found.opening_minor, unit),
        "lines": [_statement_line(line, unit) for line in found.lines],
        "closing": major(found.closing_minor, unit),
    }
    rows: list[Sequence[object]] = [
        (found.first_day, "opening balance", None, None, None, document["opening"], None)
    ]
    rows += [_statement_row(line, unit) for line in found.lines]
    rows.append((found.last_day, "closing balance", None, None, None, document["closing"], None))
    headings = ["date", "kind", "counter account", "debit", "credit", f"balance {unit}", "memo"]
    shell.show(document, table(headings, rows))


def _statement_row(line: StatementLine, unit: str) -> list[object]:
    moved = line.debit_minor or line.credit_minor
    kind = line.kind if moved else f"{line.kind} ({line.phase.name.lower()})"
    sides = [major(s, unit) if s else None for s in (line.debit_minor, line.credit_minor)]
    balance = major(line.balance_minor, unit)
    return [line.valid_on, kind, line.counter_account, *sides, balance, line.memo]


def _statement_line(line: StatementLine, unit: str) -> dict[str, Any]:
    return {
        "valid_on": line.valid_on,
        "recorded_at": line.recorded_at,
        "entry": show_id("ent", line.entry_id),
        "line": line.line,
        "kind": line.kind,
        "phase": line.phase.name.lower(),
        "counter_account": line.counter_account,
        "debit": major(line.debit_minor, unit),
        "credit": major(line.credit_minor, unit),
        "hold": major(line.hold_minor, unit),
        "balance": major(line.balance_minor, unit),
        "memo": line.memo,
        "reference": line.reference,
    }


@click.command("trial-balance")
@click.option(
    "--as-of",
    "on",
    type=parse_date,
    metavar="DATE",
    help="At the end of this day; by default today.",
)
@known_at
@click.option("--tree", is_flag=True, help="Show the chart as a tree, with sums of what is below.")
@command_options
def trial_balance(shell: Shell, *, on: date | None, known_at: datetime | None, tree: bool) -> None:
    """Show the balance of every account that ever moved, and that debits equal credits."""
    with open_books(shell) as books:
        found = bookkeeping.trial_balance(books, on or today(), known_at=known_at)
    below = nets_below(found)
    document = {
        "as_of": found.valid_on,
        "known_at": found.known_at,
        "accounts": [
            {
                "code": account.code,
                "name": account.name,
                "type": account.type,
                "currency": account.currency,
                "parent": account.parent,
                "debit": debit,
                "credit": credit,
                "net_with_below": major(below[account.code], account.currency),
            }
            for account, sums in found.rows
            for debit, credit in [sides(sums.balance_minor("debit"), account.currency)]
        ],
        "totals": {
            unit: dict(zip(("debit", "credit"), _totals(found, unit), strict=True))
            for unit in _moved(found)
        },
    }
    lines = _tree_lines(found, below) if tree else _flat_lines(found)
    shell.show(document, [f"as of {found.valid_on}, known at {found.known_at}", *lines])


def sides(net_minor: int, unit: str) -> tuple[Decimal | None, Decimal | None]:
    """Return debits less credits on the side where they are more."""
    debit = major(net_minor, unit) if net_minor > 0 else None
    return debit, major(-net_minor, unit) if net_minor < 0 else None


def _moved(found: TrialBalance) -> list[str]:
    """Return the currencies in which anything moved."""
    return [unit for unit, sums in found.totals().items() if sums != Sums()]


def _totals(found: TrialBalance, unit: str) -> tuple[Decimal, Decimal]:
    balances = [s.balance_minor("debit") for a, s in found.rows if a.currency == unit]
    return (
        major(sum(b for b in balances if b > 0), unit),
        major(-sum(b for b in balances if b < 0), unit),
    )


def _flat_lines(found: TrialBalance) -> list[str]:
    rows: list[Sequence[object]] = [
        (
            account.code,
            account.name,
            account.currency,
            *sides(sums.balance_minor("debit"), account.currency),
        )
        for account, sums in found.rows
        if sums != Sums()
    ]
    rows += [("total", "", unit, *_totals(found, unit)) for unit in _moved(found)]
    return table(["account", "name", "currency", "debit", "credit"], rows)


def nets_below(found: TrialBalance) -> dict[str, int]:
    """Return debits less credits of each account and those below it that keep its currency."""
    accounts = {account.code: account for account, _ in found.rows}
    below = dict.fromkeys(accounts, 0)
    for account, sums in found.rows:
        at: Account | None = account
        while at is not None:
            if at.currency == account.currency:
                below[at.code] += sums.balance_minor("debit")
            at = accounts[at.parent] if at.parent else None
    return below


def _tree_lines(found: TrialBalance, below: dict[str, int]) -> list[str]:
    rows: list[Sequence[object]] = [
        (
            "  " * depth + account.code,
            account.name,
            account.currency,
            *sides(below[account.code], account.currency),
        )
        for depth, account in _tree(found)
        if below[account.code]
    ]
    rows += [("total", "", unit, *_totals(found, unit)) for unit in _moved(found)]
    return table(["account and below", "name", "currency", "debit", "credit"], rows)


def _tree(found: TrialBalance) -> Iterator[tuple[int, Account]]:
    children: dict[str | None, list[Account]] = {}
    for account, _ in found.rows:
        children.setdefault(account.parent, []).append(account)
    waiting = [(0, account) for account in reversed(children.get(None, []))]
    while waiting:
        depth, account = waiting.pop()
        yield depth, account
        waiting += [(depth + 1, child) for child in reversed(children.get(account.code, []))]


@click.group()
def entry() -> None:
    """Show and reverse entries."""


@entry.command()
@click.argument("entry_id", metavar="ENTRY", type=entry_id)
@command_options
def show(shell: Shell, *, entry_id: UUID) -> None:
    """Show the entry ENTRY and its transfers."""
    with open_books(shell) as books:
        view = bookkeeping.find_entry(books, entry_id)
    document = _entry_document(view)
    lines = document.pop("lines")
    pairs = [(name.replace("_", " "), value) for name, value in document.items() if value]
    headings = list(lines[0])
    rows = [list(line.values()) for line in lines]
    shell.show(document | {"lines": lines}, [*lines_of(pairs), "", *table(headings, rows)])


@entry.command()
@click.argument("entry_id", metavar="ENTRY", type=entry_id)
@on_day
@click.option("--memo", default="", help="Why.")
@command_options
def reverse(shell: Shell, *, entry_id: UUID, on: date | None, memo: str) -> None:
    """Undo the entry ENTRY by its mirror; both stay in the book."""
    with open_books(shell) as books:
        posted = bookkeeping.reverse_entry(books, entry_id, on or today(), memo=memo)
    reversal = show_id("ent", posted.entry_id)
    document = {
        "entry": reversal,
        "reverses": show_id("ent", entry_id),
        "recorded_at": posted.recorded_at,
        "replayed": posted.replayed,
    }
    shell.show(document, [f"Entry {document['reverses']} is reversed by {reversal}."])


def _entry_document(view: EntryView) -> dict[str, Any]:
    found = view.entry
    lines: list[dict[str, Any]] = []
    for line in found.lines:
        debit, credit = view.accounts[line.debit], view.accounts[line.credit]
        target = f"{show_id('ent', line.target[0])}/{line.target[1]}" if line.target else None
        lines.append(
            {
                "line": line.line,
                "phase": line.phase.name.lower(),
                "debit": debit.code,
                "credit": credit.code,
                "amount": major(line.amount_minor, debit.currency),
                "hold": major(line.hold_minor, debit.currency),
                "currency": debit.currency,
                "target": target,
                "expires_at": line.expires_at,
            }
        )
    return {
        "entry": show_id("ent", found.entry_id),
        "kind": found.kind,
        "valid_on": found.valid_on,
        "recorded_at": found.recorded_at,
        "memo": found.memo,
        "reference": dict(found.reference),
        "lines": lines,
    }
