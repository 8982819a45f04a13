"""``karez payment payouts`` and the files by which they go to the bank."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import major, open_books
from karez.doors.cli.payment_options import clerk_options
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.errors import FileUnwritableError
from karez.doors.files.payouts.pain001 import credit_transfers
from karez.doors.files.payouts.pain002 import read_answers
from karez.kernel.time import parse_date
from karez.services import payments
from karez.services.payments import BANK, Clerk, PayoutFile, Sender

channel_option = click.option(
    "--channel",
    metavar="CODE",
    default=BANK,
    show_default=True,
    help="The account of the chart that the bank account is.",
)
since_option = click.option(
    "--since",
    type=parse_date,
    default=str(date.min),
    metavar="DATE",
    help="Only what is of this day or later: what is older went another way.",
)
file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
number_argument = click.argument("number", type=int)


@click.command()
@click.argument("loan")
@click.option("--account", required=True, help="IBAN, or the number that the bank knows.")
@click.option("--name", default="", help="Whose account it is; by default the borrower's.")
@click.option("--bic", default="", help="Of the bank that keeps it.")
@click.option(
    "--for",
    "kind",
    type=click.Choice(["disbursement", "refund"]),
    default="disbursement",
    show_default=True,
    help="What is paid out, perhaps to a supplier; or what was paid too much.",
)
@clerk_options
@command_options
def payee(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    loan: str,
    account: str,
    name: str,
    bic: str,
    kind: payments.PayeeKind,
    clerk: Clerk,
) -> None:
    """Say to which account the money of LOAN goes, so that a file for the bank can send it."""
    with open_books(shell) as books:
        number = payments.set_payee(
            books, loan, account, actor=clerk.actor, name=name, bic=bic, kind=kind
        )
    document = {"loan": number, "for": kind, "account": account}
    shell.show(document, [f"A {kind} of loan {number} goes to {account}."])


@click.command()
@channel_option
@since_option
@clerk_options
@command_options
def payouts(shell: Shell, *, channel: str, since: date, clerk: Clerk) -> None:
    """List what has left the bank's account in the book, and waits to be sent to the bank."""
    with open_books(shell) as books:
        waiting = payments.list_payouts(books, clerk, channel=channel, since=since)
    document = {
        "payouts": [attrs.asdict(each) | {"can_be_sent": each.can_be_sent} for each in waiting]
    }
    rows = [
        (
            each.on,
            each.kind,
            each.loan_number,
            major(each.amount_minor, each.currency),
            each.currency,
            each.name,
            each.account,
            each.last_refusal or ("" if each.can_be_sent else "no account is told"),
        )
        for each in waiting
    ]
    headings = ("on", "what", "loan", "amount", "", "to", "account", "why it waits")
    able = sum(each.can_be_sent for each in waiting)
    lines = [*table(headings, rows), f"{able:,} of {len(waiting):,} can be sent."]
    shell.show(document, lines)


@click.command("payout-file")
@file_argument
@click.option("--account", default="", help="To pay from; by default that of the last statement.")
@click.option("--bic", default="", help="Of our bank.")
@click.option("--execute-on", type=parse_date, metavar="DATE", help="By default today.")
@click.option("--again", type=int, metavar="NUMBER", help="Write a file that was made once more.")
@click.option("--preview", is_flag=True, help="Show what would be, and change nothing.")
@channel_option
@since_option
@clerk_options
@command_options
def payout_file(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path,
    account: str,
    bic: str,
    execute_on: date | None,
    again: int | None,
    preview: bool,
    channel: str,
    since: date,
    clerk: Clerk,
) -> None:
    """Write FILE (pain.001.001.09) with all that waits and can be sent; each payout goes once."""
    with open_books(shell) as books:
        if again is not None:
            made = payments.find_payout_file(books, again)
        else:
            sender = Sender(account, bic, channel, execute_on, since)
            made = payments.send_payouts(books, clerk, sender, preview=preview)
    if not preview:
        _write(file, made)
    said = "a preview: nothing is kept" if preview else f"file {made.file_number}, in {file}"
    total = f"{major(made.sum_minor, made.currency)} {made.currency}"
    lines = [*_lines(made), f"{len(made.payouts):,} payouts, {total}: {said}."]
    shell.show(_document(made) | {"preview": preview}, lines)


def _write(path: Path, made: PayoutFile) -> None:
    try:
        path.write_bytes(credit_transfers(made))
    except OSError as fault:
        reason = f"{fault.strerror}; file {made.file_number} is made, write it with --again"
        raise FileUnwritableError(file=str(path), reason=reason) from fault


def _document(made: PayoutFile) -> dict[str, Any]:
    return attrs.asdict(made) | {"message_id": made.message_id, "state": made.state}


def _lines(made: PayoutFile) -> list[str]:
    rows = [
        (
            each.end_to_end,
            each.kind,
            each.loan_number,
            major(each.amount_minor, made.currency),
            each.name,
            each.account,
            each.refused or ("confirmed" if each.is_confirmed else ""),
        )
        for each in made.payouts
    ]
    return table(("id", "what", "loan", made.currency, "to", "account", "became"), rows)


@click.command("payout-files")
@click.argument("number", type=int, required=False)
@command_options
def payout_files(shell: Shell, *, number: int | None) -> None:
    """List the files of payouts; or the payouts of file NUMBER, and what became of each."""
    with open_books(shell) as books:
        if number is not None:
            made = payments.find_payout_file(books, number)
            shell.show(_document(made), _lines(made))
            return
        files = payments.list_payout_files(books)
    rows = [
        (
            each.file_number,
            each.execute_on,
            each.account,
            len(each.payouts),
            major(each.sum_minor, each.currency),
            each.currency,
            each.state,
            sum(bool(payout.refused) for payout in each.payouts),
        )
        for each in files
    ]
    headings = ("file", "to be paid on", "from", "payouts", "sum", "", "is", "refused")
    shell.show({"files": [_document(each) for each in files]}, table(headings, rows))


@click.command("payout-void")
@number_argument
@clerk_options
@command_options
def payout_void(shell: Shell, *, number: int, clerk: Clerk) -> None:
    """Say that the bank took nothing of file NUMBER, and why: all its payouts wait again."""
    with open_books(shell) as books:
        made = payments.void_file(books, number, clerk)
    shell.show(_document(made), [f"File {number} is void; {len(made.payouts)} payouts wait again."])


@click.command("payout-answer")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@clerk_options
@command_options
def payout_answer(shell: Shell, *, file: Path, clerk: Clerk) -> None:
    """Take in FILE, the bank's answer (pain.002): what it refuses waits again, with its reason."""
    answers = read_answers(file)
    with open_books(shell) as books:
        refused = payments.take_answers(books, answers, clerk)
    document = {"refused": [each.end_to_end for each in refused]}
    lines = [f"{each.end_to_end} to {each.name} waits again." for each in refused]
    shell.show(document, lines or ["Nothing is refused that was not before."])
