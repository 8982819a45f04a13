"""Imports: a Parquet table of invoices becomes facts, beside reading it and beside raw COPY."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.bed import DAY, EMPTY, Bed, Contender, institution_id
from benchmarks.facts import Copier, Maker, make_raw_tables
from benchmarks.report import Bar, Section, Spread
from karez.doors.files.rows import BLOCK_ROWS
from karez.doors.files.trade.invoices import read_invoices
from karez.doors.files.trade.mapping import InvoiceMapping
from karez.doors.files.trade.sheets import open_table
from karez.kernel.database import Role, find_institution
from karez.services.evidence import Evidence, KeyFolder
from karez.services.trade import Intake, record_documents

ROUNDS = 8
ROWS = 3 * BLOCK_ROWS  # of a table, and so of a turn
FIRMS = 425

RATE_BAR = 1_099_441 / 120
"""The real set within two minutes."""


@attrs.define
class Tables:
    """Makes tables of invoices with columns and types as the real set has them, none twice."""

    folder: Path
    made: int = 0

    def next(self) -> Path:
        """Write one more table."""
        numbers = range(self.made, self.made + ROWS)
        self.made += ROWS
        net = [(number * 37 % 1_000_000 + 100) / 100 for number in numbers]
        tax = [round(value * 0.13, 2) for value in net]
        path = self.folder / f"{self.made}.parquet"
        columns = {
            "企业代号": [f"E{number % FIRMS}" for number in numbers],
            "发票号码": list(numbers),
            "开票日期": [
                f"{day.year}/{day.month}/{day.day}"
                for day in (DAY - timedelta(days=number % 1_000) for number in numbers)
            ],
            "销方单位代号": [f"A{number % 13_961:05}" for number in numbers],
            "金额": net,
            "税额": tax,
            "价税合计": [round(a + b, 2) for a, b in zip(net, tax, strict=True)],
            "发票状态": ["有效发票"] * ROWS,
        }
        pq.write_table(pa.table(columns), path)
        return path


@attrs.frozen
class Importer:
    """Imports tables; ``again`` times those that were imported before."""

    evidence: Evidence
    tables: Tables
    again: bool = False

    def prepare(self) -> Callable[[], None]:
        """Write a table, and for ``again`` import it once."""
        path = self.tables.next()
        if self.again:
            assert self._load(path).recorded == ROWS

        def run() -> None:
            intake = self._load(path)
            assert (intake.there_already if self.again else intake.recorded) == ROWS

        return run

    def _load(self, path: Path) -> Intake:
        mapping, intake = InvoiceMapping.load("cn-vat-firms"), Intake()
        with open_table(path, mapping.encoding) as table:
            for chunk in read_invoices(table, mapping, intake, {}):
                intake.add(record_documents(self.evidence, chunk.batch))
        return intake


def _read_alone(tables: Tables) -> Callable[[], None]:
    path = tables.next()

    def run() -> None:
        source = pq.ParquetFile(path)
        assert sum(len(batch) for batch in source.iter_batches(BLOCK_ROWS)) == ROWS

    return run


def _made_alone(tables: Tables) -> Callable[[], None]:
    path = tables.next()
    mapping = InvoiceMapping.load("cn-vat-firms")

    def run() -> None:
        with open_table(path, mapping.encoding) as table:
            chunks = read_invoices(table, mapping, Intake(), {})
            assert sum(len(chunk.invoices) for chunk in chunks) == ROWS

    return run


def run(bed: Bed, rounds: int | None) -> Section:
    """Race the import with its parts, and with a COPY of the same number of facts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        tables = Tables(folder)
        copying = stack.enter_context(bed.database("import_raw", EMPTY).connect(Role.OWNER))
        make_raw_tables(copying)
        connection = stack.enter_context(bed.database("import_real", EMPTY).connect())
        institution_id(connection)
        evidence = Evidence(
            connection, find_institution(connection, "main"), KeyFolder.of(folder, "main")
        )
        pid = connection.info.backend_pid
        raw, imported = "raw COPY", "imported from Parquet"
        contenders = [
            Contender(raw, ROWS, Copier(copying, Maker(), BLOCK_ROWS, turn=ROWS).prepare),
            Contender("Parquet read alone", ROWS, lambda: _read_alone(tables)),
            Contender("Parquet made invoices", ROWS, lambda: _made_alone(tables)),
            Contender(imported, ROWS, Importer(evidence, tables).prepare, [pid]),
            Contender(
                "imported again", ROWS, Importer(evidence, tables, again=True).prepare, [pid]
            ),
        ]
        samples = bed.race("imports", contenders, rounds or ROUNDS)
    bed.drop("import_raw", "import_real")
    section = Section("Imports", raw, samples)
    for base in (raw, "Parquet read alone", "Parquet made invoices"):
        section.notes.append(f"{imported} / {base}: {section.ratio(imported, base).show(4)}")
    rates = Spread.of([sample.rate for sample in samples[imported]])
    section.bars.append(Bar(f"invoices a second, {imported}", RATE_BAR, rates))
    return section
