"""Operations on parties: who borrows, and who is tied to whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import Input, Name, OnDay, Output, shape
from karez.services import lending, parties
from karez.services.parties import Kind, Known, PartyNotFoundError, TieKind
from karez.services.parties.errors import PartyKindError, PartyMalformedError

Words = Annotated[str, msgspec.Meta(max_length=500)]
Keys = Annotated[list[Name], msgspec.Meta(min_length=1, max_length=20)]
Most = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Party(Output, kw_only=True):
    """A party as the register knows it now."""

    id: str
    version: int
    recorded_at: datetime
    kind: Kind
    name: str
    given: str
    keys: list[str]
    place: str
    industry: str
    segment: str
    phone: str
    began_on: date | None


class PartyList(Output, kw_only=True):
    """Parties that may be meant."""

    parties: list[Party]


class PartyLoan(Output, kw_only=True):
    """A loan of a party, as it stands."""

    number: int
    currency: str
    status: str
    principal_minor: int
    overdue_minor: int


class PartyTie(Output, kw_only=True):
    """One party is something of another, on a day."""

    one: Party
    kind: TieKind
    other: Party


class PartyDetail(Output, kw_only=True):
    """A party, its ties and its loans on a day."""

    on: date
    party: Party
    ties: list[PartyTie]
    loans: list[PartyLoan]


class Recorded(Output, kw_only=True):
    """A party as it stands after it was recorded; others of the same name, for a person to see."""

    party: Party
    changed: bool
    alike: list[str]


class PartySearch(Input, kw_only=True):
    """A key, or words of a name."""

    text: Name
    limit: Most = 20


class OneParty(OnDay, kw_only=True):
    """A party, by its id or one of its keys."""

    party: Name


class PartyRecord(Input, kw_only=True):
    """What is known of a party; one of its keys makes it known again."""

    kind: Kind
    name: Name
    keys: Keys
    given: Words = ""
    place: Words = ""
    industry: Words = ""
    segment: Words = ""
    phone: Words = ""
    began_on: date | None = None


def party_of(known: Known) -> Party:
    """Return a party as doors show it."""
    return shape(
        Party, known.party, id=known.shown_id, version=known.version, recorded_at=known.recorded_at
    )


def _search(call: Call, asked: PartySearch) -> PartyList:
    found = parties.search_parties(call.office.books, asked.text, most=asked.limit)
    return PartyList(parties=[party_of(known) for known in found])


def _show(call: Call, asked: OneParty) -> PartyDetail:
    books = call.office.books
    on = asked.on or call.today
    known = parties.find_party(books, asked.party)
    ties = parties.list_ties(books, [known.party_id], on)
    others = {tie.one for tie in ties} | {tie.other for tie in ties}
    named = {key: party_of(each) for key, each in parties.find_parties(books, others).items()}
    views = lending.find_loans(books, on, borrower_id=known.party_id)
    return PartyDetail(
        on=on,
        party=party_of(known),
        ties=[PartyTie(kind=tie.kind, one=named[tie.one], other=named[tie.other]) for tie in ties],
        loans=[
            PartyLoan(
                number=view.loan.loan_number,
                currency=view.loan.currency,
                status=view.standing.status,
                principal_minor=view.standing.principal_minor,
                overdue_minor=view.overdue_minor,
            )
            for view in views
        ],
    )


def _record(call: Call, asked: PartyRecord) -> Recorded:
    given: dict[str, Any] = msgspec.structs.asdict(asked) | {"keys": tuple(asked.keys)}
    party = parties.Party(**given)
    [outcome] = parties.record_parties(call.office.books, [party], actor=call.actor.name)
    if outcome.error is not None:
        raise outcome.error
    assert outcome.known is not None  # noqa: S101 - what is not refused is known
    alike = parties.find_parties(call.office.books, outcome.alike)
    return Recorded(
        party=party_of(outcome.known),
        changed=outcome.changed,
        alike=[known.shown_id for known in alike.values()],
    )


OPERATIONS = (
    Operation(
        name="parties.search",
        summary="Find parties by a key or by words of a name.",
        method="GET",
        path="/v1/parties",
        input=PartySearch,
        output=PartyList,
        run=_search,
        permission="parties.read",
        retry=Retry.READ,
    ),
    Operation(
        name="parties.show",
        summary="Show a party, its ties and its loans.",
        method="GET",
        path="/v1/parties/{party}",
        input=OneParty,
        output=PartyDetail,
        run=_show,
        permission="parties.read",
        retry=Retry.READ,
        errors=(PartyNotFoundError,),
    ),
    Operation(
        name="parties.record",
        summary="Record what is known of a person, a firm or a group.",
        method="POST",
        path="/v1/parties",
        input=PartyRecord,
        output=Recorded,
        run=_record,
        permission="parties.record",
        retry=Retry.NATURAL,
        errors=(PartyMalformedError, PartyKindError),
        target_of=lambda asked: f"party:{asked.keys[0]}",
        about_of=lambda recorded: f"party:{recorded.party.id}",
    ),
)
