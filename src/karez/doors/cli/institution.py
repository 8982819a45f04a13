"""``karez institution``: whose books are kept in this database."""

from __future__ import annotations

import attrs
import click

from karez.doors.cli.bookkeeping import open_books
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.database import list_institutions, open_institution


@click.group()
def institution() -> None:
    """Open and list institutions."""


@institution.command("open")
@click.argument("code")
@click.option("--name", help="What people call it; by default its code.")
@command_options
def open_(shell: Shell, *, code: str, name: str | None) -> None:
    """Begin to keep the books of one more institution.

    `--institution CODE` or the setting `institution` then says whose books a command means.
    """
    with shell.database() as database, database.connect() as connection:
        opened = open_institution(connection, code, name or code)
    shell.show(attrs.asdict(opened), [f"Opened {opened.code} ({opened.name})"])


@institution.command()
@click.option("--currency", metavar="CODE", required=True, help="The currency of the accounts.")
@command_options
def chart(shell: Shell, *, currency: str) -> None:
    """Open the standard chart of accounts of a lender; accounts that are open stay.

    Loans get accounts of their own below it.
    """
    from karez.services.lending import open_chart  # noqa: PLC0415 - the engines are slow to import

    with open_books(shell) as books:
        opened = open_chart(books, currency)
    rows = [(account.code, account.name, account.type, account.normal_side) for account in opened]
    document = {"accounts": [attrs.asdict(account) for account in opened]}
    shell.show(document, table(("code", "name", "type", "side"), rows))


@institution.command("list")
@command_options
def list_(shell: Shell) -> None:
    """List the institutions whose books are kept here."""
    with shell.database() as database, database.connect() as connection:
        institutions = list_institutions(connection)
    rows = [(each.code, each.name, each.created_at.isoformat()) for each in institutions]
    document = {"institutions": [attrs.asdict(each) for each in institutions]}
    shell.show(document, table(("code", "name", "opened"), rows))
