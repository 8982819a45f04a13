"""Posting: the one write path of the money book. Read ``MoneyBook.post`` first."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt
from psycopg import errors as postgres

from karez.books.money.answer import Answer, TargetKey, TargetState, Verdict
from karez.books.money.errors import BookFullError, EntryMalformedError
from karez.books.money.judge import judge
from karez.books.money.outcome import Outcomes, Posted
from karez.books.money.pen import VOLUME_MOST, Leaf, Pen, take_pen, write_batch
from karez.books.money.queries import QUERIES
from karez.books.money.state import BookState, Head
from karez.books.money.transfer import KINDS_MOST, Balancing, Batch, Entry, Phase
from karez.books.money.wire import TRANSFER, Int2, Rows
from karez.kernel.errors import ensure
from karez.kernel.money import AMOUNT_MAX_MINOR

if TYPE_CHECKING:
    import psycopg

LINKED_FIELD = "group of linked entries"


@attrs.define
class MoneyBook:
    """One institution's book, as this process knows it.

    Keep one for each institution and share it between threads: what it remembers makes the
    next batch fast. It may be thrown away at any time; the truth is in the database.
    """

    _state: BookState | None = None
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def post(self, connection: psycopg.Connection, batch: Batch) -> Outcomes:
        """Post what can be posted of ``batch``, in the caller's transaction.

        One entry or a hundred thousand is the same call. Each row gets an answer; nothing is
        raised for a row that is refused. An entry id that is already posted answers as it did
        the first time where the content is the same, and is a conflict where it is not. Limits
        and closed periods are judged on what is recorded so far, pending amounts included.

        Raises:
            EntryMalformedError: rows of an entry or a group do not stand together.
            BookFullError: the book would have moved more than 2^62 minor units in all.
            UnavailableError: the database could not be reached or the pen not be had.
        """
        if not len(batch):
            return Outcomes.none()
        _check_shape(batch)
        pen = take_pen(connection)
        with self._lock:
            state = self._state = self._at_head(connection, pen.head)
            return _Posting(pen, state, batch).run()

    def post_entry(self, connection: psycopg.Connection, entry: Entry) -> Posted:
        """Post one entry, or raise the error that refuses it."""
        return self.post(connection, Batch.of([entry])).entry(0, len(entry.transfers))

    def _at_head(self, connection: psycopg.Connection, head: Head) -> BookState:
        """Return the state at ``head``: what we have, or it caught up, or a fresh one."""
        state = self._state
        if state is not None:
            if state.head.digest == head.digest:
                return state
            if state.head.number < head.number and state.follow(connection, head):
                return state
        return BookState.empty(head)


@attrs.define
class _Posting:
    """The posting of one batch under the pen."""

    pen: Pen
    state: BookState
    batch: Batch
    settled: npt.NDArray[np.int16] = attrs.field(init=False)
    first_of: dict[int, int] = attrs.field(factory=dict[int, int])
    repeats: dict[bytes, list[int]] = attrs.field(factory=dict[bytes, "list[int]"])
    replayed: dict[int, tuple[int, int]] = attrs.field(factory=dict[int, "tuple[int, int]"])
    conflict: dict[int, str] = attrs.field(factory=dict[int, str])
    looked_up: set[int] = attrs.field(factory=set[int])

    def run(self) -> Outcomes:
        rows = self.batch.rows
        self.settled = np.zeros(len(rows), np.int16)
        self._settle_repeats_within()
        targets = self._load_targets()
        self._know_accounts(targets)
        while True:
            verdict = judge(
                self.state, rows, settled=self.settled, targets=targets, now=self.pen.now
            )
            refused = self._starts(verdict.answer > Answer.REPLAYED)
            if self._settle_replays(refused) or self._settle_followers(verdict):
                continue
            accepted = np.flatnonzero(verdict.answer == Answer.POSTED)
            if not len(accepted) or self._write(verdict, accepted):
                return self._outcomes(verdict)
            found = self._settle_replays(self._starts(verdict.answer == Answer.POSTED))
            ensure(found, "a key is taken only by an entry that is already posted")

    def _starts(self, marked: npt.NDArray[np.bool_]) -> list[int]:
        """Return the first rows of the entries that have a marked row."""
        starts = np.flatnonzero(self.batch.rows["line"] == 0)
        owner = np.searchsorted(starts, np.flatnonzero(marked), side="right") - 1
        return starts[np.unique(owner)].tolist()

    def _end(self, start: int) -> int:
        """Return the row after the last of the entry that begins at ``start``."""
        line = self.batch.rows["line"]
        end = start + 1
        while end < len(line) and line[end] != 0:
            end += 1
        return end

    def _settle_repeats_within(self) -> None:
        """An id that stands twice in the batch: the later one is a retry, or a conflict.

        Should the id turn out to be posted before, each is compared with what was posted.
        """
        rows = self.batch.rows
        starts = np.flatnonzero(rows["line"] == 0)
        halves = np.ascontiguousarray(rows["entry_id"][starts]).view("<u8").reshape(-1, 2)
        high, low = halves[:, 0].byteswap(), halves[:, 1].byteswap()
        if ((high[1:] > high[:-1]) | (high[1:] == high[:-1]) & (low[1:] > low[:-1])).all():
            return  # ids in ascending order, as new_ids makes them
        if len(np.unique(high * np.uint64(0x9E3779B97F4A7C15) ^ low)) == len(starts):
            return
        for start in starts.tolist():
            same_id = self.repeats.setdefault(rows["entry_id"][start].tobytes(), [])
            same_id.append(start)
            first = same_id[0]
            if first == start:
                continue
            end, length = self._end(start), self._end(first) - first
            same = end - start == length and self.batch.notes.get(start) == self.batch.notes.get(
                first
            )
            names = [name for name in rows.dtype.names or () if name != "group"]
            same = same and all(
                (rows[name][start:end] == rows[name][first : first + length]).all()
                for name in names
            )
            self.settled[start:end] = Answer.REPLAYED if same else Answer.ENTRY_CONFLICT
            if same:
                self.first_of[start] = first
            else:
                self.conflict[start] = "content in the same batch"

    def _settle_followers(self, verdict: Verdict) -> bool:
        """A repeat within the batch shares the fate of the first; True where that is news.

        Within one group it does so without our help.
        """
        group = self.batch.rows["group"]
        news = False
        for start, first in self.first_of.items():
            refused = verdict.answer[first] > Answer.REPLAYED and group[start] != group[first]
            if refused and self.settled[start] == Answer.REPLAYED and start not in self.replayed:
                length = self._end(start) - start
                self.settled[start : start + length] = verdict.answer[first : first + length]
                news = True
        return news

    def _load_targets(self) -> dict[TargetKey, TargetState]:
        rows = self.batch.rows
        pointing = np.flatnonzero(rows["target_line"] >= 0)
        if not len(pointing):
            return {}
        found = self.pen.connection.execute(
            QUERIES["targets"].text,
            {
                "entry_ids": [UUID(bytes=rows["target_entry_id"][i].tobytes()) for i in pointing],
                "lines": rows["target_line"][pointing].tolist(),
            },
        ).fetchall()
        return {
            (row[0].bytes, row[1]): TargetState(
                debit=row[2],
                credit=row[3],
                amount_minor=row[4],
                hold_minor=row[5],
                phase=row[6],
                expires_at=row[7] or 0,
                taken=row[8],
            )
            for row in found
        }

    def _know_accounts(self, targets: dict[TargetKey, TargetState]) -> None:
        rows = self.batch.rows
        from_targets = [side for t in targets.values() for side in (t.debit, t.credit)]
        numbers = np.concatenate(
            [rows["debit_account"], rows["credit_account"], np.array(from_targets, np.int64)]
        )
        balanced = np.concatenate(
            [
                rows["debit_account"][rows["balancing"] & Balancing.DEBIT != 0],
                rows["credit_account"][rows["balancing"] & Balancing.CREDIT != 0],
            ]
        )
        self.state.know(self.pen.connection, numbers, balanced)

    def _settle_replays(self, starts: Sequence[int]) -> bool:
        """Look these entries up; settle those already posted. True where any was."""
        fresh = [start for start in starts if start not in self.looked_up]
        self.looked_up.update(fresh)
        if not fresh:
            return False
        rows = self.batch.rows
        by_id = {rows["entry_id"][start].tobytes(): start for start in fresh}
        stored: dict[bytes, list[Any]] = {}
        for row in self.pen.connection.execute(
            QUERIES["transfers_of_entries"].text,
            {"entry_ids": [UUID(bytes=octets) for octets in by_id]},
        ).fetchall():
            stored.setdefault(row[0].bytes, []).append(row)
        found = {
            start: lines
            for octets, lines in stored.items()
            for start in self.repeats.get(octets, [by_id[octets]])
        }
        for start, lines in found.items():
            end = self._end(start)
            field = _difference(self.batch, start, end, lines)
            self.settled[start:end] = Answer.ENTRY_CONFLICT if field else Answer.REPLAYED
            if field:
                self.conflict[start] = field
            else:
                for place, line in enumerate(lines, start):
                    self.replayed[place] = (line[4] or max(line[5], 0), line[14])
        self._settle_broken_groups(found.keys())
        if found:  # all is judged anew, and with it the first of those that follow
            for start in self.first_of:
                if start not in self.replayed and start not in self.conflict:
                    self.settled[start : self._end(start)] = Answer.REPLAYED
        return bool(found)

    def _settle_broken_groups(self, found: Collection[int]) -> None:
        """Entries linked now with one that was posted without them are not what was posted."""
        group = self.batch.rows["group"]
        for start in found:
            ours = np.flatnonzero(group == group[start])
            if (self.settled[ours] == Answer.POSTED).any():
                others = [s for s in self._starts(group == group[start]) if s not in found]
                self._settle_replays(others)
                if (self.settled[ours] == Answer.POSTED).any():
                    self.settled[start : self._end(start)] = Answer.ENTRY_CONFLICT
                    self.conflict[start] = LINKED_FIELD

    def _write(self, verdict: Verdict, accepted: npt.NDArray[np.int64]) -> bool:
        """Write the accepted rows; False where an entry id turned out to be taken."""
        transfers = self._transfers(verdict, accepted)
        leaf = self._leaf(accepted)
        numbers = np.array([self.state.kinds.get(name, 0) for name in self.batch.kinds], np.int16)
        transfers["kind"] = numbers[self.batch.rows["kind"][accepted]]
        try:
            head = write_batch(self.pen, transfers, leaf)
        except BaseException as fault:
            self.state.kinds.clear()  # those that this batch would have named are not there
            taken = isinstance(fault, postgres.UniqueViolation)
            if taken and fault.diag.constraint_name == "transfer_pkey":
                return False
            raise
        self.state.apply(transfers)
        self.state.advance(head)
        return True

    def _transfers(self, verdict: Verdict, accepted: npt.NDArray[np.int64]) -> Rows:
        asked = self.batch.rows.take(accepted)  # ten times faster than an index here
        transfers = np.zeros(len(accepted), dtype=TRANSFER)
        for name in (
            "entry_id", "line", "valid_on", "phase", "balancing",
            "target_entry_id", "target_line", "expires_at",
        ):  # fmt: skip
            transfers[name] = asked[name]
        transfers["recorded_at"] = self.pen.now
        transfers["institution_id"] = self.pen.institution_id
        transfers["position"] = np.arange(len(accepted))
        transfers["debit_account"] = verdict.debit[accepted]
        transfers["credit_account"] = verdict.credit[accepted]
        transfers["amount_minor"] = verdict.amount[accepted]
        transfers["hold_minor"] = verdict.hold[accepted]
        remembers = (asked["balancing"] != Balancing.NONE) | (asked["phase"] == Phase.POST)
        transfers["asked_minor"] = np.where(remembers, asked["amount_minor"], 0)
        return transfers

    def _leaf(self, accepted: npt.NDArray[np.int64]) -> Leaf:
        """Return the kinds that are new and the notes of the accepted entries."""
        kinds = self.state.kind_numbers(self.pen.connection)
        used: list[int] = np.unique(self.batch.rows["kind"][accepted]).tolist()
        new = [self.batch.kinds[k] for k in used if self.batch.kinds[k] not in kinds]
        if len(kinds) + len(new) > KINDS_MOST:
            raise EntryMalformedError(
                entry=f"of kind {new[0]}", reason=f"a book names at most {KINDS_MOST} kinds"
            )
        kind_rows: list[tuple[Any, ...]] = []
        for name in new:
            kinds[name] = len(kinds)
            kind_rows.append((Int2(kinds[name]), name))
        notes: list[tuple[Any, ...]] = []
        if self.batch.notes:
            taken = set(accepted.tolist())
            notes = [
                (UUID(bytes=self.batch.rows["entry_id"][start].tobytes()), memo, reference)
                for start, (memo, reference) in self.batch.notes.items()
                if start in taken
            ]
        return Leaf({"kind": kind_rows, "note": notes})

    def _outcomes(self, verdict: Verdict) -> Outcomes:
        amount = verdict.amount + np.maximum(verdict.hold, 0)
        recorded_at = np.where(verdict.answer == Answer.POSTED, self.pen.now, 0)
        for place, (moved, instant) in self.replayed.items():
            amount[place], recorded_at[place] = moved, instant
            if verdict.answer[place] == Answer.LINKED_REFUSED:
                # It stands in the book, but not linked with what was refused now.
                verdict.answer[place] = Answer.ENTRY_CONFLICT
                self.conflict[place - int(self.batch.rows["line"][place])] = LINKED_FIELD
        for start, first in self.first_of.items():
            end = self._end(start)
            length = end - start
            amount[start:end] = amount[first : first + length]
            recorded_at[start:end] = recorded_at[first : first + length]
            for row, available in list(verdict.detail.items()):
                if first <= row < first + length:
                    verdict.detail[row - first + start] = available
        self.state.read_labels(self.pen.connection, verdict.refused_accounts)
        return Outcomes(
            batch=self.batch,
            answer=verdict.answer,
            amount_minor=amount,
            recorded_at=recorded_at,
            state=self.state,
            verdict=verdict,
            conflict=self.conflict,
        )


def _check_shape(batch: Batch) -> None:
    """Refuse a batch whose entries or groups do not stand together."""
    rows = batch.rows
    start = rows["line"] == 0
    inner = ~start[1:]
    whole = (
        start[0]
        and (rows["line"][1:][inner] == rows["line"][:-1][inner] + 1).all()
        and (rows["entry_id"][1:][inner] == rows["entry_id"][:-1][inner]).all()
        and (rows["group"][1:][inner] == rows["group"][:-1][inner]).all()
        and (np.diff(rows["group"]) >= 0).all()
    )
    if not whole:
        raise EntryMalformedError(
            entry="of the batch", reason="rows of one entry or group do not stand together"
        )
    # Doubles bound the sum well enough to know that the exact integer sum cannot overflow.
    # Amounts out of range are left to the judge, who names the row.
    if rows["amount_minor"].clip(0, AMOUNT_MAX_MINOR).astype(np.float64).sum() > VOLUME_MOST:
        raise BookFullError


def _difference(batch: Batch, start: int, end: int, lines: Sequence[Any]) -> str | None:
    """Return the first field in which the asked entry is not the stored one, or None."""
    if len(lines) != end - start:
        return "number of transfers"
    if batch.notes.get(start, ("", "{}")) != (lines[0][15], lines[0][16]):
        return "memo or reference"
    for row, line in zip(batch.rows[start:end], lines, strict=True):
        target = row["target_entry_id"].tobytes() if row["target_line"] >= 0 else None
        same: dict[str, bool] = {
            "phase": row["phase"] == line[8],
            "kind": batch.kinds[row["kind"]] == line[7],
            "value date": row["valid_on"] == line[6],
            "target": (target, max(int(row["target_line"]), -1))
            == ((line[10].bytes, line[11]) if line[10] else (None, -1)),
            "balancing": row["balancing"] == line[9],
            "expiry": row["expires_at"] == (line[13] or 0),
        }
        if row["phase"] == Phase.POST:
            same["amount"] = row["amount_minor"] == (line[12] or 0)
        elif target is None:
            same["debit account"] = row["debit_account"] == line[2]
            same["credit account"] = row["credit_account"] == line[3]
            same["amount"] = row["amount_minor"] == (line[12] or line[4] or line[5])
        different = [field for field, equal in same.items() if not equal]
        if different:
            return different[0]
    return None
