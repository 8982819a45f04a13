"""``karez report``: the table of its commands; each module is imported when it is called."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_ACCOUNTING = "karez.doors.cli.report_accounting"
_BOOK = "karez.doors.cli.report_book"
COMMANDS = {
    "trial-balance": ("karez.doors.cli.read:trial_balance", "The balance of every account."),
    "profit-and-loss": (f"{_ACCOUNTING}:profit_and_loss", "What was earned and spent."),
    "balance-sheet": (f"{_ACCOUNTING}:balance_sheet", "What is owned and owed."),
    "par": (f"{_BOOK}:par", "The portfolio at risk, by days late."),
    "officers": (f"{_BOOK}:officers", "What each officer answers for."),
    "counties": (f"{_BOOK}:counties", "What each county owes."),
    "concentration": (f"{_BOOK}:concentration", "Who owes most."),
    "losses": (f"{_BOOK}:losses", "What the book may lose within a year."),
    "watch": ("karez.doors.cli.report_watch:watch", "The loans that need a person, and why."),
    "vintages": (f"{_BOOK}:vintages", "How the loans of each quarter fared."),
    "rolls": (f"{_BOOK}:rolls", "How loans move between states of arrears."),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def report() -> None:
    """Report on the books and the loans, as of any day."""
