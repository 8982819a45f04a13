# pyright: basic
"""Portraits as Parquet or CSV, a row for each party. Pyarrow has no types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv
from pyarrow import parquet as pq

from karez.doors.files.errors import FileUnwritableError
from karez.engines.score.portrait import Portraits


def write_portraits(portraits: Portraits, path: Path) -> None:
    """Write ``id``, ``as_of``, every number and every label; what is missing is null, or empty.

    A name that ends in ``.parquet`` gives Parquet, any other CSV. The file stands there once it is
    complete.

    Raises:
        FileUnwritableError: it cannot be written.
    """
    days = pa.array(portraits.sittings.day.astype(np.int32), pa.date32())
    table = pa.table(
        {"id": pa.array(portraits.ids, pa.string()), "as_of": days}
        | {name: pa.array(values, from_pandas=True) for name, values in portraits.numbers.items()}
        | {name: pa.array(texts, pa.string()) for name, texts in portraits.labels.items()}
    )
    part = path.with_name(f"{path.name}.part")
    try:
        if path.suffix.lower() == ".parquet":
            pq.write_table(table, part, compression="zstd")
        else:
            csv.write_csv(table, part)
        part.replace(path)
    except OSError as fault:
        raise FileUnwritableError(file=str(path), reason=fault.strerror or str(fault)) from fault
    finally:
        part.unlink(missing_ok=True)
