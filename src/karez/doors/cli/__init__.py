"""The command line. One line a command: its module is imported when it is called, not before."""

from __future__ import annotations

import sys

import click

import karez
from karez.doors.cli.shell import LazyGroup, Shell, run, unwind_when_told_to_end

COMMANDS = {
    "up": ("karez.doors.cli.database:up", "Start the embedded database, and let it stay up."),
    "down": ("karez.doors.cli.database:down", "Stop the embedded database."),
    "status": ("karez.doors.cli.database:status", "Tell how it is with the database."),
    "doctor": ("karez.doors.cli.database:doctor", "Look for what is wrong, and name the remedy."),
    "psql": ("karez.doors.cli.database:psql", "Open PostgreSQL's own shell on the database."),
    "backup": ("karez.doors.cli.database:backup", "Write the whole database to a file."),
    "restore": ("karez.doors.cli.database:restore", "Fill the database from a backup."),
    "migrate": ("karez.doors.cli.database:migrate", "Bring the database up to date."),
    "institution": ("karez.doors.cli.institution:institution", "Open and list institutions."),
    "config": ("karez.doors.cli.config:config", "Show the settings."),
    "account": ("karez.doors.cli.account:account", "Open, list, change and close accounts."),
    "post": ("karez.doors.cli.post:post", "Post a file of entries."),
    "entry": ("karez.doors.cli.read:entry", "Show and reverse entries."),
    "pending": ("karez.doors.cli.pending:pending", "Post, void or expire pending transfers."),
    "balance": ("karez.doors.cli.read:balance", "Show what stands on an account."),
    "statement": ("karez.doors.cli.read:statement", "Show what happened on an account."),
    "trial-balance": ("karez.doors.cli.read:trial_balance", "Show the balance of every account."),
    "period": ("karez.doors.cli.period:period", "Close the books through a day."),
    "close": ("karez.doors.cli.close:close", "End days, for every loan."),
    "verify": ("karez.doors.cli.verify:verify", "Check that the book agrees with itself."),
    "export": ("karez.doors.cli.export:export", "Write the book to a file."),
    "import": ("karez.doors.cli.imports:imports", "Take in trade documents as facts."),
    "facts": ("karez.doors.cli.facts:facts", "Record what happened, and prove it."),
    "cashflow": ("karez.doors.cli.cashflow:cashflow", "Compute what the terms of contracts make."),
    "quote": ("karez.doors.cli.quote:quote", "Show what a loan would be like and cost."),
    "trust": ("karez.doors.cli.trust:trust", "Say how far to believe a trade."),
    "risk": ("karez.doors.cli.risk:risk", "Say what a book of loans may lose."),
    "score": ("karez.doors.cli.score:score", "Score few, unlike customers."),
    "price": ("karez.doors.cli.price:price", "Price loans, plan a year's lending, try policies."),
    "party": ("karez.doors.cli.party:party", "Record and find persons, firms and groups."),
    "product": ("karez.doors.cli.product:product", "Define products as term sheets."),
    "application": (
        "karez.doors.cli.application:application",
        "Take a loan from the request to the books.",
    ),
    "loan": ("karez.doors.cli.loan:loan", "Book loans, and record what happens to them."),
    "payment": ("karez.doors.cli.payment:payment", "Take payments to their loans."),
    "webhook": ("karez.doors.cli.webhook:webhook", "Say where events are sent."),
    "event": ("karez.doors.cli.webhook:event", "See what happened, in order."),
    "job": ("karez.doors.cli.job:job", "See work that is done behind the answer."),
    "report": ("karez.doors.cli.report:report", "Report on books and loans, as of any day."),
    "tape": ("karez.doors.cli.tape:tape", "Write all loans to a file, for investors."),
    "rights": ("karez.doors.cli.rights:rights", "Register, search, pass on and rank claims."),
    "consent": ("karez.doors.cli.consent:consent", "Grant and withdraw consents to use data."),
    "serve": ("karez.doors.cli.serve:serve", "Serve the console and the API."),
    "demo": ("karez.doors.cli.demo:demo", "See a lender live: from invoices to loans to reports."),
}
"""Name, where the command is, and its help text; in the order in which help lists them."""


@click.command(cls=LazyGroup, table=COMMANDS)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--institution", metavar="CODE", help="Whose books; by default the settings' one.")
@click.version_option(karez.__version__, prog_name="karez", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, *, as_json: bool, institution: str | None) -> None:
    """Keep books that cannot disagree.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 invalid input,
    6 a check found something.
    """
    context.obj = Shell(as_json, institution)


def main() -> None:
    """Run the command that this process was started with."""
    unwind_when_told_to_end()
    sys.exit(run(cli, sys.argv[1:]))
