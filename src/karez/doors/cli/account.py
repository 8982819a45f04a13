"""``karez account``: the chart of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

import click

from karez.doors.cli.bookkeeping import (
    exit_code_for,
    exit_with,
    lines_of,
    major,
    on_day,
    open_books,
    tell_refusals,
    today,
)
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.chart import read_chart
from karez.doors.files.refusals import Refusal
from karez.doors.files.rows import read_csv
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, parse_amount
from karez.services import bookkeeping
from karez.services.bookkeeping import TYPES, Account, Opening


@click.group()
def account() -> None:
    """Open, list, change and close accounts."""


@account.command("open")
@click.argument("code", required=False)
@click.option("--type", "type_", type=click.Choice(list(TYPES)), help="What it counts.")
@click.option("--currency", "unit", metavar="CODE", help="Its currency, such as EUR.")
@click.option("--name", default="", help="What people call it.")
@click.option("--parent", metavar="CODE", help="The account above it.")
@click.option("--floor", metavar="AMOUNT", help="The least that its balance may be.")
@click.option("--ceiling", metavar="AMOUNT", help="The most that its balance may be.")
@click.option(
    "--normal-side",
    type=click.Choice(["debit", "credit"]),
    help="Where its balance counts as positive; by default as its type has it.",
)
@click.option(
    "--file",
    "chart",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Open all accounts of this CSV file instead: code, type, currency, ...",
)
@command_options
def open_(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    code: str | None,
    type_: str | None,
    unit: str | None,
    name: str,
    parent: str | None,
    floor: str | None,
    ceiling: str | None,
    normal_side: str | None,
    chart: Path | None,
) -> None:
    """Open the account CODE, or the accounts of a file, all or none.

    One that is open with the same content stays as it is.
    """
    if chart is not None:
        _open_chart(shell, chart)
        return
    if not (code and type_ and unit):
        raise click.UsageError("name CODE, --type and --currency, or a --file")
    money = currency(unit)
    opening = Opening(
        code=code,
        type=cast("Any", type_),
        currency=unit,
        name=name,
        parent=parent,
        floor_minor=parse_amount(floor, money) if floor else None,
        ceiling_minor=parse_amount(ceiling, money) if ceiling else None,
        normal_side=cast("Any", normal_side),
    )
    with open_books(shell) as books:
        opened = bookkeeping.open_accounts(books, [opening])[0]
    shell.show(_document(opened), [f"Account {opened.code} is open."])


def _open_chart(shell: Shell, chart: Path) -> None:
    with chart.open("rb") as stream:
        rows = read_csv(stream, str(chart))
        openings, refusals = read_chart(rows)
    opened: Sequence[Account] = []
    if not refusals:
        try:
            with open_books(shell) as books:
                opened = bookkeeping.open_accounts(books, list(openings.values()))
        except KarezError as error:
            refusal = _placed(rows.file, openings, error)
            if refusal is None:
                raise
            refusals = [refusal]
    tell_refusals(shell, refusals, len(refusals))
    document = {
        "accounts": [_document(each) for each in opened],
        "refusals": [refusal.as_dict() for refusal in refusals],
    }
    done = "No account was opened." if refusals else f"{len(opened):,} accounts are open."
    shell.show(document, [done])
    exit_with(exit_code_for([refusal.error for refusal in refusals]))


def _placed(file: str, openings: dict[int, Opening], error: KarezError) -> Refusal | None:
    """Return an error with the line of the account that it names, or that names that account."""
    named = error.details.get("account")
    for field in ("code", "parent"):
        for line, opening in openings.items():
            if named is not None and getattr(opening, field) == named:
                return Refusal(file, "line", line, field, str(named), error)
    return None


@account.command("list")
@click.option("--open", "open_only", is_flag=True, help="Leave out those that are closed.")
@command_options
def list_(shell: Shell, *, open_only: bool) -> None:
    """List the accounts by code."""
    with open_books(shell) as books:
        accounts = bookkeeping.list_accounts(books)
    shown = [each for each in accounts if each.closed_on is None or not open_only]
    headings = ["code", "name", "type", "currency", "parent", "floor", "ceiling", "closed on"]
    rows = [
        (
            each.code,
            each.name,
            each.type,
            each.currency,
            each.parent,
            *_limits(each),
            each.closed_on,
        )
        for each in shown
    ]
    shell.show({"accounts": [_document(each) for each in shown]}, table(headings, rows))


@account.command()
@click.argument("code")
@command_options
def show(shell: Shell, *, code: str) -> None:
    """Show the account CODE."""
    with open_books(shell) as books:
        found = bookkeeping.find_account(books, code)
    document = _document(found)
    pairs = [(name.replace("_", " "), value) for name, value in document.items()]
    shell.show(document, lines_of([pair for pair in pairs if pair[1] not in {None, ""}]))


@account.command()
@click.argument("code")
@click.option("--name", help="What people call it.")
@click.option("--parent", metavar="CODE", help="The account above it; empty for none.")
@click.option("--floor", metavar="AMOUNT", help="The least its balance may be; empty for none.")
@click.option("--ceiling", metavar="AMOUNT", help="The most its balance may be; empty for none.")
@command_options
def change(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    code: str,
    name: str | None,
    parent: str | None,
    floor: str | None,
    ceiling: str | None,
) -> None:
    """Change name, parent or limits of the account CODE."""
    with open_books(shell) as books:
        money = currency(bookkeeping.find_account(books, code).currency)
        changes: dict[str, Any] = {} if name is None else {"name": name}
        if parent is not None:
            changes["parent"] = parent or None
        for field, text in (("floor_minor", floor), ("ceiling_minor", ceiling)):
            if text is not None:
                changes[field] = parse_amount(text, money) if text else None
        if not changes:
            raise click.UsageError("name what to change: --name, --parent, --floor or --ceiling")
        changed = bookkeeping.change_account(books, code, changes)
    shell.show(_document(changed), [f"Account {code} is changed."])


@account.command()
@click.argument("code")
@on_day
@command_options
def close(shell: Shell, *, code: str, on: date | None) -> None:
    """Close the account CODE, on which nothing may be left."""
    with open_books(shell) as books:
        closed = bookkeeping.close_account(books, code, on or today())
    shell.show(_document(closed), [f"Account {code} is closed."])


@account.command()
@click.argument("code")
@command_options
def reopen(shell: Shell, *, code: str) -> None:
    """Open the closed account CODE again."""
    with open_books(shell) as books:
        opened = bookkeeping.reopen_account(books, code)
    shell.show(_document(opened), [f"Account {code} is open."])


def _limits(each: Account) -> tuple[Any, Any]:
    floor, ceiling = (
        None if limit is None else major(limit, each.currency)
        for limit in (each.floor_minor, each.ceiling_minor)
    )
    return floor, ceiling


def _document(each: Account) -> dict[str, Any]:
    floor, ceiling = _limits(each)
    return {
        "code": each.code,
        "name": each.name,
        "type": each.type,
        "normal_side": each.normal_side,
        "currency": each.currency,
        "parent": each.parent,
        "floor": floor,
        "ceiling": ceiling,
        "closed_on": each.closed_on,
        "version": each.version,
        "account_id": each.account_id,
    }
