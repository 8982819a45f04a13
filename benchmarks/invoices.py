"""The real invoices of 425 firms as the arrays of the engine, read without a database."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from karez.engines.score.portrait import Invoices, Records, Side, Status

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "sme_invoices"
"""Where the data are, if they are here: beside the repository."""
_VOID = "作废发票"
_PARTNER = {Side.SALE: "购方单位代号", Side.PURCHASE: "销方单位代号"}
_EPOCH = date(1970, 1, 1)


def read_records(folder: Path = FOLDER) -> Records:
    """Return all invoices. Nobody knows when they were recorded, so they always were."""
    sides = {Side.SALE: "sales", Side.PURCHASE: "purchases"}
    tables = [
        pq.read_table(folder / f"{name}_{part}.parquet")
        .rename_columns({_PARTNER[side]: "partner"})
        .append_column("side", pa.repeat(int(side), _rows(folder / f"{name}_{part}.parquet")))
        for side, name in sides.items()
        for part in ("rated", "unrated")
    ]
    table = pa.concat_tables(tables)
    firms = sorted(pc.unique(table["企业代号"]).to_pylist(), key=lambda firm: int(firm[1:]))
    days = pc.cast(pc.strptime(table["开票日期"], "%Y/%m/%d", "s"), pa.date32())
    status = pc.equal(pc.utf8_trim_whitespace(table["发票状态"]), _VOID)
    return Records(
        parties=firms,
        invoices=Invoices(
            party=pc.index_in(table["企业代号"], pa.array(firms, pa.large_string())),
            day=pc.cast(days, pa.int32()),
            recorded_at=np.zeros(len(table)),
            side=table["side"],
            counterparty=table["partner"].dictionary_encode().combine_chunks().indices,
            status=np.where(status, Status.VOID, Status.ISSUED),
            amount_minor=np.rint(np.asarray(table["金额"]) * 100),
        ),
    )


def _rows(path: Path) -> int:
    return pq.ParquetFile(path).metadata.num_rows


def day_number(day: date) -> int:
    """Return a date as the engine counts it."""
    return (day - _EPOCH).days
