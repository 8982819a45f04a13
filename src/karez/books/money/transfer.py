"""What a caller asks the book to post: entries one by one, or a batch as arrays.

A *transfer* moves a positive amount from its credit account to its debit account, so it balances
by construction. An *entry* is the transfers that stand or fall together, with a kind, a value
date, a memo and references. A *batch* is many entries in one call; entries of one *group* are
linked: all of them are posted or none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import IntEnum, IntFlag
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.errors import (
    AmountTooLargeError,
    DateRangeError,
    EntryMalformedError,
)
from karez.books.money.text import text_fault
from karez.books.money.wire import days_2000, micros_2000
from karez.kernel.ids import IdArray, new_id, new_ids
from karez.kernel.money import AMOUNT_MAX_MINOR

FIRST_DAY = date(1900, 1, 1)
FIRST_EXPIRY_YEAR = 2001  # in any time zone after the day that instants are counted from
LINES_MOST = 100_000
KINDS_MOST = 32_767
NIL = UUID(int=0)


class Phase(IntEnum):
    """What a transfer does: to the posted amounts, or to the pending ones."""

    POSTED = 1
    PENDING = 2
    POST = 3
    VOID = 4
    EXPIRE = 5


class Balancing(IntFlag):
    """Move less than was asked where an account has less available."""

    NONE = 0
    DEBIT = 1  # no more than the debit account may still be debited
    CREDIT = 2  # no more than the credit account may still be credited


@attrs.frozen
class Target:
    """One transfer already in the book: to post, void, expire or reverse."""

    entry_id: UUID
    line: int = 0


@attrs.frozen
class Transfer:
    """One movement. Accounts are numbers of the chart; with a target they follow from it.

    ``amount_minor`` counts minor units; 0 with phase POST means all that is held.
    ``expires_at`` is for a pending transfer alone.
    """

    debit: int = 0
    credit: int = 0
    amount_minor: int = 0
    phase: Phase = Phase.POSTED
    balancing: Balancing = Balancing.NONE
    target: Target | None = None
    expires_at: datetime | None = None


@attrs.frozen
class Entry:
    """Transfers that stand or fall together. The caller's ``entry_id`` makes a retry harmless."""

    valid_on: date
    transfers: Sequence[Transfer]
    kind: str = "general"
    memo: str = ""
    reference: Mapping[str, str] = attrs.field(factory=dict[str, str])
    entry_id: UUID = attrs.field(factory=new_id)


# One row asks for one transfer. ``kind`` is an index into the batch's names; ``valid_on`` and
# ``expires_at`` count days and microseconds from 2000-01-01; a row without target has line -1.
ASKED: np.dtype[np.void] = np.dtype(
    [
        ("entry_id", "V16"),
        ("line", "i4"),
        ("group", "i4"),
        ("debit_account", "i8"),
        ("credit_account", "i8"),
        ("amount_minor", "i8"),
        ("valid_on", "i4"),
        ("kind", "i2"),
        ("phase", "i2"),
        ("balancing", "i2"),
        ("target_entry_id", "V16"),
        ("target_line", "i4"),
        ("expires_at", "i8"),
    ]
)

Note = tuple[str, str]
"""A memo, and references as canonical JSON."""


@attrs.frozen
class Batch:
    """Entries as arrays: rows of ``ASKED`` in order, the names of kinds, notes by first row.

    Rows of one entry stand together, lines counting from 0; rows of one group stand together.
    """

    rows: npt.NDArray[np.void]
    kinds: tuple[str, ...] = ("general",)
    notes: Mapping[int, Note] = attrs.field(factory=dict[int, Note])

    @classmethod
    def of(cls, entries: Sequence[Entry], *, linked: bool = False) -> Batch:
        """Return the batch of these entries; ``linked`` makes one group of them all.

        Raises:
            EntryMalformedError: an entry without transfers, with too many, or a bad field.
            AmountTooLargeError: an amount beyond what one transfer may move.
            DateRangeError: a value date before 1900.
        """
        kinds = tuple(dict.fromkeys(entry.kind for entry in entries)) or ("general",)
        if len(kinds) > KINDS_MOST:
            reason = f"a batch names at most {KINDS_MOST} kinds"
            raise EntryMalformedError(entry="of the batch", reason=reason)
        kind_index = {name: index for index, name in enumerate(kinds)}
        records: list[tuple[object, ...]] = []
        notes: dict[int, Note] = {}
        for ordinal, entry in enumerate(entries):
            check_entry(entry)
            if entry.memo or entry.reference:
                notes[len(records)] = (entry.memo, canonical_json(entry.reference))
            records += _records(entry, 0 if linked else ordinal, kind_index[entry.kind])
        return cls(np.array(records, dtype=ASKED), kinds, notes)

    @classmethod
    def of_arrays(  # noqa: PLR0913 - one array for each column
        cls,
        *,
        debit: npt.NDArray[np.int64],
        credit: npt.NDArray[np.int64],
        amount_minor: npt.NDArray[np.int64],
        valid_on: npt.NDArray[np.int32] | date,
        kind: str = "general",
        entry_ids: IdArray | None = None,
        linked: bool = False,
    ) -> Batch:
        """Return a batch of plain posted transfers, each an entry of its own.

        ``valid_on`` is one date, or days since 2000-01-01 for each row.

        Raises:
            EntryMalformedError: a column that does not hold whole numbers of 64 bits.
        """
        count = len(debit)
        columns = {"debit": debit, "credit": credit, "amount_minor": amount_minor}
        for name, column in columns.items():
            if not np.can_cast(column.dtype, np.int64):
                reason = f"{name} is {column.dtype.name}, not whole numbers of 64 bits"
                raise EntryMalformedError(entry="of the batch", reason=reason)
        rows = np.zeros(count, dtype=ASKED)
        rows["entry_id"] = new_ids(count) if entry_ids is None else entry_ids
        rows["group"] = 0 if linked else np.arange(count)
        rows["debit_account"] = debit
        rows["credit_account"] = credit
        rows["amount_minor"] = amount_minor
        rows["valid_on"] = days_2000(valid_on) if isinstance(valid_on, date) else valid_on
        rows["phase"] = Phase.POSTED
        rows["target_line"] = -1
        return cls(rows, (kind,))

    def __len__(self) -> int:
        return len(self.rows)


