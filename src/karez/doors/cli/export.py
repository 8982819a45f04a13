"""``karez export``: the book for other programs and other eyes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from karez.doors.cli.bookkeeping import known_at, open_books
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.beancount import write_beancount
from karez.doors.files.errors import FileUnwritableError
from karez.doors.files.ledger import write_csv, write_parquet
from karez.services.bookkeeping import open_journal


@click.group()
def export() -> None:
    """Write the book to a file."""


@export.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv", "beancount"]),
    required=True,
    help="Rows for each transfer, or text that bean-check accepts.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="The file to write; it stands there once it is complete.",
)
@known_at
@command_options
def ledger(shell: Shell, *, form: str, output: Path, known_at: datetime | None) -> None:
    """Write every transfer, or as beancount text every entry."""
    part = output.with_name(f"{output.name}.part")
    try:
        with open_books(shell) as books, open_journal(books, known_at=known_at) as journal:
            match form:
                case "parquet":
                    count = write_parquet(journal, part)
                case "csv":
                    count = write_csv(journal, part)
                case _:
                    count = write_beancount(journal, part, books.institution.name)
        part.replace(output)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise FileUnwritableError(file=str(output), reason=reason) from fault
    finally:
        part.unlink(missing_ok=True)
    what = "entries" if form == "beancount" else "transfers"
    document = {"output": output, "format": form, what: count, "known_at": journal.known_at}
    shell.show(document, [f"{count:,} {what} are in {output}."])
