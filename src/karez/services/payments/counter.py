"""Cash at a counter, and what people tell of a loan: marks and promises."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Literal

import attrs

from karez.engines.servicing.events import Payment
from karez.services.bookkeeping import Books, derive_id
from karez.services.lending import Command, Outcome, find_loan, record_within
from karez.services.payments.desk import Clerk, Desk
from karez.services.payments.errors import PromiseMalformedError, ReceiptConflictError
from karez.services.payments.queries import QUERIES

CASH = "1010"
"""The account of the chart for cash, unless another is named."""

MarkKind = Literal["mandate", "account", "end-to-end"]


@attrs.frozen
class Receipt:
    """Cash that was taken: the number on the slip, and what it did to the loan."""

    receipt: str
    outcome: Outcome


def take_cash(  # noqa: PLR0913 - what stands on a receipt
    books: Books,
    loan_name: str,
    amount_minor: int,
    clerk: Clerk,
    *,
    on: date,
    outlet: str = "",
    channel: str = CASH,
    receipt: str = "",
    preview: bool = False,
) -> Receipt:
    """Record cash that a borrower paid on a day; the same receipt again takes it once.

    Without a number the receipt gets the next one.

    Raises:
        LoanUnknownError, AccountUnknownError: there is no such loan or account.
        ReceiptConflictError: the number was given for something else.

    Else raises the error by which lending refuses.
    """
    loan = find_loan(books, loan_name)
    today = clerk.business_date(books)
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        number = receipt or f"R-{desk.next('receipts'):06d}"
        row = connection.execute(QUERIES["receipt"].text, {"receipt": number}).fetchone()
        if row is not None:
            said = (loan.loan_number, amount_minor, on, outlet, channel)
            kept = (row[0], row[2], row[3], row[4], row[5])
            for field, ours, theirs in zip(_RECEIPT, said, kept, strict=True):
                if ours != theirs:
                    raise ReceiptConflictError(receipt=number, field=field)
        event = Payment(number=0, on=on, posted_on=today, amount_minor=amount_minor)
        command = Command(
            loan=loan.loan_id,
            event=event,
            actor=clerk.actor,
            reason=clerk.reason or f"receipt {number}",
            channel=channel,
            command_id=derive_id("payments", "receipt", number),
        )
        [outcome] = record_within(books, connection, [command], on=today, preview=preview)
        if outcome.error is not None:
            raise outcome.error
        if row is None and not preview:
            desk.add(
                "receipt", number, loan.loan_number, outcome.event, amount_minor, on, outlet,
                channel, clerk.actor,
            )  # fmt: skip
            desk.write()
    return Receipt(number, outcome)


_RECEIPT = ("loan", "amount", "day", "outlet", "account")


def add_mark(books: Books, loan_name: str, kind: MarkKind, value: str, *, actor: str) -> int:
    """Say that payments with this mandate, account or end-to-end id are for a loan; its number.

    Raises:
        LoanUnknownError: there is no such loan.
    """
    loan = find_loan(books, loan_name).loan_number
    value = "".join(value.split()) if kind == "account" else value.strip()
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        told = connection.execute(QUERIES["marks"].text, {"values": [value]}).fetchall()
        if (kind, value, loan) not in told:
            desk.add("mark", kind, value, loan, actor)
            desk.write()
    return loan


class PromiseState(StrEnum):
    """How it is with a promise."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"


@attrs.frozen
class Promise:
    """What a borrower said would be paid by a day, and what was, from the day it was said."""

    number: int
    loan_number: int
    made_on: date
    promised_on: date
    amount_minor: int
    note: str
    actor: str
    currency: str
    paid_minor: int

    def state(self, on: date) -> PromiseState:
        """Return how it is with it on a day."""
        if self.paid_minor >= self.amount_minor:
            return PromiseState.KEPT
        return PromiseState.OPEN if on <= self.promised_on else PromiseState.BROKEN


def add_promise(  # noqa: PLR0913 - what was said
    books: Books,
    loan_name: str,
    amount_minor: int,
    promised_on: date,
    *,
    made_on: date,
    actor: str,
    note: str = "",
) -> int:
    """Record a promise to pay, and return its number.

    Raises:
        LoanUnknownError: there is no such loan.
        PromiseMalformedError: its day is past, or it is of nothing.
    """
    if promised_on < made_on:
        raise PromiseMalformedError(reason=f"{promised_on} is before {made_on}, when it was made")
    if amount_minor <= 0:
        raise PromiseMalformedError(reason="it is of nothing")
    loan = find_loan(books, loan_name).loan_number
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        number = desk.next("promises")
        desk.add("promise", number, loan, made_on, promised_on, amount_minor, note, actor)
        desk.write()
    return number


def list_promises(books: Books, loan_name: str | None = None) -> list[Promise]:
    """Return promises, of one loan or all, in the order of their days.

    Raises:
        LoanUnknownError: there is no such loan.
    """
    numbers = None if loan_name is None else [find_loan(books, loan_name).loan_number]
    return _promises(books, numbers)


def promises_of(books: Books, numbers: Collection[int]) -> dict[int, list[Promise]]:
    """Return the promises of loans by their numbers, in the order of their days."""
    found: dict[int, list[Promise]] = {number: [] for number in numbers}
    for promise in _promises(books, list(numbers)):
        found[promise.loan_number].append(promise)
    return found


def _promises(books: Books, numbers: list[int] | None) -> list[Promise]:
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["promises"].text, {"loans": numbers})
        return [Promise(*row) for row in rows]
