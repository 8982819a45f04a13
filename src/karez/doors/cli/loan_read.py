"""``karez loan list``, ``show`` and ``events``: how loans stand, and what happened to them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import attrs
import click

from karez.doors.cli.bookkeeping import known_at, major, on_day, open_books, today
from karez.doors.cli.loan_book import loan_document, party
from karez.doors.cli.loan_options import loan_argument, standing_lines
from karez.doors.cli.shell import Shell, command_options, table
from karez.engines.servicing.standing import Status, standing
from karez.engines.servicing.table import Line, schedule_table
from karez.kernel.ids import show_id
from karez.services import lending


@click.command("list")
@click.option("--borrower", type=party, metavar="ID", help="Of this borrower.")
@click.option("--reference", help="That others call so.")
@click.option(
    "--status", type=click.Choice([each.value for each in Status]), help="That stand like this."
)
@on_day
@command_options
def list_(
    shell: Shell,
    *,
    borrower: UUID | None,
    reference: str | None,
    status: str | None,
    on: date | None,
) -> None:
    """List loans, and how each stands on a day."""
    with open_books(shell) as books:
        day = on or lending.business_date(books, today())
        wanted = Status(status) if status else None
        views = lending.find_loans(
            books, day, borrower_id=borrower, reference=reference, status=wanted
        )
    rows = [
        (
            view.loan.loan_number,
            view.loan.reference,
            view.standing.status,
            view.loan.currency,
            major(view.standing.principal_minor, view.loan.currency),
            major(view.overdue_minor, view.loan.currency),
            view.standing.days_past_due(day),
            view.standing.next_due,
            major(view.next_minor, view.loan.currency),
        )
        for view in views
    ]
    headings = ["loan", "reference", "status", "currency", "principal", "overdue", "days late",
                "next due", "amount"]  # fmt: skip
    document = {
        "on": day,
        "loans": [
            loan_document(view.loan)
            | attrs.asdict(view.standing)
            | {"overdue_minor": view.overdue_minor, "next_minor": view.next_minor}
            for view in views
        ],
    }
    shell.show(document, table(headings, rows))


_SCHEDULE = ("nr", "due", "principal", "interest", "fees", "penalties", "paid", "open", "met on")


@click.command()
@loan_argument
@on_day
@known_at
@command_options
def show(shell: Shell, *, loan: str, on: date | None, known_at: datetime | None) -> None:
    """Show how LOAN stands on a day, as known at an instant, and its schedule."""
    with open_books(shell) as books:
        found = lending.find_loan(books, loan)
        day = on or lending.business_date(books, today())
        account = lending.account_on(books, found.loan_id, day, known_at=known_at)
    stands = standing(account, day)
    lines = [line for line in schedule_table(account) if isinstance(line, Line)]
    code = found.currency
    rows = [
        (
            line.number,
            line.due,
            *(major(amount, code) for amount in (line.principal_minor, line.interest_minor,
              line.fees_minor, line.penalties_minor, line.paid_minor, line.outstanding_minor)),
            line.met_on,
        )
        for line in lines
    ]  # fmt: skip
    document = loan_document(found) | {
        "on": day,
        "standing": attrs.asdict(stands),
        "schedule": [attrs.asdict(line) for line in lines],
    }
    head = f"Loan {found.loan_number} on {day}, in {code}"
    shell.show(document, [head, *standing_lines(found, stands, day), "", *table(_SCHEDULE, rows)])


@click.command()
@loan_argument
@command_options
def events(shell: Shell, *, loan: str) -> None:
    """Show the events of LOAN in the order in which they were entered."""
    with open_books(shell) as books:
        found = lending.find_loan(books, loan)
        recorded = lending.list_events(books, found.loan_id)
    rows = [
        (
            one.event.number,
            one.kind,
            one.event.on,
            one.event.posted_on,
            _amount(one, found.currency),
            one.channel,
            one.actor,
            one.reason,
        )
        for one in recorded
    ]
    document = {
        "loan": found.loan_number,
        "events": [
            {
                "event": one.kind,
                **attrs.asdict(one.event),
                "channel": one.channel,
                "proceeds_minor": one.proceeds_minor,
                "command": show_id("cmd", one.command_id),
                "actor": one.actor,
                "reason": one.reason,
                "recorded_at": one.recorded_at,
            }
            for one in recorded
        ],
    }
    headings = ["event", "kind", "on", "entered", "amount", "channel", "by", "reason"]
    shell.show(document, table(headings, rows))


def _amount(one: lending.RecordedEvent, code: str) -> object:
    amount_minor = one.proceeds_minor
    if amount_minor is None:
        amount_minor = getattr(one.event, "amount_minor", None)
    return None if amount_minor is None else major(amount_minor, code)
