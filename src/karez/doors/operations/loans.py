"""Operations on loans: lists, how one stands, what is to come, and all that may happen to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from karez.doors.operations.cursors import page_of, read_cursor
from karez.doors.operations.errors import CursorInvalidError
from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import Input, Listing, Name, OnDay, Output, shape
from karez.engines.servicing.errors import PayoffUnknownError
from karez.engines.servicing.events import Undo
from karez.engines.servicing.standing import Standing, Status, standing
from karez.engines.servicing.table import Line, schedule_table
from karez.kernel.ids import read_id, show_id
from karez.services import lending, parties
from karez.services.lending import LoanView
from karez.services.lending.errors import LoanUnknownError


class LoanStanding(Output, kw_only=True):
    """How a loan stands at the end of a day; amounts in minor units."""

    status: Status
    principal_minor: int
    interest_accrued_minor: int
    fees_minor: int
    penalties_minor: int
    credit_minor: int
    overdue_minor: int
    days_past_due: int
    oldest_due: date | None
    next_due: date | None


class LoanRow(Output, kw_only=True):
    """A loan in a list."""

    number: int
    id: str
    reference: str
    product: str | None
    borrower_id: str
    borrower: str
    officer: str
    place: str
    currency: str
    opened_on: date
    rate_pct_year: Decimal
    standing: LoanStanding
    next_minor: int


class LoanList(Output, kw_only=True):
    """A page of loans, and the cursor of the next."""

    on: date
    loans: list[LoanRow]
    next: str | None


class ScheduleLine(Output, kw_only=True):
    """An instalment; amounts in minor units."""

    number: int
    due: date
    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalties_minor: int
    paid_minor: int
    outstanding_minor: int
    met_on: date | None


class LoanDetail(Output, kw_only=True):
    """A loan on a day, with its schedule."""

    on: date
    loan: LoanRow
    schedule: list[ScheduleLine]


class LoanEvent(Output, kw_only=True):
    """Something that happened to a loan, who said so, and when it became known."""

    number: int
    kind: str
    on: date
    posted_on: date
    recorded_at: datetime | None
    actor: str
    reason: str
    amount_minor: int | None
    undone: int | None


class LoanEvents(Output, kw_only=True):
    """All that happened to a loan, in the order in which it was entered."""

    events: list[LoanEvent]


class Payoff(Output, kw_only=True):
    """What, paid on a day, leaves nothing open."""

    on: date
    currency: str
    amount_minor: int


class LoanQuestion(OnDay, kw_only=True):
    """A loan, by number, id or reference, on a day."""

    loan: Name


class LoansQuestion(Listing, kw_only=True):
    """Which loans, as they stand on a day."""

    on: date | None = None
    status: Status | None = None
    borrower_id: Name | None = None
    reference: Name | None = None


class OneLoan(Input, kw_only=True):
    """A loan, by number, id or reference."""

    loan: Name


def stands_of(stands: Standing, on: date) -> LoanStanding:
    """Return how a loan stands, as doors show it."""
    return shape(LoanStanding, stands, days_past_due=stands.days_past_due(on))


def names_of(call: Call, views: Sequence[LoanView]) -> dict[UUID, str]:
    """Return the names of borrowers that the register knows."""
    known = parties.find_parties(call.office.books, {view.loan.borrower_id for view in views})
    return {party_id: each.party.full_name for party_id, each in known.items()}


def row_of(view: LoanView, on: date, names: Mapping[UUID, str]) -> LoanRow:
    """Return a loan on a day, as doors list it."""
    loan = view.loan
    return LoanRow(
        number=loan.loan_number,
        id=show_id("ln", loan.loan_id),
        reference=loan.reference,
        product=loan.sheet[0] if loan.sheet else None,
        borrower_id=show_id("pty", loan.borrower_id),
        borrower=names.get(loan.borrower_id, ""),
        officer=loan.officer,
        place=loan.place,
        currency=loan.currency,
        opened_on=loan.opened_on,
        rate_pct_year=loan.terms.rate_pct_year,
        standing=stands_of(view.standing, on),
        next_minor=view.next_minor,
    )


def _list(call: Call, asked: LoansQuestion) -> LoanList:
    name, office = "loans.list", call.office
    on = asked.on or call.today
    after = read_cursor(office, name, asked, int)
    borrower = None if asked.borrower_id is None else read_id("pty", asked.borrower_id)
    views = lending.find_loans(
        office.books, on, borrower_id=borrower, reference=asked.reference, status=asked.status,
        after=after or 0, most=asked.limit + 1,
    )  # fmt: skip
    shown, next_page = page_of(office, name, asked, views, lambda view: view.loan.loan_number)
    names = names_of(call, shown)
    return LoanList(
        on=on,
        loans=[row_of(view, on, names) for view in shown],
        next=next_page,
    )


def _show(call: Call, asked: LoanQuestion) -> LoanDetail:
    books = call.office.books
    on = asked.on or call.today
    loan = lending.find_loan(books, asked.loan)
    account = lending.account_on(books, loan.loan_id, on)
    stands = standing(account, on)
    view = LoanView(loan, stands, stands.overdue_minor, 0)
    lines = [line for line in schedule_table(account) if isinstance(line, Line)]
    coming = sum(line.outstanding_minor for line in lines if line.due == stands.next_due)
    row = msgspec.structs.replace(row_of(view, on, names_of(call, [view])), next_minor=coming)
    return LoanDetail(on=on, loan=row, schedule=[shape(ScheduleLine, line) for line in lines])


def _events(call: Call, asked: OneLoan) -> LoanEvents:
    kept = lending.list_events(call.office.books, asked.loan)
    return LoanEvents(
        events=[
            LoanEvent(
                number=each.event.number,
                kind=each.kind,
                on=each.event.on,
                posted_on=each.event.posted_on,
                recorded_at=each.recorded_at,
                actor=each.actor,
                reason=each.reason,
                amount_minor=getattr(each.event, "amount_minor", None),
                undone=each.event.undone if isinstance(each.event, Undo) else None,
            )
            for each in kept
        ]
    )


def _payoff(call: Call, asked: LoanQuestion) -> Payoff:
    books = call.office.books
    on = asked.on or call.today
    loan = lending.find_loan(books, asked.loan)
    owed = lending.payoff_on(books, loan.loan_id, on)
    return Payoff(on=on, currency=loan.currency, amount_minor=owed)


OPERATIONS = (
    Operation(
        name="loans.list",
        summary="List loans as they stand on a day.",
        method="GET",
        path="/v1/loans",
        input=LoansQuestion,
        output=LoanList,
        run=_list,
        permission="loans.read",
        retry=Retry.READ,
        errors=(CursorInvalidError,),
    ),
    Operation(
        name="loans.show",
        summary="Show how a loan stands on a day, and its schedule.",
        method="GET",
        path="/v1/loans/{loan}",
        input=LoanQuestion,
        output=LoanDetail,
        run=_show,
        permission="loans.read",
        retry=Retry.READ,
        errors=(LoanUnknownError,),
    ),
    Operation(
        name="loans.events",
        summary="List what happened to a loan.",
        method="GET",
        path="/v1/loans/{loan}/events",
        input=OneLoan,
        output=LoanEvents,
        run=_events,
        permission="loans.read",
        retry=Retry.READ,
        errors=(LoanUnknownError,),
    ),
    Operation(
        name="loans.payoff",
        summary="Say what, paid on a day, leaves nothing open of a loan.",
        method="GET",
        path="/v1/loans/{loan}/payoff",
        input=LoanQuestion,
        output=Payoff,
        run=_payoff,
        permission="loans.read",
        retry=Retry.READ,
        errors=(LoanUnknownError, PayoffUnknownError),
    ),
)
