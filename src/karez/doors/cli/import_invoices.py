"""``karez import invoices``: tables of invoices become facts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import attrs
import click

from karez.doors.cli.bookkeeping import progress
from karez.doors.cli.evidence import open_evidence
from karez.doors.cli.imports import Report, ahead, import_options
from karez.doors.cli.row_files import files_argument
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.refusals import RefusalFile, find_refusals
from karez.doors.files.rows import Table
from karez.doors.files.trade.folders import free_name
from karez.doors.files.trade.invoices import InvoiceChunk, read_invoices
from karez.doors.files.trade.mapping import InvoiceMapping
from karez.doors.files.trade.sheets import open_table
from karez.services.evidence import Evidence
from karez.services.trade import Repeats, record_documents


@click.command()
@files_argument
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
    with open_evidence(shell) as evidence, progress(shell, "rows") as tell:
        intake = InvoiceIntake(evidence, mapping, tell, rejects=rejects, dry_run=dry_run)
        for file in files:
            intake.take(file)
    intake.report.show(shell, dry_run=dry_run, kept=intake.kept)


@attrs.define
class InvoiceIntake:
    """Records tables of invoices one after another, and keeps account of them.

    Rows that are refused are kept as files in ``rejects``, if that is a folder.
    """

    evidence: Evidence
    mapping: InvoiceMapping
    tell: Callable[[int], object]
    rejects: Path | None = None
    dry_run: bool = False
    report: Report = attrs.field(factory=Report)
    kept: list[Path] = attrs.field(factory=list[Path])
    _numbers: dict[str, Repeats] = attrs.field(factory=dict[str, Repeats])

    def take(self, file: Path) -> None:
        """Record the invoices of a file."""
        report = self.report
        with ExitStack() as stack:
            table = stack.enter_context(open_table(file, self.mapping.encoding))
            keeper = _Keeper(stack, table, self.rejects)
            chunks = read_invoices(table, self.mapping, report.intake, self._numbers)
            for chunk in ahead(chunks):
                done = record_documents(self.evidence, chunk.batch, dry_run=self.dry_run)
                unread = [fault.error for fault in chunk.block.faults.values()]
                chunk.mark_refused(done)
                report.intake.add(done, unread)
                report.refuse(list(find_refusals(table, chunk.block)))
                keeper.keep(chunk)
                self.tell(report.intake.documents)
            self.kept += keeper.kept


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
