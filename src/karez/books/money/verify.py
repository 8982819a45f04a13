"""Can the book disagree with itself? Recompute everything that follows from its rows, and compare.

Nothing here trusts what posting believed: checksums, digests, sums, limits, targets and seals are
all made again from the rows as PostgreSQL sends them. A finding names the row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.finding import Verification
from karez.books.money.pen import SMALL_TABLES
from karez.books.money.queries import QUERIES
from karez.books.money.seal import copy_transfers
from karez.books.money.state import Int64s
from karez.books.money.transfer import Phase
from karez.books.money.verify_seals import check_balances, check_lines, check_strays
from karez.books.money.wire import (
    Rows,
    SmallRecord,
    begin_digest,
    checksums,
    instant_of,
    micros_2000,
    read_copy,
    split_rows,
    unpack_transfers,
)

if TYPE_CHECKING:
    import psycopg

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_STRETCH_TRANSFERS = 100_000  # read at a time where nothing is sealed


@attrs.frozen
class _Batch:
    number: int
    recorded_at: int
    transfer_count: int
    digest: bytes


@attrs.frozen
class _Account:
    version: int
    code: str
    currency: str
    parent: int | None
    debit_guard: int | None
    credit_guard: int | None
    closed: bool


def verify(
    connection: psycopg.Connection, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Verification:
    """Check this institution's whole book, up to its last batch.

    ``progress`` is told how many transfers are done, and of how many.
    """
    return _Verifier(connection, progress).run()


@attrs.define
class _Verifier:
    connection: psycopg.Connection
    progress: Callable[[int, int], None]
    report: Verification = attrs.field(init=False)
    batches: list[_Batch] = attrs.field(factory=list[_Batch])
    accounts: dict[int, _Account] = attrs.field(factory=dict[int, _Account])
    kinds: set[int] = attrs.field(factory=set[int])
    small: dict[str, dict[int, list[SmallRecord]]] = attrs.field(
        factory=dict[str, "dict[int, list[SmallRecord]]"]
    )
    sums: npt.NDArray[np.int64] = attrs.field(factory=lambda: np.zeros((4, 1), np.int64))
    volume: int = 0
    instants: npt.NDArray[np.int64] = attrs.field(factory=lambda: np.zeros(0, np.int64))
    transfers_expected: int = 0

    def run(self) -> Verification:
        self.connection.execute(QUERIES["sort_in_memory"].text)
        head = self.connection.execute(QUERIES["verify_head"].text).fetchone()
        if head is None:
            return self._without_head()
        self.report = Verification(head[0], head[2])
        self._read_batches(head)
        self._read_small_tables()
        self._read_accounts()
        top = max(self.accounts, default=0) + 1
        self.sums = np.zeros((4, top), np.int64)
        codes = sorted({account.currency for account in self.accounts.values()})
        currency = np.full(top, -1, np.int16)
        for number, account in self.accounts.items():
            currency[number] = codes.index(account.currency)
        through = {"through": self.report.through}
        seals = self.connection.execute(QUERIES["verify_seals"].text, through).fetchall()
        for stretch in self._stretches(seals):
            self._check_stretch(stretch, currency)
        self._check_head(head)
        self._check_accounts()
        self._check_by_query()
        check_strays(self.connection, self.report)
        return self.report

    def _without_head(self) -> Verification:
        """Report on a book that has not begun, or that has lost its head."""
        row = self.connection.execute(QUERIES["verify_beginning"].text).fetchone()
        institution_id, has_begun = row or (0, False)
        report = Verification(institution_id, _BEGINNING)
        if has_begun:
            report.find("head", "book", f"institution {institution_id}", "is not there")
        return report

    # What is read whole: batches, and the small tables of the chain.

    def _read_batches(self, head: Sequence[Any]) -> None:
        rows = self.connection.execute(QUERIES["verify_batches"].text).fetchall()
        self.batches = [
            _Batch(row[0], micros_2000(row[1]), row[2], bytes(row[3]))
            for row in rows
            if row[1] <= head[2]
        ]
        self.report.batches = len(self.batches)
        self.instants = np.array([batch.recorded_at for batch in self.batches], np.int64)
        self.transfers_expected = sum(batch.transfer_count for batch in self.batches)
        before = _Batch(0, -1, 0, b"")
        for batch in self.batches:
            if batch.number != before.number + 1:
                self.report.find(
                    "chain", "batch", batch.number, f"follows batch {before.number}, not the next"
                )
            if batch.recorded_at <= before.recorded_at:
                self.report.find("chain", "batch", batch.number, "is not later than the one before")
            before = batch

    def _read_small_tables(self) -> None:
        instants = set(self.instants.tolist())
        for table, columns in SMALL_TABLES.items():
            # Batches may come while we read; rows of theirs are left out, rows of none are not.
            stream = read_copy(
                self.connection,
                f"COPY (SELECT {', '.join(columns)} FROM money.{table} AS r"  # noqa: S608 - constants
                " WHERE institution_id = current_setting('karez.institution_id')::integer"
                " AND NOT EXISTS (SELECT 1 FROM money.batch AS b"
                " WHERE b.institution_id = r.institution_id"
                " AND b.recorded_at = r.recorded_at AND b.recorded_at > {})"
                " ORDER BY recorded_at, position) TO STDOUT (FORMAT BINARY)",
                (self.report.through,),
            )
            by_batch: dict[int, list[SmallRecord]] = {}
            for record in split_rows(stream):
                by_batch.setdefault(record.recorded_at, []).append(record)
            for instant, records in by_batch.items():
                self._check_small(table, columns, instant, records, known=instant in instants)
            self.small[table] = by_batch

    def _check_small(
        self,
        table: str,
        columns: Sequence[str],
        instant: int,
        records: list[SmallRecord],
        *,
        known: bool,
    ) -> None:
        for place, record in enumerate(records):
            row = f"{columns[1]} {record.show(1)}, position {record.position}"
            if not known:
                what = f"belongs to no batch (recorded at {_show_instant(instant)})"
                self.report.find("chain", table, row, what)
            if not record.checksum_holds:
                self.report.find("checksum", table, row, "differs from what was recorded")
            if record.position != place:
                self.report.find("chain", table, row, f"stands where position {place} should")

    def _read_accounts(self) -> None:
        through = {"through": self.report.through}
        for row in self.connection.execute(QUERIES["verify_accounts"].text, through).fetchall():
            number, version, code, side, currency, parent, floor, ceiling, closed = row
            before = self.accounts.get(number)
            if version != (before.version if before else 0) + 1:
                self.report.find("account", "account", code, f"version {version} is out of order")
            ceiling_guard = None if ceiling is None else -ceiling
            self.accounts[number] = _Account(
                version=version,
                code=code,
                currency=currency,
                parent=parent,
                debit_guard=floor if side == "credit" else ceiling_guard,
                credit_guard=ceiling_guard if side == "credit" else floor,
                closed=closed,
            )
        self.report.accounts = len(self.accounts)
        for number in [n for n in self.accounts if not 0 < n <= 2 * len(self.accounts)]:
            code = self.accounts.pop(number).code
            what = f"has number {number}, and numbers have no gap"
            self.report.find("account", "account", code, what)
        for record in [r for records in self.small["kind"].values() for r in records]:
            self.kinds.add(record.integer(1))

    # Transfers, a stretch at a time, and the seals made of them.

    def _stretches(
        self, seals: Sequence[Any]
    ) -> Iterator[tuple[int | None, datetime, datetime, bool]]:
        """Yield (seal number or None, after, through, has balances) over the whole book."""
        after = _BEGINNING
        counted = np.cumsum([0, *(batch.transfer_count for batch in self.batches)])
        for number, seal_after, through, count, has_balances in seals:
            if seal_after != after or number != self.report.seals + 1:
                self.report.find("seal", "seal", number, "does not begin where the last one ends")
            first, last = np.searchsorted(
                self.instants, [micros_2000(after), micros_2000(through)], side="right"
            ).tolist()
            if last == 0 or self.instants[last - 1] != micros_2000(through):
                self.report.find("seal", "seal", number, "does not end with a batch")
            inside = int(counted[last] - counted[first])
            if count != inside:
                what = f"says {count} transfers where its batches have {inside}"
                self.report.find("seal", "seal", number, what)
            self.report.seals += 1
            yield number, after, through, has_balances
            after = through
        pending = 0
        for batch in self.batches:
            if batch.recorded_at <= micros_2000(after):
                continue
            pending += batch.transfer_count
            if pending >= _STRETCH_TRANSFERS:
                through = instant_of(batch.recorded_at)
                yield None, after, through, False
                after, pending = through, 0
        yield None, after, self.report.through, False

    def _check_stretch(
        self, stretch: tuple[int | None, datetime, datetime, bool], currency: npt.NDArray[np.int16]
    ) -> None:
        seal_number, after, through, has_balances = stretch
        stream = copy_transfers(self.connection, after, through)
        rows, offsets = unpack_transfers(stream)
        first, last = micros_2000(after), micros_2000(through)
        inside = np.flatnonzero((self.instants > first) & (self.instants <= last))
        batches = [self.batches[place] for place in inside.tolist()]
        self._check_rows(rows, currency)
        self._check_batches(batches, rows, offsets, stream)
        self._add(rows)
        if seal_number is not None:
            check_lines(self.connection, self.report, seal_number, rows)
            if has_balances:
                check_balances(self.connection, self.report, seal_number, self.sums)
        self.report.transfers += len(rows)
        self.progress(self.report.transfers, self.transfers_expected)

    def _check_rows(self, rows: Rows, currency: npt.NDArray[np.int16]) -> None:
        top = len(currency)
        debit, credit = rows["debit_account"], rows["credit_account"]
        known = (debit > 0) & (debit < top) & (credit > 0) & (credit < top)
        debit_at, credit_at = np.where(known, debit, 0), np.where(known, credit, 0)
        known &= (currency[debit_at] >= 0) & (currency[credit_at] >= 0)
        amount, hold, phase = rows["amount_minor"], rows["hold_minor"], rows["phase"]
        sound = np.select(
            [phase == Phase.POSTED, phase == Phase.PENDING, phase == Phase.POST],
            [
                (amount > 0) & (hold == 0),
                (amount == 0) & (hold > 0),
                (amount > 0) & (amount <= -hold),
            ],
            default=(amount == 0) & (hold < 0),
        )
        checks: list[tuple[str, npt.NDArray[np.bool_], str]] = [
            ("checksum", checksums(rows) == rows["checksum"], "differs from what was recorded"),
            ("account", known, "names an account that is not in the chart"),
            ("currency", currency[debit_at] == currency[credit_at], "mixes two currencies"),
            ("amount", sound, "has amounts that its phase cannot have"),
            ("kind", np.isin(rows["kind"], list(self.kinds)), "has a kind that is not named"),
        ]
        for check, holds, what in checks:
            for place in np.flatnonzero(~holds):
                self.report.find(check, "transfer", _show(rows, place), what)

    def _check_batches(
        self, batches: Sequence[_Batch], rows: Rows, offsets: Int64s, stream: bytes
    ) -> None:
        instants = np.array([batch.recorded_at for batch in batches], np.int64)
        recorded_at = rows["recorded_at"]
        for place in np.flatnonzero(~np.isin(recorded_at, instants)):
            self.report.find("chain", "transfer", _show(rows, place), "belongs to no batch")
        starts = np.searchsorted(recorded_at, instants, side="left")
        ends = np.searchsorted(recorded_at, instants, side="right")
        digests = {batch.number: batch.digest for batch in self.batches}
        for batch, start, end in zip(batches, starts.tolist(), ends.tolist(), strict=True):
            positions = rows["position"][start:end]
            if end - start != batch.transfer_count:
                what = f"has {end - start} transfers where {batch.transfer_count} were recorded"
                self.report.find("chain", "batch", batch.number, what)
            due = min(batch.transfer_count, end - start + 20)
            absent = np.setdiff1d(np.arange(due), positions)
            if len(absent):
                what = f"misses the transfers at positions {absent[:20].tolist()}"
                self.report.find("chain", "batch", batch.number, what)
            elif positions.tolist() != list(range(end - start)):
                what = "has two transfers at one position"
                self.report.find("chain", "batch", batch.number, what)
            previous = digests.get(batch.number - 1) or genesis_digest(self.report.institution_id)
            digest = begin_digest(previous, batch.number, batch.recorded_at)
            for table in SMALL_TABLES:
                for record in self.small[table].get(batch.recorded_at, []):
                    digest.update(record.octets)
            digest.update(stream[offsets[start] : offsets[end]])
            if digest.digest() != batch.digest:
                self.report.find("digest", "batch", batch.number, "differs from its rows")

    def _add(self, rows: Rows) -> None:
        amount, hold = rows["amount_minor"], rows["hold_minor"]
        top = self.sums.shape[1]
        for side, account in ((0, rows["debit_account"]), (1, rows["credit_account"])):
            inside = (account > 0) & (account < top)
            np.add.at(self.sums[side], account[inside], amount[inside])
            np.add.at(self.sums[side + 2], account[inside], hold[inside])
        self.volume += int(amount.sum() + np.maximum(hold, 0).sum())

    # What must hold of the whole.

    def _check_head(self, head: Sequence[Any]) -> None:
        last = self.batches[-1] if self.batches else None
        expected: Mapping[str, tuple[Any, Any]] = {
            "number": (head[1], last.number if last else 0),
            "recorded_at": (micros_2000(head[2]), last.recorded_at if last else 0),
            "digest": (
                bytes(head[3]),
                last.digest if last else genesis_digest(self.report.institution_id),
            ),
            "account_count": (head[4], len(self.accounts)),
            "transfer_count": (head[5], self.report.transfers),
            "volume_minor": (head[6], self.volume),
            "closed_through": (head[7], head[8]),
        }
        for name, (stored, computed) in expected.items():
            if stored != computed:
                what = f"{name} is {stored!r} where the rows make {computed!r}"
                self.report.find("head", "book", f"institution {head[0]}", what)

    def _check_accounts(self) -> None:
        debits, credits_, debits_pending, credits_pending = self.sums
        for number, account in self.accounts.items():
            spare_debit = int(credits_[number] - debits[number] - debits_pending[number])
            spare_credit = int(debits[number] - credits_[number] - credits_pending[number])
            broken = (account.debit_guard is not None and spare_debit < account.debit_guard) or (
                account.credit_guard is not None and spare_credit < account.credit_guard
            )
            if broken:
                self.report.find("limit", "account", account.code, "stands beyond its limit")
            moving = debits_pending[number] or credits_pending[number]
            if account.closed and (debits[number] != credits_[number] or moving):
                self.report.find("account", "account", account.code, "is closed but not empty")
            seen: set[int] = {number}
            parent = account.parent
            while parent is not None:
                if parent in seen or parent not in self.accounts:
                    self.report.find("account", "account", account.code, "has no sound ancestry")
                    break
                seen.add(parent)
                parent = self.accounts[parent].parent

    def _check_by_query(self) -> None:
        for name, check, table, what in (
            ("verify_targets", "target", "transfer", "points at a transfer that does not fit it"),
            ("verify_notes", "note", "note", "speaks of an entry that is not there"),
        ):
            for entry_id, line in self.connection.execute(QUERIES[name].text).fetchall():
                self.report.find(check, table, f"{entry_id}/{line}", what)


def genesis_digest(institution_id: int) -> bytes:
    """Return the digest that a book begins with; the query ``open_book`` writes the same."""
    return hashlib.sha256(f"karez money {institution_id}".encode()).digest()


def _show_instant(instant: int) -> str:
    try:
        return instant_of(instant).isoformat()
    except OverflowError:
        return f"{instant} microseconds after 2000"


def _show(rows: Rows, place: np.intp) -> str:
    entry = UUID(bytes=rows["entry_id"][place].tobytes())
    return f"{entry}/{int(rows['line'][place])}"
