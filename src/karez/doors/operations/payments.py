"""Operations on payments: cash at the counter, the queue of what waits, what is to be sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

import msgspec

from karez.books.money.errors import AccountUnknownError
from karez.doors.operations.loan_acts import ActOutcome
from karez.doors.operations.loan_acts import outcome_of as loan_outcome
from karez.doors.operations.operation import Call, Control, Operation, Retry
from karez.doors.operations.shapes import AmountMinor, Input, Name, Output, Text, shape
from karez.kernel.errors import KarezError
from karez.services import lending, payments
from karez.services.lending.errors import LoanUnknownError
from karez.services.payments import BANK, Clerk, PaymentView, PayoutKind
from karez.services.payments.counter import CASH
from karez.services.payments.errors import (
    AssignDebitError,
    LoanCurrencyError,
    NothingToUndoError,
    NotOnSuspenseError,
    PaymentUnknownError,
    ReceiptConflictError,
)


class WaitingPayment(Output, kw_only=True):
    """A payment of which something lies on suspense, and why."""

    payment: int
    booked_on: date
    valid_on: date
    currency: str
    amount_minor: int
    open_minor: int
    name: str
    account: str
    remittance: str
    reason: str
    candidates: list[int]
    age_days: int


class PaymentAct(Output, kw_only=True):
    """Something that was done with a payment, by which rule or by whom."""

    number: int
    kind: str
    amount_minor: int
    loan: int | None
    account: str | None
    rule: str
    reason: str
    valid_on: date
    actor: str
    recorded_at: datetime | None


class PaymentDetail(WaitingPayment, kw_only=True):
    """A payment, and all that was done with it, in order."""

    acts: list[PaymentAct]


class Queue(Output, kw_only=True):
    """The payments that wait for a person, the oldest first."""

    on: date
    payments: list[WaitingPayment]


class Cash(Input, kw_only=True):
    """Cash that a borrower pays. The number on the slip, if there is one, is taken once."""

    loan: Name
    amount_minor: AmountMinor
    on: date | None = None
    outlet: Text = ""
    receipt: Text = ""
    channel: Name = CASH


class CashReceipt(Output, kw_only=True):
    """What is written on the slip, and what the payment did to the loan."""

    receipt: str
    outcome: ActOutcome


class OnePayment(Input, kw_only=True):
    """A payment, by its number, and why something is done with it."""

    payment: int
    reason: Text = ""


I = TypeVar("I", bound=OnePayment)  # noqa: E741 - the input


class Assignment(OnePayment, kw_only=True):
    """So much of a payment to a loan. The amount is said, for it is what limits are about."""

    loan: Name
    amount_minor: AmountMinor


class Placement(OnePayment, kw_only=True):
    """A payment to an account of the chart."""

    account: Name
    amount_minor: AmountMinor | None = None


class Return(OnePayment, kw_only=True):
    """A payment back to whom it came from."""

    amount_minor: AmountMinor | None = None


class Moved(Output, kw_only=True):
    """A payment after something was done with it, and what that did to a loan."""

    payment: WaitingPayment
    moved_minor: int
    outcome: ActOutcome | None = None


class PayoutLine(Output, kw_only=True):
    """Money that has left the account in the book and is to leave it at the bank."""

    kind: PayoutKind
    amount_minor: int
    currency: str
    on: date
    loan_number: int | None
    returns: int | None
    attempt: int
    name: str
    account: str
    last_refusal: str


class Payouts(Output, kw_only=True):
    """The payouts that no file has yet, the oldest first."""

    payouts: list[PayoutLine]


class PayoutsFrom(Input, kw_only=True):
    """From which account of the chart."""

    channel: Name = BANK


def _clerk(call: Call, reason: str = "") -> Clerk:
    return Clerk(call.actor.name, call.today, reason)


def _waiting(view: PaymentView, on: date) -> WaitingPayment:
    entry = view.entry
    return WaitingPayment(
        payment=view.entry_number,
        booked_on=entry.booked_on,
        valid_on=entry.valid_on,
        currency=view.currency,
        amount_minor=entry.amount_minor,
        open_minor=view.open_minor,
        name=entry.name,
        account=entry.account,
        remittance=entry.remittance,
        reason=str(view.reason),
        candidates=view.candidates,
        age_days=view.age_days(on),
    )


def _queue(call: Call, _: Input) -> Queue:
    waiting = payments.list_queue(call.office.books)
    return Queue(on=call.today, payments=[_waiting(view, call.today) for view in waiting])


def _look(call: Call, asked: OnePayment) -> WaitingPayment:
    return _waiting(payments.find_payment(call.office.books, asked.payment), call.today)


def _show(call: Call, asked: OnePayment) -> PaymentDetail:
    view = payments.find_payment(call.office.books, asked.payment)
    acts = [
        shape(PaymentAct, act, number=act.act_number, loan=act.loan_number, account=act.ledger)
        for act in view.acts
    ]
    return PaymentDetail(**msgspec.structs.asdict(_waiting(view, call.today)), acts=acts)


def _payouts(call: Call, asked: PayoutsFrom) -> Payouts:
    found = payments.list_payouts(call.office.books, _clerk(call), channel=asked.channel)
    return Payouts(payouts=[shape(PayoutLine, payout) for payout in found])


def _cash(call: Call, asked: Cash) -> CashReceipt:
    books = call.office.books
    taken = payments.take_cash(
        books, asked.loan, asked.amount_minor, _clerk(call), on=asked.on or call.today,
        outlet=asked.outlet, channel=asked.channel, receipt=asked.receipt,
    )  # fmt: skip
    loan = lending.find_loan(books, asked.loan)
    return CashReceipt(receipt=taken.receipt, outcome=loan_outcome(call, loan, taken.outcome))


def _moved(
    call: Call, asked: OnePayment, before_minor: int, outcome: ActOutcome | None = None
) -> Moved:
    after = _look(call, asked)
    return Moved(payment=after, moved_minor=before_minor - after.open_minor, outcome=outcome)


def _open(call: Call, asked: OnePayment) -> int:
    return payments.find_payment(call.office.books, asked.payment).open_minor


def _assign(call: Call, asked: Assignment) -> Moved:
    before, books = _open(call, asked), call.office.books
    parts = {asked.loan: asked.amount_minor}
    [outcome] = payments.assign(books, asked.payment, parts, _clerk(call, asked.reason))
    loan = lending.find_loan(books, asked.loan)
    return _moved(call, asked, before, loan_outcome(call, loan, outcome))


def _place(call: Call, asked: Placement) -> Moved:
    before = _open(call, asked)
    payments.place(
        call.office.books, asked.payment, asked.account, _clerk(call, asked.reason),
        amount_minor=asked.amount_minor,
    )  # fmt: skip
    return _moved(call, asked, before)


def _give_back(call: Call, asked: Return) -> Moved:
    before = _open(call, asked)
    payments.give_back(
        call.office.books, asked.payment, _clerk(call, asked.reason),
        amount_minor=asked.amount_minor,
    )  # fmt: skip
    return _moved(call, asked, before)


def _unassign(call: Call, asked: OnePayment) -> Moved:
    before = _open(call, asked)
    payments.unassign(call.office.books, asked.payment, _clerk(call, asked.reason))
    return _moved(call, asked, before)


def _payment_of(asked: OnePayment) -> str:
    return f"payment:{asked.payment}"


def _on_queue(
    verb: str, summary: str, given: type[I], run: Callable[[Call, I], Moved], control: Control,
    *errors: type[KarezError],
) -> Operation[I, Moved]:  # fmt: skip
    return Operation(
        name=f"payments.{verb}",
        summary=summary,
        method="POST",
        path=f"/v1/payments/{{payment}}/{verb}",
        input=given,
        output=Moved,
        run=run,
        permission=f"payments.{verb}",
        retry=Retry.KEYED,
        control=control,
        errors=(PaymentUnknownError, *errors),
        amount_of=lambda asked: getattr(asked, "amount_minor", None),
        target_of=_payment_of,
        look=_look,
    )


OPERATIONS = (
    Operation(
        name="payments.queue",
        summary="List the payments that wait for a person.",
        method="GET",
        path="/v1/payments/queue",
        input=Input,
        output=Queue,
        run=_queue,
        permission="payments.read",
        retry=Retry.READ,
    ),
    Operation(
        name="payments.payouts",
        summary="List the payouts that wait to be sent to the bank.",
        method="GET",
        path="/v1/payments/payouts",
        input=PayoutsFrom,
        output=Payouts,
        run=_payouts,
        permission="payments.read",
        retry=Retry.READ,
        errors=(AccountUnknownError,),
    ),
    Operation(
        name="payments.show",
        summary="Show a payment, what of it waits, and what was done with it.",
        method="GET",
        path="/v1/payments/{payment}",
        input=OnePayment,
        output=PaymentDetail,
        run=_show,
        permission="payments.read",
        retry=Retry.READ,
        errors=(PaymentUnknownError,),
    ),
    Operation(
        name="payments.cash",
        summary="Take in cash on a loan.",
        method="POST",
        path="/v1/payments/cash",
        input=Cash,
        output=CashReceipt,
        run=_cash,
        permission="payments.take",
        retry=Retry.KEYED,
        control=Control.ABOVE_LIMIT,
        errors=(LoanUnknownError, ReceiptConflictError, AccountUnknownError),
        amount_of=lambda asked: asked.amount_minor,
        target_of=lambda asked: f"loan:{asked.loan}",
        about_of=lambda taken: f"loan:{taken.outcome.loan}",
    ),
    _on_queue(
        "assign", "Bring a payment that waits to a loan.", Assignment, _assign, Control.ABOVE_LIMIT,
        LoanUnknownError, NotOnSuspenseError, AssignDebitError, LoanCurrencyError,
    ),
    _on_queue(
        "place", "Bring a payment that waits to an account.", Placement, _place, Control.ALWAYS,
        AccountUnknownError, NotOnSuspenseError,
    ),
    _on_queue(
        "return", "Send a payment back to whom it came from.", Return, _give_back, Control.ALWAYS,
        NotOnSuspenseError, AssignDebitError,
    ),
    _on_queue(
        "unassign", "Take back what was done with a payment.", OnePayment, _unassign,
        Control.ALWAYS, NothingToUndoError,
    ),
)  # fmt: skip
