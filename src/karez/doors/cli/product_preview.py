"""``karez product preview``: a loan of a product, before anyone signs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import lines_of, major, open_books, today
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.products.sheets import open_sheet
from karez.engines.cashflow.cost import percent
from karez.engines.servicing import Line, PayoutLine
from karez.kernel.money import parse_amount
from karez.kernel.time import parse_date
from karez.services.products import Preview, TermSheet, find_sheet, postings, preview

DAYS_SHOWN = 3


def sheet_of(shell: Shell, name: str) -> TermSheet:
    """Return the term sheet in a file, or the latest version of a published product."""
    path = Path(name)
    if path.suffix or path.parent.name:
        return open_sheet(path)
    with open_books(shell) as books, books.transaction() as connection:
        return find_sheet(connection, name)


class _Rate(click.ParamType[Decimal]):
    """A yearly rate in per cent."""

    name = "rate"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Return the rate that a text means."""
        try:
            rate = Decimal(value)
        except ArithmeticError:
            rate = Decimal("NaN")
        if not rate.is_finite():
            self.fail(f"{value!r} is no rate; write per cent a year, as 9.5", param, ctx)
        return rate


@click.command("preview")
@click.argument("name", metavar="FILE|CODE")
@click.option("--amount", required=True, metavar="AMOUNT", help="How much is lent.")
@click.option("--rate", type=_Rate(), help="Per cent a year; by default that of the product.")
@click.option("--instalments", type=int, help="How many; by default the most it has.")
@click.option("--start", type=parse_date, metavar="DATE", help="First day; by default today.")
@command_options
def show_preview(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    name: str,
    amount: str,
    rate: Decimal | None,
    instalments: int | None,
    start: date | None,
) -> None:
    """Show the schedule and the cost of a loan, and what it posts when, if all is paid in time.

    FILE is a term sheet; CODE, without an ending, a published product.
    """
    sheet = sheet_of(shell, name)
    shown = preview(
        sheet,
        amount_minor=parse_amount(amount, sheet.currency),
        rate_pct_year=rate,
        instalments=sheet.instalments.most if instalments is None else instalments,
        starts_on=start or today(),
    )
    shell.show(_document(shown), _lines(shown))


def _document(shown: Preview) -> dict[str, Any]:
    sheet, cost, unit = shown.sheet, shown.cost, shown.sheet.currency.code
    return {
        "product": sheet.code,
        "version": sheet.version,
        "currency": unit,
        "rate_pct_year": shown.rate_pct_year,
        "schedule": [_line_document(line, unit) for line in shown.lines],
        "total_interest": major(shown.interest_minor, unit),
        "total_fees": major(shown.fees_minor, unit),
        "total_cost": major(cost.cost_minor, unit),
        "total_payable": major(cost.paid_minor, unit),
        "apr_eu_pct": percent(cost.apr_eu),
        "apr_us_pct": percent(cost.apr_us),
        "effective_pct": percent(cost.effective),
        "passes_cap": shown.passes_cap,
        "postings": [
            {
                "on": each.on,
                "kind": each.kind,
                "debit": each.debit,
                "credit": each.credit,
                "amount": major(each.amount_minor, unit),
            }
            for each in postings(shown)
        ],
    }


def _line_document(line: Line | PayoutLine, unit: str) -> dict[str, Any]:
    if isinstance(line, PayoutLine):
        return {
            "on": line.on,
            "paid_out": major(line.amount_minor, unit),
            "fees": major(line.fees_minor, unit),
        }
    return {
        "due_on": line.due,
        "principal": major(line.principal_minor, unit),
        "interest": major(line.interest_minor, unit),
        "fees": major(line.fees_minor, unit),
        "due": major(line.total_minor, unit),
        "balance": major(line.balance_minor, unit),
    }


def _lines(shown: Preview) -> list[str]:
    unit = shown.sheet.currency.code
    lines = [*_schedule(shown), "", *lines_of(_summary(shown, unit))]
    if not shown.passes_cap:
        pricing = shown.sheet.pricing
        most, source = pricing.apr_most_pct, pricing.apr_source or "the law"
        lines.append(f"It costs more than {most} % a year, which is all that {source} allows.")
    return [*lines, "", *_posting_lines(shown, unit)]


def _posting_lines(shown: Preview, unit: str) -> list[str]:
    """Return what is posted through the first instalments, and how much more there is."""
    found = postings(shown)
    days = sorted({each.on for each in found})[:DAYS_SHOWN]
    rows = [
        (each.on, each.kind, each.debit, each.credit, major(each.amount_minor, unit))
        for each in found
        if each.on in days
    ]
    more = f"... and {len(found) - len(rows)} more" if len(found) > len(rows) else ""
    return [
        *table(["on", "posts", "debit", "credit", f"amount {unit}"], rows),
        *filter(None, [more]),
    ]


def _schedule(shown: Preview) -> list[str]:
    unit = shown.sheet.currency.code
    rows: list[Sequence[object]] = []
    number = 0
    for line in shown.lines:
        if isinstance(line, PayoutLine):
            paid_out, fees = major(-line.amount_minor, unit), major(line.fees_minor, unit)
            rows.append((None, line.on, paid_out, None, fees, None, None))
            continue
        number += 1
        amounts = (line.principal_minor, line.interest_minor, line.fees_minor, line.total_minor,
                   line.balance_minor)  # fmt: skip
        rows.append((number, line.due, *(major(amount, unit) for amount in amounts)))
    headings = ["no", "on", "principal", "interest", "fees", "due", f"balance {unit}"]
    return table(headings, rows)


def _summary(shown: Preview, unit: str) -> list[tuple[str, object]]:
    cost = shown.cost
    return [
        ("rate %", shown.rate_pct_year),
        ("total interest", major(shown.interest_minor, unit)),
        ("total fees", major(shown.fees_minor, unit)),
        ("total cost", major(cost.cost_minor, unit)),
        ("total payable", major(cost.paid_minor, unit)),
        ("APR EU %", percent(cost.apr_eu)),
        ("APR US %", percent(cost.apr_us)),
        ("effective %", percent(cost.effective)),
    ]
