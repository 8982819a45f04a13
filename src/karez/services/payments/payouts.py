"""Payouts: what left the bank's account in the book is sent to the bank, each in one file.

A payout waits from the moment it is booked until a file has it. What becomes of files is in
``payout_files``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import attrs

from karez.books.money.account import find_account
from karez.engines.servicing.movements import MovementKind, movements
from karez.services.bookkeeping import Books
from karez.services.lending import find_loan
from karez.services.lending.reading import account_within
from karez.services.lending.store import load_loans
from karez.services.parties import read_parties
from karez.services.payments.desk import Clerk, Desk
from karez.services.payments.errors import (
    NoBankAccountError,
    NothingToSendError,
    PayoutAccountError,
)
from karez.services.payments.intake import BANK
from karez.services.payments.queries import QUERIES

if TYPE_CHECKING:
    import psycopg

ACCOUNT_LONGEST, NAME_LONGEST, TEXT_LONGEST = 34, 140, 140
VOID = "void"
PayeeKind = Literal["disbursement", "refund"]


class PayoutKind(StrEnum):
    """What a payout is."""

    DISBURSEMENT = "disbursement"
    REFUND = "refund"
    RETURN = "return"


_KINDS = {
    "disbursement": PayoutKind.DISBURSEMENT,
    "credit-balance-refund": PayoutKind.REFUND,
    "return": PayoutKind.RETURN,
}


@attrs.frozen(kw_only=True)
class Payout:
    """Money that has left the bank's account in the book, and is to leave it at the bank.

    ``attempt`` counts the files that it was in, this one too. ``last_refusal`` is why the bank
    refused it there; without ``account`` nobody has said where it goes, and it cannot be sent.
    """

    kind: PayoutKind
    amount_minor: int
    currency: str
    on: date
    loan_number: int | None = None
    event_number: int | None = None
    returns: int | None = None
    attempt: int = 1
    name: str
    account: str
    bic: str
    remittance: str
    last_refusal: str = ""

    @property
    def can_be_sent(self) -> bool:
        """Whether it is known where it goes."""
        return bool(self.account and self.name)


@attrs.frozen(kw_only=True)
class SentPayout:
    """A payout in a file: the id that comes back on the statement, and what became of it."""

    line: int
    kind: PayoutKind
    amount_minor: int
    loan_number: int | None
    event_number: int | None
    returns: int | None
    attempt: int
    end_to_end: str
    name: str
    account: str
    bic: str
    remittance: str
    refused: str = ""
    is_confirmed: bool = False


@attrs.frozen(kw_only=True)
class PayoutFile:
    """A file of payouts from one account; number 0 is a preview."""

    file_number: int
    account: str
    bic: str
    name: str
    channel: str
    currency: str
    execute_on: date
    sum_minor: int
    actor: str
    recorded_at: datetime
    payouts: Sequence[SentPayout]

    @property
    def message_id(self) -> str:
        """The id of the message, by which the bank answers."""
        return f"OUT-{self.file_number}"

    @property
    def state(self) -> str:
        """How it is with it: void, confirmed, or sent and waiting for the bank's statement."""
        if all(each.refused for each in self.payouts):
            return VOID
        open_ones = [each for each in self.payouts if not each.refused and not each.is_confirmed]
        return "sent" if open_ones else "confirmed"


def set_payee(  # noqa: PLR0913 - what a bank asks for
    books: Books,
    loan_name: str,
    account: str,
    *,
    actor: str,
    name: str = "",
    bic: str = "",
    kind: PayeeKind = "disbursement",
) -> int:
    """Say to which account the money of a loan goes; return the loan's number.

    What is paid out may go to a supplier, what was paid too much to the borrower. Without a name it
    is the borrower's. It counts for what is sent from now on.

    Raises:
        LoanUnknownError: there is no such loan.
        PayoutAccountError: the account or the name is none that a bank takes.
    """
    loan = find_loan(books, loan_name)
    account = "".join(account.split())
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        if not name:
            known = read_parties(connection, [loan.borrower_id]).get(loan.borrower_id)
            name = known.party.full_name if known else ""
        _check_payee(loan.loan_number, account, name)
        asked = {"loan": loan.loan_number}
        rows = connection.execute(QUERIES["payees"].text, asked).fetchall()
        kept = {row[0]: row[1:] for row in rows}
        version, *said = kept.get(kind, (0, "", "", ""))
        if said != [name, account, bic]:
            desk.add("payee", loan.loan_number, kind, version + 1, name, account, bic, actor)
            desk.write()
    return loan.loan_number


def _check_payee(loan: int, account: str, name: str) -> None:
    if not account or len(account) > ACCOUNT_LONGEST or not account.isascii():
        raise PayoutAccountError(loan=loan, field="account", most=ACCOUNT_LONGEST)
    if not name or len(name) > NAME_LONGEST:
        raise PayoutAccountError(loan=loan, field="name", most=NAME_LONGEST)


