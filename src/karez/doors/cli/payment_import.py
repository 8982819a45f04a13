"""``karez payment import``: statements of the bank; and what was taken so far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import (
    exit_code_for,
    exit_with,
    major,
    open_books,
    progress,
    show_verification,
    tell_refusals,
)
from karez.doors.cli.payment_options import clerk_options
from karez.doors.cli.row_files import SHOWN_MOST, files_argument
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.refusals import Refusal
from karez.doors.files.statements.mapping import StatementMapping
from karez.doors.files.statements.reading import read_statements
from karez.kernel.errors import KarezError
from karez.services import payments
from karez.services.payments import BANK, BankStatement, Clerk, Gap, Taken

_MEANINGS = {
    "match": "to loans",
    "hold": "waiting",
    "take-back": "taken back",
    "confirm": "known to the book",
}


@click.command("import")
@files_argument
@click.option("--map", "map_", metavar="NAME|FILE", help="What the columns of a table mean.")
@click.option(
    "--channel",
    metavar="CODE",
    default=BANK,
    show_default=True,
    help="The account of the chart that this bank account is.",
)
@click.option("--preview", is_flag=True, help="Show what would be, and change nothing.")
@clerk_options
@command_options
def import_(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    files: tuple[Path, ...],
    map_: str | None,
    channel: str,
    preview: bool,
    clerk: Clerk,
) -> None:
    """Take in the statements of each FILE: camt.053, camt.054, MT940, or a table with --map.

    Each payment goes to its loan, or waits with the reason. A file with a fault is not taken at
    all; a statement that is sent again takes nothing twice.
    """
    mapping = None if map_ is None else StatementMapping.load(map_)
    report = _Report(preview)
    with open_books(shell) as books, progress(shell, "payments") as tell:
        for file in files:
            reading = read_statements(file, mapping)
            report.refusals += reading.refusals
            for statement in reading.statements:
                try:
                    taken = payments.take_statement(
                        books, statement, clerk, file=str(file), channel=channel, preview=preview,
                        progress=tell,
                    )  # fmt: skip
                    report.taken.append((str(file), taken))
                except KarezError as error:
                    report.refuse(str(file), statement, error)
        numbers = {taken.statement_number for _, taken in report.taken}
        gaps = payments.find_gaps(payments.list_statements(books))
        report.gaps = [gap for gap in gaps if {gap.after, gap.before} & numbers]
    report.show(shell)


@attrs.define
class _Report:
    """What became of all files."""

    preview: bool
    taken: list[tuple[str, Taken]] = attrs.field(factory=list[tuple[str, Taken]])
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])
    gaps: list[Gap] = attrs.field(factory=list[Gap])

    def refuse(self, file: str, statement: BankStatement, error: KarezError) -> None:
        """Keep why a statement was refused as a whole."""
        number = f"{statement.account} {statement.number}"
        self.refusals.append(Refusal(file, "line", statement.line, "statement", number, error))

    def show(self, shell: Shell) -> None:
        """Print it, and end: 0, or 4 where all refusals are conflicts, else 5."""
        tell_refusals(shell, self.refusals[:SHOWN_MOST], len(self.refusals))
        document = {
            "preview": self.preview,
            "statements": [_document(file, taken) for file, taken in self.taken],
            "gaps": [attrs.asdict(gap) for gap in self.gaps],
            "refusals": [refusal.as_dict() for refusal in self.refusals],
        }
        lines = [line for file, taken in self.taken for line in _lines(file, taken)]
        lines += [f"Missing: {gap.account}: {gap.reason}." for gap in self.gaps]
        if self.preview:
            lines.append("A preview: nothing is kept.")
        shell.show(document, lines)
        exit_with(exit_code_for([refusal.error for refusal in self.refusals]))


def _document(file: str, taken: Taken) -> dict[str, Any]:
    code = taken.statement.currency.code
    return {
        "file": file,
        "statement": taken.statement_number,
        "account": taken.statement.account,
        "number": taken.statement.number,
        "currency": code,
        "already": taken.already,
        "movement": major(taken.movement_minor, code),
        "known": {"count": taken.known.count, "amount": major(taken.known.amount_minor, code)},
        "answers": [
            {
                "kind": kind,
                "why": why,
                "count": line.count,
                "amount": major(line.amount_minor, code),
            }
            for (kind, why), line in sorted(taken.answers.items())
        ],
    }


def _lines(file: str, taken: Taken) -> list[str]:
    statement = taken.statement
    code = statement.currency.code
    head = f"{file}: statement {statement.number or '-'} of {statement.account}"
    if taken.already:
        return [f"{head} was taken already."]
    rows: list[Sequence[object]] = [
        (_MEANINGS[kind], why, line.count, major(line.amount_minor, code))
        for (kind, why), line in sorted(taken.answers.items(), key=_by_kind)
    ]
    if taken.known.count:
        known = major(taken.known.amount_minor, code)
        rows.append(("taken before", "", taken.known.count, known))
    total = sum(line.count for line in taken.answers.values()) + taken.known.count
    rows.append(("all", "", total, major(taken.movement_minor, code)))
    return [head, *(f"  {line}" for line in table(["payments", "why", "count", code], rows))]


def _by_kind(answer: tuple[tuple[str, str], object]) -> tuple[int, str]:
    return list(_MEANINGS).index(answer[0][0]), answer[0][1]


@click.command()
@command_options
def statements(shell: Shell) -> None:
    """List the statements that were taken, by account and day.

    Exit code 6 says that one is missing between two, or was broken off.
    """
    with open_books(shell) as books:
        kept = payments.list_statements(books)
    gaps = payments.find_gaps(kept)
    document = {
        "statements": [attrs.asdict(each) | {"left": each.left} for each in kept],
        "gaps": [attrs.asdict(gap) for gap in gaps],
    }
    rows = [
        (
            each.statement_number,
            each.account,
            each.number,
            each.closed_on,
            None if each.closing_minor is None else major(each.closing_minor, each.currency),
            each.currency,
            each.taken,
            each.channel,
        )
        for each in kept
    ]
    headings = ("taken", "account", "number", "closes on", "at", "", "payments", "channel")
    lines = [*table(headings, rows), *(f"Missing: {gap.account}: {gap.reason}." for gap in gaps)]
    broken = [each for each in kept if each.left]
    lines += [
        f"Broken off: {each.file}: {each.left:,} payments are left; take it again."
        for each in broken
    ]
    shell.show(document, lines)
    exit_with(ExitCode.FOUND if gaps or broken else ExitCode.DONE)


@click.command()
@command_options
def verify(shell: Shell) -> None:
    """Hold statements to their payments, those to what was done with them, and that to the books.

    Exit code 6 says that something disagrees; the rows are named.
    """
    with open_books(shell) as books:
        report = payments.verify(books)
    said = {
        "suspense": {
            code: major(amount_minor, code) for code, amount_minor in report.suspense_minor.items()
        }
    }
    counted = f"{report.statements:,} statements, {report.payments:,} payments"
    show_verification(shell, report, said, counted)
