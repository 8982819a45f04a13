"""``karez loan statement``: one loan as of any day, for people, programs and on paper."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from karez.doors.cli.bookkeeping import known_at, major, on_day, open_books, today
from karez.doors.cli.loan_options import loan_argument, standing_lines
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.loan_statement import statement_document, write_statement
from karez.services import lending, reporting

_HEADINGS = ("date", "what", "amount", "principal", "interest", "fees", "penalties", "balance")


@click.command()
@loan_argument
@on_day
@known_at
@click.option(
    "--pdf",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write it on paper, to this file.",
)
@command_options
def statement(
    shell: Shell, *, loan: str, on: date | None, known_at: datetime | None, file: Path | None
) -> None:
    """Show what happened to LOAN until a day, where each payment went, and how it stands."""
    with open_books(shell) as books:
        day = on or lending.business_date(books, today())
        found = reporting.loan_statement(books, loan, day, known_at=known_at)
    if file is not None:
        write_statement(found, file)
    unit = found.loan.currency
    rows = [
        (
            one.on,
            one.what,
            None if one.amount_minor is None else major(one.amount_minor, unit),
            major(one.principal_minor, unit),
            major(one.interest_minor, unit),
            major(one.fees_minor, unit),
            major(one.penalties_minor, unit),
            major(one.balance_minor, unit),
        )
        for one in found.events
    ]
    head = f"{found.institution}: loan {found.loan.loan_number} on {day}, in {unit}"
    lines = [head, *standing_lines(found.loan, found.standing, day), "", *table(_HEADINGS, rows)]
    shell.show(statement_document(found), [*lines, *([f"On paper: {file}"] if file else [])])
