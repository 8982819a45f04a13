"""Operations on the money book: accounts, entries, statements, and sheets of any past day."""

from __future__ import annotations

from datetime import date, datetime

from karez.books.money.errors import AccountUnknownError, EntryUnknownError, TargetTakenError
from karez.doors.operations.errors import EntryOfServiceError
from karez.doors.operations.operation import Call, Control, Operation, Retry
from karez.doors.operations.shapes import Input, Name, OnDay, Output, Text, shape
from karez.engines.servicing.movements import MovementKind
from karez.kernel.ids import IdMalformedError, read_id, show_id
from karez.services import accounting, bookkeeping
from karez.services.accounting import Line


class AsOf(OnDay, kw_only=True):
    """A day, and what was known of it at an instant; now, if none is given."""

    known_at: datetime | None = None


class Account(Output, kw_only=True):
    """An account."""

    code: str
    name: str
    type: str
    normal_side: str
    currency: str
    parent: str | None
    closed_on: date | None


class AccountBalance(Account, kw_only=True):
    """An account and what stands on it; a balance counts on its normal side."""

    debits_minor: int
    credits_minor: int
    balance_minor: int


class CurrencyTotal(Output, kw_only=True):
    """The sums of all accounts in a currency, which are equal."""

    currency: str
    debits_minor: int
    credits_minor: int


class TrialBalance(Output, kw_only=True):
    """The balance of every account at the end of a day."""

    on: date
    known_at: datetime
    accounts: list[AccountBalance]
    totals: list[CurrencyTotal]


class BalanceSheet(Output, kw_only=True):
    """What is owned and owed at the end of a day."""

    on: date
    known_at: datetime
    lines: list[Line]
    result_minor: dict[str, int]


class Span(Input, kw_only=True):
    """Days from the first to the last, both included."""

    first_day: date
    last_day: date | None = None
    known_at: datetime | None = None


class ProfitAndLoss(Output, kw_only=True):
    """What was earned and spent."""

    first_day: date
    last_day: date
    known_at: datetime
    lines: list[Line]
    result_minor: dict[str, int]


class AccountSpan(Span, kw_only=True):
    """An account over days."""

    account: Name


class StatementLine(Output, kw_only=True):
    """One side of a transfer, and the balance after it."""

    valid_on: date
    recorded_at: datetime
    entry: str
    line: int
    kind: str
    phase: str
    counter_account: str
    debit_minor: int
    credit_minor: int
    balance_minor: int
    memo: str


class Statement(Output, kw_only=True):
    """What happened on an account."""

    account: Account
    first_day: date
    last_day: date
    known_at: datetime
    opening_minor: int
    closing_minor: int
    lines: list[StatementLine]


class OneEntry(Input, kw_only=True):
    """An entry, by its id."""

    entry: Name


class EntryLine(Output, kw_only=True):
    """One transfer of an entry."""

    line: int
    debit: str
    credit: str
    currency: str
    amount_minor: int
    phase: str


class Entry(Output, kw_only=True):
    """An entry as it stands in the book."""

    id: str
    kind: str
    valid_on: date
    recorded_at: datetime
    memo: str
    reference: dict[str, str]
    lines: list[EntryLine]


class Reversal(OneEntry, kw_only=True):
    """An entry to be mirrored, on a day; else on the business date."""

    on: date | None = None
    reason: Text = ""


class Reversed(Output, kw_only=True):
    """The mirror of an entry."""

    entry: str
    reversed: str
    on: date


def _trial_balance(call: Call, asked: AsOf) -> TrialBalance:
    on = asked.on or call.today
    found = bookkeeping.trial_balance(call.office.books, on, known_at=asked.known_at)
    accounts = [
        shape(
            AccountBalance, account,
            debits_minor=sums.debits_posted_minor, credits_minor=sums.credits_posted_minor,
            balance_minor=sums.balance_minor(account.normal_side),
        )
        for account, sums in found.rows
    ]  # fmt: skip
    totals = [
        CurrencyTotal(
            currency=currency,
            debits_minor=sums.debits_posted_minor,
            credits_minor=sums.credits_posted_minor,
        )
        for currency, sums in found.totals().items()
    ]
    return TrialBalance(on=on, known_at=found.known_at, accounts=accounts, totals=totals)


def _balance_sheet(call: Call, asked: AsOf) -> BalanceSheet:
    found = accounting.balance_sheet(
        call.office.books, asked.on or call.today, known_at=asked.known_at
    )
    return shape(BalanceSheet, found)


