"""Pending transfers: post what was held, release it, or let it expire."""

from __future__ import annotations

from datetime import date

from karez.books.money.outcome import Posted
from karez.books.money.pending import list_expired
from karez.books.money.transfer import Batch, Entry, Phase, Target, Transfer
from karez.services.bookkeeping.books import Books
from karez.services.bookkeeping.naming import derive_id
from karez.services.bookkeeping.posting import ENTRIES_A_TRANSACTION


def post_pending(
    books: Books, target: Target, valid_on: date, *, amount_minor: int | None = None
) -> Posted:
    """Move what a pending transfer holds, or ``amount_minor`` of it and release the rest.

    Raises:
        TargetUnknownError, TargetPhaseError: it is not there, or is not pending.
        TargetTakenError, PendingExpiredError: nothing is held any more.
        PendingAmountError: it holds less than was asked.
        EntryConflictError: it was posted before with another day or amount.
    """
    return _resolve(books, Phase.POST, target, valid_on, amount_minor or 0)


def void_pending(books: Books, target: Target, valid_on: date) -> Posted:
    """Release what a pending transfer holds, and move nothing.

    Raises:
        TargetUnknownError, TargetPhaseError: it is not there, or is not pending.
        TargetTakenError: nothing is held any more.
    """
    return _resolve(books, Phase.VOID, target, valid_on, 0)


def expire_due(books: Books, valid_on: date) -> int:
    """Release every pending transfer that is past its instant; return how many.

    Each transaction takes some thousands; what another process resolves meanwhile is passed over.
    """
    expired = 0
    while True:
        with books.transaction() as connection:
            targets = list_expired(connection, ENTRIES_A_TRANSACTION)
            entries = [_entry(Phase.EXPIRE, target, valid_on, 0) for target in targets]
            outcomes = books.money.post(connection, Batch.of(entries))
        if not outcomes.posted:
            for row in outcomes.refused[:1]:
                raise outcomes.error(row)
            return expired
        expired += outcomes.posted


def _resolve(
    books: Books, phase: Phase, target: Target, valid_on: date, amount_minor: int
) -> Posted:
    with books.transaction() as connection:
        return books.money.post_entry(connection, _entry(phase, target, valid_on, amount_minor))


def _entry(phase: Phase, target: Target, valid_on: date, amount_minor: int) -> Entry:
    kind = phase.name.lower()
    return Entry(
        valid_on,
        [Transfer(amount_minor=amount_minor, phase=phase, target=target)],
        kind=kind,
        entry_id=derive_id(kind, str(target.entry_id), str(target.line)),
    )
