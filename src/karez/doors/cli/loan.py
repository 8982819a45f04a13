"""``karez loan``: the table of its commands; each module is imported when it is called."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_ACTS = "karez.doors.cli.loan_acts"
_CHANGES = "karez.doors.cli.loan_changes"
_READ = "karez.doors.cli.loan_read"
COMMANDS = {
    "book": ("karez.doors.cli.loan_book:book", "Book a loan: who owes, on which terms."),
    "list": (f"{_READ}:list_", "List loans, and how each stands."),
    "show": (f"{_READ}:show", "Show a loan and its schedule as of any day."),
    "statement": ("karez.doors.cli.loan_statement:statement", "Show a loan's past, or print it."),
    "events": (f"{_READ}:events", "Show what happened to a loan."),
    "disburse": (f"{_ACTS}:disburse", "Pay out money."),
    "repay": (f"{_ACTS}:repay", "Take in money, or a credit that counts as money."),
    "charge": (f"{_ACTS}:charge", "Charge a fee or a penalty."),
    "waive": (f"{_ACTS}:waive", "Give up what is open of a charge."),
    "refund": (f"{_ACTS}:refund", "Give back what was paid too much."),
    "payoff": (f"{_ACTS}:payoff", "Say what would pay a loan off, and pay it."),
    "recover": (f"{_ACTS}:recover", "Take in money on a loan that was written off."),
    "write-off": (f"{_ACTS}:write_off", "Give up all that is open."),
    "sell": (f"{_ACTS}:sell", "Sell a loan to another lender."),
    "undo": (f"{_ACTS}:undo", "Take an event back, as if it had never been."),
    "restructure": (f"{_CHANGES}:restructure", "Add instalments, move a due date, spread arrears."),
    "re-age": (f"{_CHANGES}:re_age", "Spread all that is open over new instalments."),
    "pause": (f"{_CHANGES}:pause", "Let no interest run for some days."),
    "rate": (f"{_CHANGES}:rate", "Change the yearly rate from a day on."),
    "rescore": ("karez.doors.cli.loan_rescore:rescore", "Score all loans that run again."),
    "record": ("karez.doors.cli.loan_record:record_file", "Record the events of a file."),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def loan() -> None:
    """Book loans, record what happens to them, and see how they stand."""
