"""``karez rights show``, ``search``, ``certificate`` and ``verify``: asking the register."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
import click

from karez.doors.cli.bookkeeping import (
    known_at,
    lines_of,
    open_books,
    progress,
    show_verification,
)
from karez.doors.cli.rights_options import (
    business,
    event_rows,
    person,
    right_document,
    right_id,
    right_lines,
    thing,
)
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.ids import new_id, read_id, show_id
from karez.kernel.time import parse_instant
from karez.services import rights
from karez.services.rights import Certificate, Debtor, Search, Thing

_NEW = "new"


def _certificate_id(text: str) -> UUID:
    return new_id() if text == _NEW else read_id("crt", text)


effective_at = click.option(
    "--effective-at", type=parse_instant, metavar="INSTANT", help="As it stood then."
)


@click.command()
@click.argument("right", type=right_id)
@effective_at
@known_at
@command_options
def show(
    shell: Shell, *, right: UUID, effective_at: datetime | None, known_at: datetime | None
) -> None:
    """Show RIGHT and its history, as of any instant, as known at any other."""
    with open_books(shell) as books:
        view = rights.find_right(books, right, effective_at=effective_at, known_at=known_at)
    document = right_document(view.right, view.effective_at)
    document["events"] = [
        {**attrs.asdict(event), "body": json.loads(event.body)} for event in view.events
    ]
    headings = ["version", "action", "effective at", "recorded at", "by", "evidence"]
    history = table(headings, event_rows(view.events))
    shell.show(document, [document["right"], *right_lines(document), *history])


@click.command()
@click.option("--business", type=business, metavar="NAME", help="A firm's name.")
@click.option("--person", type=person, metavar="LAST, GIVEN", help="A person's name.")
@click.option("--thing", type=thing, metavar="SCHEME=NUMBER", help="A thing's number.")
@click.option(
    "--certificate",
    type=_certificate_id,
    is_flag=False,
    flag_value=_NEW,
    metavar="[ID]",
    help="Keep what is found, under an id.",
)
@effective_at
@known_at
@command_options
def search(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    business: Debtor | None,
    person: Debtor | None,
    thing: Thing | None,
    certificate: UUID | None,
    effective_at: datetime | None,
    known_at: datetime | None,
) -> None:
    """Search for claims by a debtor's name or a thing's number. Similar hits are shown too."""
    criteria = [each for each in (business, person, thing) if each is not None]
    if len(criteria) != 1:
        raise click.UsageError("search by one of --business, --person, --thing")
    with open_books(shell) as books:
        found, kept = rights.search(
            books,
            criteria[0],
            effective_at=effective_at,
            known_at=known_at,
            certificate_id=certificate,
        )
    shell.show(_document(found, kept), _lines(found, kept))


@click.command()
@click.argument("certificate_id", metavar="CERTIFICATE")
@command_options
def certificate(shell: Shell, *, certificate_id: str) -> None:
    """Show the certificate of search CERTIFICATE as it was issued."""
    with open_books(shell) as books:
        found = rights.find_certificate(books, read_id("crt", certificate_id))
    document = _certificate_document(found)
    pairs = [(name.replace("_", " "), value) for name, value in document.items()]
    hits = f"{len(document['result'])} found"
    shown = [(name, hits if name == "result" else str(value)) for name, value in pairs]
    shell.show(document, lines_of(shown))


@click.command()
@command_options
def verify(shell: Shell) -> None:
    """Make again what follows from the events of the rights book, and compare.

    Each use of a consent must stand in the facts book too.
    Exit code 6 says that something disagrees; the rows are named.
    """
    with open_books(shell) as books, progress(shell, "events") as tell:
        report = rights.verify(books, tell)
    said = {
        "batches": report.batches,
        "events": report.events,
        "claims": report.claims,
        "uses": report.uses,
        "certificates": report.certificates,
    }
    counted = (
        f"{report.events:,} events in {report.batches:,} batches, {report.claims:,} claims,"
        f" {report.uses:,} uses of consents, {report.certificates:,} certificates"
    )
    show_verification(shell, report, said, counted)


def _document(found: Search, kept: Certificate | None) -> dict[str, Any]:
    return {
        "criterion": attrs.asdict(found.criterion),
        "effective_at": found.effective_at,
        "register": attrs.asdict(found.register),
        "hits": [
            {**attrs.asdict(hit), "right_id": show_id("rgt", hit.right_id)} for hit in found.hits
        ],
        "certificate": _certificate_document(kept) if kept else None,
    }


def _certificate_document(kept: Certificate) -> dict[str, Any]:
    return {
        **attrs.asdict(kept),
        "certificate_id": show_id("crt", kept.certificate_id),
        "criterion": json.loads(kept.criterion),
        "register_digest": kept.register_digest.hex(),
        "result": json.loads(kept.result),
        "digest": kept.digest.hex(),
    }


def _lines(found: Search, kept: Certificate | None) -> list[str]:
    size = f"{found.register.claim_count:,} claims, batch {found.register.number:,}"
    lines = [f"{len(found.hits)} found among {size}."]
    if found.hits:
        headings = ["match", "what agrees", "right", "kind", "holder", "state", "since", "until"]
        rows = [
            (
                str(hit.match), hit.matched, show_id("rgt", hit.right_id), str(hit.claim.kind),
                hit.claim.holder, str(hit.state), hit.since, hit.until,
            )
            for hit in found.hits
        ]  # fmt: skip
        lines = [*table(headings, rows), *lines]
    if kept is not None:
        lines.append(f"Certificate {show_id('crt', kept.certificate_id)}, {kept.digest.hex()}.")
    return lines
