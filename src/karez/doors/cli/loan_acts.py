"""``karez loan disburse`` and the other acts: money and what is given up."""

from __future__ import annotations

import click

from karez.doors.cli.bookkeeping import major, open_books, today
from karez.doors.cli.loan_options import (
    Asked,
    act,
    act_options,
    amount_argument,
    channel_option,
    loan_argument,
    record_one,
)
from karez.doors.cli.shell import Shell, command_options
from karez.engines.servicing.events import Payment
from karez.engines.servicing.terms import PaymentKind
from karez.services import lending
from karez.services.lending import Command


@click.command()
@loan_argument
@amount_argument
@channel_option
@act_options
@command_options
def disburse(shell: Shell, *, loan: str, amount: str, channel: str | None, asked: Asked) -> None:
    """Pay out AMOUNT on LOAN (its number, id or reference)."""
    act(shell, loan, "disbursement", asked, {"amount": amount}, channel=channel)


@click.command()
@loan_argument
@amount_argument
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in PaymentKind]),
    default=PaymentKind.REPAYMENT.value,
    show_default=True,
    help="What comes in: money, or a credit that counts as money.",
)
@channel_option
@act_options
@command_options
def repay(  # noqa: PLR0913 - one for each option
    shell: Shell, *, loan: str, amount: str, kind: str, channel: str | None, asked: Asked
) -> None:
    """Take in AMOUNT on LOAN. With an earlier --on it counts as if it had come in time."""
    act(shell, loan, "payment", asked, {"amount": amount, "kind": kind}, channel=channel)


@click.command()
@loan_argument
@amount_argument
@click.option("--penalty", is_flag=True, help="It is a penalty, not a fee.")
@act_options
@command_options
def charge(shell: Shell, *, loan: str, amount: str, penalty: bool, asked: Asked) -> None:
    """Charge AMOUNT on LOAN; --on is the day on which it is due."""
    kind = "yes" if penalty else "no"
    act(shell, loan, "charge", asked, {"amount": amount, "penalty": kind})


@click.command()
@loan_argument
@click.argument("event")
@act_options
@command_options
def waive(shell: Shell, *, loan: str, event: str, asked: Asked) -> None:
    """Give up what is open of the charge that is EVENT of LOAN."""
    act(shell, loan, "charge-waiver", asked, {"charge": event})


@click.command()
@loan_argument
@amount_argument
@channel_option
@act_options
@command_options
def refund(shell: Shell, *, loan: str, amount: str, channel: str | None, asked: Asked) -> None:
    """Give AMOUNT of what was paid too much on LOAN back to the borrower."""
    act(shell, loan, "credit-balance-refund", asked, {"amount": amount}, channel=channel)


@click.command()
@loan_argument
@click.option("--pay", is_flag=True, help="Take the money in; else only say how much.")
@channel_option
@act_options
@command_options
def payoff(shell: Shell, *, loan: str, pay: bool, channel: str | None, asked: Asked) -> None:
    """Say what, paid on a day, leaves nothing open of LOAN; with --pay take it in."""
    with open_books(shell) as books:
        found = lending.find_loan(books, loan)
        entered = asked.entered or lending.business_date(books, today())
        on = asked.on or entered
        owed = lending.payoff_on(books, found.loan_id, on)
        if pay and owed:
            event = Payment(number=0, on=on, posted_on=entered, amount_minor=owed)
            command = Command(
                loan=found.loan_id,
                event=event,
                actor=asked.by,
                reason=asked.reason,
                channel=channel,
                command_id=asked.command_id,
            )
            record_one(shell, books, found, command, entered, preview=asked.preview)
            return
    said = f"{major(owed, found.currency)} {found.currency} pays loan {found.loan_number} off"
    document = {
        "loan": found.loan_number,
        "on": on,
        "currency": found.currency,
        "amount_minor": owed,
    }
    shell.show(document, [f"{said} on {on}."])


@click.command()
@loan_argument
@amount_argument
@channel_option
@act_options
@command_options
def recover(shell: Shell, *, loan: str, amount: str, channel: str | None, asked: Asked) -> None:
    """Take in AMOUNT on LOAN, which was written off."""
    act(shell, loan, "payment", asked, {"amount": amount}, channel=channel)


@click.command("write-off")
@loan_argument
@act_options
@command_options
def write_off(shell: Shell, *, loan: str, asked: Asked) -> None:
    """Give up all that is open of LOAN."""
    act(shell, loan, "write-off", asked, {})


@click.command()
@loan_argument
@click.argument("price")
@channel_option
@act_options
@command_options
def sell(shell: Shell, *, loan: str, price: str, channel: str | None, asked: Asked) -> None:
    """Sell LOAN for PRICE: what is open goes over, and the difference is a loss on sale."""
    act(shell, loan, "sale", asked, {}, channel=channel, price=price)


@click.command()
@loan_argument
@click.argument("event")
@act_options
@command_options
def undo(shell: Shell, *, loan: str, event: str, asked: Asked) -> None:
    """Take EVENT of LOAN back, as if it had never been."""
    act(shell, loan, "undo", asked, {"undone": event})
