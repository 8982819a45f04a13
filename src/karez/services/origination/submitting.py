"""Submit: somebody asks for a loan of a product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import attrs
import psycopg

from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id
from karez.services.origination.application import Application, begin
from karez.services.origination.desk import (
    QUERIES,
    Command,
    Desk,
    Outcome,
    event_of,
    read_applications,
    read_events,
    write_applications,
    write_events,
)
from karez.services.origination.errors import (
    ApplicationMalformedError,
    CommandTakenError,
    GroupOverdueError,
)
from karez.services.origination.event import Event, Submitted
from karez.services.origination.liability import refuse_bound
from karez.services.parties import Kind, Known, PartyNotFoundError, TieKind, parties_named
from karez.services.parties.ties import ties_between
from karez.services.products import TermSheet, find_sheet
from karez.services.products.parts import PaidTo
from karez.services.products.planning import within

PARTIES_MOST = 50
TEXT_MOST = 500
SAID_MOST = 100
INVOICES_MOST = 1_000


@attrs.frozen(kw_only=True)
class Submission(Command):
    """What is asked for. Parties are named by id or key; ``version`` None is the latest."""

    application_id: UUID = attrs.field(factory=new_id)
    product: str
    borrower: str
    amount_minor: int
    instalments: int
    purpose: str = ""
    officer: str = ""
    version: int | None = None
    co_borrowers: tuple[str, ...] = ()
    guarantors: tuple[str, ...] = ()
    group: str = ""
    against: tuple[str, ...] = ()
    supplier: str = ""
    supplier_invoice: str = ""
    said: Mapping[str, str] = attrs.field(factory=dict[str, str])

    @property
    def names(self) -> set[str]:
        """All parties that it names."""
        several = {*self.co_borrowers, *self.guarantors}
        return {name for name in (self.borrower, self.group, self.supplier, *several) if name}


def submit(
    desk: Desk, submissions: Sequence[Submission], *, preview: bool = False
) -> list[Outcome]:
    """Submit applications, one or ten thousand; answers stand in their order.

    Refused for one of: ApplicationMalformedError, PartyNotFoundError, ProductUnknownError,
    ProductTermError, CommandTakenError.
    """
    answers: list[Outcome] = []
    with desk.evidence.transaction() as connection, connection.transaction():
        intake = _Intake.of(connection, submissions)
        answers = [intake.take(submission) for submission in submissions]
        new = [answer for answer in answers if answer.event and not answer.already]
        write_applications(connection, [each.one() for each in new])
        write_events(connection, [each.event for each in new if each.event], {})
        if preview:
            raise psycopg.Rollback
    return answers


@attrs.define
class _Intake:
    """What submissions are judged by, read once for all of them."""

    connection: psycopg.Connection
    submissions: Sequence[Submission]
    standing: dict[UUID, Application]
    done: dict[UUID, UUID]
    events: dict[UUID, Event]
    sheets: dict[tuple[str, int | None], TermSheet | KarezError] = attrs.field(
        factory=dict[tuple[str, int | None], "TermSheet | KarezError"]
    )
    parties: dict[str, Known | KarezError] = attrs.field(factory=dict[str, "Known | KarezError"])
    bound: dict[tuple[UUID, date], GroupOverdueError] | None = None

    @classmethod
    def of(cls, connection: psycopg.Connection, submissions: Sequence[Submission]) -> _Intake:
        ids = {each.application_id for each in submissions}
        asked = {"command_ids": [each.command_id for each in submissions]}
        rows = connection.execute(QUERIES["known_commands"].text, asked).fetchall()
        done = {row[0]: row[1] for row in rows}
        found = read_events(connection, ids | set(done.values()))
        standing = read_applications(connection, list(found))
        events = {event.command_id: event for each in found.values() for event in each}
        intake = cls(connection, submissions, standing, done, events)
        intake.parties |= _named(connection, {name for each in submissions for name in each.names})
        return intake

    def take(self, submission: Submission) -> Outcome:
        try:
            return self._taken(submission)
        except KarezError as error:
            return Outcome(submission.command_id, error=error)

    def _taken(self, submission: Submission) -> Outcome:
        event = self.events.get(submission.command_id)
        if event is not None or submission.application_id in self.standing:
            application = self.standing[
                submission.application_id if event is None else event.application_id
            ]
            if event is None or event.number != 1 or not self._asks(submission, application):
                raise CommandTakenError(
                    command=submission.command_id, kind=event.kind if event else "submitted",
                    application=application.shown_id,
                )  # fmt: skip
            return Outcome(submission.command_id, application, event, already=True)
        content = self._content(submission)
        bound = self._bound()
        if (content.borrower, submission.on) in bound:
            raise bound[content.borrower, submission.on]
        event = event_of(submission, content, 1)
        application = begin(event)
        self.standing[submission.application_id] = application
        self.events[submission.command_id] = event
        return Outcome(submission.command_id, application, event)

    def _bound(self) -> dict[tuple[UUID, date], GroupOverdueError]:
        """Return which borrowers answer for a group that is late, read once for all."""
        if self.bound is None:
            found = ((self.parties[each.borrower], each.on) for each in self.submissions)
            borrowers = [(one.party_id, on) for one, on in found if isinstance(one, Known)]
            self.bound = refuse_bound(self.connection, borrowers)
        return self.bound

    def _asks(self, submission: Submission, application: Application) -> bool:
        """Tell whether an application is what a submission asks for."""
        stands = application.asked
        version = submission.version or stands.product_version
        again = self._content(
            attrs.evolve(submission, version=version, on=application.submitted.valid_on)
        )
        return again == stands

    def _content(self, asked: Submission) -> Submitted:
        sheet = self._sheet(asked)
        known = {name: self._party(name) for name in asked.names}
        _check_asked(asked, sheet)
        members = _check_parties(asked, sheet, known, self._members(asked, known))
        return Submitted(
            product=sheet.code,
            product_version=sheet.version,
            currency=sheet.currency.code,
            borrower=known[asked.borrower].party_id,
            amount_minor=asked.amount_minor,
            instalments=asked.instalments,
            purpose=asked.purpose,
            officer=asked.officer or asked.actor,
            co_borrowers=tuple(known[name].party_id for name in asked.co_borrowers),
            guarantors=tuple(known[name].party_id for name in asked.guarantors),
            group=known[asked.group].party_id if asked.group else None,
            members=members,
            against=asked.against,
            supplier=known[asked.supplier].party_id if asked.supplier else None,
            supplier_invoice=asked.supplier_invoice,
            said=dict(asked.said),
        )

    def _sheet(self, asked: Submission) -> TermSheet:
        key = (asked.product, asked.version)
        if key not in self.sheets:
            try:
                self.sheets[key] = find_sheet(self.connection, *key)
            except KarezError as error:
                self.sheets[key] = error
        found = self.sheets[key]
        if isinstance(found, KarezError):
            raise found
        return found

    def _party(self, name: str) -> Known:
        found = self.parties[name]
        if isinstance(found, KarezError):
            raise found
        return found

    def _members(self, asked: Submission, known: Mapping[str, Known]) -> set[UUID]:
        """Return who is a member of the group on the day."""
        if not asked.group:
            return set()
        group = known[asked.group].party_id
        ties = ties_between(self.connection, [group], asked.on)
        return {tie.one for tie in ties if tie.kind is TieKind.MEMBER_OF and tie.other == group}


def _named(connection: psycopg.Connection, names: set[str]) -> dict[str, Known | KarezError]:
    """Return each party, or that there is none: one by one only where one is unknown."""
    try:
        return dict(parties_named(connection, names))
    except PartyNotFoundError:
        found: dict[str, Known | KarezError] = {}
        for name in names:
            try:
                found[name] = parties_named(connection, [name])[name]
            except PartyNotFoundError as error:
                found[name] = error
        return found


def _check_asked(asked: Submission, sheet: TermSheet) -> None:
    """Refuse what no loan of the product can be."""
    within(
        sheet,
        amount_minor=asked.amount_minor,
        rate_pct_year=sheet.rate.least_pct_year,  # which one it will be, its price says
        instalments=asked.instalments,
    )
    for field in ("purpose", "officer", "supplier_invoice", "actor", "reason"):
        text: str = getattr(asked, field)
        if len(text) > TEXT_MOST or "\x00" in text:
            _malformed(field, text[:40], f"it has at most {TEXT_MOST} letters, and no NUL")
    for name, value in asked.said.items():
        if not name or len(name) > TEXT_MOST or len(value) > TEXT_MOST:
            _malformed(f"said {name[:40]}", value[:40], f"it has at most {TEXT_MOST} letters")
    if len(asked.said) > SAID_MOST:
        _malformed("said", str(len(asked.said)), f"there are at most {SAID_MOST}")
    if len(asked.against) > INVOICES_MOST:
        _malformed("against", str(len(asked.against)), f"there are at most {INVOICES_MOST}")
    if len(asked.names) > PARTIES_MOST:
        _malformed("parties", str(len(asked.names)), f"there are at most {PARTIES_MOST}")
    if sheet.drawing.to is PaidTo.SUPPLIER and not (asked.supplier and asked.supplier_invoice):
        _malformed("supplier", asked.supplier, "the money goes to a supplier; name it and invoice")
    if len(set(asked.against)) < len(asked.against):
        _malformed("against", ", ".join(asked.against), "an invoice stands twice")


def _check_parties(
    asked: Submission, sheet: TermSheet, known: Mapping[str, Known], members: set[UUID]
) -> int:
    """Refuse parties that cannot stand so together; return how many members the group has."""
    borrower = known[asked.borrower]
    if borrower.party.kind is Kind.GROUP:
        _malformed("borrower", asked.borrower, "a group borrows through its members")
    if asked.group and known[asked.group].party.kind is not Kind.GROUP:
        _malformed("group", asked.group, "it is no group")
    owing = [borrower, *(known[name] for name in (*asked.co_borrowers, *asked.guarantors))]
    if len({each.party_id for each in owing}) < len(owing):
        _malformed("parties", asked.borrower, "borrower, co-borrowers and guarantors are different")
    for each in owing[1:]:
        if each.party.kind is Kind.GROUP:
            _malformed("parties", each.key, "a group stands in for nobody; its members do")
    if len(asked.guarantors) < sheet.collateral.guarantors:
        rule = f"{sheet.code} asks for {sheet.collateral.guarantors}"
        _malformed("guarantors", str(len(asked.guarantors)), rule)
    if sheet.group is not None:
        _check_group(asked, sheet, borrower, members)
    return len(members)


def _check_group(asked: Submission, sheet: TermSheet, borrower: Known, members: set[UUID]) -> None:
    """Refuse a loan of a group that has too few members or too many, or lacks the borrower."""
    assert sheet.group is not None  # noqa: S101 - the caller looked
    if not asked.group:
        _malformed("group", "", f"{sheet.code} is lent to members of a group")
    if borrower.party_id not in members:
        _malformed("borrower", asked.borrower, f"it is no member of {asked.group} on {asked.on}")
    if not sheet.group.least_members <= len(members) <= sheet.group.most_members:
        rule = f"the group has from {sheet.group.least_members} to {sheet.group.most_members}"
        _malformed("group", f"{len(members)} members", rule)


def _malformed(field: str, value: str, reason: str) -> None:
    raise ApplicationMalformedError(field=field, value=value, reason=reason)
