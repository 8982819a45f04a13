"""From a plan to loans that are paid out: whoever accepts is booked, and gets the money."""

from __future__ import annotations

from collections.abc import Sequence
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
from karez.services.lending import Booking, Command, DrawLimit, Loan, book_loans, record
from karez.services.parties import Kind, Party, record_parties
from karez.services.products import TermSheet, find_sheet

_ACTOR = "demo"


@attrs.frozen(kw_only=True)
class Offer:
    """A loan of the plan that was offered and accepted."""

    borrower: Party
    amount_minor: int
    rate_pct_year: Decimal
    pd_year: float


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
    return [_offer(season, own_id, int(place)) for place in taken]


def _offer(season: Season, own_id: dict[str, str], firm: int) -> Offer:
    plan = season.plan
    firms = plan.question.firms
    key, industry = firms.names[firm], firms.industry[firm]
    known = season.firms
    name, town = known.names[own_id[key]], known.town[own_id[key]]
    return Offer(
        borrower=Party(Kind.FIRM, name, (key,), place=town, industry=industry),
        amount_minor=int(plan.amount_minor[firm]),
        rate_pct_year=Decimal(int(plan.rate_ppm[firm])) / 10_000,
        pd_year=float(firms.pd[firm]),
    )


def lend(lender: Lender, setting: Setting, offers: Sequence[Offer]) -> list[Loan]:
    """Book loans and pay them out on the first day; a loan that is there already stays."""
    books = lender.books
    parties = record_parties(books, [offer.borrower for offer in offers], actor=_ACTOR)
    with books.transaction() as connection:
        sheet = find_sheet(connection, setting.sheet.code)
    bookings: list[Booking] = []
    for offer, outcome in zip(offers, parties, strict=True):
        ensure(outcome.known is not None, f"{offer.borrower.name}: {outcome.error}")
        assert outcome.known is not None  # noqa: S101 - for the type checker
        party = outcome.known
        bookings.append(
            Booking(
                loan_id=derive_id("demo", "loan", party.key, sheet.code, str(setting.first)),
                sheet=(sheet.code, sheet.version),
                terms=sheet.terms(
                    amount_minor=offer.amount_minor,
                    rate_pct_year=offer.rate_pct_year,
                    instalments=sheet.instalments.most,
                    starts_on=setting.first,
                ),
                late=sheet.late,
                charges=sheet.charges(starts_on=setting.first),
                currency=sheet.currency.code,
                borrower_id=party.party_id,
                opened_on=setting.first,
                officer=f"officer of {party.party.place}" if party.party.place else "head office",
                place=party.party.place,
                industry=party.party.industry,
                pd=offer.pd_year,
                lgd=sheet.lgd(),
                limit=DrawLimit(offer.amount_minor),
                actor=_ACTOR,
            )
        )
    loans = book_loans(books, bookings)
    _pay_out(lender, sheet, loans)
    return loans


def _pay_out(lender: Lender, sheet: TermSheet, loans: Sequence[Loan]) -> None:
    commands = [
        Command(
            loan=loan.loan_id,
            event=Disbursement(
                number=0, on=part.on, posted_on=part.on, amount_minor=part.amount_minor
            ),
            actor=_ACTOR,
            channel=BANK,
            command_id=derive_id("demo", "paid-out", str(loan.loan_id), str(part.on)),
        )
        for loan in loans
        for part in loan.terms.tranches[:1]
    ]
    for outcome in record(lender.books, commands, on=loans[0].opened_on) if loans else ():
        ensure(outcome.error is None, f"loan {outcome.loan_number}: {outcome.error}")
    for loan in loans:
        lender.pay_for_loan(loan.loan_number, loan.opened_on, sheet.pricing.fixed_cost_minor)
