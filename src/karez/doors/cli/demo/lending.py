"""From a plan to loans that are paid out: whoever accepts is booked, and gets the money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import attrs
import numpy as np

from karez.doors.cli.demo.lender import BANK, Lender
from karez.doors.cli.demo.planning import Season
from karez.doors.cli.demo.setting import Setting
from karez.doors.cli.demo.story import Story
from karez.engines.servicing.events import Disbursement
from karez.kernel.errors import ensure
from karez.services.bookkeeping.naming import derive_id
from karez.services.lending import Booking, Command, Loan, book_loans, record
from karez.services.parties import Kind, Party, record_parties
from karez.services.products import TermSheet, find_sheet

_ACTOR = "demo"


@attrs.frozen(kw_only=True)
class Offer:
    """A loan that was offered and accepted."""

    key: str
    """Of the borrower, as facts call it."""
    kind: Kind
    name: str
    place: str
    industry: str
    sheet: TermSheet
    amount_minor: int
    rate_pct_year: Decimal
    instalments: int
    pd_year: float
    on: date


def accepted_offers(story: Story, setting: Setting, season: Season) -> list[Offer]:
    """Draw who takes the offers of the plan: as many stay away as the curve says, by chance."""
    plan = season.plan
    firms = plan.question.firms
    own_id = {party: name for name, party in season.party.items()}
    draw = np.random.default_rng([setting.seed, 7]).random(len(firms))
    asked = np.flatnonzero(plan.amount_minor > 0)
    taken = asked[draw[asked] >= plan.lost[asked]]
    story.fact(
        "accepted", len(taken),
        f"{len(taken):,} of {len(asked):,} offers are accepted, drawn with seed {setting.seed}.",
    )  # fmt: skip
    return [
        _offer(setting, season, own_id[firms.names[firm]], firm)
        for firm in (int(place) for place in taken)
    ]


def _offer(setting: Setting, season: Season, name: str, firm: int) -> Offer:
    plan, sheet = season.plan, setting.sheet
    return Offer(
        key=plan.question.firms.names[firm],
        kind=Kind.FIRM,
        name=season.firms.names[name],
        place=season.firms.town[name],
        industry=plan.question.firms.industry[firm],
        sheet=sheet,
        amount_minor=int(plan.amount_minor[firm]),
        rate_pct_year=Decimal(int(plan.rate_ppm[firm])) / 10_000,
        instalments=sheet.instalments.most,
        pd_year=float(plan.question.firms.pd[firm]),
        on=setting.first,
    )


def lend(lender: Lender, offers: Sequence[Offer]) -> list[Loan]:
    """Book loans and pay them out; a loan that is there already stays."""
    books = lender.books
    parties = record_parties(books, [_party(offer) for offer in offers], actor=_ACTOR)
    with books.transaction() as connection:
        codes = {offer.sheet.code for offer in offers}
        sheets = {code: find_sheet(connection, code) for code in codes}
    bookings: list[Booking] = []
    for offer, outcome in zip(offers, parties, strict=True):
        ensure(outcome.known is not None, f"{offer.key}: {outcome.error}")
        assert outcome.known is not None  # noqa: S101 - for the type checker
        sheet = sheets[offer.sheet.code]
        bookings.append(
            Booking(
                loan_id=derive_id("demo", "loan", offer.key, offer.sheet.code, str(offer.on)),
                sheet=(sheet.code, sheet.version),
                terms=sheet.terms(
                    amount_minor=offer.amount_minor,
                    rate_pct_year=offer.rate_pct_year,
                    instalments=offer.instalments,
                    starts_on=offer.on,
                ),
                late=sheet.late,
                charges=sheet.charges(starts_on=offer.on),
                currency=sheet.currency.code,
                borrower_id=outcome.known.party_id,
                opened_on=offer.on,
                officer=f"officer of {offer.place}" if offer.place else "head office",
                place=offer.place,
                industry=offer.industry,
                pd=offer.pd_year,
                lgd=sheet.lgd(),
                actor=_ACTOR,
            )
        )
    loans = book_loans(books, bookings)
    _pay_out(lender, loans, offers)
    return loans


def _party(offer: Offer) -> Party:
    return Party(offer.kind, offer.name, (offer.key,), place=offer.place, industry=offer.industry)


def _pay_out(lender: Lender, loans: Sequence[Loan], offers: Sequence[Offer]) -> None:
    commands = [
        Command(
            loan=loan.loan_id,
            event=Disbursement(
                number=0, on=tranche.on, posted_on=offer.on, amount_minor=tranche.amount_minor
            ),
            actor=_ACTOR,
            channel=BANK,
            command_id=derive_id("demo", "paid-out", str(loan.loan_id), str(tranche.on)),
        )
        for loan, offer in zip(loans, offers, strict=True)
        for tranche in loan.terms.tranches[:1]
    ]
    for outcome in record(lender.books, commands, on=offers[0].on) if offers else ():
        ensure(outcome.error is None, f"loan {outcome.loan_number}: {outcome.error}")
    for loan, offer in zip(loans, offers, strict=True):
        cost = offer.sheet.pricing.fixed_cost_minor
        lender.pay_for_loan(loan.loan_number, loan.opened_on, cost)
