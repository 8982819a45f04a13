"""``karez import``: trade documents become facts. What its commands share stands here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, lines_of, tell_refusals
from karez.doors.cli.shell import ExitCode, LazyGroup, Shell
from karez.doors.files.refusals import Refusal
from karez.services.trade import Intake

COMMANDS = {
    "invoices": (
        "karez.doors.cli.import_invoices:invoices",
        "Take in tables of invoices (CSV, Parquet, XLSX).",
    ),
    "ubl": ("karez.doors.cli.import_ubl:ubl", "Take in UBL 2.1 documents (XML)."),
    "loans": ("karez.doors.cli.import_loans:loans", "Take in a book of loans."),
    "epcis": ("karez.doors.cli.import_epcis:epcis", "Take in EPCIS 2.0 events (JSON)."),
}
SHOWN_MOST = 20

Item = TypeVar("Item")


@click.command("import", cls=LazyGroup, table=COMMANDS)
def imports() -> None:
    """Take in trade documents as facts, and books of loans."""


def import_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all imports have."""
    options = (
        click.option("--dry-run", is_flag=True, help="Judge everything, record nothing."),
        click.option(
            "--rejects",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="FOLDER",
            help="Keep what was refused in this folder, to be mended and sent again.",
        ),
        click.option("--attester", help="Who says so, as a party id."),
        click.option("--control-group", help="Who controls the source."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items; while one is used, the next is made in another thread.

    The database works while documents are read.
    """
    source = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, source, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, source, None)
            yield item


@attrs.define
class Report:
    """What a command tells at its end: what became of the documents, and which were refused."""

    intake: Intake = attrs.field(factory=Intake)
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Keep the first refusals, to be shown."""
        self.refusals += refusals[: SHOWN_MOST - len(self.refusals)]

    def show(self, shell: Shell, *, dry_run: bool, kept: Sequence[Path]) -> None:
        """Print it all, and end the command: 0, or 4 where all refusals are conflicts, else 5."""
        intake = self.intake
        tell_refusals(shell, self.refusals, intake.refused)
        counts = intake.counts()
        document: dict[str, Any] = {"dry_run": dry_run, **counts}
        document["rejects"] = [str(path) for path in kept]
        document["refusals"] = [refusal.as_dict() for refusal in self.refusals]
        words = {"recorded": "would be recorded"} if dry_run else {}
        pairs = [(words.get(name, name.replace("_", " ")), n) for name, n in counts.items()]
        width = max(len(f"{n:,}") for _, n in pairs)
        lines = lines_of([(label, f"{n:,}".rjust(width)) for label, n in pairs])
        if kept:
            lines.append(f"What was refused is in {kept[0].parent}.")
        shell.show(document, lines)
        if intake.refused:
            exit_with(ExitCode.CONFLICT if intake.conflicts_only else ExitCode.INVALID_INPUT)
