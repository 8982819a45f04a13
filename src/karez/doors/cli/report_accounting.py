"""``karez report profit-and-loss`` and ``balance-sheet``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click

from karez.doors.cli.bookkeeping import known_at, major, on_day, open_books, today
from karez.doors.cli.report_options import csv_option, show_rows
from karez.doors.cli.shell import Shell, command_options
from karez.kernel.time import parse_date
from karez.services import accounting


@click.command("profit-and-loss")
@click.option(
    "--from", "first", type=parse_date, metavar="DATE", required=True, help="The first day."
)
@click.option("--to", "last", type=parse_date, metavar="DATE", help="The last; by default today.")
@known_at
@csv_option
@command_options
def profit_and_loss(
    shell: Shell, *, first: date, last: date | None, known_at: datetime | None, file: Path | None
) -> None:
    """Show what was earned and spent from one day to another."""
    with open_books(shell) as books:
        found = accounting.profit_and_loss(books, first, last or today(), known_at=known_at)
    head = {"from": found.first_day, "to": found.last_day, "known_at": found.known_at}
    show_rows(shell, head, found.lines, file, sums={"result": _majors(found.result_minor)})


@click.command("balance-sheet")
@on_day
@known_at
@csv_option
@command_options
def balance_sheet(
    shell: Shell, *, on: date | None, known_at: datetime | None, file: Path | None
) -> None:
    """Show what is owned and owed at the end of a day."""
    with open_books(shell) as books:
        found = accounting.balance_sheet(books, on or today(), known_at=known_at)
    head = {"as_of": found.on, "known_at": found.known_at}
    sums = {"result_not_carried": _majors(found.result_minor)}
    show_rows(shell, head, found.lines, file, sums=sums)


def _majors(amounts: Mapping[str, int]) -> dict[str, Decimal]:
    return {unit: major(amount, unit) for unit, amount in amounts.items()}
