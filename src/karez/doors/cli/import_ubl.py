"""``karez import ubl``: UBL documents become facts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import click

from karez.doors.cli.bookkeeping import progress
from karez.doors.cli.evidence import open_evidence
from karez.doors.cli.imports import Report, ahead, import_options
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.errors import FileUnwritableError
from karez.doors.files.refusals import Refusal
from karez.doors.files.trade.documents import Pile, Place
from karez.doors.files.trade.folders import document_files, free_name
from karez.doors.files.trade.reading import DocumentFaultError
from karez.doors.files.trade.ubl import Reader, Source
from karez.doors.files.trade.ubl_schemas import Rules, Schemas
from karez.doors.files.trade.xml import read_document
from karez.kernel.errors import KarezError
from karez.services.trade import record_documents

SUFFIXES = frozenset({".xml", ".ubl"})


@click.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="The folder of UBL 2.1 schemas from OASIS: it has maindoc and common in it.",
)
@click.option("--en16931", is_flag=True, help="Hold invoices to the rules of EN 16931 as well.")
@import_options
@command_options
def ubl(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    files: tuple[Path, ...],
    schemas: Path | None,
    en16931: bool,
    dry_run: bool,
    rejects: Path | None,
    attester: str | None,
    control_group: str | None,
) -> None:
    """Record UBL 2.1 documents: Invoice, CreditNote, Order, DespatchAdvice, ReceiptAdvice.

    FILE is one document, or a folder of them. Each is held to its schema if that is at hand, and
    its amounts must add up. By default a document is attested by whoever issued it.
    """
    held_to = Schemas(schemas)
    source = Source(attester, control_group or "")
    reader = Reader(held_to, Rules() if en16931 else None, source)
    report = Report()
    kept: list[Path] = []
    with open_evidence(shell) as evidence, progress(shell, "documents") as tell:
        for pile in ahead(_piles(reader, document_files(files, SUFFIXES))):
            done = record_documents(evidence, pile.batch, dry_run=dry_run)
            refusals = pile.refusals(done)
            report.intake.add(done, [refusal.error for refusal in pile.unread])
            report.refuse(refusals)
            if rejects is not None and refusals:
                kept += [_keep(rejects, refusal) for refusal in refusals]
            tell(report.intake.documents)
    report.intake.noted["without_schema"] = held_to.unchecked
    report.show(shell, dry_run=dry_run, kept=kept)


def _piles(reader: Reader, paths: Iterable[Path]) -> Iterable[Pile]:
    pile = Pile()
    for path in paths:
        place = Place(str(path), "line", 0)
        try:
            pile.add(reader.read(read_document(path)), place)
        except DocumentFaultError as fault:
            pile.unread.append(
                Refusal(place.file, "line", fault.line, fault.path, fault.value, fault.error)
            )
        except KarezError as error:
            pile.unread.append(Refusal(place.file, "line", 0, "", "", error))
        if pile.is_full:
            yield pile
            pile = Pile()
    yield pile


def _keep(folder: Path, refusal: Refusal) -> Path:
    """Copy a refused document into the folder, what was wrong beside it, and return its path."""
    path = free_name(folder, Path(refusal.file).name)
    why = json.dumps(refusal.as_dict(), ensure_ascii=False, indent=2, default=str)
    try:
        shutil.copyfile(refusal.file, path)
        path.with_name(f"{path.name}.error.json").write_text(why, encoding="utf-8")
    except OSError as fault:
        raise FileUnwritableError(file=path, reason=fault.strerror) from fault
    return path