def _profit_and_loss(call: Call, asked: Span) -> ProfitAndLoss:
    found = accounting.profit_and_loss(
        call.office.books, asked.first_day, asked.last_day or call.today, known_at=asked.known_at
    )
    return shape(ProfitAndLoss, found)


def _statement(call: Call, asked: AccountSpan) -> Statement:
    found = bookkeeping.statement(
        call.office.books, asked.account, asked.first_day, asked.last_day or call.today,
        known_at=asked.known_at,
    )  # fmt: skip
    lines = [
        shape(
            StatementLine, line, entry=show_id("ent", line.entry_id), phase=line.phase.name.lower()
        )
        for line in found.lines
    ]
    return shape(Statement, found, lines=lines)


def _entry(call: Call, asked: OneEntry) -> Entry:
    found = bookkeeping.find_entry(call.office.books, read_id("ent", asked.entry))
    accounts = found.accounts
    return shape(
        Entry,
        found.entry,
        id=show_id("ent", found.entry.entry_id),
        reference=dict(found.entry.reference),
        lines=[
            shape(
                EntryLine, line,
                debit=accounts[line.debit].code, credit=accounts[line.credit].code,
                currency=accounts[line.debit].currency, phase=line.phase.name.lower(),
            )
            for line in found.entry.lines
        ],
    )  # fmt: skip


_BY_SERVICES = {"loan", "payment-act"}
"""Keys of the references of entries that services posted."""
_KINDS_OF_SERVICES = {kind.value for kind in MovementKind}


def _reverse(call: Call, asked: Reversal) -> Reversed:
    on = asked.on or call.today
    entry_id = read_id("ent", asked.entry)
    entry = bookkeeping.find_entry(call.office.books, entry_id).entry
    if not _BY_SERVICES.isdisjoint(entry.reference) or entry.kind in _KINDS_OF_SERVICES:
        raise EntryOfServiceError(entry=show_id("ent", entry_id))
    posted = bookkeeping.reverse_entry(call.office.books, entry_id, on, memo=asked.reason)
    return Reversed(entry=show_id("ent", posted.entry_id), reversed=show_id("ent", entry_id), on=on)


OPERATIONS = (
    Operation(
        name="ledger.trial-balance",
        summary="Show the balance of every account at the end of a day.",
        method="GET",
        path="/v1/ledger/trial-balance",
        input=AsOf,
        output=TrialBalance,
        run=_trial_balance,
        permission="ledger.read",
        retry=Retry.READ,
    ),
    Operation(
        name="ledger.balance-sheet",
        summary="Show what is owned and owed at the end of a day.",
        method="GET",
        path="/v1/ledger/balance-sheet",
        input=AsOf,
        output=BalanceSheet,
        run=_balance_sheet,
        permission="ledger.read",
        retry=Retry.READ,
    ),
    Operation(
        name="ledger.profit-and-loss",
        summary="Show what was earned and spent from one day to another.",
        method="GET",
        path="/v1/ledger/profit-and-loss",
        input=Span,
        output=ProfitAndLoss,
        run=_profit_and_loss,
        permission="ledger.read",
        retry=Retry.READ,
    ),
    Operation(
        name="ledger.statement",
        summary="Show what happened on an account.",
        method="GET",
        path="/v1/ledger/accounts/{account}/statement",
        input=AccountSpan,
        output=Statement,
        run=_statement,
        permission="ledger.read",
        retry=Retry.READ,
        errors=(AccountUnknownError,),
    ),
    Operation(
        name="ledger.entry",
        summary="Show an entry as it stands in the book.",
        method="GET",
        path="/v1/ledger/entries/{entry}",
        input=OneEntry,
        output=Entry,
        run=_entry,
        permission="ledger.read",
        retry=Retry.READ,
        errors=(EntryUnknownError, IdMalformedError),
    ),
    Operation(
        name="ledger.reverse",
        summary="Undo an entry by its mirror. What services posted is undone there, not here.",
        method="POST",
        path="/v1/ledger/entries/{entry}/reverse",
        input=Reversal,
        output=Reversed,
        run=_reverse,
        permission="ledger.reverse",
        retry=Retry.KEYED,
        control=Control.ALWAYS,
        errors=(EntryUnknownError, IdMalformedError, TargetTakenError, EntryOfServiceError),
        target_of=lambda asked: f"entry:{asked.entry}",
        about_of=lambda made: f"entry:{made.reversed}",
    ),
)
