"""Secure: things are registered in the rights book and ranked, and their cover is computed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import attrs
import numpy as np
import psycopg

from karez.books.facts.read import find_bodies
from karez.books.facts.schemas import Invoice
from karez.books.rights import record as recording
from karez.books.rights import search as searching
from karez.books.rights.claim import Claim, Debtor, Thing
from karez.books.rights.claim import Kind as ClaimKind
from karez.books.rights.event import Event, Register
from karez.books.rights.names import Debt
from karez.books.rights.search import Hit
from karez.books.rights.serials import Scheme
from karez.engines.price.limit import pledge_limit
from karez.engines.priority.facts import Asset, Facts, Step
from karez.engines.priority.facts import Claim as Rival
from karez.engines.priority.facts import Kind as RivalKind
from karez.engines.priority.rank import Ranking, rank
from karez.engines.priority.regime import Regime
from karez.kernel.errors import KarezError, ensure
from karez.kernel.ids import show_id
from karez.services.bookkeeping import derive_id
from karez.services.evidence import decode_fact
from karez.services.origination.application import Application
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.errors import CollateralRefusedError
from karez.services.origination.event import Content, Pledged
from karez.services.origination.papers import prints_of
from karez.services.origination.sheets import Sheets
from karez.services.parties import Kind, Known, read_parties
from karez.services.products import TermSheet
from karez.services.products.parts import HUNDRED, Accepted

RECEIVABLE = "receivable"
_CLAIM_KINDS = {
    RECEIVABLE: ClaimKind.ASSIGNMENT,
    "warehouse-receipt": ClaimKind.RECEIPT,
    "deposit": ClaimKind.DEPOSIT,
}
_PRINTS = (Scheme.EXACT, Scheme.RENUMBERED, Scheme.REDATED)


@attrs.frozen(kw_only=True)
class Pledge(Command):
    """A thing that is to secure the loan, of a kind that the product accepts.

    Of receivables without things the invoices are meant that the loan is asked against, and their
    value is at most what is believed of them.
    """

    kind: str
    value_minor: int = 0
    things: tuple[Thing, ...] = ()
    description: str = ""


def pledge(
    desk: Desk, pledges: Sequence[Pledge], regime: Regime, *, preview: bool = False
) -> list[Outcome]:
    """Register things as security, and say what they cover after what ranks before us.

    Refused for one of: CollateralRefusedError, ThingTakenError, RightMalformedError and what else
    the rights book refuses, ApplicationNotFoundError, ApplicationStepError.
    """

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Pledge, Application]]
    ) -> list[Content | KarezError]:
        borrowers = read_parties(connection, {one.asked.borrower for _, one in pairs})
        sheets = Sheets.of(connection, [application for _, application in pairs])
        made: list[Content | KarezError] = []
        for command, application in pairs:
            sheet = sheets.sheet(application)
            borrower = borrowers[application.asked.borrower]
            try:
                case = _Case(connection, desk, command, application, sheet, borrower, regime)
                made.append(case.pledged())
            except KarezError as error:
                made.append(error)
        return made

    return run(desk, "pledged", pledges, make, preview=preview)


@attrs.frozen
class _Case:
    """One thing, whose it is, and for which application."""

    connection: psycopg.Connection
    desk: Desk
    pledge: Pledge
    application: Application
    sheet: TermSheet
    borrower: Known
    regime: Regime

    def pledged(self) -> Pledged:
        accepted = self._accepted()
        things, value = self._things()
        event = self._registration(things)
        hits = {
            hit.right_id: hit
            for thing in things
            for hit in searching.search(self.connection, thing).hits
        }
        hits.pop(event.right_id, None)
        done = recording.record_one(self.connection, event)
        assert done.recorded is not None  # noqa: S101 - what is not refused is recorded
        rivals = [_rival(hit) for hit in hits.values()]
        ours = Rival(
            id=show_id("rgt", event.right_id),
            kind=RivalKind.SECURITY,
            day=self.pledge.on,
            debt_minor=self.application.amount_minor,
            steps=(Step("registration", done.recorded.effective_at.date()),),
        )
        asset = Asset(self.pledge.kind, self.borrower.party.full_name, self.borrower.key)
        day = max(self.pledge.on, done.recorded.effective_at.date())
        ranking = rank(self.regime, Facts(day, asset, (*rivals, ours)))
        place, prior = _before(ranking, ours)
        share = float(1 - accepted.advance_pct / HUNDRED)
        cover = pledge_limit(np.array([value]), np.array([share]), np.array([prior]))
        return Pledged(
            right_id=event.right_id,
            kind=self.pledge.kind,
            description=self.pledge.description or ", ".join(thing.number for thing in things[:3]),
            value_minor=value,
            prior_minor=prior,
            cover_minor=int(cover[0]),
            place=place,
            reasons=ranking.reasons,
        )

    def _accepted(self) -> Accepted:
        sheet = self.sheet
        for accepted in sheet.collateral.accepted:
            if accepted.kind == self.pledge.kind:
                return accepted
        known = ", ".join(each.kind for each in sheet.collateral.accepted) or "nothing"
        raise self._refusal(f"{sheet.code} takes {known}")

    def _things(self) -> tuple[tuple[Thing, ...], int]:
        """Return the things and their value; of receivables by the fingerprints of the invoices."""
        things, value = self.pledge.things, self.pledge.value_minor
        if self.pledge.kind == RECEIVABLE and not things:
            trusted = self.application.trusted
            if trusted is None or not trusted.invoices:
                raise self._refusal("it is asked against no invoice that was checked; assess it")
            bodies = find_bodies(self.connection, trusted.invoices)
            invoices = [decode_fact("invoice/1", bodies[index]) for index in sorted(bodies)]
            found = [each for each in invoices if isinstance(each, Invoice)]
            things = tuple(
                Thing(scheme, token)
                for tokens in prints_of(self.desk.name, found)
                for scheme, token in zip(_PRINTS, tokens, strict=True)
            )
            value = min(value or trusted.believed_minor, trusted.believed_minor)
        if value <= 0:
            raise self._refusal("it has no value; say what it is worth")
        return things, value

    def _registration(self, things: tuple[Thing, ...]) -> Event:
        asked, party = self.application.asked, self.borrower.party
        of = Debt.INDIVIDUAL if party.kind is Kind.PERSON else Debt.BUSINESS
        claim = Claim(
            kind=_CLAIM_KINDS.get(self.pledge.kind, ClaimKind.PLEDGE),
            holder=self.desk.name,
            debtors=(Debtor(of, party.name, party.given),),
            things=things,
            description=self.pledge.description,
            amount_minor=self.application.amount_minor or None,
            currency=asked.currency,
            attached_on=self.pledge.on,
        )
        right_id = derive_id("karez.application.pledge", str(self.pledge.command_id))
        return Event(right_id, Register(claim), by=self.pledge.actor, event_id=right_id)

    def _refusal(self, reason: str) -> CollateralRefusedError:
        item = self.pledge.description or self.pledge.kind
        return CollateralRefusedError(
            item=item, application=self.application.shown_id, reason=reason
        )


def _rival(hit: Hit) -> Rival:
    claim = hit.claim
    return Rival(
        id=show_id("rgt", hit.right_id),
        kind=RivalKind.LIEN if claim.kind is ClaimKind.LIEN else RivalKind.SECURITY,
        day=claim.attached_on or hit.since.date(),
        debt_minor=claim.amount_minor or 0,
        steps=(Step("registration", hit.since.date(), _last_day(hit)),),
    )


def _last_day(hit: Hit) -> date | None:
    return hit.until.date() if hit.until else None


def _before(ranking: Ranking, ours: Rival) -> tuple[int, int]:
    """Return our place from 1, and what is owed to those before us.

    Days decide a rank; who shares our place was registered earlier that day, and counts as before.
    """
    prior = 0
    for place, tier in enumerate(ranking.tiers, 1):
        prior += sum(claim.debt_minor for claim in tier if claim.id != ours.id)
        if any(claim.id == ours.id for claim in tier):
            return place, prior
    ensure(condition=False, claim="whoever registered is ranked")
    return 0, prior


def cover_needed_minor(least_cover_pct: Decimal, amount_minor: int) -> int:
    """Return what the pledges of a loan must cover, rounded up."""
    return -int(-least_cover_pct * amount_minor // HUNDRED)
