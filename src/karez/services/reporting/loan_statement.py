"""The statement of one loan as of any day: its schedule, what happened, where each payment went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

import attrs

from karez.engines.servicing import Line, MovementKind, movements, schedule_table, standing
from karez.engines.servicing.account import Account
from karez.engines.servicing.fold import in_order
from karez.engines.servicing.standing import Standing
from karez.services.bookkeeping import Books
from karez.services.lending import EVENT_KINDS, Loan, account_on, find_loan
from karez.services.lending.codec import SALE

_K = MovementKind
_PRINCIPAL = {
    _K.DISBURSED: 1,
    _K.CAPITALISED: 1,
    _K.CHARGED_BACK_PRINCIPAL: 1,
    _K.ADJUSTED_PRINCIPAL: 1,
    _K.PAID_PRINCIPAL: -1,
    _K.APPLIED_PRINCIPAL: -1,
    _K.WRITTEN_OFF_PRINCIPAL: -1,
}
_SETTLED = ("paid", "applied")


@attrs.frozen(kw_only=True)
class StatementEvent:
    """What happened on a day, where its money went, and the principal that is open after it."""

    on: date
    what: str
    amount_minor: int | None
    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalties_minor: int
    balance_minor: int


@attrs.frozen(kw_only=True)
class LoanStatement:
    """A loan on a day: minor units of its currency."""

    institution: str
    loan: Loan
    on: date
    standing: Standing
    schedule: Sequence[Line]
    events: Sequence[StatementEvent]


def loan_statement(
    books: Books, name: str, on: date, *, known_at: datetime | None = None
) -> LoanStatement:
    """Return the statement of a loan on a day, as known at an instant (None: now).

    Raises:
        LoanUnknownError: there is no such loan.
    """
    loan = find_loan(books, name)
    account = account_on(books, name, on, known_at=known_at)
    return LoanStatement(
        institution=books.institution.name,
        loan=loan,
        on=on,
        standing=standing(account, on),
        schedule=[line for line in schedule_table(account) if isinstance(line, Line)],
        events=_events(account, on),
    )


def _events(account: Account, on: date) -> list[StatementEvent]:
    moved: dict[int, Counter[MovementKind]] = {}
    for one in movements(account, on):
        if one.event:
            moved.setdefault(one.event, Counter())[one.kind] += one.amount_minor
    balance = 0
    events: list[StatementEvent] = []
    # A sale is a write-off as the loan sees it.
    names = {kind: name for name, kind in EVENT_KINDS.items() if name != SALE}
    for event in in_order(account.events.values()):
        parts = moved.get(event.number, Counter[MovementKind]())
        balance += sum(sign * parts[kind] for kind, sign in _PRINCIPAL.items())
        went = {
            bucket: sum(parts[MovementKind(f"{how}-{bucket}")] for how in _SETTLED)
            for bucket in ("principal", "interest", "fee", "penalty")
        }
        events.append(
            StatementEvent(
                on=event.effective,
                what=names[type(event)],
                amount_minor=getattr(event, "amount_minor", None),
                principal_minor=went["principal"],
                interest_minor=went["interest"],
                fees_minor=went["fee"],
                penalties_minor=went["penalty"],
                balance_minor=balance,
            )
        )
    return events
