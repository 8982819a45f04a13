"""``karez tape``: one row a loan, in a file for investors and supervisors."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from karez.doors.cli.bookkeeping import on_day, open_books, today
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.tapes import write_tape
from karez.services import lending, reporting


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@on_day
@command_options
def tape(shell: Shell, *, file: Path, on: date | None) -> None:
    """Write all loans as they stood on a day to FILE, as CSV or Parquet by its name."""
    with open_books(shell) as books:
        day = on or lending.business_date(books, today())
        rows = reporting.tape(books, day)
    write_tape(rows, reporting.TAPE_FIELDS, file)
    document = {"file": file, "as_of": day, "loans": len(rows), "fields": reporting.TAPE_FIELDS}
    shell.show(document, [f"{len(rows):,} loans as of {day} are in {file}."])