def list_payouts(
    books: Books, clerk: Clerk, *, channel: str = BANK, since: date = date.min
) -> list[Payout]:
    """Return what waits to be sent from the account ``channel`` of the chart, the oldest first.

    Raises:
        AccountUnknownError: the chart has no such account.
    """
    on = clerk.business_date(books)
    with books.transaction() as connection:
        return _waiting(connection, channel, since, on)


def _waiting(connection: psycopg.Connection, channel: str, since: date, on: date) -> list[Payout]:
    code = find_account(connection, channel).currency
    asked = {"channel": channel, "currency": code, "since": since, "through": on}
    found: list[Payout] = []
    for row in connection.execute(QUERIES["waiting_payouts"].text, asked).fetchall():
        kind, amount_minor, day, loan, event, returns, name, account, bic, said, tries, why = row
        meaning = _KINDS[kind]
        text = f"Returned: {said}"
        if meaning is PayoutKind.DISBURSEMENT:
            amount_minor -= _withheld(connection, loan, event, day)
            text = f"Loan {loan}"
        elif meaning is PayoutKind.REFUND:
            text = f"Loan {loan}: paid too much"
        if amount_minor > 0:
            found.append(
                Payout(
                    kind=meaning,
                    amount_minor=amount_minor,
                    currency=code,
                    on=day,
                    loan_number=loan,
                    event_number=event,
                    returns=returns,
                    attempt=tries + 1,
                    name=name or "",
                    account=account or "",
                    bic=bic or "",
                    remittance=text[:TEXT_LONGEST],
                    last_refusal=why or "",
                )
            )
    return found


def _withheld(connection: psycopg.Connection, loan_number: int, event: int, on: date) -> int:
    """Return what was kept of a disbursement for fees: the borrower does not get it."""
    loan = load_loans(connection, [loan_number])[loan_number]
    moved = movements(account_within(connection, loan, on), on)
    kinds = {MovementKind.FEE_WITHHELD}
    return sum(each.amount_minor for each in moved if each.event == event and each.kind in kinds)


@attrs.frozen
class Sender:
    """From which of our accounts a file pays, and when; what is left out is found or today."""

    account: str = ""
    bic: str = ""
    channel: str = BANK
    execute_on: date | None = None
    since: date = date.min


def send_payouts(
    books: Books, clerk: Clerk, sender: Sender, *, preview: bool = False
) -> PayoutFile:
    """Put all that waits and can be sent into a file, each payout once; the bank is to get it.

    A preview answers alike and keeps nothing.

    Raises:
        AccountUnknownError: the chart has no such account.
        NothingToSendError: nothing waits that can be sent.
        NoBankAccountError: no account to pay from is named, and no statement has told one.
    """
    on = clerk.business_date(books)
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        waiting = _waiting(connection, sender.channel, sender.since, on)
        going = [payout for payout in waiting if payout.can_be_sent]
        if not going:
            raise NothingToSendError(channel=sender.channel, waiting=len(waiting))
        asked = {"channel": sender.channel}
        told = connection.execute(QUERIES["bank_account"].text, asked).fetchone()
        account = "".join(sender.account.split()) or (told[0] if told else "")
        if not account:
            raise NoBankAccountError(channel=sender.channel)
        [number] = connection.execute(QUERIES["last_payout_file"].text).fetchone() or (0,)
        number = 0 if preview else number + 1
        made = PayoutFile(
            file_number=number,
            account=account,
            bic=sender.bic,
            name=books.institution.name[:NAME_LONGEST],
            channel=sender.channel,
            currency=find_account(connection, sender.channel).currency,
            execute_on=sender.execute_on or on,
            sum_minor=sum(payout.amount_minor for payout in going),
            actor=clerk.actor,
            recorded_at=desk.now,
            payouts=[_sent(payout, number, line) for line, payout in enumerate(going, 1)],
        )
        if not preview:
            _keep(desk, made)
    return made


def _sent(payout: Payout, number: int, line: int) -> SentPayout:
    left_out = {"on", "currency", "last_refusal"}
    values = attrs.asdict(payout, filter=lambda field, _: field.name not in left_out)
    return SentPayout(line=line, end_to_end=f"OUT-{number}-{line}", **values)


def _keep(desk: Desk, made: PayoutFile) -> None:
    desk.add(
        "payout_file", made.file_number, made.account, made.bic, made.name, made.channel,
        made.currency, made.execute_on, len(made.payouts), made.sum_minor, made.actor,
    )  # fmt: skip
    for each in made.payouts:
        desk.add(
            "payout", made.file_number, each.line, each.kind, each.amount_minor, each.loan_number,
            each.event_number, each.returns, each.attempt, each.end_to_end, each.name,
            each.account, each.bic, each.remittance,
        )  # fmt: skip
    desk.write()
