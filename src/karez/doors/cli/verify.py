"""``karez verify``: can the book disagree with itself?"""

from __future__ import annotations

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, open_books, progress
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.services import bookkeeping


@click.command()
@command_options
def verify(shell: Shell) -> None:
    """Recompute every balance and invariant from the postings.

    Exit code 6 says that something disagrees; the rows are named.
    """
    with open_books(shell) as books, progress(shell, "transfers") as tell:
        report = bookkeeping.verify(books, tell)
    document = {
        "sound": not report.findings_total,
        "through": report.through,
        "batches": report.batches,
        "accounts": report.accounts,
        "transfers": report.transfers,
        "seals": report.seals,
        "findings_total": report.findings_total,
        "findings": [attrs.asdict(finding) for finding in report.findings],
    }
    counted = (
        f"{report.transfers:,} transfers in {report.batches:,} batches,"
        f" {report.accounts:,} accounts, {report.seals:,} seals"
    )
    lines = [f"{counted}: everything agrees."]
    if report.findings_total:
        rows = [attrs.astuple(finding) for finding in report.findings]
        lines = [
            *table(["check", "table", "row", "what"], rows),
            f"{counted}: {report.findings_total:,} disagreements.",
        ]
    shell.show(document, lines)
    exit_with(ExitCode.FOUND if report.findings_total else ExitCode.DONE)
