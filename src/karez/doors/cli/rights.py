"""``karez rights``: the table of its commands; each module is imported when it is called."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_ACTS = "karez.doors.cli.rights_acts"
_SEARCH = "karez.doors.cli.rights_search"
COMMANDS = {
    "register": (f"{_ACTS}:register", "Register a claim on things."),
    "import": (
        "karez.doors.cli.rights_import:import_claims",
        "Register the claims of a file, a row a claim.",
    ),
    "reserve": (f"{_ACTS}:reserve", "Keep a thing for one lender until an instant."),
    "finance": (f"{_ACTS}:finance", "Put a reserved claim in force."),
    "amend": (f"{_ACTS}:amend", "Change debtors, things, description or amount of a claim."),
    "transfer": (f"{_ACTS}:transfer", "Pass a claim or a receipt from its holder to another."),
    "subordinate": (f"{_ACTS}:subordinate", "Let another claim go before this one."),
    "renew": (f"{_ACTS}:renew", "Let a claim go on to a later end."),
    "release": (f"{_ACTS}:release", "Discharge a claim."),
    "cancel": (f"{_ACTS}:cancel", "Give up a reservation."),
    "show": (f"{_SEARCH}:show", "Show a right and its history, as of any instant."),
    "search": (f"{_SEARCH}:search", "Search by the name of a debtor or the number of a thing."),
    "certificate": (f"{_SEARCH}:certificate", "Show a certificate of search as it was issued."),
    "rank": (
        "karez.doors.cli.rights_rank:rank",
        "Rank claims by a regime, and hand out the money.",
    ),
    "borrowing-base": (
        "karez.doors.cli.borrowing_base:borrowing_base",
        "Show what may be lent against receivables and goods.",
    ),
    "verify": (f"{_SEARCH}:verify", "Check that the rights book agrees with itself."),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def rights() -> None:
    """Register, search, pass on and rank claims on things."""
