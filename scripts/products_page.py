"""Print docs/reference/products.md as the catalogue has it; ``--write`` it in its place."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from karez.engines.cashflow.cost import percent
from karez.engines.servicing import PayoutLine
from karez.kernel.money import format_amount
from karez.services.products import Preview, TermSheet, catalogue, preview, read_sheet

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "products.md"
STARTS_ON = date(2026, 3, 10)
SHOWN_MOST = 6
INTRODUCTION = """\
# The catalogue of products

<!-- Made by scripts/products_page.py --write from the term sheets that come with Karez. -->

Products for small markets. `karez product catalogue CODE > FILE` writes one as a file to start
from: change its currency, amounts and rates to those of your market, and see what becomes of it
with `karez product preview FILE --amount ...`. What each key means is in
[term sheets](term-sheets.md).

Each is previewed here with a loan in the middle of its ranges from 10 March 2026, at the rate of
the product for its usual borrower.
"""


def page() -> str:
    """Return the text of the page."""
    return INTRODUCTION + "".join(_section(code, text) for code, text in catalogue().items())


def _section(code: str, text: str) -> str:
    sheet = read_sheet(text, code)
    why: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        why.append(line.removeprefix("#").strip())
    shown = preview(
        sheet,
        amount_minor=_middle(sheet),
        instalments=(sheet.instalments.least + sheet.instalments.most) // 2,
        starts_on=STARTS_ON,
    )
    return f"\n## {sheet.name}\n\n`{code}`: {' '.join(why)}\n\n{_table(shown)}\n{_cost(shown)}\n"


def _middle(sheet: TermSheet) -> int:
    middle = (sheet.amount.least_minor + sheet.amount.most_minor) // 2
    return middle - middle % sheet.amount.step_minor


def _table(shown: Preview) -> str:
    unit = shown.sheet.currency
    rows = ["| on | paid out | principal | interest | fees | balance |",
            "| --- | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    lines = shown.lines
    kept = lines if len(lines) <= SHOWN_MOST + 2 else [*lines[:SHOWN_MOST], None, lines[-1]]
    for line in kept:
        if line is None:
            rows.append("| ... | | | | | |")
        elif isinstance(line, PayoutLine):
            amounts = (format_amount(each, unit) for each in (line.amount_minor, line.fees_minor))
            rows.append("| {} | {} | | | {} | |".format(line.on, *amounts))
        else:
            parts = (line.principal_minor, line.interest_minor, line.fees_minor, line.balance_minor)
            amounts = (format_amount(each, unit) for each in parts)
            rows.append("| {} | | {} | {} | {} | {} |".format(line.due, *amounts))
    return "\n".join(rows) + "\n"


def _cost(shown: Preview) -> str:
    unit = shown.sheet.currency
    cost, rate = format_amount(shown.cost.cost_minor, unit), shown.rate_pct_year.normalize()
    apr = percent(shown.cost.apr_eu)
    return f"At {rate:f} % a year it costs {cost} {unit.code} in all: an APR of {apr} % (EU)."


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
