"""``karez party liable``: who answers for what a member of a group is late with."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from karez.doors.cli.bookkeeping import major, on_day, open_books, today
from karez.doors.cli.shell import Shell, command_options, table
from karez.services import lending
from karez.services.origination import list_joint_debts
from karez.services.parties import read_parties


@click.command()
@click.argument("party", metavar="PARTY")
@on_day
@command_options
def liable(shell: Shell, *, party: str, on: date | None) -> None:
    """Say what members owe for late loans of PARTY, which is a group or a member of one."""
    with open_books(shell) as books:
        day = on or lending.business_date(books, today())
        debts = list_joint_debts(books, party, day)
        named = {each for debt in debts for each in (debt.group, debt.borrower, *debt.shares)}
        with books.transaction() as connection:
            keys = {each: known.key for each, known in read_parties(connection, named).items()}
    documents: list[dict[str, Any]] = [
        {
            "group": keys[debt.group],
            "loan": debt.loan_number,
            "borrower": keys[debt.borrower],
            "currency": debt.currency,
            "overdue_minor": debt.overdue_minor,
            "days_late": debt.days_late,
            "shares": [
                {"party": keys[one], "amount_minor": share} for one, share in debt.shares.items()
            ],
        }
        for debt in debts
    ]
    rows = [
        (debt.loan_number, keys[debt.borrower], debt.days_late, keys[one],
         major(share, debt.currency), debt.currency)
        for debt in debts
        for one, share in debt.shares.items()
    ]  # fmt: skip
    headings = ["loan", "of", "days late", "who answers", "for", "currency"]
    lines = table(headings, rows) if rows else [f"Nobody answers for another on {day}."]
    shell.show({"on": day, "debts": documents}, lines)
