"""``karez verify``: can the book disagree with itself?"""

from __future__ import annotations

import click

from karez.doors.cli.bookkeeping import open_books, progress, show_verification
from karez.doors.cli.shell import Shell, command_options
from karez.services import bookkeeping


@click.command()
@command_options
def verify(shell: Shell) -> None:
    """Recompute every balance and invariant from the postings.

    Exit code 6 says that something disagrees; the rows are named.
    """
    with open_books(shell) as books, progress(shell, "transfers") as tell:
        report = bookkeeping.verify(books, tell)
    said = {
        "through": report.through,
        "batches": report.batches,
        "accounts": report.accounts,
        "transfers": report.transfers,
        "seals": report.seals,
    }
    counted = (
        f"{report.transfers:,} transfers in {report.batches:,} batches,"
        f" {report.accounts:,} accounts, {report.seals:,} seals"
    )
    show_verification(shell, report, said, counted)
