"""``karez product``: term sheets checked, published, listed and shown."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import exit_with, lines_of, open_books
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.products.sheets import sheet_text
from karez.services.products import (
    Publication,
    Published,
    TermSheet,
    catalogue,
    catalogue_text,
    document_of,
    find_published,
    flat,
    list_published,
    preview_publication,
    publish,
    read_sheet,
    try_sheet,
)

_file = click.argument("file", type=click.Path(path_type=Path))


@click.command("catalogue")
@click.argument("code", required=False)
@command_options
def show_catalogue(shell: Shell, *, code: str | None) -> None:
    """List the products that come with Karez, or print the term sheet of one, to start from."""
    if code is not None:
        text = catalogue_text(code)
        shell.show({"code": code, "text": text}, text.splitlines())
        return
    sheets = [read_sheet(text, name) for name, text in catalogue().items()]
    rows = [(sheet.code, sheet.name, sheet.purpose) for sheet in sheets]
    documents = [{"code": code, "name": name, "purpose": purpose} for code, name, purpose in rows]
    shell.show({"products": documents}, table(["code", "name", "purpose"], rows))


@click.command()
@_file
@command_options
def check(shell: Shell, *, file: Path) -> None:
    """Name everything that is wrong with the term sheet in FILE, by line and key.

    Exit code 6 says that something is.
    """
    sheet, faults = try_sheet(sheet_text(file), file.name)
    document = {"sound": not faults, "faults": [fault.as_dict() for fault in faults]}
    lines = [fault.message for fault in faults]
    if sheet is not None and not faults:
        lines = [f"{file.name}: {sheet.name} ({sheet.code}) is sound."]
    shell.show(document, lines)
    exit_with(ExitCode.FOUND if faults else ExitCode.DONE)


@click.command("publish")
@_file
@click.option("--reason", default="", help="Why; it stays on record.")
@click.option("--by", "actor", default=getpass.getuser, help="Who; by default this user.")
@click.option("--preview", "is_preview", is_flag=True, help="Publish nothing; say what would be.")
@command_options
def publish_sheet(shell: Shell, *, file: Path, reason: str, actor: str, is_preview: bool) -> None:
    """Publish the term sheet in FILE as the next version of its product.

    What says the same as the latest version is no new one. Loans keep the version that they were
    agreed under.
    """
    text = sheet_text(file)
    with open_books(shell) as books:
        if is_preview:
            done = preview_publication(books, text, name=file.name)
        else:
            done = publish(books, text, name=file.name, actor=actor, reason=reason)
    document = {
        "code": done.sheet.code,
        "version": done.sheet.version,
        "is_new": done.is_new,
        "is_preview": is_preview,
        "changes": [
            {"key": change.key, "before": change.before, "after": change.after}
            for change in done.changes
        ],
    }
    shell.show(document, _publication_lines(done, is_preview=is_preview))


def _publication_lines(done: Publication, *, is_preview: bool) -> list[str]:
    sheet = done.sheet
    if not done.is_new:
        return [f"Version {sheet.version} of {sheet.code} says the same; nothing is published."]
    act = "would be" if is_preview else "is"
    lines = [f"Version {sheet.version} of {sheet.code} {act} published."]
    return [*lines, *(f"  {change}" for change in done.changes)]


@click.command("list")
@command_options
def list_sheets(shell: Shell) -> None:
    """List every version of every product, the oldest first."""
    with open_books(shell) as books, books.transaction() as connection:
        found = list_published(connection)
    rows = [
        (each.sheet.code, each.sheet.version, each.sheet.name, each.sheet.currency.code,
         each.recorded_at, each.actor, each.reason)
        for each in found
    ]  # fmt: skip
    headings = ["code", "version", "name", "currency", "published at", "by", "reason"]
    lines = table(headings, rows) if rows else ["There is none; publish one."]
    shell.show({"products": [_document(each) for each in found]}, lines)


@click.command()
@click.argument("code")
@click.option("--version", type=click.IntRange(1), help="By default the latest.")
@click.option("--text", "as_text", is_flag=True, help="Print the term sheet as it was written.")
@command_options
def show(shell: Shell, *, code: str, version: int | None, as_text: bool) -> None:
    """Show the published product CODE key by key, with all that it leaves to defaults."""
    with open_books(shell) as books, books.transaction() as connection:
        found = find_published(connection, code, version)
    document = _document(found) | {"sheet": document_of(found.sheet), "text": found.text}
    lines = found.text.splitlines() if as_text else _sheet_lines(found.sheet)
    shell.show(document, lines)


def _document(found: Published) -> dict[str, Any]:
    return {
        "code": found.sheet.code,
        "version": found.sheet.version,
        "name": found.sheet.name,
        "currency": found.sheet.currency.code,
        "recorded_at": found.recorded_at,
        "by": found.actor,
        "reason": found.reason,
    }


def _sheet_lines(sheet: TermSheet) -> list[str]:
    return [f"{sheet.code}, version {sheet.version}", "", *lines_of(flat(sheet).items())]
