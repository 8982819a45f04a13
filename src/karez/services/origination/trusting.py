"""Trust: how far to believe the invoices that a loan is asked against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import psycopg

from karez.books.facts.read import find_bodies, stream_bodies_of
from karez.books.facts.schemas import Despatch, Fact, Invoice, Order, Receipt
from karez.engines.trust import Assessment, Verdict, assess
from karez.engines.trust.fingerprint import normal_number
from karez.kernel.errors import KarezError
from karez.services.origination.application import Application, Stage
from karez.services.origination.covering import Opened, close_facts, open_facts
from karez.services.origination.desk import (
    QUERIES,
    Command,
    Desk,
    Outcome,
    read_applications,
    run,
)
from karez.services.origination.errors import InvoiceUnknownError, InvoiceVoidError
from karez.services.origination.event import Content, Trusted, TrustReason
from karez.services.origination.papers import Asked, evidence_of
from karez.services.parties import Known, read_parties

CHECKS = ("content", "three-way", "handover", "fingerprint", "evidence-once")
"""The checks that papers alone can answer."""
_SCHEMAS = [str(kind.__struct_config__.tag) for kind in (Invoice, Order, Despatch, Receipt)]
_OVER = frozenset({Stage.REFUSED, Stage.WITHDRAWN})
_Papers = Sequence[tuple[int, Fact]]


def trust(desk: Desk, commands: Sequence[Command], *, preview: bool = False) -> list[Outcome]:
    """Check the invoices that applications are asked against, with the papers behind them.

    Invoices of the borrower's other applications are looked at too, so that one is not lent on
    twice. An application without invoices is ``silent``: there is nothing to believe.

    Refused for one of: ConsentRequiredError, InvoiceUnknownError, InvoiceVoidError,
    ApplicationNotFoundError, ApplicationStepError.
    """
    with desk.evidence.transaction() as connection:
        found = read_applications(connection, {each.application_id for each in commands})
    reading = [
        each
        for each in commands
        if each.application_id in found and found[each.application_id].asked.against
    ]
    opened = open_facts(desk, "trusted", reading, preview=preview) if reading else {}

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Command, Application]]
    ) -> list[Content | KarezError]:
        borrowers = read_parties(connection, {one.asked.borrower for _, one in pairs})
        counts: dict[UUID, int] = {}
        made: list[Content | KarezError] = []
        for command, application in pairs:
            if not application.asked.against:
                made.append(Trusted(verdict=_word(0), invoiced_minor=0, believed_minor=0))
                continue
            lies_open = opened[command.command_id]
            if isinstance(lies_open, KarezError):
                made.append(lies_open)
                continue
            papers = _papers(connection, lies_open)
            counts[lies_open.use.use_id] = len(papers)
            borrower = borrowers[application.asked.borrower]
            made.append(_trusted(connection, desk, command, application, borrower, papers))
        if not preview:
            close_facts(connection, desk, counts)
        return made

    return run(desk, "trusted", commands, make, preview=preview)


def _papers(connection: psycopg.Connection, opened: Opened) -> _Papers:
    decode = msgspec.json.Decoder(Invoice | Order | Despatch | Receipt).decode
    return [
        (index, decode(body))
        for index, _, body in stream_bodies_of(connection, _SCHEMAS, [opened.window])
    ]


def _trusted(  # noqa: PLR0913, PLR0917 - what is asked, of whom, and what is known
    connection: psycopg.Connection,
    desk: Desk,
    command: Command,
    application: Application,
    borrower: Known,
    papers: _Papers,
) -> Content | KarezError:
    try:
        mine = [
            _find(number, borrower, papers, command, application)
            for number in application.asked.against
        ]
    except KarezError as error:
        return error
    others = _of_others(connection, application)
    asked = [*others, *mine]
    found = assess(evidence_of(desk.name, asked, papers), made=CHECKS)
    rows = range(len(others), len(asked))
    return Trusted(
        verdict=_word(max(int(found.verdict[row]) for row in rows)),
        invoiced_minor=sum(each.invoice.total_minor for each in mine),
        believed_minor=sum(int(found.believable_minor[row]) for row in rows),
        reasons=tuple(reason for row in rows for reason in _reasons(found, row, asked[row])),
        invoices=tuple(each.index for each in mine),
    )


def _find(
    number: str, borrower: Known, papers: _Papers, command: Command, application: Application
) -> Asked:
    """Return the latest good invoice of this number that the borrower sold."""
    same = [
        (index, fact)
        for index, fact in papers
        if isinstance(fact, Invoice)
        and normal_number(fact.number) == normal_number(number)
        and fact.seller.party_id in borrower.party.keys
        and fact.currency == application.asked.currency
    ]
    if not same:
        raise InvoiceUnknownError(number=number, party=borrower.key)
    index, invoice = same[-1]
    if any(fact.status == "void" for _, fact in same):
        raise InvoiceVoidError(number=number)
    return Asked(index, invoice, command.on, number)


def _of_others(connection: psycopg.Connection, application: Application) -> list[Asked]:
    """Return the invoices of the borrower's other applications that are not over."""
    asked = {
        "stage": None, "product_code": None, "officer": None, "most": 1000,
        "borrower_ids": [application.asked.borrower], "after_on": None, "after_id": None,
    }  # fmt: skip
    rows = connection.execute(QUERIES["list_applications"].text, asked).fetchall()
    ids = [row[0] for row in rows if row[0] != application.application_id]
    named: Mapping[int, Application] = {
        index: each
        for each in read_applications(connection, ids).values()
        if each.trusted is not None and each.trusted.verdict != "reject" and _runs(each)
        for index in each.trusted.invoices
    }
    bodies = find_bodies(connection, list(named))
    decode = msgspec.json.Decoder(Invoice).decode
    return [
        Asked(index, decode(body), named[index].submitted.valid_on, named[index].shown_id)
        for index, body in sorted(bodies.items())
    ]


def _runs(application: Application) -> bool:
    """Tell whether an application may still come to money, or has."""
    refused = application.priced is not None and application.priced.route == "refuse"
    return application.stage not in _OVER and (not refused or application.decided is not None)


def _reasons(found: Assessment, row: int, asked: Asked) -> list[TrustReason]:
    return [
        TrustReason(
            invoice=asked.name,
            check=reason.check_id,
            version=reason.version,
            verdict=_word(reason.verdict),
            score=round(reason.score, 6),
            words=reason.words,
            inputs=reason.inputs,
        )
        for reason in found.reasons(row)
    ]


def _word(verdict: int) -> str:
    return Verdict(verdict).name.lower()
