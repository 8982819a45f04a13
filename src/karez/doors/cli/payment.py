"""``karez payment``: the table of its commands; each module is imported when it is called."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_BANK = "karez.doors.cli.payment_import"
_QUEUE = "karez.doors.cli.payment_queue"
_COUNTER = "karez.doors.cli.payment_counter"
_PAYOUTS = "karez.doors.cli.payment_payouts"
COMMANDS = {
    "import": (f"{_BANK}:import_", "Take in statements of the bank."),
    "statements": (f"{_BANK}:statements", "List what was taken, and what is missing between."),
    "queue": (f"{_QUEUE}:queue", "List payments that wait, the oldest first."),
    "show": (f"{_QUEUE}:show", "Show a payment and all that was done with it."),
    "assign": (f"{_QUEUE}:assign", "Move a payment to a loan, or to an account."),
    "split": (f"{_QUEUE}:split", "Move a payment to several loans."),
    "return": (f"{_QUEUE}:return_", "Send a payment back to whom it came from."),
    "unassign": (f"{_QUEUE}:unassign", "Take back what was done with a payment."),
    "cash": (f"{_COUNTER}:cash", "Take cash at a counter."),
    "reference": (f"{_COUNTER}:reference", "Say what a payer writes to pay a loan."),
    "mark": (f"{_COUNTER}:mark", "Say which payments are for a loan."),
    "promise": (f"{_COUNTER}:promise", "Record that a borrower promised to pay."),
    "promises": (f"{_COUNTER}:promises", "List promises: open, kept, broken."),
    "payee": (f"{_PAYOUTS}:payee", "Say to which account the money of a loan goes."),
    "payouts": (f"{_PAYOUTS}:payouts", "List what waits to be sent to the bank."),
    "payout-file": (f"{_PAYOUTS}:payout_file", "Write a file with what waits, for the bank."),
    "payout-files": (f"{_PAYOUTS}:payout_files", "List those files, and what became of them."),
    "payout-void": (f"{_PAYOUTS}:payout_void", "Say that the bank took nothing of a file."),
    "payout-answer": (f"{_PAYOUTS}:payout_answer", "Take in what the bank refuses."),
    "verify": (f"{_BANK}:verify", "Check that payments agree with loans and money."),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def payment() -> None:
    """Take payments from the bank's statements and at counters to their loans."""
