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

from karez.doors.cli.bookkeeping import (
    exit_with,
    lines_of,
    open_books,
    progress,
    tell_refusals,
    today,
)
from karez.doors.cli.shell import ExitCode, Shell, command_options
from karez.doors.files.loan_commands import CommandChunk, read_commands, read_commands_table
from karez.doors.files.refusals import Refusal, RefusalFile
from karez.doors.files.rows import Table
from karez.doors.files.tables import format_of
from karez.kernel.errors import ConflictError
from karez.kernel.time import parse_date
from karez.services import lending
from karez.services.bookkeeping import Books
from karez.services.lending import Loan, Outcome

SHOWN_MOST = 20


@attrs.define
class Tally:
    """What became of a file's rows."""

    rows: int = 0
    recorded: int = 0
    already: int = 0
    refused: int = 0
    conflicts_only: bool = True
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])

    def add(self, table: Table, chunk: CommandChunk, outcomes: list[Outcome]) -> None:
        """Count a chunk, whose refused rows are marked."""
        self.rows += len(chunk.block)
        self.already += sum(outcome.already for outcome in outcomes)
        self.recorded += sum(one.error is None and not one.already for one in outcomes)
        self.refused += len(chunk.block.faults)
        for row, fault in sorted(chunk.block.faults.items()):
            self.conflicts_only &= isinstance(fault.error, ConflictError)
            if len(self.refusals) < SHOWN_MOST:
                line = chunk.block.lines[row]
                self.refusals.append(
                    Refusal(table.file, table.unit, line, fault.field, fault.value, fault.error)
                )

    def counts(self) -> dict[str, int]:
        """Return the numbers, named as people and scripts read them."""
        names = ("rows", "recorded", "already", "refused")
        return {name: getattr(self, name) for name in names}


@click.command("record")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--entered", type=parse_date, metavar="DATE", help="The business date; else the open day."
)
@click.option("--by", metavar="NAME", help="Who says so; else who is logged in.")
@click.option("--preview", is_flag=True, help="Judge everything, change nothing.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Keep refused rows and their errors in this CSV file, to be mended and sent again.",
)
@click.option(
    "--source",
    default="file",
    show_default=True,
    help="Whose ids these are: the same id from another source is another event.",
)
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
    if rejects is not None and rejects.exists() and rejects.samefile(file):
        raise click.BadParameter("would write over the file that is read", param_hint="--rejects")
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
    tell_refusals(shell, tally.refusals, tally.refused)
    document: dict[str, Any] = {"file": str(file), "preview": preview, **tally.counts()}
    document["refusals"] = [refusal.as_dict() for refusal in tally.refusals]
    shell.show(document, _summary(file, tally, rejects, preview=preview))
    if tally.refused:
        exit_with(ExitCode.CONFLICT if tally.conflicts_only else ExitCode.INVALID_INPUT)


def _finder(books: Books) -> Callable[[set[str]], dict[str, Loan]]:
    def find(names: set[str]) -> dict[str, Loan]:
        with books.transaction() as connection:
            return lending.find_named(connection, names)

    return find


def _summary(file: Path, tally: Tally, rejects: Path | None, *, preview: bool) -> list[str]:
    words = {"recorded": "would be recorded" if preview else "recorded", "already": "there already"}
    pairs = [(words.get(name, name), f"{count:,}") for name, count in tally.counts().items()]
    width = max(len(count) for _, count in pairs)
    lines = lines_of([(label, count.rjust(width)) for label, count in pairs])
    kept = [f"Refused rows and their errors are in {rejects}."] if rejects and tally.refused else []
    return [str(file), *(f"  {line}" for line in lines), *kept]
