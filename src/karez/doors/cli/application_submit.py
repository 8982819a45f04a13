"""``karez application submit``: ask for a loan, or for a file of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from karez.doors.cli.application_options import (
    application_id,
    by_option,
    open_desk,
    show_outcomes,
)
from karez.doors.cli.bookkeeping import (
    on_day,
    preview_option,
    progress,
    today,
)
from karez.doors.cli.rights_options import with_options
from karez.doors.cli.row_files import show_records
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.applications import applications_layout, said
from karez.doors.files.records import open_records
from karez.doors.files.refusals import Refusal
from karez.kernel.ids import new_id
from karez.kernel.money import Currency, parse_amount
from karez.services import origination
from karez.services.bookkeeping import derive_id
from karez.services.origination import Desk, Submission
from karez.services.products import find_sheet

_asked = with_options(
    click.option("--product", help="Of which product."),
    click.option("--version", type=int, help="Which version; by default the latest."),
    click.option("--borrower", help="Who borrows: a key or an id."),
    click.option("--amount", help="How much."),
    click.option("--instalments", type=int, help="In how many instalments."),
    click.option("--purpose", default="", help="What for."),
    click.option("--officer", default="", help="Whose customer it is; by default --by."),
    click.option("--co-borrower", "co_borrowers", multiple=True, help="Who owes it too."),
    click.option("--guarantor", "guarantors", multiple=True, help="Who stands surety."),
    click.option("--group", default="", help="The group that it is lent through."),
    click.option("--against", multiple=True, help="Number of an invoice of the borrower's sales."),
    click.option("--supplier", default="", help="Who is paid, where not the borrower."),
    click.option("--supplier-invoice", default="", help="The invoice that is paid."),
    click.option(
        "--said", multiple=True, type=said, metavar="NAME=VALUE",
        help="What the policy asks and no fact says, as rating=B.",
    ),
    click.option("--id", "chosen", type=application_id, help="Choose its id."),
)  # fmt: skip


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@_asked
@click.option(
    "--source",
    default="file",
    show_default=True,
    help="Whose ids a file has: the same id from another source is another application.",
)
@on_day
@by_option
@preview_option
@command_options
def submit(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path | None,
    source: str,
    on: date | None,
    actor: str,
    preview: bool,
    **asked: Any,  # of one application
) -> None:
    """Ask for a loan with options, or for those of FILE, a row a loan.

    FILE (CSV, JSON lines, Parquet or XLSX) has the columns id, product, borrower, amount,
    instalments; and perhaps on, purpose, officer, co_borrowers, guarantors, group, against,
    supplier, supplier_invoice, said. A file that is sent again submits nothing twice.
    """
    day = on or today()
    with open_desk(shell) as desk:
        if file is not None:
            _submit_file(shell, desk, file, source, day, actor, preview=preview)
            return
        missing = [name for name in ("product", "borrower", "amount", "instalments")
                   if asked[name] is None]  # fmt: skip
        if missing:
            raise click.UsageError(f"give --{missing[0]}, or a FILE")
        chosen: UUID = asked.pop("chosen") or new_id()
        amount = parse_amount(asked.pop("amount"), _currency_of(desk)(asked["product"]))
        asked["said"] = dict(asked["said"])
        submission = Submission(
            application_id=chosen,
            command_id=derive_id("karez.application.submit", str(chosen)),
            on=day,
            actor=actor,
            amount_minor=amount,
            **asked,
        )
        outcomes = origination.submit(desk, [submission], preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview)


def _currency_of(desk: Desk) -> Callable[[str], Currency]:
    @cache
    def currency_of(product: str) -> Currency:
        with desk.evidence.transaction() as connection:
            return find_sheet(connection, product).currency

    return currency_of


def _submit_file(  # noqa: PLR0913, PLR0917 - one for each option
    shell: Shell, desk: Desk, file: Path, source: str, day: date, actor: str, *, preview: bool
) -> None:
    counts = {"rows": 0, "submitted": 0, "there_already": 0, "refused": 0}
    refusals: list[Refusal] = []
    layout = applications_layout(desk.name, source, actor, day, _currency_of(desk))
    with open_records(file, layout) as chunks, progress(shell, "rows") as tell:
        for chunk in chunks:
            outcomes = origination.submit(desk, chunk.records, preview=preview)
            for place, outcome in enumerate(outcomes):
                if outcome.error is not None:
                    chunk.refuse(place, outcome.error)
            sound = [outcome for outcome in outcomes if outcome.error is None]
            counts["rows"] += len(sound) + len(chunk.refusals)
            counts["submitted"] += sum(not outcome.already for outcome in sound)
            counts["there_already"] += sum(outcome.already for outcome in sound)
            counts["refused"] += len(chunk.refusals)
            refusals += chunk.refusals
            tell(counts["rows"])
    head = {"file": str(file), "preview": preview}
    show_records(shell, head, counts, refusals, "Nothing is kept." if preview else "")
