"""``karez payment queue`` and what is done with payments that wait."""

from __future__ import annotations

from datetime import date

import click

from karez.doors.cli.bookkeeping import lines_of, major, open_books, today
from karez.doors.cli.payment_options import (
    act_document,
    clerk_options,
    minor,
    outcomes_document,
    payment_document,
)
from karez.doors.cli.shell import Shell, command_options, table
from karez.services import lending, payments
from karez.services.payments import Clerk, PaymentView

entry_argument = click.argument("payment", type=int)
amount_option = click.option("--amount", help="Only so much of it; by default all that is left.")
_AGES_DAYS = (7, 30, 90)


@click.command()
@click.option("--reason", help="Only those that wait for this reason.")
@command_options
def queue(shell: Shell, *, reason: str | None) -> None:
    """List payments of which something lies on suspense, with their age."""
    with open_books(shell) as books:
        on = lending.business_date(books, today())
        views = [
            view for view in payments.list_queue(books) if reason is None or view.reason == reason
        ]
    ages = _ages(views, on)
    document = {
        "on": on,
        "payments": [payment_document(view, on) for view in views],
        "ages": [
            {"days": label, "count": count, "currency": code, "amount": major(amount, code)}
            for (label, code), (count, amount) in ages.items()
        ],
    }
    rows = [
        (
            view.entry_number,
            view.entry.booked_on,
            major(view.open_minor, view.currency),
            view.currency,
            view.age_days(on),
            view.reason,
            ", ".join(map(str, view.candidates)),
            (view.entry.name or view.entry.account)[:24],
            (view.entry.remittance or view.entry.end_to_end)[:30],
        )
        for view in views
    ]
    headings = ("payment", "booked on", "open", "", "days", "why", "loans", "from", "text")
    lines = table(headings, rows)
    lines += [
        f"{label} days: {count:,} waiting, {major(amount, code)} {code}"
        for (label, code), (count, amount) in ages.items()
    ]
    shell.show(document, lines)


def _ages(views: list[PaymentView], on: date) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many and how much waits for how long."""
    labels = ["up to 7", "8 to 30", "31 to 90", "more than 90"]
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for view in sorted(views, key=lambda each: each.age_days(on)):
        place = sum(view.age_days(on) > most for most in _AGES_DAYS)
        key = (labels[place], view.currency)
        count, amount = found.get(key, (0, 0))
        found[key] = (count + 1, amount + view.open_minor)
    return found


@click.command()
@entry_argument
@command_options
def show(shell: Shell, *, payment: int) -> None:
    """Show PAYMENT as the bank told it, and all that was done with it."""
    with open_books(shell) as books:
        on = lending.business_date(books, today())
        view = payments.find_payment(books, payment)
    entry = view.entry
    pairs = [
        ("amount", major(entry.amount_minor, view.currency)),
        ("on suspense", major(view.open_minor, view.currency)),
        ("currency", view.currency),
        ("booked on", entry.booked_on),
        ("value date", entry.valid_on),
        ("from or to", " ".join(filter(None, (entry.name, entry.account)))),
        ("text", entry.remittance),
        ("reference", entry.creditor_reference),
        ("end-to-end id", entry.end_to_end),
        ("mandate", entry.mandate),
        ("bank's id", entry.bank_reference),
        ("kind", f"{entry.code}{' reversal' if entry.is_reversal else ''}"),
        ("statement", view.statement_number),
    ]
    rows = [
        (
            act.act_number,
            act.kind,
            major(act.amount_minor, view.currency),
            act.loan_number,
            act.ledger,
            act.rule or act.reason,
            act.mirrors,
            act.actor,
        )
        for act in view.acts
    ]
    headings = ("act", "what", view.currency, "loan", "account", "why", "takes back", "by")
    lines = lines_of([(label, value) for label, value in pairs if value != ""])
    shell.show(payment_document(view, on), [*lines, *table(headings, rows)])


@click.command()
@entry_argument
@click.argument("loan", required=False)
@click.option("--ledger", metavar="CODE", help="An account of the chart instead of a loan.")
@amount_option
@clerk_options
@command_options
def assign(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    payment: int,
    loan: str | None,
    ledger: str | None,
    amount: str | None,
    clerk: Clerk,
) -> None:
    """Move PAYMENT from suspense to LOAN, as of the day on which it came in.

    With --ledger it goes to an account instead: a fee of the bank, interest on the account.
    """
    if (loan is None) == (ledger is None):
        raise click.UsageError("Name a loan, or an account with --ledger.")
    with open_books(shell) as books:
        code = payments.find_payment(books, payment).currency
        amount_minor = minor(amount, code)
        if ledger is not None:
            moved = payments.place(books, payment, ledger, clerk, amount_minor=amount_minor)
            document = {"payment": payment, "account": ledger, "amount": major(moved, code)}
            shell.show(document, [f"Moved {major(moved, code)} {code} to account {ledger}."])
            return
        outcomes = payments.assign(books, payment, {str(loan): amount_minor}, clerk)
    document = {"payment": payment, "assigned": outcomes_document(outcomes)}
    shell.show(document, [f"Payment {payment} is event {outcomes[0].event} of loan {loan}."])


@click.command()
@entry_argument
@click.argument("parts", metavar="LOAN=AMOUNT...", nargs=-1, required=True)
@clerk_options
@command_options
def split(shell: Shell, *, payment: int, parts: tuple[str, ...], clerk: Clerk) -> None:
    """Move PAYMENT from suspense to several loans, so much to each; what is left stays there."""
    asked: dict[str, str] = {}
    for part in parts:
        loan, _, amount = part.rpartition("=")
        asked[loan] = amount
    if "" in asked or len(asked) < len(parts):
        raise click.UsageError("Write each loan once, with its amount, such as 42=100.00.")
    with open_books(shell) as books:
        code = payments.find_payment(books, payment).currency
        amounts = {loan: minor(amount, code) for loan, amount in asked.items()}
        outcomes = payments.assign(books, payment, amounts, clerk)
    document = {"payment": payment, "assigned": outcomes_document(outcomes)}
    lines = [
        f"{amount} {code} of payment {payment} is event {outcome.event} of loan {loan}."
        for (loan, amount), outcome in zip(asked.items(), outcomes, strict=True)
    ]
    shell.show(document, lines)


@click.command("return")
@entry_argument
@amount_option
@clerk_options
@command_options
def return_(shell: Shell, *, payment: int, amount: str | None, clerk: Clerk) -> None:
    """Send PAYMENT back. It leaves the bank's account now; a later statement confirms it."""
    with open_books(shell) as books:
        code = payments.find_payment(books, payment).currency
        back = payments.give_back(books, payment, clerk, amount_minor=minor(amount, code))
    document = {"payment": payment, "amount": major(back, code), "currency": code}
    shell.show(document, [f"{major(back, code)} {code} of payment {payment} go back."])


@click.command()
@entry_argument
@click.option("--act", "act_number", type=int, help="Only this act; by default all that stand.")
@clerk_options
@command_options
def unassign(shell: Shell, *, payment: int, act_number: int | None, clerk: Clerk) -> None:
    """Take back what was done with PAYMENT; it lies on suspense again."""
    with open_books(shell) as books:
        code = payments.find_payment(books, payment).currency
        made = payments.unassign(books, payment, clerk, act_number=act_number)
    total = sum(act.suspense_minor for act in made)
    document = {"payment": payment, "acts": [act_document(act, code) for act in made]}
    shell.show(document, [f"{major(total, code)} {code} of payment {payment} wait again."])
