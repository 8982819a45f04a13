"""``karez report par`` and the other tables of the book of loans."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from karez.doors.cli.bookkeeping import on_day, open_books, today
from karez.doors.cli.report_options import csv_option, show_rows
from karez.doors.cli.shell import Shell, command_options
from karez.services import lending, reporting
from karez.services.bookkeeping import Books

_by = click.option(
    "--by", type=click.Choice(reporting.GROUPS), default="product", help="Split by this."
)


@click.command()
@_by
@on_day
@csv_option
@command_options
def par(shell: Shell, *, by: str, on: date | None, file: Path | None) -> None:
    """Show the principal of loans that are late by 1, 30, 60, 90 and 180 days or more."""
    with open_books(shell) as books:
        book = reporting.load_portfolio(books, _day(books, on))
    show_rows(shell, {"as_of": book.on, "by": by}, reporting.at_risk(book, by), file)


@click.command()
@on_day
@csv_option
@command_options
def officers(shell: Shell, *, on: date | None, file: Path | None) -> None:
    """Show what each officer answers for."""
    _desks(shell, "officer", on, file)


@click.command()
@on_day
@csv_option
@command_options
def counties(shell: Shell, *, on: date | None, file: Path | None) -> None:
    """Show what the loans of each county are like."""
    _desks(shell, "place", on, file)


def _desks(shell: Shell, by: str, on: date | None, file: Path | None) -> None:
    with open_books(shell) as books:
        book = reporting.load_portfolio(books, _day(books, on))
    show_rows(shell, {"as_of": book.on}, reporting.desks(book, by), file)


@click.command()
@_by
@click.option("--top", default=20, metavar="N", help="Show so many names; 20 by default.")
@on_day
@csv_option
@command_options
def concentration(shell: Shell, *, by: str, top: int, on: date | None, file: Path | None) -> None:
    """Show to whom most of the principal falls, and how lumpy the book is."""
    with open_books(shell) as books:
        book = reporting.load_portfolio(books, _day(books, on))
    rows = reporting.concentrated(book, by, most=top)
    show_rows(shell, {"as_of": book.on, "by": by}, rows, file)


@click.command()
@click.option("--level", default=0.99, metavar="PART", help="Read the tail here; 0.99 by default.")
@on_day
@csv_option
@command_options
def losses(shell: Shell, *, level: float, on: date | None, file: Path | None) -> None:
    """Show what the book may lose within a year: expected, and in the tail."""
    with open_books(shell) as books:
        book = reporting.load_portfolio(books, _day(books, on))
    show_rows(shell, {"as_of": book.on}, reporting.losses(book, level=level), file)


@click.command()
@on_day
@csv_option
@command_options
def vintages(shell: Shell, *, on: date | None, file: Path | None) -> None:
    """Show what part of the loans of each quarter was in default by an age in months."""
    with open_books(shell) as books:
        day = _day(books, on)
        rows = reporting.vintage_curves(books, day)
    show_rows(shell, {"as_of": day}, rows, file)


@click.command()
@_by
@click.option("--months", default=12, metavar="N", help="Look at so many; 12 by default.")
@on_day
@csv_option
@command_options
def rolls(shell: Shell, *, by: str, months: int, on: date | None, file: Path | None) -> None:
    """Show where loans of each state of arrears are a month later, in per cent."""
    with open_books(shell) as books:
        day = _day(books, on)
        rows = reporting.roll_rates(books, day, by=by, months=months)
    show_rows(shell, {"as_of": day, "months": months}, rows, file)


def _day(books: Books, on: date | None) -> date:
    return on or lending.business_date(books, today())
