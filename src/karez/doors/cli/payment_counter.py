"""``karez payment cash``, and what is told of loans: references, marks, promises."""

from __future__ import annotations

from datetime import date

import attrs
import click

from karez.doors.cli.bookkeeping import lines_of, major, on_day, open_books, today
from karez.doors.cli.payment_options import clerk_options, outcomes_document
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.money import currency, parse_amount
from karez.kernel.time import parse_date
from karez.services import lending, payments
from karez.services.payments import Clerk
from karez.services.payments.counter import CASH

loan_argument = click.argument("loan")


@click.command()
@loan_argument
@click.argument("amount")
@on_day
@click.option("--outlet", default="", help="Where it was taken.")
@click.option("--receipt", default="", help="The number on the slip; by default the next one.")
@click.option(
    "--channel", metavar="CODE", default=CASH, show_default=True, help="The account of the cash."
)
@click.option("--preview", is_flag=True, help="Show what would be, and change nothing.")
@clerk_options
@command_options
def cash(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    loan: str,
    amount: str,
    on: date | None,
    outlet: str,
    receipt: str,
    channel: str,
    preview: bool,
    clerk: Clerk,
) -> None:
    """Take AMOUNT in cash on LOAN (its number, id or reference). One receipt counts once."""
    with open_books(shell) as books:
        found = lending.find_loan(books, loan)
        entered = lending.business_date(books, clerk.today)
        amount_minor = parse_amount(amount, currency(found.currency))
        taken = payments.take_cash(
            books, str(found.loan_number), amount_minor, clerk, on=on or entered, outlet=outlet,
            channel=channel, receipt=receipt, preview=preview,
        )  # fmt: skip
    [done] = outcomes_document([taken.outcome])
    document = {**done, "receipt": taken.receipt, "preview": preview}
    said = "was taken before" if taken.outcome.already else "taken"
    if preview:
        said = "would be taken"
    line = f"Receipt {taken.receipt}: {amount} {found.currency} on loan {done['loan']} {said}."
    shell.show(document, [line])


@click.command()
@loan_argument
@command_options
def reference(shell: Shell, *, loan: str) -> None:
    """Say what a payer writes so that a payment finds LOAN by itself."""
    with open_books(shell) as books:
        number = lending.find_loan(books, loan).loan_number
    document = {
        "loan": number,
        "creditor_reference": payments.creditor_reference(number),
        "text": payments.payment_reference(number),
    }
    pairs = [
        ("creditor reference", document["creditor_reference"]),
        ("in the text", document["text"]),
    ]
    shell.show(document, lines_of(pairs))


@click.command()
@loan_argument
@click.option("--mandate", help="The mandate of direct debits.")
@click.option("--account", help="The account from which the borrower pays.")
@click.option("--end-to-end", help="The end-to-end id of a standing order.")
@clerk_options
@command_options
def mark(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    loan: str,
    mandate: str | None,
    account: str | None,
    end_to_end: str | None,
    clerk: Clerk,
) -> None:
    """Say that payments with this mandate, account or end-to-end id are for LOAN."""
    told: dict[payments.MarkKind, str | None] = {
        "mandate": mandate,
        "account": account,
        "end-to-end": end_to_end,
    }
    marks: dict[payments.MarkKind, str] = {k: value for k, value in told.items() if value}
    if not marks:
        raise click.UsageError("Name a mandate, an account or an end-to-end id.")
    number = 0
    with open_books(shell) as books:
        for kind, value in marks.items():
            number = payments.add_mark(books, loan, kind, value, actor=clerk.actor)
    words = ", ".join(f"{kind} {value}" for kind, value in marks.items())
    shell.show({"loan": number, "marks": marks}, [f"Payments with {words} are for loan {number}."])


@click.command()
@loan_argument
@click.argument("amount")
@click.option("--until", type=parse_date, required=True, metavar="DATE", help="By which day.")
@click.option("--note", default="", help="What was said.")
@clerk_options
@command_options
def promise(  # noqa: PLR0913 - one for each option
    shell: Shell, *, loan: str, amount: str, until: date, note: str, clerk: Clerk
) -> None:
    """Record that AMOUNT is promised on LOAN. Payments from now until the day keep it."""
    with open_books(shell) as books:
        found = lending.find_loan(books, loan)
        number = payments.add_promise(
            books,
            str(found.loan_number),
            parse_amount(amount, currency(found.currency)),
            until,
            made_on=lending.business_date(books, clerk.today),
            actor=clerk.actor,
            note=note,
        )
    document = {"promise": number, "loan": found.loan_number, "until": until}
    shell.show(document, [f"Promise {number}: {amount} {found.currency} by {until}."])


@click.command()
@click.argument("loan", required=False)
@command_options
def promises(shell: Shell, *, loan: str | None) -> None:
    """List promises, of LOAN or all, and whether each was kept."""
    with open_books(shell) as books:
        on = lending.business_date(books, today())
        made = payments.list_promises(books, loan)
    document = {"promises": [attrs.asdict(each) | {"state": each.state(on)} for each in made]}
    rows = [
        (
            each.number,
            each.loan_number,
            each.promised_on,
            major(each.amount_minor, each.currency),
            major(each.paid_minor, each.currency),
            each.currency,
            each.state(on),
            each.note,
        )
        for each in made
    ]
    headings = ("promise", "loan", "until", "promised", "paid", "", "is", "note")
    shell.show(document, table(headings, rows))
