"""Book: an accepted loan enters the books and its first money goes out, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import psycopg

from karez.engines.servicing.events import Disbursement
from karez.engines.servicing.terms import Tranche
from karez.kernel.errors import KarezError
from karez.services import lending
from karez.services.bookkeeping import derive_id
from karez.services.origination.application import Application
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.errors import ApplicationMalformedError, CollateralMissingError
from karez.services.origination.event import Booked, Content
from karez.services.origination.liability import refuse_bound
from karez.services.origination.said import own_labels
from karez.services.origination.securing import cover_needed_minor
from karez.services.origination.sheets import Sheets
from karez.services.parties import Known, read_parties
from karez.services.products import TermSheet


@attrs.frozen(kw_only=True)
class Payout(Command):
    """An accepted loan that is to be booked and paid out.

    ``channel`` is the account of the money book that the money leaves through, a till or the
    supplier's own; by default the settlement account of the product.
    """

    channel: str | None = None


def book(desk: Desk, payouts: Sequence[Payout], *, preview: bool = False) -> list[Outcome]:
    """Book loans and pay out what is due on the day; later parts are paid as the loan goes on.

    Refused for one of: CollateralMissingError, GroupOverdueError, ApplicationMalformedError,
    ApplicationNotFoundError, ApplicationStepError, and what lending refuses.
    """

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Payout, Application]]
    ) -> list[Content | KarezError]:
        named = {
            party
            for _, one in pairs
            for party in (one.asked.borrower, one.asked.supplier)
            if party is not None
        }
        parties = read_parties(connection, named)
        sheets = Sheets.of(connection, [one for _, one in pairs])
        made: dict[int, Content | KarezError] = {}
        cases: dict[int, _Case] = {}
        bound = refuse_bound(connection, [(one.asked.borrower, each.on) for each, one in pairs])
        for place, (command, one) in enumerate(pairs):
            supplier = parties[one.asked.supplier] if one.asked.supplier else None
            case = _Case(command, one, sheets.sheet(one), parties[one.asked.borrower], supplier)
            try:
                if (one.asked.borrower, command.on) in bound:
                    raise bound[one.asked.borrower, command.on]
                case.check()
            except KarezError as error:
                made[place] = error
            else:
                cases[place] = case
        made |= _booked(desk, connection, cases)
        return [made[place] for place in range(len(pairs))]

    return run(desk, "booked", payouts, make, preview=preview)


def _booked(
    desk: Desk, connection: psycopg.Connection, cases: Mapping[int, _Case]
) -> dict[int, Content | KarezError]:
    """Book cases and pay them out: all together, or one by one where lending refuses one."""
    try:
        with connection.transaction():  # what lending refuses leaves nothing behind
            return _booked_together(desk, connection, cases)
    except KarezError as error:
        if len(cases) == 1:
            return dict.fromkeys(cases, error)
    return {
        place: content
        for each in cases.items()
        for place, content in _booked(desk, connection, dict([each])).items()
    }


def _booked_together(
    desk: Desk, connection: psycopg.Connection, cases: Mapping[int, _Case]
) -> dict[int, Content | KarezError]:
    made: dict[int, Content | KarezError] = {}
    bookings = [case.booking() for case in cases.values()]
    loans = lending.book_loans_within(desk.books, connection, bookings)
    days = {case.command.on for case in cases.values()}
    for day in sorted(days):
        payouts = [
            payout
            for case, loan in zip(cases.values(), loans, strict=True)
            if case.command.on == day
            for payout in case.disbursements(loan)
        ]
        for outcome in lending.record_within(desk.books, connection, payouts, on=day):
            if outcome.error is not None:
                raise outcome.error
    for (place, case), loan in zip(cases.items(), loans, strict=True):
        made[place] = Booked(
            loan_id=loan.loan_id,
            loan_number=loan.loan_number,
            paid_minor=sum(part.amount_minor for part in case.due(loan)),
            paid_to=(case.supplier or case.borrower).key,
        )
    return made


@attrs.frozen
class _Case:
    """One accepted loan, and who gets the money."""

    command: Payout
    application: Application
    sheet: TermSheet
    borrower: Known
    supplier: Known | None

    def check(self) -> None:
        offered = self.application.offered
        assert offered is not None  # noqa: S101 - the stage says so
        if self.command.on < offered.starts_on:
            raise ApplicationMalformedError(
                field="on", value=str(self.command.on),
                reason=f"the loan that was accepted starts on {offered.starts_on}",
            )  # fmt: skip
        least = self.sheet.collateral.least_cover_pct
        needed = cover_needed_minor(least, offered.amount_minor)
        there = self.application.cover_minor
        if there < needed:
            exponent = self.sheet.currency.exponent
            reason = (
                f"its pledges cover {there / 10**exponent:,.2f} of the"
                f" {needed / 10**exponent:,.2f} that {self.sheet.code} asks for"
            )
            raise CollateralMissingError(application=self.application.shown_id, reason=reason)

    def booking(self) -> lending.Booking:
        offered, scored = self.application.offered, self.application.scored
        assert offered and scored  # noqa: S101, PT018 - the stage says so
        asked, on = self.application.asked, self.command.on
        labels = own_labels(self.application, self.borrower)
        pledges = self.application.pledges
        return lending.Booking(
            loan_id=derive_id("karez.application.loan", str(self.application.application_id)),
            sheet=(self.sheet.code, self.sheet.version),
            terms=self.sheet.terms(
                amount_minor=offered.amount_minor,
                rate_pct_year=offered.rate_pct_year,
                instalments=offered.instalments,
                starts_on=on,
            ),
            late=self.sheet.late,
            charges=self.sheet.charges(starts_on=on),
            currency=asked.currency,
            borrower_id=asked.borrower,
            officer=asked.officer,
            place=labels.get("place", ""),
            industry=labels.get("industry", ""),
            pd=scored.pd,
            lgd=self.sheet.lgd(pledges[0].kind if pledges else None),
            opened_on=on,
            application_id=self.application.application_id,
            reference=self.application.shown_id,
            limit=lending.DrawLimit(
                offered.amount_minor,
                self.sheet.revolves_until(starts_on=on, instalments=offered.instalments),
            ),
            actor=self.command.actor or "karez application",
        )

    def due(self, loan: lending.Loan) -> list[Tranche]:
        """Return the parts of the loan that go out by the day."""
        return [part for part in loan.terms.tranches if part.on <= self.command.on]

    def disbursements(self, loan: lending.Loan) -> list[lending.Command]:
        """Return these parts as commands to lending."""
        reason = self.command.reason
        if self.supplier is not None:
            invoice = self.application.asked.supplier_invoice
            reason = f"invoice {invoice} of {self.supplier.key}" + (f"; {reason}" if reason else "")
        return [
            lending.Command(
                command_id=derive_id(
                    "karez.application.payout", str(self.command.command_id), str(number)
                ),
                loan=loan.loan_id,
                event=Disbursement(
                    number=0, on=part.on, posted_on=self.command.on, amount_minor=part.amount_minor
                ),
                channel=self.command.channel,
                actor=self.command.actor or "karez application",
                reason=reason,
            )
            for number, part in enumerate(self.due(loan), 1)
        ]
