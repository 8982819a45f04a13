"""The part of verification that makes seals again from the transfers and compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from karez.books.money.columns import read_columns
from karez.books.money.finding import Verification
from karez.books.money.queries import QUERIES
from karez.books.money.seal import BALANCE, LINE, lines_of
from karez.books.money.state import Int64s
from karez.books.money.wire import Rows

if TYPE_CHECKING:
    import psycopg

_LINE_ORDER = "account_number, valid_on, recorded_at, position"
_SUMS = ("debits_posted_minor", "credits_posted_minor", "debits_pending_minor",
         "credits_pending_minor")  # fmt: skip


def check_lines(
    connection: psycopg.Connection, report: Verification, seal_number: int, rows: Rows
) -> None:
    """Compare the lines of a seal with those that its transfers make."""
    stored = _read(connection, "line", LINE, seal_number, _LINE_ORDER)
    _compare(report, "line", seal_number, lines_of(rows, seal_number), stored)


def check_balances(
    connection: psycopg.Connection, report: Verification, seal_number: int, sums: Int64s
) -> None:
    """Compare the balances a seal stores with ``sums``: four rows, a column for each account."""
    touched = np.flatnonzero((sums != 0).any(axis=0))
    expected = np.zeros(len(touched), dtype=BALANCE)
    expected["institution_id"] = report.institution_id
    expected["seal_number"] = seal_number
    expected["account_number"] = touched
    for place, name in enumerate(_SUMS):
        expected[name] = sums[place, touched]
    stored = _read(connection, "balance", BALANCE, seal_number, "account_number")
    # An account whose sums are all zero may stand or not: it says nothing either way.
    kept = np.zeros(len(stored), np.bool_)
    for name in _SUMS:
        kept |= stored[name] != 0
    _compare(report, "balance", seal_number, expected, stored[kept])


def check_strays(connection: psycopg.Connection, report: Verification) -> None:
    """Find derived rows that belong to no seal."""
    for table, seal_number, count in connection.execute(QUERIES["verify_strays"].text).fetchall():
        what = f"{count} rows belong to no seal that has them"
        report.find("seal", table, f"seal {seal_number}", what)


def _read(
    connection: psycopg.Connection,
    table: str,
    layout: np.dtype[np.void],
    seal_number: int,
    order: str,
) -> npt.NDArray[np.void]:
    source = (
        f"money.{table} WHERE institution_id = current_setting('karez.institution_id')::integer"
        f" AND seal_number = {{}} ORDER BY {order}"
    )
    return read_columns(connection, layout, source, (seal_number,))


def _compare(
    report: Verification,
    table: str,
    seal_number: int,
    expected: npt.NDArray[np.void],
    stored: npt.NDArray[np.void],
) -> None:
    """Report each stored row that is not the expected one; both are sorted by account first."""
    if len(expected) != len(stored):
        what = f"has {len(stored)} rows where its transfers make {len(expected)}"
        report.find("seal", table, f"seal {seal_number}", what)
        counts = [np.bincount(rows["account_number"].clip(0)) for rows in (expected, stored)]
        longest = max(len(count) for count in counts)
        first, second = (np.pad(count, (0, longest - len(count))) for count in counts)
        for number in np.flatnonzero(first != second).tolist():
            what = f"has {second[number]} rows where its transfers make {first[number]}"
            report.find("seal", table, f"seal {seal_number}, account number {number}", what)
        return
    for place in np.flatnonzero(expected != stored).tolist():
        wrong = [n for n in stored.dtype.names or () if expected[n][place] != stored[n][place]]
        number = int(stored["account_number"][place])
        row = f"seal {seal_number}, account number {number}, row {place}"
        report.find("seal", table, row, f"differs in {', '.join(wrong)}")
