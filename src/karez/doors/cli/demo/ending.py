"""The end: what the loans brought, how they stand, reports to look at, and that all books agree."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from karez.doors.cli.bookkeeping import lines_of
from karez.doors.cli.demo.lender import Lender
from karez.doors.cli.demo.planning import Season
from karez.doors.cli.demo.story import Story
from karez.doors.cli.report_options import write_rows
from karez.doors.cli.shell import Shell, table
from karez.doors.cli.verify import verify_books
from karez.doors.files.loan_statement import write_statement
from karez.doors.files.tapes import write_tape
from karez.services import accounting, reporting
from karez.services.lending import find_loans


def tell_result(story: Story, lender: Lender, season: Season, first: date, last: date) -> None:
    """Tell what was earned, year by year, and what the plan had expected."""
    story.begin(f"What it brought, {first} to {last}")
    year = first
    while year <= last:
        end = min(date(year.year, 12, 31), last)
        found = accounting.profit_and_loss(lender.books, year, end)
        rows = [(line.name.lower(), lender.major(line.amount_minor)) for line in found.lines]
        result = lender.major(found.result_minor.get(lender.currency.code, 0))
        story.facts[f"result_{year.year}"] = str(result)
        story.say(str(year.year), *lines_of([*rows, ("result", result)]), "")
        year = end + timedelta(1)
    expected = lender.major(round(season.plan.total_minor))
    story.say(
        f"The plan expected {expected:,} of its first year, once what its own money should earn is",
        "taken off.",
    )


def tell_portfolio(story: Story, lender: Lender, last: date) -> None:
    """Tell how the loans stand on the last day."""
    story.begin(f"How the loans stand on {last}")
    by_status = Counter(str(view.standing.status) for view in find_loans(lender.books, last))
    story.fact(
        "loans", dict(by_status),
        ", ".join(f"{count:,} {status}" for status, count in sorted(by_status.items())) + ".",
    )  # fmt: skip
    rows = reporting.at_risk(reporting.load_portfolio(lender.books, last), "product")
    names = ["product", "loans", "principal", "late 30 days", "%"]
    story.say(
        "",
        *table(
            names,
            [
                (row.group, row.loans, lender.major(row.principal_minor),
                 lender.major(row.late_30_minor), row.late_30_pct)
                for row in rows
            ],
        ),
    )  # fmt: skip


def write_reports(story: Story, lender: Lender, first: date, last: date, folder: Path) -> None:
    """Write what a lender is asked for: accounts, the portfolio, a tape, one loan on paper."""
    folder.mkdir(exist_ok=True)
    books = lender.books
    portfolio = reporting.load_portfolio(books, last)
    for name, rows in (
        ("profit_and_loss", accounting.profit_and_loss(books, first, last).lines),
        ("balance_sheet", accounting.balance_sheet(books, last).lines),
        ("portfolio_at_risk", reporting.at_risk(portfolio, "product")),
        ("towns", reporting.desks(portfolio, "place")),
    ):
        write_rows(folder / f"{name}.csv", rows)
    write_tape(reporting.tape(books, last), reporting.TAPE_FIELDS, folder / "loan_tape.csv")
    write_statement(reporting.loan_statement(books, "1", last), folder / "loan_1.pdf")
    story.facts["reports"] = str(folder)


def tell_verification(shell: Shell, story: Story, lender: Lender) -> None:
    """Recompute everything from the postings and the events, as ``karez verify`` does."""
    story.begin("Verify")
    verified = verify_books(shell, lender.books)
    report, loans, days = verified.report, verified.loans, verified.days
    story.fact(
        "findings", report.findings_total,
        f"{report.transfers:,} transfers, {loans.loans:,} loans from {loans.events:,} events,"
        f" {days.days:,} days recomputed: {report.findings_total} disagreements.",
    )  # fmt: skip
    story.agree(not report.findings_total, "karez verify")
