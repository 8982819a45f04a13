"""``karez rights import``: files of claims into the register."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, open_books, progress, tell_refusals
from karez.doors.cli.row_files import RowTally, check_rejects, rejects_option, source_option
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.claims import ClaimChunk, open_claims, read_claims_file
from karez.doors.files.refusals import RefusalFile
from karez.doors.files.rows import Table
from karez.services import rights
from karez.services.rights import Done


@attrs.define
class Tally(RowTally):
    """What became of the claims of a file."""

    registered: int = 0
    replayed: int = 0
    alike: int = 0

    def add(self, table: Table, chunk: ClaimChunk, answers: list[Done]) -> None:
        """Count a chunk, whose refused rows are marked."""
        self.count(table, chunk.block)
        self.replayed += sum(done.replayed for done in answers)
        self.registered += sum(done.error is None and not done.replayed for done in answers)
        self.alike += sum(bool(done.alike) for done in answers)

    def counts(self) -> dict[str, int]:
        """Return the numbers, named as people and scripts read them."""
        return {
            "rows": self.rows,
            "registered": self.registered,
            "replayed": self.replayed,
            "alike": self.alike,
            "refused": self.faults,
        }


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Judge everything, register nothing.")
@rejects_option
@source_option("claim")
@command_options
def import_claims(
    shell: Shell, *, file: Path, dry_run: bool, rejects: Path | None, source: str
) -> None:
    """Register the claims of FILE, a row a claim (CSV, JSON lines, Parquet or XLSX).

    Good rows are registered and bad ones told, by line and column. A file that is sent again
    registers nothing twice.
    """
    check_rejects(rejects, file)
    tally = Tally()
    with (
        open_claims(file) as table,
        open_books(shell) as books,
        progress(shell, "rows") as tell,
        RefusalFile(rejects, table) if rejects else nullcontext() as kept,
    ):
        for chunk in read_claims_file(table, shell.config.institution, source):
            answers = rights.record(books, chunk.events, dry_run=dry_run)
            chunk.mark_refused(table.header, answers)
            tally.add(table, chunk, answers)
            if kept is not None:
                kept.write_rows(chunk.block)
            tell(tally.rows)
    tell_refusals(shell, tally.refusals, tally.faults)
    document: dict[str, Any] = {"file": str(file), "dry_run": dry_run, **tally.counts()}
    document["refusals"] = [refusal.as_dict() for refusal in tally.refusals]
    words = {
        "registered": "would be registered" if dry_run else "registered",
        "replayed": "there already",
        "alike": "alike another",
    }
    shell.show(document, tally.summary(str(file), tally.counts(), words, rejects))
    exit_with(tally.exit_code)
