# pyright: basic
"""Rows as a file of CSV or Parquet, by its name. Pyarrow has no types."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from karez.doors.files.errors import FileUnwritableError


def write_tape(rows: Sequence[Mapping[str, Any]], fields: Collection[str], file: Path) -> None:
    """Write rows; the file stands there once it is complete.

    Raises:
        FileUnwritableError: it cannot be written, or its name ends neither in .csv nor .parquet.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        match file.suffix.lower():
            case ".csv":
                with part.open("w", encoding="utf-8", newline="") as stream:
                    writer = csv.DictWriter(stream, list(fields), lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)
            case ".parquet":
                columns = {name: [row[name] for row in rows] for name in fields}
                pq.write_table(pa.table(columns), part, compression="zstd")
            case other:
                reason = f"its name ends in {other or 'nothing'}, not in .csv or .parquet"
                raise FileUnwritableError(file=str(file), reason=reason)
        part.replace(file)
    except OSError as fault:
        raise FileUnwritableError(file=str(file), reason=fault.strerror or str(fault)) from fault
    finally:
        part.unlink(missing_ok=True)
