"""``karez application``: the table of its commands; each module is imported when it is called."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_STEPS = "karez.doors.cli.application_steps"
_SHOW = "karez.doors.cli.application_show"
COMMANDS = {
    "submit": ("karez.doors.cli.application_submit:submit", "Ask for a loan, or for many."),
    "assess": (f"{_STEPS}:assess", "Read facts under consent, check, score and price."),
    "vote": (f"{_STEPS}:vote", "Vote as a member of a committee."),
    "decide": (f"{_STEPS}:decide", "Decide by policy, by votes or by override."),
    "offer": (f"{_STEPS}:offer", "Offer an approved loan with its whole cost."),
    "accept": (f"{_STEPS}:accept", "Record that the borrower accepts the offer."),
    "pledge": ("karez.doors.cli.application_pledge:pledge", "Register a thing as security."),
    "book": (f"{_STEPS}:book", "Book an accepted loan and pay it out."),
    "withdraw": (f"{_STEPS}:withdraw", "Record that the borrower does not want it."),
    "show": (f"{_SHOW}:show", "Show an application and why it stands as it does."),
    "list": (f"{_SHOW}:list_", "List applications."),
    "verify": (f"{_SHOW}:verify", "Check that applications agree with their events."),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def application() -> None:
    """Take a loan from the request to the books, step by step."""
