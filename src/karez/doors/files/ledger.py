# pyright: basic
"""The whole book as Parquet or CSV, a row for each transfer. Pyarrow has no types."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv
from pyarrow import parquet as pq

from karez.kernel.ids import show_id
from karez.kernel.money import currency, format_amount
from karez.services.bookkeeping import Account, Journal, Page, Phase

_EPOCH_DAYS = 10_957  # from 1970-01-01, where Arrow begins, to 2000-01-01, where the book does
_EPOCH_MICROS = _EPOCH_DAYS * 86_400_000_000

LEDGER = pa.schema(
    [
        ("entry_id", pa.string()),
        ("line", pa.int32()),
        ("kind", pa.string()),
        ("phase", pa.string()),
        ("valid_on", pa.date32()),
        ("recorded_at", pa.timestamp("us", "UTC")),
        ("debit", pa.string()),
        ("credit", pa.string()),
        ("currency", pa.string()),
        ("amount", pa.string()),
        ("amount_minor", pa.int64()),
        ("hold_minor", pa.int64()),
        ("target", pa.string()),
        ("memo", pa.string()),
        ("reference", pa.string()),
    ]
)
"""What a row holds. ``amount`` is ``amount_minor`` in major units; nothing is a binary fraction."""


def write_parquet(journal: Journal, path: Path) -> int:
    """Write the book as Parquet; return the number of rows."""
    with path.open("wb") as stream, pq.ParquetWriter(stream, LEDGER, compression="zstd") as writer:
        return _write(journal, writer)


def write_csv(journal: Journal, path: Path) -> int:
    """Write the book as CSV; return the number of rows."""
    with path.open("wb") as stream, csv.CSVWriter(stream, LEDGER) as writer:
        return _write(journal, writer)


def _write(journal: Journal, writer: pq.ParquetWriter | csv.CSVWriter) -> int:
    codes = np.array(["", *(a.code for a in _by_number(journal))], dtype=object)
    units = np.array(["", *(a.currency for a in _by_number(journal))], dtype=object)
    rows = 0
    for page in journal.pages():
        writer.write_table(_table(page, journal, codes, units))
        rows += len(page.rows)
    return rows


def _by_number(journal: Journal) -> list[Account]:
    return sorted(journal.accounts, key=lambda account: account.number)


def _table(
    page: Page, journal: Journal, codes: npt.NDArray[np.object_], units: npt.NDArray[np.object_]
) -> pa.Table:
    rows = page.rows
    entries = [UUID(bytes=octets.tobytes()) for octets in rows["entry_id"]]
    shown = {entry: show_id("ent", entry) for entry in set(entries)}
    notes = [page.notes.get(entry, ("", "{}")) for entry in entries]
    money = units[rows["debit_account"]].tolist()
    unit_of = {code: currency(code) for code in set(money)}
    amounts = rows["amount_minor"].tolist()
    targets = [
        f"{show_id('ent', UUID(bytes=octets.tobytes()))}/{line}" if line >= 0 else None
        for octets, line in zip(rows["target_entry_id"], rows["target_line"].tolist(), strict=True)
    ]
    return pa.table(
        [
            [shown[entry] for entry in entries],
            rows["line"],
            [journal.kinds[kind] for kind in rows["kind"].tolist()],
            [Phase(phase).name.lower() for phase in rows["phase"].tolist()],
            pa.array(rows["valid_on"] + _EPOCH_DAYS, pa.int32()).cast(pa.date32()),
            pa.array(rows["recorded_at"] + _EPOCH_MICROS, pa.int64()).cast(LEDGER.types[5]),
            codes[rows["debit_account"]].tolist(),
            codes[rows["credit_account"]].tolist(),
            money,
            [format_amount(a, unit_of[unit]) for a, unit in zip(amounts, money, strict=True)],
            rows["amount_minor"],
            rows["hold_minor"],
            targets,
            [memo for memo, _ in notes],
            [reference for _, reference in notes],
        ],
        schema=LEDGER,
    )
