"""Operations by which something happens to a loan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TypeVar

from karez.doors.operations.loans import LoanStanding, stands_of
from karez.doors.operations.operation import AnyOperation, Call, Control, Operation, Retry, nothing
from karez.doors.operations.shapes import AmountMinor, Input, Name, Output, Text, shape
from karez.engines.servicing.events import (
    Charge,
    ChargeWaiver,
    CreditBalanceRefund,
    Disbursement,
    Event,
    Payment,
    Undo,
    WriteOff,
)
from karez.engines.servicing.terms import PaymentKind
from karez.kernel.ids import show_id
from karez.services import lending
from karez.services.lending import Command, Loan, Outcome
from karez.services.lending.errors import LoanUnknownError, ValueDateError


class Movement(Output, kw_only=True):
    """A movement of money that an act brought about."""

    kind: str
    on: date
    amount_minor: int


class ActOutcome(Output, kw_only=True):
    """What an act on a loan brought about: its event, what moved, the loan before and after."""

    command: str
    loan: int
    currency: str
    event: int | None
    already: bool
    movements: list[Movement]
    before: LoanStanding | None
    after: LoanStanding | None


class Act(Input, kw_only=True):
    """An act on a loan; ``on`` is its value date, else the business date."""

    loan: Name
    on: date | None = None
    channel: Name | None = None
    reason: Text = ""


class AmountAct(Act, kw_only=True):
    """An act that moves an amount."""

    amount_minor: AmountMinor


class RepayAct(AmountAct, kw_only=True):
    """Money that came in, or a credit that counts as money."""

    kind: PaymentKind = PaymentKind.REPAYMENT


class ChargeAct(AmountAct, kw_only=True):
    """A fee, or a penalty."""

    penalty: bool = False


class EventAct(Act, kw_only=True):
    """An act about an earlier event of the loan."""

    event: int


class WriteOffAct(Act, kw_only=True):
    """All that is open is given up."""


A = TypeVar("A", bound=Act)


def _act(call: Call, asked: Act, make: Callable[..., Event]) -> ActOutcome:
    """Record one event of a loan as its service does, and tell what it brought about."""
    books = call.office.books
    loan = lending.find_loan(books, asked.loan)
    event = make(number=0, on=asked.on or call.today, posted_on=call.today)
    command = Command(
        loan=loan.loan_id,
        event=event,
        actor=call.actor.name,
        reason=asked.reason,
        channel=asked.channel,
        command_id=call.command_id,
    )
    [outcome] = lending.record(books, [command], on=call.today)
    if outcome.error is not None:
        raise outcome.error
    return outcome_of(call, loan, outcome)


def outcome_of(call: Call, loan: Loan, outcome: Outcome) -> ActOutcome:
    """Return what became of a command on a loan, as doors show it."""
    return ActOutcome(
        command=show_id("cmd", outcome.command_id),
        loan=loan.loan_number,
        currency=loan.currency,
        event=outcome.event,
        already=outcome.already,
        movements=[shape(Movement, move) for move in outcome.movements],
        before=stands_of(outcome.before, call.today) if outcome.before else None,
        after=stands_of(outcome.after, call.today) if outcome.after else None,
    )


def _disburse(call: Call, asked: AmountAct) -> ActOutcome:
    return _act(call, asked, partial(Disbursement, amount_minor=asked.amount_minor))


def _repay(call: Call, asked: RepayAct) -> ActOutcome:
    return _act(call, asked, partial(Payment, amount_minor=asked.amount_minor, kind=asked.kind))


def _charge(call: Call, asked: ChargeAct) -> ActOutcome:
    return _act(
        call, asked, partial(Charge, amount_minor=asked.amount_minor, penalty=asked.penalty)
    )


def _waive(call: Call, asked: EventAct) -> ActOutcome:
    return _act(call, asked, partial(ChargeWaiver, charge=asked.event))


def _refund(call: Call, asked: AmountAct) -> ActOutcome:
    return _act(call, asked, partial(CreditBalanceRefund, amount_minor=asked.amount_minor))


def _write_off(call: Call, asked: WriteOffAct) -> ActOutcome:
    return _act(call, asked, WriteOff)


def _undo(call: Call, asked: EventAct) -> ActOutcome:
    return _act(call, asked, partial(Undo, undone=asked.event))


def _look(call: Call, asked: Act) -> LoanStanding:
    stands = lending.standing_on(call.office.books, asked.loan, call.today)
    return stands_of(stands, call.today)


def _loan_of(asked: Act) -> str:
    return f"loan:{asked.loan}"


def _amount_of(asked: AmountAct) -> int:
    return asked.amount_minor


def _act_operation(  # noqa: PLR0913 - what acts differ in
    verb: str,
    summary: str,
    given: type[A],
    run: Callable[[Call, A], ActOutcome],
    *,
    permission: str,
    control: Control = Control.ABOVE_LIMIT,
    amount_of: Callable[[A], int | None] = nothing,
) -> Operation[A, ActOutcome]:
    return Operation(
        name=f"loans.{verb}",
        summary=summary,
        method="POST",
        path=f"/v1/loans/{{loan}}/{verb}",
        input=given,
        output=ActOutcome,
        run=run,
        permission=permission,
        retry=Retry.KEYED,
        control=control,
        errors=(LoanUnknownError, ValueDateError),
        amount_of=amount_of,
        target_of=_loan_of,
        about_of=lambda outcome: f"loan:{outcome.loan}",
        look=_look,
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    _act_operation(
        "disburse", "Pay out money on a loan.", AmountAct, _disburse,
        permission="loans.disburse", amount_of=_amount_of,
    ),
    _act_operation(
        "repay", "Take in money on a loan.", RepayAct, _repay,
        permission="loans.repay", amount_of=_amount_of,
    ),
    _act_operation(
        "charge", "Charge a fee or a penalty on a loan.", ChargeAct, _charge,
        permission="loans.charge", amount_of=_amount_of,
    ),
    _act_operation(
        "waive", "Give up what is open of a charge.", EventAct, _waive,
        permission="loans.waive", control=Control.ALWAYS,
    ),
    _act_operation(
        "refund", "Give back what was paid too much on a loan.", AmountAct, _refund,
        permission="loans.refund", amount_of=_amount_of,
    ),
    _act_operation(
        "write-off", "Give up all that is open of a loan.", WriteOffAct, _write_off,
        permission="loans.write-off", control=Control.ALWAYS,
    ),
    _act_operation(
        "undo", "Take back an event of a loan, as if it had never been.", EventAct, _undo,
        permission="loans.undo", control=Control.ALWAYS,
    ),
)  # fmt: skip
