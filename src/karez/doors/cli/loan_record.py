"""``karez loan record``: a file of events of loans."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, open_books, progress, tell_refusals, today
from karez.doors.cli.row_files import RowTally, check_rejects, rejects_option, source_option
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.loan_commands import CommandChunk, read_commands, read_commands_table
from karez.doors.files.refusals import RefusalFile
from karez.doors.files.rows import Table
from karez.doors.files.tables import format_of
from karez.kernel.time import parse_date
from karez.services import lending
from karez.services.bookkeeping import Books
from karez.services.lending import Loan, Outcome


@attrs.define
class Tally(RowTally):
    """What became of the events of a file."""

    recorded: int = 0
    already: int = 0

    def add(self, table: Table, chunk: CommandChunk, outcomes: list[Outcome]) -> None:
        """Count a chunk, whose refused rows are marked."""
        self.count(table, chunk.block)
        self.already += sum(outcome.already for outcome in outcomes)
        self.recorded += sum(one.error is None and not one.already for one in outcomes)

    def counts(self) -> dict[str, int]:
        """Return the numbers, named as people and scripts read them."""
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "already": self.already,
            "refused": self.faults,
        }


@click.command("record")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--entered", type=parse_date, metavar="DATE", help="The business date; else the open day."
)
@click.option("--by", metavar="NAME", help="Who says so; else who is logged in.")
@click.option("--preview", is_flag=True, help="Judge everything, change nothing.")
@rejects_option
@source_option("event")
@command_options
def record_file(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path,
    entered: date | None,
    by: str | None,
    preview: bool,
    rejects: Path | None,
    source: str,
) -> None:
    """Record the events of FILE, a row an event (CSV or JSON lines).

    Good rows are recorded and bad ones told, by line and column. A file that is sent again records
    nothing twice.
    """
    check_rejects(rejects, file)
    tally = Tally()
    scope = (shell.config.institution, source)
    with file.open("rb") as stream, open_books(shell) as books, progress(shell, "rows") as tell:
        on = entered or lending.business_date(books, today())
        table = read_commands_table(stream, str(file), format_of(file))
        with RefusalFile(rejects, table) if rejects else nullcontext() as kept:
            find = _finder(books)
            for chunk in read_commands(table, scope, by or getpass.getuser(), find):
                outcomes = lending.record(books, chunk.commands, on=on, preview=preview)
                chunk.mark_refused(table.header, outcomes)
                tally.add(table, chunk, outcomes)
                if kept is not None:
                    kept.write_rows(chunk.block)
                tell(tally.rows)
    tell_refusals(shell, tally.refusals, tally.faults)
    document: dict[str, Any] = {"file": str(file), "preview": preview, **tally.counts()}
    document["refusals"] = [refusal.as_dict() for refusal in tally.refusals]
    words = {"recorded": "would be recorded" if preview else "recorded", "already": "there already"}
    shell.show(document, tally.summary(str(file), tally.counts(), words, rejects))
    exit_with(tally.exit_code)


def _finder(books: Books) -> Callable[[set[str]], dict[str, Loan]]:
    def find(names: set[str]) -> dict[str, Loan]:
        with books.transaction() as connection:
            return lending.find_named(connection, names)

    return find
