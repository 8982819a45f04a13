"""Operations of whoever collects: which loans are late, and what borrowers promised."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from karez.doors.operations.cursors import page_of, read_cursor
from karez.doors.operations.errors import CursorInvalidError
from karez.doors.operations.loans import LoanRow, names_of, row_of
from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import AmountMinor, Input, Listing, Name, Output, Text, shape
from karez.services import lending, payments
from karez.services.lending.errors import LoanUnknownError
from karez.services.lending.overdue import Position
from karez.services.payments import Promise
from karez.services.payments.errors import PromiseMalformedError

DAYS_MOST = 36_525
Days = Annotated[int, msgspec.Meta(ge=1, le=DAYS_MOST)]


class PromiseInput(Input, kw_only=True):
    """What a borrower promises to pay by a day."""

    loan: Name
    amount_minor: AmountMinor
    until: date
    note: Text = ""


class PromiseMade(Output, kw_only=True):
    """The number of a promise."""

    promise: int


class PromiseLine(Output, kw_only=True):
    """A promise, and whether it was kept."""

    number: int
    loan_number: int
    made_on: date
    promised_on: date
    currency: str
    amount_minor: int
    paid_minor: int
    note: str
    state: str


class Promises(Output, kw_only=True):
    """Promises, as they stand on a day."""

    on: date
    promises: list[PromiseLine]


class OverdueLoan(Output, kw_only=True):
    """A loan that is late, and what was promised last."""

    loan: LoanRow
    promise: PromiseLine | None


class OverdueList(Output, kw_only=True):
    """A page of loans that are late, the latest first, and the cursor of the next."""

    on: date
    loans: list[OverdueLoan]
    next: str | None


class OverdueQuestion(Listing, kw_only=True):
    """Loans that are late at least and at most so many days."""

    days_least: Days = 1
    days_most: Days | None = None


class PromisesOf(Input, kw_only=True):
    """Of one loan, or of all."""

    loan: Name | None = None


def _overdue(call: Call, asked: OverdueQuestion) -> OverdueList:
    name, office, on = "loans.overdue", call.office, call.today
    after = read_cursor(office, name, asked, Position)
    begin = {} if after is None else {"after": after}
    found = lending.find_overdue(
        office.books, on, days_least=asked.days_least, days_most=asked.days_most,
        most=asked.limit + 1, **begin,
    )  # fmt: skip
    shown, next_page = page_of(office, name, asked, found, lambda late: late.position)
    views = [late.view for late in shown]
    made = payments.promises_of(office.books, [view.loan.loan_number for view in views])
    names = names_of(call, views)
    return OverdueList(
        on=on,
        loans=[
            OverdueLoan(
                loan=row_of(view, on, names),
                promise=_last(made[view.loan.loan_number], on),
            )
            for view in views
        ],
        next=next_page,
    )


def _last(made: list[Promise], on: date) -> PromiseLine | None:
    return _line(max(made, key=lambda promise: promise.number), on) if made else None


def _line(promise: Promise, on: date) -> PromiseLine:
    return shape(PromiseLine, promise, state=str(promise.state(on)))


def _promise(call: Call, asked: PromiseInput) -> PromiseMade:
    number = payments.add_promise(
        call.office.books, asked.loan, asked.amount_minor, asked.until, made_on=call.today,
        actor=call.actor.name, note=asked.note,
    )  # fmt: skip
    return PromiseMade(promise=number)


def _promises(call: Call, asked: PromisesOf) -> Promises:
    made = payments.list_promises(call.office.books, asked.loan)
    return Promises(on=call.today, promises=[_line(each, call.today) for each in made])


OPERATIONS = (
    Operation(
        name="loans.overdue",
        summary="List the loans that are late, the latest first, then by what is late.",
        method="GET",
        path="/v1/collections",
        input=OverdueQuestion,
        output=OverdueList,
        run=_overdue,
        permission="loans.read",
        retry=Retry.READ,
        errors=(CursorInvalidError,),
    ),
    Operation(
        name="payments.promise",
        summary="Record what a borrower promised to pay by a day.",
        method="POST",
        path="/v1/loans/{loan}/promises",
        input=PromiseInput,
        output=PromiseMade,
        run=_promise,
        permission="payments.promise",
        retry=Retry.KEYED,
        errors=(LoanUnknownError, PromiseMalformedError),
        target_of=lambda asked: f"loan:{asked.loan}",
        about_of=lambda made: f"promise:{made.promise}",
    ),
    Operation(
        name="payments.promises",
        summary="List promises, and whether each was kept.",
        method="GET",
        path="/v1/promises",
        input=PromisesOf,
        output=Promises,
        run=_promises,
        permission="payments.read",
        retry=Retry.READ,
        errors=(LoanUnknownError,),
    ),
)