def join(batches: Sequence[Batch]) -> Batch:
    """Return one batch of several, their groups kept apart."""
    kinds = tuple(dict.fromkeys(kind for batch in batches for kind in batch.kinds))
    notes: dict[int, Note] = {}
    pieces: list[npt.NDArray[np.void]] = []
    start = group = 0
    for batch in batches:
        if not len(batch):
            continue
        piece = batch.rows.copy()
        piece["kind"] = np.array([kinds.index(kind) for kind in batch.kinds])[piece["kind"]]
        piece["group"] += group
        notes.update({start + place: note for place, note in batch.notes.items()})
        group = int(piece["group"][-1]) + 1
        start += len(piece)
        pieces.append(piece)
    return Batch(np.concatenate(pieces), kinds, notes)


def canonical_json(reference: Mapping[str, str]) -> str:
    """Return the one text of these references: keys sorted, no blanks."""
    return json.dumps(dict(reference), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def check_entry(entry: Entry) -> None:
    """Refuse an entry whose fields contradict each other; accounts and limits are judged later.

    Raises:
        EntryMalformedError: it has no transfer, too many, or a field that its phase cannot have.
        AmountTooLargeError: an amount beyond what one transfer may move.
        DateRangeError: a value date before 1900.
    """
    texts = [entry.kind, entry.memo, *entry.reference.keys(), *entry.reference.values()]
    text_faults = [fault for text in texts if (fault := text_fault(text))]
    reason: str = ""
    if not entry.transfers:
        reason = "it has no transfer"
    elif len(entry.transfers) > LINES_MOST:
        reason = f"it has more than {LINES_MOST} transfers"
    elif not entry.kind:
        reason = "its kind is empty"
    elif text_faults:
        reason = f"a text {text_faults[0]}"
    else:
        reason = next((fault for t in entry.transfers if (fault := _fault(t))), "")
    if reason:
        raise EntryMalformedError(entry=str(entry.entry_id), reason=reason)
    if entry.valid_on < FIRST_DAY:
        raise DateRangeError(valid_on=str(entry.valid_on))
    for transfer in entry.transfers:
        if abs(transfer.amount_minor) > AMOUNT_MAX_MINOR:
            raise AmountTooLargeError(
                amount_minor=transfer.amount_minor, most_minor=AMOUNT_MAX_MINOR
            )


def _fault(transfer: Transfer) -> str:
    """Return what is wrong with a transfer by itself, or nothing."""
    phase, target = transfer.phase, transfer.target
    faults = {
        f"an amount is a {type(transfer.amount_minor).__name__}, not minor units": (
            type(transfer.amount_minor) is not int
        ),
        "an account number is not one": not (
            0 <= transfer.debit < 1 << 62 and 0 <= transfer.credit < 1 << 62
        ),
        f"to {phase.name.lower()} needs a target": phase > Phase.PENDING and target is None,
        "a pending transfer has no target": phase is Phase.PENDING and target is not None,
        "only a pending transfer expires": (
            phase is not Phase.PENDING and transfer.expires_at is not None
        ),
        "only a new transfer can balance": bool(transfer.balancing)
        and (target is not None or phase > Phase.PENDING),
        f"a target's line is from 0 to {LINES_MOST}": (
            target is not None and not 0 <= target.line <= LINES_MOST
        ),
        "accounts follow from the target": (
            target is not None and bool(transfer.debit or transfer.credit)
        ),
        "the amount follows from the target": (
            target is not None and phase is not Phase.POST and transfer.amount_minor != 0
        ),
        "its expiry needs a time zone, and a year from 2001 on": (
            transfer.expires_at is not None
            and (transfer.expires_at.tzinfo is None or transfer.expires_at.year < FIRST_EXPIRY_YEAR)
        ),
    }
    return next((reason for reason, wrong in faults.items() if wrong), "")


def _records(entry: Entry, group: int, kind: int) -> list[tuple[object, ...]]:
    days = days_2000(entry.valid_on)
    return [
        (
            entry.entry_id.bytes,
            line,
            group,
            transfer.debit,
            transfer.credit,
            transfer.amount_minor,
            days,
            kind,
            transfer.phase,
            transfer.balancing,
            transfer.target.entry_id.bytes if transfer.target else NIL.bytes,
            transfer.target.line if transfer.target else -1,
            micros_2000(transfer.expires_at) if transfer.expires_at else 0,
        )
        for line, transfer in enumerate(entry.transfers)
    ]
