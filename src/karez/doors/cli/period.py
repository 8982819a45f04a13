"""``karez period``: closing the books through a day."""

from __future__ import annotations

import getpass
from datetime import date

import click

from karez.doors.cli.bookkeeping import major, open_books
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.ids import show_id
from karez.kernel.time import parse_date
from karez.services import accounting, bookkeeping

by = click.option(
    "--by", "actor", default=getpass.getuser, help="Who does it; by default this user."
)


@click.group()
def period() -> None:
    """Close the books through a day, and open them again."""


@period.command()
@click.argument("through", metavar="DAY", type=parse_date)
@click.option("--reason", default="", help="Why.")
@by
@command_options
def close(shell: Shell, *, through: date, reason: str, actor: str) -> None:
    """Refuse every entry dated on or before DAY from now on."""
    with open_books(shell) as books:
        closed = bookkeeping.close_period(books, through, actor=actor, reason=reason)
    shell.show({"closed_through": closed}, [f"The books are closed through {closed}."])


@period.command()
@click.argument("through", metavar="[DAY]", type=parse_date, required=False)
@click.option("--reason", required=True, help="Why; it stays on record.")
@by
@command_options
def reopen(shell: Shell, *, through: date | None, reason: str, actor: str) -> None:
    """Let entries be dated after DAY again, or on any day."""
    with open_books(shell) as books:
        closed = bookkeeping.reopen_period(books, through, actor=actor, reason=reason)
    now = f"closed through {closed}" if closed else "open on every day"
    shell.show({"closed_through": closed}, [f"The books are {now}."])


@period.command("end-year")
@click.argument("on", metavar="DAY", type=parse_date)
@click.option(
    "--to", "retained", default=accounting.RETAINED, metavar="CODE", help="Retained earnings."
)
@click.option("--undo", is_flag=True, help="Take it back, by reversals of the same day.")
@command_options
def end_year(shell: Shell, *, on: date, retained: str, undo: bool) -> None:
    """Carry income and expense to retained earnings, dated DAY; a second time changes nothing."""
    with open_books(shell) as books:
        if undo:
            gone = [show_id("ent", one) for one in accounting.undo_year_end(books, on)]
            shell.show(
                {"on": on, "reversals": gone}, [f"The year is open again: {', '.join(gone)}."]
            )
            return
        ended = accounting.end_year(books, on, retained=retained)
    result = {unit: major(amount, unit) for unit, amount in ended.result_minor.items()}
    entry = show_id("ent", ended.entry_id) if ended.entry_id is not None else None
    said = ", ".join(f"{unit} {amount}" for unit, amount in result.items()) or "nothing was left"
    shell.show({"on": on, "entry": entry, "result": result}, [f"Carried to {retained}: {said}."])


@period.command("list")
@command_options
def list_(shell: Shell) -> None:
    """List every closing and reopening."""
    with open_books(shell) as books:
        changes = bookkeeping.list_period_changes(books)
    names = ["action", "closed_through", "actor", "reason", "recorded_at"]
    rows = [[getattr(change, name) for name in names] for change in changes]
    document = [dict(zip(names, row, strict=True)) for row in rows]
    shell.show({"changes": document}, table([name.replace("_", " ") for name in names], rows))
