"""What the commands of the money book share: the books, days, instants, ids, amounts, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import attrs
import click

from karez.doors.cli.shell import ExitCode, Shell, table
from karez.kernel.errors import ConflictError, KarezError
from karez.kernel.ids import read_id
from karez.kernel.money import currency
from karez.kernel.time import SystemClock, parse_date, parse_instant
from karez.services.bookkeeping import Books, Target
from karez.services.bookkeeping import open_books as open_books_of

if TYPE_CHECKING:
    from karez.doors.files.refusals import Refusal
    from karez.kernel.finding import Findings

PROGRESS_FROM = 20_000
"""What is shorter than this many rows is over before anyone looks."""


def entry_id(text: str) -> UUID:
    """Return the entry that an argument names."""
    return read_id("ent", text)


def transfer_id(text: str) -> Target:
    """Return the transfer that an argument names: entry, slash and line, or its line 0."""
    entry, _, line = text.partition("/")
    if line and not (line.isascii() and line.isdecimal() and len(line) < 10):
        raise click.BadParameter(f"{line!r} is no line of an entry: write a number")
    return Target(read_id("ent", entry), int(line or 0))


# What these types cannot read is invalid input, not wrong usage: they raise errors of the kernel.
on_day = click.option(
    "--on", type=parse_date, metavar="DATE", help="The value date; by default today."
)
preview_option = click.option("--preview", is_flag=True, help="Show what would be; keep nothing.")
known_at = click.option(
    "--known-at",
    type=parse_instant,
    metavar="INSTANT",
    help="As known then, such as 2026-03-31T17:45:00+02:00.",
)


@contextmanager
def open_books(shell: Shell) -> Generator[Books]:
    """Give the books of the institution that the settings name."""
    with shell.database() as database, open_books_of(database, shell.config.institution) as books:
        yield books


def today() -> date:
    """Return today's date where this command runs."""
    return SystemClock().now().astimezone().date()


def major(amount_minor: int, code: str) -> Decimal:
    """Return an amount in major units, with the decimals of its currency."""
    return Decimal(amount_minor).scaleb(-currency(code).exponent)


def lines_of(pairs: Iterable[tuple[str, object]]) -> list[str]:
    """Return labels and values in two columns, numbers with their points below one another."""
    shown = [(label, value, "" if value is None else str(value)) for label, value in pairs]
    left = max(len(label) for label, _, _ in shown)
    right = max((len(text) for _, value, text in shown if _is_number(value)), default=0)
    return [
        f"{label.ljust(left)}  {text.rjust(right) if _is_number(value) else text}".rstrip()
        for label, value, text in shown
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal)


@contextmanager
def progress(shell: Shell, what: str) -> Generator[Callable[..., None]]:
    """Give a function that shows how much of a long work is done, and of all, to who watches."""
    watched = sys.stderr.isatty() and not shell.as_json
    shown = False

    def tell(done: int, of_all: int | None = None, /) -> None:
        nonlocal shown
        if watched and max(done, of_all or 0) >= PROGRESS_FROM:
            shown = True
            end = f" of {of_all:,}" if of_all else ""
            click.echo(f"\r{what} {done:,}{end}", err=True, nl=False)

    try:
        yield tell
    finally:
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)


def exit_with(code: ExitCode) -> None:
    """End this command with an exit code, by way of every ``with``."""
    if code is not ExitCode.DONE:
        click.get_current_context().exit(code)


def show_verification(
    shell: Shell, report: Findings, said: Mapping[str, object], counted: str
) -> None:
    """Show what a verification found, and end: exit code 6 where a book disagrees with itself.

    ``said`` goes into the document as it is, ``counted`` opens the last line.
    """
    document = {
        "sound": not report.findings_total,
        **said,
        "findings_total": report.findings_total,
        "findings": [attrs.asdict(finding) for finding in report.findings],
    }
    lines = [f"{counted}: everything agrees."]
    if report.findings_total:
        rows = [attrs.astuple(finding) for finding in report.findings]
        lines = [
            *table(["check", "table", "row", "what"], rows),
            f"{counted}: {report.findings_total:,} disagreements.",
        ]
    shell.show(document, lines)
    exit_with(ExitCode.FOUND if report.findings_total else ExitCode.DONE)


def exit_code_for(errors: Sequence[KarezError]) -> ExitCode:
    """Return how a command ends that refused some rows: a conflict only where all are."""
    if not errors:
        return ExitCode.DONE
    conflicts = all(isinstance(error, ConflictError) for error in errors)
    return ExitCode.CONFLICT if conflicts else ExitCode.INVALID_INPUT


def tell_refusals(shell: Shell, refusals: Sequence[Refusal], total: int) -> None:
    """Say on the error channel which rows were refused."""
    if shell.as_json:
        return
    for refusal in refusals:
        click.echo(f"error[{refusal.error.code}]: {refusal}", err=True)
    if total > len(refusals):
        click.echo(f"... and {total - len(refusals):,} more", err=True)
