"""``karez import epcis``: events of goods become facts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs
import click

from karez.doors.cli.bookkeeping import progress
from karez.doors.cli.evidence import open_evidence
from karez.doors.cli.imports import Report, import_options
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.refusals import Refusal
from karez.doors.files.trade import epcis as reading
from karez.doors.files.trade.documents import Pile, Place
from karez.doors.files.trade.folders import document_files, free_name
from karez.doors.files.trade.ubl import Source
from karez.doors.files.trade.xml import read_document
from karez.kernel.errors import KarezError
from karez.services.trade import record_documents

SUFFIXES = frozenset({".json", ".jsonld"})


@click.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@import_options
@command_options
def epcis(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    files: tuple[Path, ...],
    dry_run: bool,
    rejects: Path | None,
    attester: str | None,
    control_group: str | None,
) -> None:
    """Record EPCIS 2.0 events from JSON or JSON-LD, and what sensors measured in them.

    FILE is an EPCIS document, the answer to a query, a list of events or one event; or a folder of
    them. By default an event is attested by the sender of its document, else by its source.
    """
    source = Source(attester, control_group or "")
    report = Report()
    kept: list[Path] = []
    with open_evidence(shell) as evidence, progress(shell, "facts") as tell:
        for opened in _documents(source, document_files(files, SUFFIXES)):
            for pile in opened.piles:
                done = record_documents(evidence, pile.batch, dry_run=dry_run)
                refusals = pile.refusals(done)
                report.intake.add(done, [refusal.error for refusal in pile.unread])
                report.refuse(refusals)
                opened.refused |= {refusal.line for refusal in refusals}
                tell(report.intake.documents)
            if rejects is not None and opened.refused:
                kept.append(opened.keep(rejects))
    report.show(shell, dry_run=dry_run, kept=kept)


@attrs.define
class _Opened:
    """One file: its facts, and the numbers of those events that were refused; 0 is the file."""

    path: Path
    found: reading.Found | None
    piles: Iterable[Pile]
    refused: set[int] = attrs.field(factory=set[int])

    def keep(self, folder: Path) -> Path:
        """Write the refused events into the folder, as a document of their own."""
        path = free_name(folder, self.path.name)
        if self.found is None:
            path.write_bytes(self.path.read_bytes())
            return path
        events = [self.found.events[number - 1] for number in sorted(self.refused)]
        path.write_bytes(reading.refused_document(self.found, events))
        return path


def _documents(source: Source, paths: Iterable[Path]) -> Iterable[_Opened]:
    for path in paths:
        try:
            found = reading.read_document(read_document(path))
        except KarezError as error:
            unread = [Refusal(str(path), "event", 0, "", "", error)]
            yield _Opened(path, None, [Pile(unread=unread)])
            continue
        yield _Opened(path, found, _piles(path, found, source))


def _piles(path: Path, found: reading.Found, source: Source) -> Iterable[Pile]:
    pile, prefixes = Pile(), found.prefixes
    for number, event in enumerate(found.events, start=1):
        try:
            facts = list(reading.read_event(event, source, found.sender, prefixes))
        except KarezError as error:
            field = str(error.details.get("field", ""))
            value = reading.shown_value(event, field)
            pile.unread.append(Refusal(str(path), "event", number, field, value, error))
            continue
        for fact in facts:
            pile.add(fact, Place(str(path), "event", number))
        if pile.is_full:
            yield pile
            pile = Pile()
    yield pile
