"""Standings of many loans as records, and their way into the database by binary COPY."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from karez.books.money.wire import HEADER, TRAILER
from karez.kernel.database import Role
from karez.services.lending.queries import QUERIES

if TYPE_CHECKING:
    import psycopg

NEVER = np.iinfo(np.int32).max
"""The day 'infinity'."""
NONE = -1
"""No day: NULL."""

# The columns of lending.standing in order. Days count from 2000-01-01.
STANDING_ROW: np.dtype[np.void] = np.dtype(
    [
        ("institution_id", "i4"),
        ("loan_number", "i8"),
        ("since", "i4"),
        ("until", "i4"),
        ("status", "i2"),
        ("stage", "i2"),
        ("principal_minor", "i8"),
        ("interest_settled_minor", "i8"),
        ("fees_minor", "i8"),
        ("penalties_minor", "i8"),
        ("credit_minor", "i8"),
        ("overdue_principal_minor", "i8"),
        ("overdue_interest_minor", "i8"),
        ("overdue_fees_minor", "i8"),
        ("overdue_penalties_minor", "i8"),
        ("oldest_due", "i4"),
        ("next_due", "i4"),
        ("accrual_from", "i4"),
        ("accrual_until", "i4"),
        ("accrual_base_minor", "i8"),
        ("accrual_target_minor", "i8"),
        ("fee_income_base_minor", "i8"),
        ("fee_income_target_minor", "i8"),
        ("holds_until", "i4"),
    ]
)
_DAYS_OR_NULL = ("oldest_due", "next_due")


def copy_standings(connection: psycopg.Connection, rows: npt.NDArray[np.void]) -> None:
    """Add these standings (``STANDING_ROW``), as the poster."""
    copy_records(connection, "lending.standing", rows, _DAYS_OR_NULL)


def copy_records(
    connection: psycopg.Connection,
    table: str,
    records: npt.NDArray[np.void],
    nullable: Sequence[str] = (),
) -> None:
    """Add records to a table whose columns their fields name, as the poster.

    A field among ``nullable`` is a day that is NULL where it is ``NONE``.
    """
    statement = f"COPY {table} ({', '.join(records.dtype.names or ())}) FROM STDIN (FORMAT BINARY)"
    with (
        as_poster(connection),
        connection.cursor() as cursor,
        cursor.copy(statement.encode()) as copy,
    ):
        copy.write(HEADER)
        for piece in _pack(records, nullable):
            copy.write(piece)
        copy.write(TRAILER)


@contextmanager
def as_poster(connection: psycopg.Connection) -> Generator[None]:
    """Let the block of a transaction add rows to tables that nobody may change."""
    row = connection.execute(QUERIES["role"].text).fetchone()
    connection.execute(QUERIES["become"].text, {"role": Role.POSTER})
    yield
    connection.execute(QUERIES["become"].text, {"role": row[0] if row else "none"})


def _pack(records: npt.NDArray[np.void], nullable: Sequence[str]) -> Iterator[bytes]:
    """Yield the tuples of these records, those alike in what is NULL together."""
    names = records.dtype.names or ()
    for absent in product((False, True), repeat=len(nullable)):
        alike = np.ones(len(records), np.bool_)
        for name, is_null in zip(nullable, absent, strict=True):
            alike &= (records[name] == NONE) == is_null
        if not alike.any():
            continue
        nulls = {name for name, is_null in zip(nullable, absent, strict=True) if is_null}
        layout: list[tuple[str, str]] = [("field_count", ">i2")]
        for name in names:
            layout.append((f"{name}:length", ">i4"))
            if name not in nulls:
                layout.append((name, records.dtype[name].newbyteorder(">").str))
        packed = np.empty(np.count_nonzero(alike), np.dtype(layout))
        packed["field_count"] = len(names)
        for name in names:
            packed[f"{name}:length"] = -1 if name in nulls else records.dtype[name].itemsize
            if name not in nulls:
                packed[name] = records[name][alike]
        yield packed.tobytes()
