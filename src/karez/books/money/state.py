"""What the pen must know of a book to judge a batch, kept in memory between batches.

The state is a cache, never the truth: it is valid exactly when its digest equals the digest in
the book's locked head. Another process's batches are read and added; a batch of ours that was
rolled back leaves a digest that the chain does not know, and the state is thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.columns import read_columns, unpack_columns
from karez.books.money.queries import QUERIES
from karez.books.money.wire import Rows, instant_of
from karez.kernel.errors import ensure

if TYPE_CHECKING:
    import psycopg

Int64s = npt.NDArray[np.int64]

NO_LIMIT = np.iinfo(np.int64).min
UNKNOWN, OPEN, CLOSED = 0, 1, 2  # what the cache knows of an account
_FEW = 2_000  # more accounts than this may be loaded by loading all,
_SHARE = 8  # if they are more than this part of the chart
_REPLAY_MOST = 500_000  # more transfers by others than this: begin again

_MOVED = np.dtype(
    [(n, "i8") for n in ("debit_account", "credit_account", "amount_minor", "hold_minor")]
)
_DEFINITION = np.dtype(
    [
        ("account_number", "i8"),
        ("by_credit", "?"),
        ("currency", "i4"),
        ("floor_minor", "i8"),
        ("ceiling_minor", "i8"),
        ("is_closed", "?"),
    ]
)
_TRANSFERS_SINCE = (
    "money.transfer WHERE institution_id = current_setting('karez.institution_id')::integer"
    " AND recorded_at > {}"
)


@attrs.frozen
class Head:
    """The head of a book's chain, as its locked row says. Instants are microseconds since 2000."""

    number: int
    recorded_at: int
    digest: bytes
    account_count: int
    transfer_count: int
    volume_minor: int
    closed_through: int | None  # days since 2000-01-01


