"""Seals: stretches of batches sorted by account and value date, so that the past is quick to ask.

A seal is derived data: it can be made at any time by anyone who may post, and made again from
the transfers. Nothing waits for it; an unsealed stretch is read as it lies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.columns import read_columns
from karez.books.money.pen import copy_in
from karez.books.money.queries import QUERIES
from karez.books.money.wire import (
    TRANSFER,
    TRANSFER_COLUMNS,
    Int4,
    Rows,
    encode_row,
    pack_records,
    read_copy,
    unpack_transfers,
)
from karez.kernel.database import Role

if TYPE_CHECKING:
    import psycopg

SEAL_AFTER = 4_096
"""Transfers in a seal. Fewer make more look-ups for a balance, more a longer cut or unsealed part:
decision 0006 has what each costs."""
_BATCHES_MOST = 100_000
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

# The columns of money.line in order.
LINE: np.dtype[np.void] = np.dtype(
    [
        ("recorded_at", "i8"),
        ("account_number", "i8"),
        ("counter_account", "i8"),
        ("amount_minor", "i8"),
        ("hold_minor", "i8"),
        ("debits_posted_minor", "i8"),
        ("credits_posted_minor", "i8"),
        ("debits_pending_minor", "i8"),
        ("credits_pending_minor", "i8"),
        ("entry_id", "V16"),
        ("institution_id", "i4"),
        ("seal_number", "i4"),
        ("valid_on", "i4"),
        ("position", "i4"),
        ("line", "i4"),
        ("kind", "i2"),
        ("phase", "i2"),
        ("is_debit", "?"),
    ]
)
BALANCE: np.dtype[np.void] = np.dtype(
    [
        ("institution_id", "i4"),
        ("seal_number", "i4"),
        ("account_number", "i8"),
        ("debits_posted_minor", "i8"),
        ("credits_posted_minor", "i8"),
        ("debits_pending_minor", "i8"),
        ("credits_pending_minor", "i8"),
    ]
)
# What the lines of a seal say, in the order of their fields in LINE.
_OF_BOTH_SIDES = (
    "recorded_at", "amount_minor", "hold_minor", "entry_id", "institution_id", "valid_on",
    "position", "line", "kind", "phase",
)  # fmt: skip
# The columns of money.transfer that a seal is made of.
SIDES: np.dtype[np.void] = np.dtype(
    [(name, TRANSFER[name]) for name in ("debit_account", "credit_account", *_OF_BOTH_SIDES)]
)
_TRANSFERS_BETWEEN = (
    "money.transfer WHERE institution_id = current_setting('karez.institution_id')::integer"
    " AND recorded_at > {} AND recorded_at <= {} ORDER BY recorded_at, position"
)
_SEAL_COLUMNS = (
    "institution_id", "seal_number", "after_recorded_at", "through_recorded_at",
    "transfer_count", "has_balances",
)  # fmt: skip


@attrs.frozen
class _Stretch:
    number: int
    after: datetime
    through: datetime
    transfer_count: int


def unsealed_count(connection: psycopg.Connection) -> int:
    """Return how many transfers no seal covers."""
    row = connection.execute(QUERIES["unsealed_count"].text).fetchone()
    return row[0] if row else 0


def seal_next(connection: psycopg.Connection) -> int:
    """Seal the oldest ``SEAL_AFTER`` unsealed transfers; return how many, 0 where there are fewer.

    Call it again until it returns 0, each time in a transaction of its own. Another process that
    is sealing this book makes it return 0 too.
    """
    got = connection.execute(QUERIES["try_seal_lock"].text).fetchone()
    stretch = _next_stretch(connection) if got and got[0] else None
    if stretch is None:
        return 0
    connection.execute(QUERIES["tend"].text)
    connection.execute(QUERIES["sort_in_memory"].text)
    rows = read_columns(connection, SIDES, _TRANSFERS_BETWEEN, (stretch.after, stretch.through))
    institution_id = int(rows["institution_id"][0])
    lines = lines_of(rows, stretch.number)
    with_balances = _wants_balances(connection, stretch)
    balances = (
        balances_at(connection, institution_id, stretch.number, stretch.through)
        if with_balances
        else None
    )
    seal = encode_row(
        (
            Int4(institution_id),
            Int4(stretch.number),
            stretch.after,
            stretch.through,
            Int4(stretch.transfer_count),
            with_balances,
        )
    )
    before = connection.execute("SELECT current_setting('role')").fetchone()
    connection.execute(QUERIES["become"].text, {"role": Role.POSTER})
    copy_in(connection, "seal", _SEAL_COLUMNS, [seal])
    copy_in(connection, "line", LINE.names or (), [pack_records(lines)])
    if balances is not None:
        copy_in(connection, "balance", BALANCE.names or (), [pack_records(balances)])
    connection.execute(QUERIES["become"].text, {"role": before[0] if before else "none"})
    return stretch.transfer_count


def read_transfers(connection: psycopg.Connection, after: datetime, through: datetime) -> Rows:
    """Return the transfers recorded after ``after`` and up to ``through``, in order."""
    return unpack_transfers(copy_transfers(connection, after, through))[0]


def copy_transfers(connection: psycopg.Connection, after: datetime, through: datetime) -> bytes:
    """Return the same as binary COPY tuples."""
    query = (
        f"COPY (SELECT {', '.join(TRANSFER_COLUMNS)} FROM {_TRANSFERS_BETWEEN})"  # noqa: S608
        " TO STDOUT (FORMAT BINARY)"
    )
    return read_copy(connection, query, (after, through))


def lines_of(rows: npt.NDArray[np.void], seal_number: int) -> npt.NDArray[np.void]:
    """Return both sides of each transfer, sorted by account and value date, with running sums.

    ``rows`` have the fields of ``SIDES`` at least.
    """
    count = len(rows)
    lines = np.empty(2 * count, dtype=LINE)
    for first, account, counter in (
        (0, "debit_account", "credit_account"),
        (1, "credit_account", "debit_account"),
    ):
        side = lines[first::2]
        for name in _OF_BOTH_SIDES:
            side[name] = rows[name]
        side["account_number"] = rows[account]
        side["counter_account"] = rows[counter]
        side["is_debit"] = account == "debit_account"
    lines["seal_number"] = seal_number
    order = ("position", "recorded_at", "valid_on", "account_number")
    lines = lines.take(np.lexsort([lines[name] for name in order]))
    first = np.flatnonzero(np.diff(lines["account_number"], prepend=-1))
    run_length = np.diff(first, append=2 * count)
    for moved, on_debit, on_credit in (
        ("amount_minor", "debits_posted_minor", "credits_posted_minor"),
        ("hold_minor", "debits_pending_minor", "credits_pending_minor"),
    ):
        for running, side in ((on_debit, lines["is_debit"]), (on_credit, ~lines["is_debit"])):
            part = np.where(side, lines[moved], 0)
            sums = np.cumsum(part)
            lines[running] = sums - np.repeat(sums[first] - part[first], run_length)
    return lines


def balances_at(
    connection: psycopg.Connection, institution_id: int, seal_number: int, through: datetime
) -> npt.NDArray[np.void]:
    """Return the balances of all accounts at the end of a seal, as rows of ``money.balance``."""
    sums = connection.execute(
        QUERIES["sums_now"].text, {"numbers": None, "through": through}
    ).fetchall()
    balances = np.zeros(len(sums), dtype=BALANCE)
    columns = np.array(sums, dtype=np.int64).reshape(len(sums), 5)
    balances["institution_id"] = institution_id
    balances["seal_number"] = seal_number
    for place, name in enumerate((BALANCE.names or ())[2:]):
        balances[name] = columns[:, place]
    return balances


def _next_stretch(connection: psycopg.Connection) -> _Stretch | None:
    last = connection.execute(QUERIES["last_seal"].text).fetchone()
    number, after = (last[0], last[1]) if last else (0, _BEGINNING)
    batches = connection.execute(
        QUERIES["unsealed_batches"].text, {"after": after, "most": _BATCHES_MOST}
    ).fetchall()
    counts = np.cumsum([batch[1] for batch in batches])
    enough = int(np.searchsorted(counts, SEAL_AFTER))
    if enough == len(counts):
        if len(batches) < _BATCHES_MOST:
            return None
        enough -= 1
    return _Stretch(number + 1, after, batches[enough][0], int(counts[enough]))


def _wants_balances(connection: psycopg.Connection, stretch: _Stretch) -> bool:
    """Store balances as often as there is a transfer for each account: one row more for each."""
    row = connection.execute(QUERIES["transfers_since_balances"].text).fetchone()
    return row is not None and row[0] + stretch.transfer_count >= row[1]
