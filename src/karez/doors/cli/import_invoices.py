"""``karez import invoices``: tables of invoices become facts."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import attrs
import click

from karez.doors.cli.bookkeeping import progress
from karez.doors.cli.evidence import open_evidence
from karez.doors.cli.imports import Report, ahead, import_options
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.refusals import Refusal, RefusalFile
from karez.doors.files.rows import Table
from karez.doors.files.trade.folders import free_name
from karez.doors.files.trade.invoices import InvoiceChunk, read_invoices
from karez.doors.files.trade.mapping import InvoiceMapping
from karez.doors.files.trade.sheets import open_table
from karez.services.trade import Repeats, record_documents


@click.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--mapping",
    "mapping_name",
    required=True,
    metavar="NAME|FILE",
    help="What the columns mean: a TOML file, or the name of a mapping that Karez has.",
)
@import_options
@command_options
def invoices(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    files: tuple[Path, ...],
    mapping_name: str,
    dry_run: bool,
    rejects: Path | None,
    attester: str | None,
    control_group: str | None,
) -> None:
    """Record the invoices of each FILE, a row an invoice (CSV, Parquet or XLSX).

    Good rows are recorded and bad ones told, by line and column. A file that is sent again records
    nothing twice.
    """
    mapping = InvoiceMapping.load(mapping_name)
    if attester is not None:
        mapping = attrs.evolve(mapping, attester=attester)
    if control_group is not None:
        mapping = attrs.evolve(mapping, control_group=control_group)
    report = Report()
    numbers: dict[str, Repeats] = {}
    kept: list[Path] = []
    with open_evidence(shell) as evidence, progress(shell, "rows") as tell:
        for file in files:
            with ExitStack() as stack:
                table = stack.enter_context(open_table(file, mapping.encoding))
                keeper = _Keeper(stack, table, rejects)
                chunks = read_invoices(table, mapping, report.intake, numbers)
                for chunk in ahead(chunks):
                    done = record_documents(evidence, chunk.batch, dry_run=dry_run)
                    unread = [fault.error for fault in chunk.block.faults.values()]
                    chunk.mark_refused(done)
                    report.intake.add(done, unread)
                    report.refuse(_refusals(table, chunk))
                    keeper.keep(chunk)
                    tell(report.intake.documents)
                kept += keeper.kept
    report.show(shell, dry_run=dry_run, kept=kept)


def _refusals(table: Table, chunk: InvoiceChunk) -> list[Refusal]:
    return [
        Refusal(
            table.file, table.unit, chunk.block.lines[row], fault.field, fault.value, fault.error
        )
        for row, fault in sorted(chunk.block.faults.items())
    ]


@attrs.define
class _Keeper:
    """Keeps refused rows of one table in a file of the folder, if any are refused."""

    stack: ExitStack
    table: Table
    folder: Path | None
    kept: list[Path] = attrs.field(factory=list[Path])
    _file: RefusalFile | None = None

    def keep(self, chunk: InvoiceChunk) -> None:
        if self.folder is None or not chunk.block.faults:
            return
        if self._file is None:
            path = free_name(self.folder, f"{Path(self.table.file).stem}.csv")
            # The mark says that these rows are UTF-8, whatever the mapping says of the file.
            file = RefusalFile(path, self.table, encoding="utf-8-sig")
            self._file = self.stack.enter_context(file)
            self.kept.append(path)
        self._file.write_rows(chunk.block)
