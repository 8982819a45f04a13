"""``karez verify``: can the books disagree with themselves, or with one another?"""

from __future__ import annotations

import click

from karez.doors.cli.bookkeeping import open_books, progress, show_verification
from karez.doors.cli.shell import Shell, command_options
from karez.services import bookkeeping, closing, lending, monitoring
from karez.services.bookkeeping import Books, Verification
from karez.services.closing import ClosingVerification
from karez.services.lending import LendingVerification


def verify_books(
    shell: Shell, books: Books
) -> tuple[Verification, LendingVerification, ClosingVerification]:
    """Recompute the money book, all loans and all days; the first has the findings of all."""
    with progress(shell, "transfers") as tell:
        report = bookkeeping.verify(books, tell)
    with progress(shell, "loans") as tell:
        loans = lending.verify(books, tell)
    days = closing.verify(books)
    for other in (loans, days, monitoring.verify(books)):
        report.take(other)
    return report, loans, days


@click.command()
@command_options
def verify(shell: Shell) -> None:
    """Recompute every balance and invariant from the postings, and every loan from its events.

    Exit code 6 says that something disagrees; the rows are named.
    """
    with open_books(shell) as books:
        report, loans, days = verify_books(shell, books)
    said = {
        "through": report.through,
        "batches": report.batches,
        "accounts": report.accounts,
        "transfers": report.transfers,
        "seals": report.seals,
        "loans": loans.loans,
        "events": loans.events,
        "days": days.days,
        "provisions": days.provisions,
    }
    counted = (
        f"{report.transfers:,} transfers in {report.batches:,} batches,"
        f" {report.accounts:,} accounts, {report.seals:,} seals"
    )
    if loans.loans:
        counted += f", {loans.loans:,} loans, {loans.events:,} events, {days.days:,} days"
    show_verification(shell, report, said, counted)
