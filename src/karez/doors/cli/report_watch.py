"""``karez report watch``: the loans that need a person, and why."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import attrs
import click

from karez.doors.cli.bookkeeping import on_day, open_books, today
from karez.doors.cli.report_options import csv_option, shown, write_rows
from karez.doors.cli.shell import Shell, command_options, table
from karez.services import lending, monitoring
from karez.services.monitoring import Watched


@attrs.frozen(kw_only=True)
class Line:
    """A loan of the list as one line: its reasons in words, and where each comes from."""

    loan: int
    borrower: str
    officer: str
    product: str
    currency: str
    exposure_minor: int
    pd: float
    stage: int
    reasons: str
    sources: str

    @classmethod
    def of(cls, one: Watched) -> Line:
        """Return the line of a loan."""
        return cls(
            loan=one.loan,
            borrower=one.borrower,
            officer=one.officer,
            product=one.product,
            currency=one.currency,
            exposure_minor=one.exposure_minor,
            pd=round(one.pd, 4),
            stage=one.stage,
            reasons="; ".join(each.words for each in one.reasons),
            sources=" | ".join(each.source for each in one.reasons),
        )


@click.command()
@click.option("--loan", type=int, metavar="NUMBER", help="Only this loan, a line for each reason.")
@on_day
@csv_option
@command_options
def watch(shell: Shell, *, loan: int | None, on: date | None, file: Path | None) -> None:
    """List the loans that need a person, those that owe most first, with all reasons.

    With --loan each reason is told with the event, provision, score or figure that it rests on. A
    loan whose borrower never let facts be read for monitoring is only counted.
    """
    with open_books(shell) as books:
        day = on or lending.business_date(books, today())
        found = monitoring.watch(books, day)
    listed = [each for each in found.loans if loan is None or each.loan == loan]
    lines = [Line.of(each) for each in listed]
    if file is not None:
        write_rows(file, lines)
    rows = [
        shown(line) | {"reasons": [attrs.asdict(reason) for reason in each.reasons]}
        for line, each in zip(lines, listed, strict=True)
    ]
    for row in rows:
        del row["sources"]
    page = [f"as of {day}", *_page(lines, listed, loan)]
    if found.stale and loan is None:
        page.append(
            f"{found.stale:,} loans keep an older default probability: no new facts were read."
        )
    shell.show({"as_of": day, "stale": found.stale, "rows": rows}, page)


def _page(lines: list[Line], listed: list[Watched], loan: int | None) -> list[str]:
    if not lines:
        return ["nothing"]
    if loan is not None:
        reasons = [(each.sign, each.words, each.source) for one in listed for each in one.reasons]
        return table(["sign", "reason", "where it comes from"], reasons)
    rows = [
        (row["loan"], row["borrower"], row["currency"], row["exposure"], f"{row['pd']:.1%}",
         row["stage"], row["reasons"])
        for row in map(shown, lines)
    ]  # fmt: skip
    return table(["loan", "borrower", "currency", "exposure", "pd", "stage", "reasons"], rows)
