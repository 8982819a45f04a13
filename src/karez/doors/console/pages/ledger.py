"""The ledger: trial balance, sheets of any past day, statements of accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs
from starlette.responses import Response

from karez.doors.console.language import later
from karez.doors.console.pages.entries import account_url, crumbs, entry_url
from karez.doors.console.pages.sheet_page import (
    Field,
    Surrounding,
    Tab,
    day_field,
    kept,
    known_at,
    known_field,
    sheet_page,
    texts_of,
)
from karez.doors.console.sheets import Cell, Sheet, amount, instant, on_day, words
from karez.doors.console.visit import Page, Visit
from karez.doors.operations.ledger import (
    AccountBalance,
    BalanceSheet,
    ProfitAndLoss,
    Statement,
    TrialBalance,
)
from karez.services.accounting import Line

TABS = (
    Tab("/ledger", later("Trial balance"), "ledger.trial-balance"),
    Tab("/ledger/balance-sheet", later("Balance sheet"), "ledger.balance-sheet"),
    Tab("/ledger/profit-and-loss", later("Profit and loss"), "ledger.profit-and-loss"),
)
TYPES: Mapping[str, str] = {
    "asset": later("Asset"),
    "liability": later("Liability"),
    "equity": later("Equity"),
    "income": later("Income"),
    "expense": later("Expense"),
}
_AS_OF, _KNOWN_AT = later("As of"), later("As known at")


def trial_balance(visit: Visit) -> Response:
    """Show the balance of every account at the end of a day.

    Accounts of single loans and the like are summed in the one above, which opens into them.
    """
    asked = visit.request.query_params
    known, under = known_at(visit), asked.get("under", "")
    found: TrialBalance = visit.ask(
        "ledger.trial-balance", on=asked.get("on"), known_at=known or None
    )
    parted = {_top(row) for row in found.accounts if _top(row) != row.code}
    rows = _below(found.accounts, under) if under else _gathered(found.accounts)
    headings = (
        later("Account"), later("Name"), later("Type"), later("Currency"), later("Debits"),
        later("Credits"), later("Balance"),
    )  # fmt: skip
    sheet = Sheet(
        name=f"trial-balance-{found.on}",
        title=visit.text(later("Trial balance")),
        said=_as_of(visit, (_AS_OF, on_day(found.on)), (_KNOWN_AT, instant(found.known_at))),
        headings=texts_of(visit, headings),
        rows=tuple(
            _account_row(visit, row, _inside(row, found, parted - {under}, known)) for row in rows
        ),
        totals=_sums(visit, rows),
    )
    around = Surrounding(
        place="ledger",
        tabs=TABS,
        fields=(
            day_field(visit, "on", _AS_OF, found.on),
            known_field(visit),
            Field("under", visit.text(later("Account and those below it")), "search", under),
        ),
        nothing=visit.text(later("No account is called so.")),
        pinned={"on": str(found.on), "known_at": found.known_at.isoformat()},
    )
    return sheet_page(visit, sheet, around)


def balance_sheet(visit: Visit) -> Response:
    """Show what is owned and owed at the end of a day."""
    known = known_at(visit)
    found: BalanceSheet = visit.ask(
        "ledger.balance-sheet", on=visit.request.query_params.get("on"), known_at=known or None
    )
    said = _as_of(visit, (_AS_OF, on_day(found.on)), (_KNOWN_AT, instant(found.known_at)))
    sheet = Sheet(
        name=f"balance-sheet-{found.on}",
        title=visit.text(later("Balance sheet")),
        said=said,
        headings=_line_headings(visit),
        rows=_lines(visit, found.lines, on=found.on, known_at=known),
        totals=_type_totals(visit, found.lines, ("asset", "liability", "equity"))
        + _result(visit, later("Result not yet carried to equity"), found.result_minor),
    )
    around = Surrounding(
        place="ledger",
        tabs=TABS,
        fields=(day_field(visit, "on", _AS_OF, found.on), known_field(visit)),
        nothing=visit.text(later("Nothing was posted until this day.")),
        pinned={"on": str(found.on), "known_at": found.known_at.isoformat()},
    )
    return sheet_page(visit, sheet, around)


def profit_and_loss(visit: Visit) -> Response:
    """Show what was earned and spent, from the first of the year unless the URL says otherwise."""
    known, (first, last) = known_at(visit), _span(visit, month=1)
    found: ProfitAndLoss = visit.ask(
        "ledger.profit-and-loss", first_day=first, last_day=last, known_at=known or None
    )
    sheet = Sheet(
        name=f"profit-and-loss-{found.first_day}-{found.last_day}",
        title=visit.text(later("Profit and loss")),
        said=_span_said(visit, found),
        headings=_line_headings(visit),
        rows=_lines(visit, found.lines, on=found.last_day, known_at=known),
        totals=_type_totals(visit, found.lines, ("income", "expense"))
        + _result(visit, later("Result"), found.result_minor),
    )
    return sheet_page(visit, sheet, _span_around(visit, found, tabs=TABS))


def account(visit: Visit) -> Response:
    """Show what happened on an account, from the first of the month if the URL says nothing."""
    code, known = visit.request.path_params["code"], known_at(visit)
    first, last = _span(visit, month=None)
    found: Statement = visit.ask(
        "ledger.statement", account=code, first_day=first, last_day=last, known_at=known or None
    )
    unit = found.account.currency
    at = {"first_day": found.first_day, "last_day": found.last_day, "known_at": known}
    headings = (
        later("Day"), later("Kind"), later("Other account"), later("Currency"), later("Debit"),
        later("Credit"), later("Balance"), later("Memo"), later("Recorded at"), later("Entry"),
    )  # fmt: skip
    sheet = Sheet(
        name=f"statement-{code}-{found.first_day}-{found.last_day}",
        title=" ".join((visit.text(later("Account")), code, found.account.name)).strip(),
        said=(
            *_span_said(visit, found),
            (visit.text(later("Opening balance")), amount(found.opening_minor, unit)),
            (visit.text(later("Closing balance")), amount(found.closing_minor, unit)),
        ),
        headings=texts_of(visit, headings),
        rows=tuple(
            (
                on_day(line.valid_on),
                words(line.kind, entry_url(line.entry)),
                words(line.counter_account, account_url(line.counter_account, **at)),
                words(unit),
                amount(line.debit_minor, unit),
                amount(line.credit_minor, unit),
                amount(line.balance_minor, unit),
                words(line.memo),
                instant(line.recorded_at),
                words(line.entry, entry_url(line.entry)),
            )
            for line in found.lines
        ),
    )
    return sheet_page(visit, sheet, _span_around(visit, found, crumbs=crumbs(visit)))


def _top(account: AccountBalance) -> str:
    """Return the code of the account in which one is summed: its code begins with that."""
    return account.code.partition(".")[0] if account.parent is not None else account.code


def _gathered(accounts: Sequence[AccountBalance]) -> list[AccountBalance]:
    """Return the accounts that are part of no other, each with all below it."""
    debits, credits_, balances = Counter[str](), Counter[str](), Counter[str]()
    side = {account.code: account.normal_side for account in accounts}
    for each in accounts:
        top = _top(each)
        debits[top] += each.debits_minor
        credits_[top] += each.credits_minor
        balances[top] += each.balance_minor * (1 if each.normal_side == side[top] else -1)
    return [
        structs.replace(
            each,
            debits_minor=debits[each.code],
            credits_minor=credits_[each.code],
            balance_minor=balances[each.code],
        )
        for each in accounts
        if _top(each) == each.code
    ]


def _below(accounts: Sequence[AccountBalance], code: str) -> list[AccountBalance]:
    """Return an account and those that are part of it."""
    return [each for each in accounts if each.code == code or each.code.startswith(f"{code}.")]


def _inside(row: AccountBalance, found: TrialBalance, parted: Container[str], known: str) -> str:
    """Return the URL of what a balance is made of: accounts below it, or its statement."""
    if row.code in parted:
        return kept("/ledger", on=found.on, known_at=known, under=row.code)
    return account_url(row.code, last_day=found.on, known_at=known)


def _account_row(visit: Visit, row: AccountBalance, href: str) -> tuple[Cell, ...]:
    return (
        words(row.code, href),
        words(row.name),
        words(visit.text(TYPES[row.type])),
        words(row.currency),
        amount(row.debits_minor, row.currency),
        amount(row.credits_minor, row.currency),
        amount(row.balance_minor, row.currency, href),
    )


def _sums(visit: Visit, rows: Sequence[AccountBalance]) -> tuple[tuple[Cell, ...], ...]:
    total = visit.text(later("Total"))
    return tuple(
        (
            words(total), words(""), words(""), words(unit),
            amount(sum(row.debits_minor for row in rows if row.currency == unit), unit),
            amount(sum(row.credits_minor for row in rows if row.currency == unit), unit),
            words(""),
        )
        for unit in sorted({row.currency for row in rows})
    )  # fmt: skip


def _line_headings(visit: Visit) -> tuple[str, ...]:
    headings = later("Account"), later("Name"), later("Type"), later("Currency"), later("Amount")
    return texts_of(visit, headings)


def _lines(visit: Visit, lines: Iterable[Line], **at: object) -> tuple[tuple[Cell, ...], ...]:
    def row(line: Line) -> tuple[Cell, ...]:
        href = kept("/ledger", under=line.code, **at)
        return (
            words(line.code, href),
            words(line.name),
            words(visit.text(TYPES[line.type])),
            words(line.currency),
            amount(line.amount_minor, line.currency, href),
        )

    return tuple(row(line) for line in lines)


def _type_totals(
    visit: Visit, lines: Sequence[Line], types: Sequence[str]
) -> tuple[tuple[Cell, ...], ...]:
    sums: dict[tuple[str, str], int] = {}
    for line in lines:
        sums[line.currency, line.type] = sums.get((line.currency, line.type), 0) + line.amount_minor
    return tuple(
        (
            words(visit.text(later("Total"))), words(""), words(visit.text(TYPES[type_])),
            words(unit), amount(sums.get((unit, type_), 0), unit),
        )
        for unit in sorted({line.currency for line in lines})
        for type_ in types
    )  # fmt: skip


def _result(
    visit: Visit, label: str, result_minor: Mapping[str, int]
) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (words(visit.text(label)), words(""), words(""), words(unit), amount(minor, unit))
        for unit, minor in sorted(result_minor.items())
    )


def _span(visit: Visit, *, month: int | None) -> tuple[str, str]:
    """Return the days that the URL names, else those from the first of a month until today."""
    asked, today = visit.request.query_params, visit.office.business_date()
    last = asked.get("last_day") or str(today)
    first = last[:4] + (f"-{month:02d}" if month else last[4:7]) + "-01"
    return asked.get("first_day") or first, last


def _span_said(visit: Visit, found: ProfitAndLoss | Statement) -> tuple[tuple[str, Cell], ...]:
    return _as_of(
        visit,
        (later("First day"), on_day(found.first_day)),
        (later("Last day"), on_day(found.last_day)),
        (_KNOWN_AT, instant(found.known_at)),
    )


def _span_around(visit: Visit, found: ProfitAndLoss | Statement, **more: Any) -> Surrounding:
    first, last = found.first_day, found.last_day
    return Surrounding(
        place="ledger",
        fields=(
            day_field(visit, "first_day", later("First day"), first),
            day_field(visit, "last_day", later("Last day"), last),
            known_field(visit),
        ),
        nothing=visit.text(later("Nothing was posted in these days.")),
        pinned={
            "first_day": str(first),
            "last_day": str(last),
            "known_at": found.known_at.isoformat(),
        },
        **more,
    )


def _as_of(visit: Visit, *pairs: tuple[str, Cell]) -> tuple[tuple[str, Cell], ...]:
    return tuple((visit.text(label), cell) for label, cell in pairs)


PAGES: Mapping[str, Page] = {
    "/ledger": trial_balance,
    "/ledger/balance-sheet": balance_sheet,
    "/ledger/profit-and-loss": profit_and_loss,
    "/ledger/accounts/{code}": account,
}
