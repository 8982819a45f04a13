"""``karez pending``: what is held."""

from __future__ import annotations

from datetime import date

import click

from karez.doors.cli.bookkeeping import major, on_day, open_books, today, transfer_id
from karez.doors.cli.shell import Shell, command_options
from karez.kernel.ids import show_id
from karez.kernel.money import currency, parse_amount
from karez.services import bookkeeping
from karez.services.bookkeeping import Posted, Target


@click.group()
def pending() -> None:
    """Post, void or expire pending transfers."""


@pending.command()
@click.argument("target", metavar="ENTRY[/LINE]", type=transfer_id)
@click.option("--amount", help="Post this much and release the rest; by default all.")
@on_day
@command_options
def post(shell: Shell, *, target: Target, amount: str | None, on: date | None) -> None:
    """Move what the pending transfer ENTRY/LINE holds."""
    with open_books(shell) as books:
        view = bookkeeping.find_entry(books, target.entry_id)
        money = currency(next(iter(view.accounts.values())).currency)
        for line in view.entry.lines:
            if line.line == target.line:
                money = currency(view.accounts[line.debit].currency)
        amount_minor = None if amount is None else parse_amount(amount, money)
        posted = bookkeeping.post_pending(books, target, on or today(), amount_minor=amount_minor)
    moved = major(posted.amounts_minor[0], money.code)
    document = {**_document(posted), "amount": moved, "currency": money.code}
    shell.show(document, [f"Posted {moved} {money.code}."])


@pending.command()
@click.argument("target", metavar="ENTRY[/LINE]", type=transfer_id)
@on_day
@command_options
def void(shell: Shell, *, target: Target, on: date | None) -> None:
    """Release what the pending transfer ENTRY/LINE holds."""
    with open_books(shell) as books:
        posted = bookkeeping.void_pending(books, target, on or today())
    shell.show(_document(posted), ["Voided."])


@pending.command()
@on_day
@command_options
def expire(shell: Shell, *, on: date | None) -> None:
    """Release every pending transfer whose time has passed."""
    with open_books(shell) as books:
        count = bookkeeping.expire_due(books, on or today())
    shell.show({"expired": count}, [f"{count:,} expired."])


def _document(posted: Posted) -> dict[str, object]:
    return {
        "entry": show_id("ent", posted.entry_id),
        "recorded_at": posted.recorded_at,
        "replayed": posted.replayed,
    }
