"""Operations that read applications: lists, and one with all that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from karez.doors.operations.cursors import page_of, read_cursor
from karez.doors.operations.errors import CursorInvalidError
from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import Input, Listing, Name, Output, shape
from karez.kernel.ids import IdMalformedError, read_id, show_id
from karez.services import origination
from karez.services.origination import Application, Event, Stage
from karez.services.origination.application import ADMITTED
from karez.services.origination.errors import ApplicationNotFoundError
from karez.services.origination.event import Gathered, Voted
from karez.services.parties import Known, PartyNotFoundError, find_parties


class PartyName(Output, kw_only=True):
    """A party by its id, its first key and its name."""

    id: str
    key: str
    name: str


class ApplicationRow(Output, kw_only=True):
    """An application in a list; ``amount_minor`` is what is let through, or approved, of it."""

    id: str
    stage: Stage
    product: str
    product_version: int
    borrower: PartyName
    officer: str
    purpose: str
    currency: str
    asked_minor: int
    amount_minor: int
    instalments: int
    rate_pct_year: Decimal | None
    submitted_on: date


class ApplicationList(Output, kw_only=True):
    """A page of applications, the latest first, and the cursor of the next."""

    applications: list[ApplicationRow]
    next: str | None


class EvidenceReading(Output, kw_only=True):
    """Facts of one party that were read under a consent: which days, and how many."""

    subject: str
    consent: str
    use: str
    range_from: date
    range_to: date
    facts: int


class Evidence(Output, kw_only=True):
    """What was read of the borrower, and the portrait that it makes."""

    readings: list[EvidenceReading]
    facts: int
    sales_year_minor: int
    low_month_minor: int | None
    customers: int
    top_customer_share: float
    remark: str
    numbers: dict[str, float]
    labels: dict[str, str]


class TrustFinding(Output, kw_only=True):
    """What one check says of one invoice, and the digests of what it rests on."""

    invoice: str
    check: str
    version: int
    verdict: str
    score: float
    words: str
    inputs: list[str]


class Trust(Output, kw_only=True):
    """How far the invoices that the loan is asked against are believed."""

    verdict: str
    invoiced_minor: int
    believed_minor: int
    reasons: list[TrustFinding]


class ScoreResult(Output, kw_only=True):
    """The default probability of a year; ``fallback`` names the stand-in for a score."""

    pd: float
    pd_low: float
    pd_high: float
    points: int | None
    reasons: list[str]
    model_sha256: str
    fallback: str


class PriceResult(Output, kw_only=True):
    """The rate with its parts, every limit, and what policy says: approve, refer or refuse."""

    rate_pct_year: Decimal
    rate_parts: dict[str, float]
    lgd: float
    limits: dict[str, int]
    binding: str
    amount_minor: int
    route: str
    rule: str
    reasons: list[str]
    committee: str
    votes: int


class VoteCast(Output, kw_only=True):
    """A vote, and why."""

    by: str
    approve: bool
    reason: str


class ApplicationDecision(Output, kw_only=True):
    """The decision, its reasons, and where it stands in the log of facts."""

    approved: bool
    by: str
    amount_minor: int
    rate_pct_year: Decimal
    reasons: list[str]
    overrides: bool
    fact_index: int


class Offer(Output, kw_only=True):
    """What the borrower is offered, with its whole cost."""

    amount_minor: int
    instalments: int
    rate_pct_year: Decimal
    starts_on: date
    valid_until: date
    instalment_minor: int
    last_due: date
    interest_minor: int
    fees_minor: int
    total_minor: int
    apr_pct: Decimal
    ways_paid: int


class PledgeResult(Output, kw_only=True):
    """A thing that secures the loan, and what of it covers."""

    kind: str
    description: str
    value_minor: int
    prior_minor: int
    cover_minor: int
    place: int
    reasons: list[str]


class BookedLoan(Output, kw_only=True):
    """The loan that was made of it."""

    loan_number: int
    paid_minor: int
    paid_to: str


class ApplicationEvent(Output, kw_only=True):
    """Something that happened to an application, who did it, and when it became known."""

    number: int
    kind: str
    on: date
    recorded_at: datetime | None
    actor: str
    reason: str


class ApplicationDetail(Output, kw_only=True):
    """An application with all that it rests on. ``may_follow`` are the kinds of event admitted."""

    application: ApplicationRow
    co_borrowers: list[PartyName]
    guarantors: list[PartyName]
    group: PartyName | None
    supplier: PartyName | None
    against: list[str]
    said: dict[str, str]
    evidence: Evidence | None
    trust: Trust | None
    score: ScoreResult | None
    price: PriceResult | None
    votes: list[VoteCast]
    decision: ApplicationDecision | None
    offer: Offer | None
    accepted_on: date | None
    pledges: list[PledgeResult]
    loan: BookedLoan | None
    events: list[ApplicationEvent]
    may_follow: list[str]


class ApplicationsQuestion(Listing, kw_only=True):
    """Which applications."""

    stage: Stage | None = None
    product: Name | None = None
    officer: Name | None = None
    borrower: Name | None = None


class OneApplication(Input, kw_only=True):
    """An application, by its id."""

    application: Name


def id_of(asked: Any) -> UUID:  # any input that names an application
    """Return the application that an input names.

    Raises:
        IdMalformedError: that is no id of an application.
    """
    return read_id("app", asked.application)


def _parties(call: Call, applications: Iterable[Application]) -> Mapping[UUID, Known]:
    named: set[UUID] = set()
    for each in applications:
        asked = each.asked
        several = (*asked.co_borrowers, *asked.guarantors, asked.group, asked.supplier)
        named |= {asked.borrower, *(one for one in several if one is not None)}
    return find_parties(call.office.books, named)


def _name(known: Known) -> PartyName:
    return PartyName(id=known.shown_id, key=known.key, name=known.party.full_name)


def _row(application: Application, parties: Mapping[UUID, Known]) -> ApplicationRow:
    return shape(
        ApplicationRow,
        application.asked,
        id=application.shown_id,
        stage=application.stage,
        borrower=_name(parties[application.asked.borrower]),
        asked_minor=application.asked.amount_minor,
        amount_minor=application.amount_minor,
        rate_pct_year=application.priced.rate_pct_year if application.priced else None,
        submitted_on=application.submitted.valid_on,
    )


def _list(call: Call, asked: ApplicationsQuestion) -> ApplicationList:
    name, office = "applications.list", call.office
    after = read_cursor(office, name, asked, tuple[date, UUID])
    found = origination.list_applications(
        office.desk, stage=asked.stage, product=asked.product, officer=asked.officer,
        borrower=asked.borrower, after=after, most=asked.limit + 1,
    )  # fmt: skip
    shown, next_page = page_of(
        office, name, asked, found, lambda each: (each.submitted.valid_on, each.application_id)
    )
    parties = _parties(call, shown)
    return ApplicationList(applications=[_row(each, parties) for each in shown], next=next_page)


def detail_of(call: Call, application_id: UUID) -> ApplicationDetail:
    """Return an application as doors show it.

    Raises:
        ApplicationNotFoundError: there is none.
    """
    found = origination.find_application(call.office.desk, application_id)
    events = origination.list_events(call.office.desk, application_id)
    parties, asked = _parties(call, [found]), found.asked
    return ApplicationDetail(
        application=_row(found, parties),
        co_borrowers=[_name(parties[each]) for each in asked.co_borrowers],
        guarantors=[_name(parties[each]) for each in asked.guarantors],
        group=_name(parties[asked.group]) if asked.group else None,
        supplier=_name(parties[asked.supplier]) if asked.supplier else None,
        against=list(asked.against),
        said=dict(asked.said),
        evidence=_evidence(found.gathered) if found.gathered else None,
        trust=shape(Trust, found.trusted) if found.trusted else None,
        score=shape(ScoreResult, found.scored) if found.scored else None,
        price=shape(PriceResult, found.priced) if found.priced else None,
        votes=[_vote(each) for each in found.votes],
        decision=shape(ApplicationDecision, found.decided) if found.decided else None,
        offer=shape(Offer, found.offered) if found.offered else None,
        accepted_on=found.accepted.valid_on if found.accepted else None,
        pledges=[shape(PledgeResult, each) for each in found.pledges],
        loan=shape(BookedLoan, found.booked) if found.booked else None,
        events=[shape(ApplicationEvent, each, on=each.valid_on) for each in events],
        may_follow=[kind for kind, stages in ADMITTED.items() if found.stage in stages],
    )


def _evidence(gathered: Gathered) -> Evidence:
    readings = [
        shape(
            EvidenceReading, each, consent=show_id("rgt", each.consent_id),
            use=show_id("use", each.use_id),
        )
        for each in gathered.readings
    ]  # fmt: skip
    return shape(Evidence, gathered, readings=readings)


def _vote(event: Event) -> VoteCast:
    approve = isinstance(event.content, Voted) and event.content.approve
    return VoteCast(by=event.actor, approve=approve, reason=event.reason)


def _show(call: Call, asked: OneApplication) -> ApplicationDetail:
    return detail_of(call, id_of(asked))


OPERATIONS = (
    Operation(
        name="applications.list",
        summary="List applications, the latest first.",
        method="GET",
        path="/v1/applications",
        input=ApplicationsQuestion,
        output=ApplicationList,
        run=_list,
        permission="applications.read",
        retry=Retry.READ,
        errors=(CursorInvalidError, PartyNotFoundError),
    ),
    Operation(
        name="applications.show",
        summary="Show an application with its evidence, score, price, decision and events.",
        method="GET",
        path="/v1/applications/{application}",
        input=OneApplication,
        output=ApplicationDetail,
        run=_show,
        permission="applications.read",
        retry=Retry.READ,
        errors=(ApplicationNotFoundError, IdMalformedError),
    ),
)