@attrs.define
class BookState:
    """Accounts by number (dense, from 1): definitions, limits, the four sums.

    ``debit_guard`` is the least that credits_posted - debits_posted - debits_pending may be, and
    ``credit_guard`` the least that debits_posted - credits_posted - credits_pending may be.
    The sums of an account count only where ``summed`` says so.
    """

    head: Head
    status: npt.NDArray[np.int8]
    summed: npt.NDArray[np.bool_]
    currency: npt.NDArray[np.int32]  # the three letters of its code, one byte each
    debit_guard: Int64s
    credit_guard: Int64s
    debits_posted: Int64s
    credits_posted: Int64s
    debits_pending: Int64s
    credits_pending: Int64s
    codes: dict[int, str] = attrs.field(factory=dict[int, str])
    closed_on: dict[int, str] = attrs.field(factory=dict[int, str])
    kinds: dict[str, int] = attrs.field(factory=dict[str, int])
    has_limits: bool = False  # of any account that we know

    @classmethod
    def empty(cls, head: Head) -> BookState:
        """Return a state at ``head`` that knows no account yet."""
        size = head.account_count + 1
        return cls(
            head=head,
            status=np.zeros(size, np.int8),
            summed=np.zeros(size, np.bool_),
            currency=np.zeros(size, np.int32),
            debit_guard=np.full(size, NO_LIMIT),
            credit_guard=np.full(size, NO_LIMIT),
            debits_posted=np.zeros(size, np.int64),
            credits_posted=np.zeros(size, np.int64),
            debits_pending=np.zeros(size, np.int64),
            credits_pending=np.zeros(size, np.int64),
        )

    def limited(self, numbers: Int64s) -> npt.NDArray[np.bool_]:
        """Return which of these accounts have a floor or a ceiling."""
        return (self.debit_guard[numbers] != NO_LIMIT) | (self.credit_guard[numbers] != NO_LIMIT)

    def label(self, number: int) -> str:
        """Return the code people know this account by."""
        return self.codes.get(number, f"number {number}")

    def currency_code(self, number: int) -> str:
        """Return the currency of this account."""
        return int(self.currency[number]).to_bytes(3).decode()

    def read_labels(self, connection: psycopg.Connection, numbers: Int64s) -> None:
        """Load what people must be told of these accounts: code, and when it was closed."""
        wanted = {"numbers": np.unique(self._in_chart(numbers)).tolist()}
        if not wanted["numbers"]:
            return
        rows = connection.execute(QUERIES["account_labels"].text, wanted).fetchall()
        for number, code, closed_on in rows:
            self.codes[number] = code
            if closed_on:
                self.closed_on[number] = str(closed_on)

    def apply(self, rows: Rows) -> None:
        """Add the effect of these transfers to the sums of the accounts we keep sums of."""
        for side, posted, pending in (
            ("debit_account", self.debits_posted, self.debits_pending),
            ("credit_account", self.credits_posted, self.credits_pending),
        ):
            kept = self.summed[rows[side]]
            if kept.any():
                account = np.ascontiguousarray(rows[side][kept])
                np.add.at(posted, account, np.ascontiguousarray(rows["amount_minor"][kept]))
                np.add.at(pending, account, np.ascontiguousarray(rows["hold_minor"][kept]))

    def know(self, connection: psycopg.Connection, numbers: Int64s, needs_sums: Int64s) -> None:
        """Load what is missing: definitions of ``numbers``; sums of those limited or needed.

        Numbers outside the chart are passed over; the judge refuses them.
        """
        numbers = self._in_chart(numbers)
        missing = numbers[self.status[numbers] == UNKNOWN]
        if len(missing):
            self._load_definitions(connection, np.unique(missing))
        wanted = self._in_chart(needs_sums)
        if self.has_limits:
            wanted = np.concatenate([numbers[self.limited(numbers)], wanted])
        unsummed = wanted[~self.summed[wanted]]
        if len(unsummed):
            self._load_sums(connection, np.unique(unsummed))

    def follow(self, connection: psycopg.Connection, head: Head) -> bool:
        """Catch up with ``head`` by the batches of others; False where its chain is not ours."""
        if head.transfer_count - self.head.transfer_count > _REPLAY_MOST:
            return False
        shared = connection.execute(
            QUERIES["batch_digest"].text, {"number": self.head.number}
        ).fetchone()
        if self.head.number > 0 and (shared is None or bytes(shared[0]) != self.head.digest):
            return False
        self._grow(head.account_count)
        since = {"after": self.head.recorded_at}
        changed = connection.execute(QUERIES["accounts_changed_since"].text, since).fetchall()
        self.status[[row[0] for row in changed if row[0] < len(self.status)]] = UNKNOWN
        if self.summed.any():
            after = (instant_of(self.head.recorded_at),)
            self.apply(read_columns(connection, _MOVED, _TRANSFERS_SINCE, after))
        self.kinds.clear()
        self.head = head
        return True

    def advance(self, head: Head) -> None:
        """Move to the head that our own batch made."""
        self._grow(head.account_count)
        self.head = head

    def kind_numbers(self, connection: psycopg.Connection) -> dict[str, int]:
        """Return the numbers of all kinds the book names."""
        if not self.kinds:
            self.kinds.update(connection.execute(QUERIES["kinds"].text).fetchall())
        return self.kinds

    def _in_chart(self, numbers: Int64s) -> Int64s:
        return numbers[(numbers > 0) & (numbers <= self.head.account_count)]

    def _grow(self, account_count: int) -> None:
        more = account_count + 1 - len(self.status)
        if more <= 0:
            return
        for name in ("debits_posted", "credits_posted", "debits_pending", "credits_pending"):
            setattr(self, name, np.pad(getattr(self, name), (0, more)))
        for name in ("status", "summed", "currency"):
            setattr(self, name, np.pad(getattr(self, name), (0, more)))
        for name in ("debit_guard", "credit_guard"):
            grown = np.pad(getattr(self, name), (0, more), constant_values=NO_LIMIT)
            setattr(self, name, grown)

    def _load_definitions(self, connection: psycopg.Connection, missing: Int64s) -> None:
        all_of_them = len(missing) > max(_FEW, len(self.status) // _SHARE)
        numbers = None if all_of_them else missing.tolist()
        query = QUERIES["definitions"].text
        result = connection.execute(query, {"numbers": numbers}, binary=True).pgresult
        assert result is not None  # noqa: S101 - for the type checker
        rows = unpack_columns(result, _DEFINITION)
        at = rows["account_number"]
        floor, ceiling = rows["floor_minor"], rows["ceiling_minor"]
        ceiling = np.where(ceiling == NO_LIMIT, NO_LIMIT, -ceiling)
        self.status[at] = np.where(rows["is_closed"], CLOSED, OPEN)
        self.currency[at] = rows["currency"]
        self.debit_guard[at] = np.where(rows["by_credit"], floor, ceiling)
        self.credit_guard[at] = np.where(rows["by_credit"], ceiling, floor)
        self.has_limits |= bool((floor != NO_LIMIT).any() or (ceiling != NO_LIMIT).any())
        ensure((self.status[missing] != UNKNOWN).all(), "account numbers have no gap")

    def _load_sums(self, connection: psycopg.Connection, unsummed: Int64s) -> None:
        numbers = None if len(unsummed) > _FEW else unsummed.tolist()
        if numbers is None:
            unsummed = np.flatnonzero(~self.summed)
        for sums in self._sums():
            sums[unsummed] = 0
        wanted = {"numbers": numbers, "through": None}
        rows = connection.execute(QUERIES["sums_now"].text, wanted).fetchall()
        if rows:
            columns = np.array(rows, dtype=np.int64)
            fresh = columns[~self.summed[columns[:, 0]]]
            for place, sums in enumerate(self._sums(), start=1):
                sums[fresh[:, 0]] = fresh[:, place]
        self.summed[unsummed] = True

    def _sums(self) -> Sequence[Int64s]:
        return self.debits_posted, self.credits_posted, self.debits_pending, self.credits_pending
