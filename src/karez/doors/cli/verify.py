"""``karez verify``: can the books disagree with themselves, or with one another?"""

from __future__ import annotations

import attrs
import click

from karez.doors.cli.bookkeeping import open_books, progress, show_verification
from karez.doors.cli.shell import Shell, command_options
from karez.services import access, bookkeeping, closing, lending, monitoring, outbox, payments
from karez.services.bookkeeping import Books, Verification
from karez.services.closing import ClosingVerification
from karez.services.lending import LendingVerification
from karez.services.payments import PaymentsVerification


@attrs.frozen
class Verified:
    """What each verification found; the findings of all are those of the first."""

    report: Verification
    loans: LendingVerification
    days: ClosingVerification
    payments: PaymentsVerification


def verify_books(shell: Shell, books: Books) -> Verified:
    """Recompute the money book, loans, days, payments, scores, the audit and the outbox."""
    with progress(shell, "transfers") as tell:
        report = bookkeeping.verify(books, tell)
    with progress(shell, "loans") as tell:
        loans = lending.verify(books, tell)
    verified = Verified(report, loans, closing.verify(books), payments.verify(books))
    others = (monitoring.verify(books), access.verify(books), outbox.verify(books))
    for other in (loans, verified.days, verified.payments, *others):
        report.take(other)
    return verified


@click.command()
@command_options
def verify(shell: Shell) -> None:
    """Recompute balances from postings, loans from events, and what became of each payment.

    Exit code 6 says that something disagrees; the rows are named.
    """
    with open_books(shell) as books:
        verified = verify_books(shell, books)
    report, loans, days = verified.report, verified.loans, verified.days
    taken = verified.payments
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
        "statements": taken.statements,
        "payments": taken.payments,
    }
    counted = (
        f"{report.transfers:,} transfers in {report.batches:,} batches,"
        f" {report.accounts:,} accounts, {report.seals:,} seals"
    )
    if loans.loans:
        counted += f", {loans.loans:,} loans, {loans.events:,} events, {days.days:,} days"
    if taken.statements:
        counted += f", {taken.statements:,} statements, {taken.payments:,} payments"
    show_verification(shell, report, said, counted)
