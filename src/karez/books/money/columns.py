"""Reading many rows by column: for a client that wants arrays, faster than row by row.

A COPY sends a message for each row, and taking it in costs more than it costs the server to
gather each column into one array. Format: the binary form of an array is its header (dimensions,
whether it has nulls, type, count, lower bound), then length and value of each element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, LiteralString, cast

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus

from karez.kernel.errors import ensure

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

_HEADER = np.dtype([(name, ">i4") for name in ("dimensions", "nulls", "type", "count", "from")])


def read_columns(
    connection: psycopg.Connection, layout: np.dtype[np.void], source: str, values: Sequence[Any]
) -> npt.NDArray[np.void]:
    """Return rows as records of ``layout``, whose fields name columns that are never null.

    ``source`` is what follows FROM, in SQL, with ``{}`` for each of ``values``.
    """
    names = layout.names or ()
    query = (
        f"SELECT {', '.join(f'array_agg({name})' for name in names)}"  # noqa: S608 - constants
        f" FROM (SELECT {', '.join(names)} FROM {source}) AS r"
    )
    composed = sql.SQL(cast("LiteralString", query)).format(*map(sql.Literal, values))
    result = connection.pgconn.exec_params(composed.as_bytes(connection), None, result_format=1)
    if result.status != ExecStatus.TUPLES_OK:
        raise psycopg.errors.error_from_result(result, connection.info.encoding)
    return unpack_columns(result, layout)


def unpack_columns(result: PGresult, layout: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Return the records that the arrays in the one row of a binary result make up.

    The arrays come in the order of the fields of ``layout``; what comes after them is left alone.
    """
    names = layout.names or ()
    columns = [result.get_value(0, place) for place in range(len(names))]
    if columns[0] is None:  # the array of no rows
        return np.empty(0, dtype=layout)
    records = np.empty(int(np.frombuffer(columns[0], _HEADER, 1)["count"][0]), dtype=layout)
    for name, column in zip(names, columns, strict=True):
        kind = layout[name]
        value = "V16" if kind.itemsize == 16 else kind.newbyteorder(">").str
        element = np.dtype([("length", ">i4"), ("value", value)])
        elements = np.frombuffer(column or b"", element, offset=_HEADER.itemsize)
        ensure(len(elements) == len(records), "a column without nulls has elements of one size")
        records[name] = elements["value"]
    return records
