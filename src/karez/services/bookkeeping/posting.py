"""Posting entries: one by one by account code, or many as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import attrs
import psycopg

from karez.books.money.account import list_accounts
from karez.books.money.errors import AccountUnknownError, LinkedRefusedError
from karez.books.money.outcome import Outcomes, Posted
from karez.books.money.read import find_entry
from karez.books.money.transfer import (
    Balancing,
    Batch,
    Entry,
    Phase,
    Target,
    Transfer,
    check_entry,
)
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id, show_id
from karez.kernel.money import Money
from karez.services.bookkeeping.books import Books
from karez.services.bookkeeping.errors import AccountCurrencyError, ExchangeMalformedError
from karez.services.bookkeeping.naming import derive_id

ENTRIES_A_TRANSACTION = 8_192
"""How many entries of a long file go into one transaction, unless all are to stand or fall."""


@attrs.frozen
class Movement:
    """Money from one account to another, by their codes; ``pending`` holds it only."""

    debit: str
    credit: str
    amount: Money
    pending: bool = False
    expires_at: datetime | None = None
    balancing: Balancing = Balancing.NONE


@attrs.frozen
class Draft:
    """An entry to post. The caller's ``entry_id`` makes a retry harmless."""

    valid_on: date
    movements: Sequence[Movement]
    kind: str = "general"
    memo: str = ""
    reference: Mapping[str, str] = attrs.field(factory=dict[str, str])
    entry_id: UUID = attrs.field(factory=new_id)


@attrs.frozen
class Exchange:
    """Debit one account in its currency and credit another in its own, at the rate they make.

    Each amount goes against the position account of its currency, which must be open.
    """

    valid_on: date
    debit: str
    debit_position: str
    debit_amount: Money
    credit: str
    credit_position: str
    credit_amount: Money
    memo: str = ""
    reference: Mapping[str, str] = attrs.field(factory=dict[str, str])
    entry_id: UUID = attrs.field(factory=new_id)


@attrs.frozen
class Seat:
    """What posting must know of an account: its number in the book and its currency."""

    number: int
    currency: str


def find_seats(books: Books, codes: set[str]) -> dict[str, Seat]:
    """Return number and currency of the accounts among ``codes`` that exist."""
    with books.transaction() as connection:
        return _seats(connection, codes)


def post_batch(
    books: Books, batch: Batch, *, atomic: bool = False, dry_run: bool = False
) -> Outcomes:
    """Post a batch in one transaction; each row gets its answer.

    ``atomic`` posts nothing where anything is refused, yet judges all, so that every fault is
    told at once. ``dry_run`` posts nothing in any case. The answers are then what they would be.

    Raises as ``MoneyBook.post`` does.
    """
    outcomes = Outcomes.none()
    with books.transaction() as connection:
        outcomes = books.money.post(connection, batch)
        if dry_run or (atomic and outcomes.refused):
            raise psycopg.Rollback
    return outcomes


def post_entries(
    books: Books, drafts: Sequence[Draft], *, atomic: bool = False
) -> list[Posted | KarezError]:
    """Post entries in one transaction; answer each by what was posted or by what refuses it.

    With ``atomic`` nothing is posted unless all are; LinkedRefusedError answers those without
    fault.
    """
    answers: dict[int, Posted | KarezError] = {}
    entries: dict[int, Entry] = {}
    with books.transaction() as connection:
        seats = _seats(connection, {code for draft in drafts for code in _codes(draft)})
    for place, draft in enumerate(drafts):
        try:
            entries[place] = _resolved(draft, seats)
        except KarezError as refusal:
            answers[place] = refusal
    batch = Batch.of(list(entries.values()))
    outcomes = post_batch(books, batch, atomic=atomic, dry_run=atomic and bool(answers))
    start = 0
    for place, entry in entries.items():
        end = start + len(entry.transfers)
        try:
            answers[place] = outcomes.entry(start, end)
        except KarezError as refusal:
            answers[place] = refusal
        start = end
    if atomic and any(isinstance(answer, KarezError) for answer in answers.values()):
        for place, answer in answers.items():
            if not isinstance(answer, KarezError):
                answers[place] = LinkedRefusedError(entry=show_id("ent", answer.entry_id))
    return [answers[place] for place in range(len(drafts))]


def post_entry(books: Books, draft: Draft) -> Posted:
    """Post one entry.

    Raises the error that refuses it.
    """
    answer = post_entries(books, [draft])[0]
    if isinstance(answer, KarezError):
        raise answer
    return answer


def exchange(books: Books, command: Exchange) -> Posted:
    """Exchange one currency for another: one entry of two transfers, which stand or fall together.

    Raises:
        ExchangeMalformedError: both amounts are in one currency.

    Else raises the error that refuses the entry.
    """
    if command.debit_amount.currency == command.credit_amount.currency:
        raise ExchangeMalformedError(currency=command.debit_amount.currency.code)
    movements = (
        Movement(command.debit, command.debit_position, command.debit_amount),
        Movement(command.credit_position, command.credit, command.credit_amount),
    )
    draft = Draft(
        command.valid_on,
        movements,
        kind="exchange",
        memo=command.memo,
        reference=command.reference,
        entry_id=command.entry_id,
    )
    return post_entry(books, draft)


def reverse_entry(books: Books, entry_id: UUID, valid_on: date, *, memo: str = "") -> Posted:
    """Undo an entry by its mirror: every transfer again, its sides exchanged, on ``valid_on``.

    The reversal's id follows from the entry's, so asking twice reverses once.

    Raises:
        EntryUnknownError: there is no such entry.
        TargetPhaseError: it has a transfer that moved nothing: void what is pending instead.
        TargetTakenError: part of it is reversed already.
        PeriodClosedError, LimitExceededError, EntryConflictError: as for any entry.
    """
    with books.transaction() as connection:
        lines = find_entry(connection, entry_id).lines
        reversal = Entry(
            valid_on,
            [Transfer(target=Target(entry_id, line.line)) for line in lines],
            kind="reversal",
            memo=memo,
            entry_id=derive_id("reversal", str(entry_id)),
        )
        return books.money.post_entry(connection, reversal)


def _seats(connection: psycopg.Connection, codes: set[str]) -> dict[str, Seat]:
    return {
        account.code: Seat(account.number, account.currency)
        for account in list_accounts(connection, codes)
    }


def _codes(draft: Draft) -> list[str]:
    return [code for movement in draft.movements for code in (movement.debit, movement.credit)]


def _resolved(draft: Draft, seats: Mapping[str, Seat]) -> Entry:
    """Return the entry with account numbers in place of codes, or raise what is wrong with it."""
    for movement in draft.movements:
        for code in (movement.debit, movement.credit):
            if code not in seats:
                raise AccountUnknownError(account=code)
            given = movement.amount.currency.code
            if seats[code].currency != given:
                kept = seats[code].currency
                raise AccountCurrencyError(account=code, currency=kept, given=given)
    entry = Entry(
        valid_on=draft.valid_on,
        transfers=[
            Transfer(
                seats[movement.debit].number,
                seats[movement.credit].number,
                movement.amount.amount_minor,
                phase=Phase.PENDING if movement.pending else Phase.POSTED,
                balancing=movement.balancing,
                expires_at=movement.expires_at,
            )
            for movement in draft.movements
        ],
        kind=draft.kind,
        memo=draft.memo,
        reference=draft.reference,
        entry_id=draft.entry_id,
    )
    check_entry(entry)
    return entry
