"""``karez import loans``: a book of loans from another system."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import (
    exit_with,
    lines_of,
    major,
    open_books,
    progress,
    tell_refusals,
)
from karez.doors.cli.imports import SHOWN_MOST
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.loans.book import JoinedFiles, read_loans
from karez.doors.files.loans.mapping import load_mapping
from karez.doors.files.refusals import Refusal
from karez.services.importing import Difference, LoansMapping, Reconciliation, import_loans

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_file)
@click.option(
    "--map",
    "mapping_name",
    required=True,
    metavar="NAME|FILE",
    help="What the columns mean: a TOML file, or the name of a mapping that Karez has.",
)
@click.option("--rows", type=_file, help="A table of agreed instalments.")
@click.option("--payments", type=_file, help="A table of payments that came in.")
@click.option("--orders", type=_file, help="A table of standing orders, to compare with.")
@click.option("--dry-run", is_flag=True, help="Judge everything, keep nothing.")
@click.option("--by", "actor", default=getpass.getuser, help="Who; by default this user.")
@command_options
def loans(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path,
    mapping_name: str,
    rows: Path | None,
    payments: Path | None,
    orders: Path | None,
    dry_run: bool,
    actor: str,
) -> None:
    """Take in the loans of FILE, a row a loan (CSV, Parquet or XLSX), with their history.

    Each is booked with the schedule that was agreed and with what was paid. At the end stands how
    the book compares with what its source says: counts, sums, and each figure that differs, by row.
    A file that is sent again takes in nothing twice.
    """
    mapping = load_mapping(mapping_name)
    read, refusals = read_loans(file, mapping, JoinedFiles(rows, payments, orders))
    with open_books(shell) as books, progress(shell, "loans") as tell:
        found = import_loans(books, read, mapping, actor=actor, dry_run=dry_run, progress=tell)
    refusals += [
        Refusal(file.name, "line", each.loan.line, "", "", each.error) for each in found.refused
    ]
    tell_refusals(shell, refusals[:SHOWN_MOST], len(refusals))
    document = _document(found, refusals, mapping, dry_run=dry_run)
    shell.show(document, _lines(document, found, mapping.currency.code))
    exit_with(ExitCode.INVALID_INPUT if refusals else ExitCode.DONE)


def _document(
    found: Reconciliation,
    refusals: Sequence[Refusal],
    mapping: LoansMapping,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    unit = mapping.currency.code
    return {
        "dry_run": dry_run,
        "as_of": mapping.as_of,
        "currency": unit,
        "read": found.read,
        "taken": found.taken,
        "already": found.already,
        "refused": len(refusals),
        "by_assumption": found.by_assumption,
        **{name: major(minor, unit) for name, minor in _sums(found).items()},
        "with_balance": found.with_balance,
        "differences": [_difference(each, unit) for each in found.differences],
        "refusals": [refusal.as_dict() for refusal in refusals],
    }


def _sums(found: Reconciliation) -> dict[str, int]:
    return {
        "lent_by_source": found.lent_source_minor,
        "lent_by_karez": found.lent_karez_minor,
        "balance_by_source": found.balance_source_minor,
        "balance_by_karez": found.balance_karez_minor,
        "lost_by_source": found.lost_source_minor,
        "lost_by_karez": found.lost_karez_minor,
        "principal_owed": found.principal_minor,
    }


def _difference(each: Difference, unit: str) -> dict[str, Any]:
    source, karez = major(each.source_minor, unit), major(each.karez_minor, unit)
    return {
        "line": each.loan.line,
        "reference": each.loan.reference,
        "field": each.field,
        "source": source,
        "karez": karez,
        "difference": Decimal(karez) - source,
    }


def _lines(document: dict[str, Any], found: Reconciliation, unit: str) -> list[str]:
    counts = ("read", "taken", "already", "refused", "with_balance")
    pairs: list[tuple[str, object]] = [(name.replace("_", " "), document[name]) for name in counts]
    pairs += [(f"paid {how}", count) for how, count in sorted(found.by_assumption.items())]
    pairs += [(f"{name.replace('_', ' ')} {unit}", document[name]) for name in _sums(found)]
    lines = lines_of(pairs)
    if found.differences:
        keys = ("line", "reference", "field", "source", "karez", "difference")
        shown = document["differences"][:SHOWN_MOST]
        lines += ["", *table(keys, [[each[key] for key in keys] for each in shown])]
        more = len(found.differences) - len(shown)
        lines += [f"... and {more} more"] if more else []
    return lines
