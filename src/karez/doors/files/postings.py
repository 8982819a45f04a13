"""From blocks of text to batches of transfers: ``read_postings`` gives them a chunk at a time."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.errors import AccountUnknownError, EntryMalformedError
from karez.books.money.transfer import LINES_MOST, Note
from karez.books.money.wire import days_2000
from karez.doors.files.columns import Columns, Ints, read_expiry, read_phase, read_reference
from karez.doors.files.errors import (
    EntryRowsError,
    FieldMissingError,
    JournalSideError,
)
from karez.doors.files.journal import Line, pair_entry
from karez.doors.files.rows import BLOCK_ROWS, Block, Table, text_fault
from karez.doors.files.shapes import ERROR_PREFIX, REFERENCE_PREFIX, Shape
from karez.kernel.errors import KarezError
from karez.kernel.ids import IdArray, read_id
from karez.kernel.money import currency
from karez.kernel.time import parse_date
from karez.services.bookkeeping import ASKED, Batch, Phase, Seat, canonical_json, derive_ids
from karez.services.bookkeeping.errors import AccountCurrencyError

_CHOSEN_ID = re.compile(r"ent_.*|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Seats = Callable[[set[str]], dict[str, Seat]]
"""Finds number and currency of the accounts, among these codes, that exist."""


@attrs.frozen
class Naming:
    """How rows name their entries: by ``id`` in the scope of a source, or by what they hold."""

    institution: str
    source: str
    by_content: bool = False


@attrs.frozen
class Chunk:
    """Whole entries of a file: their rows, and the transfers of those that could be read.

    ``debit_rows`` and ``credit_rows`` are the rows of the block behind each transfer's sides.
    """

    block: Block
    starts: Ints
    batch: Batch
    debit_rows: Ints
    credit_rows: Ints

    def entry_rows(self, row: int) -> range:
        """Return all rows of the entry that a row belongs to."""
        place = int(np.searchsorted(self.starts, row, side="right"))
        end = int(self.starts[place]) if place < len(self.starts) else len(self.block)
        return range(int(self.starts[place - 1]), end)


def read_postings(
    table: Table, shape: Shape, naming: Naming, find_seats: Seats, *, whole: bool = False
) -> Iterator[Chunk]:
    """Give the entries of a file in chunks of about ``BLOCK_ROWS`` rows, or in one if ``whole``.

    Neighbouring rows with one id are one entry, and come in one chunk. What is wrong with a row
    is in its block's ``faults``; an entry with such a row is not in the batch.
    """
    seats: dict[str, Seat] = {}
    seen: Counter[str] = Counter()
    for block in _whole_entries(table, by_id=not naming.by_content, whole=whole):
        reading = _Reading(table.header, block, seats=seats)
        ids = _content_ids(reading, naming, seen) if naming.by_content else reading.column("id")
        yield reading.chunk(shape, naming, ids, find_seats)


def _whole_entries(table: Table, *, by_id: bool, whole: bool) -> Iterator[Block]:
    """Give blocks that do not cut an entry in two."""
    place = table.header.index("id") if by_id else 0
    waiting = Block()
    for block in table.blocks:
        waiting.extend(block)
        if whole or len(waiting) < BLOCK_ROWS:
            continue
        end = len(waiting)
        if by_id:
            last = waiting.rows[-1][place]
            while end > 0 and waiting.rows[end - 1][place] == last:
                end -= 1
        if end:
            yield waiting.part(0, end)
            waiting = waiting.part(end, len(waiting))
    if len(waiting):
        yield waiting


def _content_ids(reading: _Reading, naming: Naming, seen: Counter[str]) -> list[str]:
    """Name each row by what it holds, and by how often the file has held the same before."""
    places = [p for p, name in enumerate(reading.header) if not name.startswith(ERROR_PREFIX)]
    names: list[str] = []
    for row in reading.block.rows:
        content = json.dumps([naming.source, *(row[place] for place in places)])
        seen[content] += 1
        names.append(f"content {seen[content]} {content}")
    return names


@attrs.define
class _Reading(Columns):
    """The translation of one block, given the accounts that earlier ones asked for."""

    seats: dict[str, Seat] = attrs.field(kw_only=True)

    def chunk(self, shape: Shape, naming: Naming, ids: Sequence[str], find_seats: Seats) -> Chunk:
        """Read every column; return the entries without fault as a batch."""
        lengths = self.begin_entries(ids)
        for row in self.starts[lengths > LINES_MOST].tolist():
            reason = f"it has more than {LINES_MOST} rows"
            self.fault(row, "id", EntryMalformedError(entry=ids[row], reason=reason))
        heads = self._heads(naming, ids)
        phases = self.each("phase", read_phase), self.each("expires_at", read_expiry)
        self._check_expiry(ids, *phases)
        if shape is Shape.TRANSFERS:
            numbers, movements = self._transfers(find_seats)
        else:
            numbers, movements = self._journal(ids, find_seats)
        return self._assembled(heads, phases, numbers, movements)

    # What an entry says once, in its first row.

    def _heads(self, naming: Naming, ids: Sequence[str]) -> _Heads:
        firsts: list[int] = self.starts.tolist()
        self._check_alike(ids)
        names = self.column("kind")
        names = [names[row] or "general" for row in firsts]
        kinds = tuple(dict.fromkeys(names))
        number_of = {name: number for number, name in enumerate(kinds)}
        dates = self.each("valid_on", lambda text: days_2000(parse_date(text)), firsts)
        return _Heads(
            entry_ids=self._entry_ids(naming, ids, firsts),
            valid_on=dates,
            kinds=kinds,
            kind=np.array([number_of[name] for name in names], np.int16),
            notes=self._notes(firsts),
        )

    def _check_alike(self, ids: Sequence[str]) -> None:
        """What an entry says once may be left empty after its first row, and not be changed."""
        later = np.ones(len(ids), np.bool_)
        later[self.starts] = False
        places = [
            (name, place)
            for place, name in enumerate(self.header)
            if name in {"valid_on", "kind", "memo", "reference"}
            or name.startswith(REFERENCE_PREFIX)
        ]
        for row in np.flatnonzero(later).tolist():
            here = self.block.rows[row]
            first = self.block.rows[int(self.starts[self.entry_of[row]])]
            for name, place in places:
                if here[place] and here[place] != first[place]:
                    self.fault(row, name, EntryRowsError(entry=ids[row], field=name))

    def _entry_ids(self, naming: Naming, ids: Sequence[str], firsts: Sequence[int]) -> IdArray:
        scope = (naming.institution, naming.source)
        names = [ids[row].encode(errors="replace").decode() for row in firsts]
        entry_ids = derive_ids(scope, names)
        for entry, name in enumerate(names):
            if not name:
                self.fault(firsts[entry], "id", FieldMissingError(field="id"))
            elif _CHOSEN_ID.fullmatch(name):
                try:
                    entry_ids[entry] = read_id("ent", name).bytes
                except KarezError as error:
                    self.fault(firsts[entry], "id", error)
        return entry_ids

    def _notes(self, firsts: Sequence[int]) -> dict[int, Note]:
        """Return memo and references, by entry, of those that have any."""
        memos, texts = self.column("memo"), self.column("reference")
        named = {
            name.removeprefix(REFERENCE_PREFIX): self.column(name)
            for name in self.header
            if name.startswith(REFERENCE_PREFIX)
        }
        notes: dict[int, Note] = {}
        for entry, row in enumerate(firsts):
            try:
                reference = read_reference(texts[row])
            except KarezError as error:
                self.fault(row, "reference", error)
                continue
            reference |= {name: column[row] for name, column in named.items() if column[row]}
            if memos[row] or reference:
                notes[entry] = (memos[row], canonical_json(reference))
        return notes

    # What a row says of its transfer, or of its side of one.

    def _transfers(self, find_seats: Seats) -> tuple[tuple[Ints, Ints], Ints]:
        """Return the account numbers of both sides by row, and a movement for each sound row."""
        self._learn_seats(find_seats, "debit", "credit")
        debits, exponents = self._accounts("debit")
        credits_, _ = self._accounts("credit")
        amounts = self.amounts("amount", exponents)
        rows = np.flatnonzero(self.sound())
        return (debits, credits_), np.column_stack([rows, rows, amounts[rows]])

    def _journal(self, ids: Sequence[str], find_seats: Seats) -> tuple[tuple[Ints, Ints], Ints]:
        """Return the account numbers by row, twice, and the movements that the lines make."""
        self._learn_seats(find_seats, "account")
        numbers, exponents = self._accounts("account")
        debits, credits_ = (
            self.amounts(side, exponents, blank=True) for side in ("debit", "credit")
        )
        texts = self.column("debit"), self.column("credit")
        one_side = (debits > 0) & (credits_ == 0) | (debits == 0) & (credits_ > 0)
        for row in np.flatnonzero(~one_side).tolist():
            sides = {"debit": texts[0][row], "credit": texts[1][row]}
            self.fault(row, "debit" if sides["debit"] else "credit", JournalSideError(**sides))
        accounts = self.column("account")
        movements: list[tuple[int, int, int]] = []
        sound = np.flatnonzero(self.sound())
        for rows in np.split(sound, np.flatnonzero(np.diff(self.entry_of[sound])) + 1):
            lines: tuple[dict[str, list[Line]], dict[str, list[Line]]] = ({}, {})
            for row in rows.tolist():
                on_debit = debits[row] > 0
                side = lines[0] if on_debit else lines[1]
                line = (row, int(debits[row] if on_debit else credits_[row]))
                side.setdefault(self.seats[accounts[row]].currency, []).append(line)
            try:
                movements += pair_entry(ids[int(rows[0])] if len(rows) else "", *lines)
            except KarezError as error:
                self.fault(int(rows[0]), "id", error)
        return (numbers, numbers), np.array(movements, np.int64).reshape(len(movements), 3)

    def _learn_seats(self, find_seats: Seats, *names: str) -> None:
        codes = {code for name in names for code in self.column(name)}
        new = {code for code in codes - self.seats.keys() if text_fault("", code) is None}
        if new:
            self.seats.update(find_seats(new))

    def _accounts(self, name: str) -> tuple[Ints, Ints]:
        """Return account numbers and the exponents of their currencies, zero where unknown."""
        codes = self.column(name)
        given = self.column("currency")
        numbers = np.zeros(len(codes), np.int64)
        exponents = np.zeros(len(codes), np.int64)
        exponent_of = {seat.currency: 0 for seat in self.seats.values()}
        exponent_of = {code: currency(code).exponent for code in exponent_of}
        for row, code in enumerate(codes):
            seat = self.seats.get(code)
            if seat is None:
                missing = FieldMissingError(field=name)
                self.fault(row, name, AccountUnknownError(account=code) if code else missing)
                continue
            numbers[row] = seat.number
            exponents[row] = exponent_of[seat.currency]
            if given[row] and given[row] != seat.currency:
                details = {"account": code, "currency": seat.currency, "given": given[row]}
                self.fault(row, "currency", AccountCurrencyError(**details))
        return numbers, exponents

    def _check_expiry(self, ids: Sequence[str], phases: Ints, expiries: Ints) -> None:
        for row in np.flatnonzero((expiries != 0) & (phases != Phase.PENDING)).tolist():
            reason = "only a pending transfer expires"
            self.fault(row, "expires_at", EntryMalformedError(entry=ids[row], reason=reason))

    def _assembled(
        self,
        heads: _Heads,
        phases: tuple[Ints, Ints],
        numbers: tuple[Ints, Ints],
        movements: Ints,
    ) -> Chunk:
        debit_rows, credit_rows = movements[:, 0], movements[:, 1]
        entry = self.entry_of[debit_rows]
        asked = np.zeros(len(movements), dtype=ASKED)
        asked["entry_id"] = heads.entry_ids[entry]
        asked["line"] = np.arange(len(entry)) - np.searchsorted(entry, entry)
        asked["group"] = np.unique(entry, return_inverse=True)[1]
        asked["debit_account"] = numbers[0][debit_rows]
        asked["credit_account"] = numbers[1][credit_rows]
        asked["amount_minor"] = movements[:, 2]
        asked["valid_on"] = heads.valid_on[entry]
        asked["kind"] = heads.kind[entry]
        asked["phase"] = phases[0][debit_rows]
        asked["expires_at"] = phases[1][debit_rows]
        asked["target_line"] = -1
        firsts = np.flatnonzero(asked["line"] == 0).tolist()
        notes = {row: heads.notes[int(entry[row])] for row in firsts if entry[row] in heads.notes}
        batch = Batch(asked, heads.kinds or ("general",), notes)
        return Chunk(self.block, self.starts, batch, debit_rows, credit_rows)


@attrs.frozen
class _Heads:
    """What is said once of each entry."""

    entry_ids: IdArray
    valid_on: Ints
    kinds: tuple[str, ...]
    kind: npt.NDArray[np.int16]
    notes: dict[int, Note]
