"""``karez rights import``: files of claims into the register."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, lines_of, open_books, progress, tell_refusals
from karez.doors.cli.shell import ExitCode, Shell, command_options
from karez.doors.files.claims import ClaimChunk, open_claims, read_claims_file
from karez.doors.files.refusals import Refusal, RefusalFile
from karez.doors.files.rows import Table
from karez.kernel.errors import ConflictError
from karez.services import rights
from karez.services.rights import Done

SHOWN_MOST = 20


@attrs.define
class Tally:
    """What became of a file's rows."""

    rows: int = 0
    registered: int = 0
    replayed: int = 0
    alike: int = 0
    refused: int = 0
    conflicts_only: bool = True
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])

    def add(self, table: Table, chunk: ClaimChunk, answers: list[Done]) -> None:
        """Count a chunk, whose refused rows are marked."""
        self.rows += len(chunk.block)
        self.replayed += sum(done.replayed for done in answers)
        self.registered += sum(done.error is None and not done.replayed for done in answers)
        self.alike += sum(bool(done.alike) for done in answers)
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
        names = ("rows", "registered", "replayed", "alike", "refused")
        return {name: getattr(self, name) for name in names}


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Judge everything, register nothing.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Keep refused rows and their errors in this CSV file, to be mended and sent again.",
)
@click.option(
    "--source",
    default="file",
    show_default=True,
    help="Whose ids these are: the same id from another source is another claim.",
)
@command_options
def import_claims(
    shell: Shell, *, file: Path, dry_run: bool, rejects: Path | None, source: str
) -> None:
    """Register the claims of FILE, a row a claim (CSV, JSON lines, Parquet or XLSX).

    Good rows are registered and bad ones told, by line and column. A file that is sent again
    registers nothing twice.
    """
    if rejects is not None and rejects.exists() and rejects.samefile(file):
        raise click.BadParameter("would write over the file that is read", param_hint="--rejects")
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
    tell_refusals(shell, tally.refusals, tally.refused)
    document: dict[str, Any] = {"file": str(file), "dry_run": dry_run, **tally.counts()}
    document["refusals"] = [refusal.as_dict() for refusal in tally.refusals]
    shell.show(document, _summary(file, tally, rejects, dry_run=dry_run))
    if tally.refused:
        exit_with(ExitCode.CONFLICT if tally.conflicts_only else ExitCode.INVALID_INPUT)


def _summary(file: Path, tally: Tally, rejects: Path | None, *, dry_run: bool) -> list[str]:
    words = {
        "registered": "would be registered" if dry_run else "registered",
        "replayed": "there already",
        "alike": "alike another",
    }
    pairs = [(words.get(name, name), f"{count:,}") for name, count in tally.counts().items()]
    width = max(len(count) for _, count in pairs)
    lines = lines_of([(label, count.rjust(width)) for label, count in pairs])
    kept = [f"Refused rows and their errors are in {rejects}."] if rejects and tally.refused else []
    return [str(file), *(f"  {line}" for line in lines), *kept]
