"""Offer, accept, withdraw: what the borrower is told, and what the borrower says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import attrs
import psycopg

from karez.kernel.errors import KarezError
from karez.services.origination.application import Application
from karez.services.origination.cost import cost_of
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.errors import ApplicationMalformedError, OfferExpiredError
from karez.services.origination.event import Accepted, Content, Offered, Withdrawn
from karez.services.origination.sheets import Sheets
from karez.services.products import TermSheet

OPEN_DAYS = 30
OPEN_DAYS_MOST = 366


@attrs.frozen(kw_only=True)
class Proposal(Command):
    """An offer that is to be made: when the loan would start, and until when it can be accepted."""

    starts_on: date | None = None
    valid_until: date | None = None


@attrs.frozen(kw_only=True)
class Acceptance(Command):
    """The borrower agrees; ``evidence`` says how."""

    evidence: str = ""


def offer(desk: Desk, proposals: Sequence[Proposal], *, preview: bool = False) -> list[Outcome]:
    """Offer approved loans, each with its whole cost.

    Refused for one of: ApplicationMalformedError, ApplicationNotFoundError, ApplicationStepError,
    and what the terms of the product refuse.
    """

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Proposal, Application]]
    ) -> list[Content | KarezError]:
        sheets = Sheets.of(connection, [application for _, application in pairs])
        made: list[Content | KarezError] = []
        for command, application in pairs:
            try:
                made.append(_offered(command, application, sheets.sheet(application)))
            except KarezError as error:
                made.append(error)
        return made

    return run(desk, "offered", proposals, make, preview=preview)


def _offered(command: Proposal, application: Application, sheet: TermSheet) -> Offered:
    decided, asked = application.decided, application.asked
    assert decided is not None  # noqa: S101 - the stage says so
    starts_on = command.starts_on or command.on
    until = command.valid_until or command.on + timedelta(days=OPEN_DAYS)
    if starts_on < command.on:
        rule = f"it is not before the offer of {command.on}"
        raise ApplicationMalformedError(field="start", value=str(starts_on), reason=rule)
    if not 0 <= (until - command.on).days <= OPEN_DAYS_MOST:
        rule = f"it is from {command.on} to {OPEN_DAYS_MOST} days later"
        raise ApplicationMalformedError(field="valid until", value=str(until), reason=rule)
    cost = cost_of(
        sheet,
        amount_minor=decided.amount_minor,
        rate_pct_year=decided.rate_pct_year,
        instalments=asked.instalments,
        starts_on=starts_on,
    )
    return Offered(
        amount_minor=decided.amount_minor,
        instalments=asked.instalments,
        rate_pct_year=decided.rate_pct_year,
        starts_on=starts_on,
        valid_until=until,
        **attrs.asdict(cost),
    )


def accept(
    desk: Desk, acceptances: Sequence[Acceptance], *, preview: bool = False
) -> list[Outcome]:
    """Record that borrowers accept their offers.

    Refused for one of: OfferExpiredError, ApplicationNotFoundError, ApplicationStepError.
    """

    def make(
        _connection: psycopg.Connection, pairs: Sequence[tuple[Acceptance, Application]]
    ) -> list[Content | KarezError]:
        made: list[Content | KarezError] = []
        for command, application in pairs:
            offered = application.offered
            assert offered is not None  # noqa: S101 - the stage says so
            if command.on > offered.valid_until:
                shown = application.shown_id
                made.append(OfferExpiredError(application=shown, until=offered.valid_until))
            else:
                made.append(Accepted(evidence=command.evidence))
        return made

    return run(desk, "accepted", acceptances, make, preview=preview)


def withdraw(desk: Desk, commands: Sequence[Command], *, preview: bool = False) -> list[Outcome]:
    """Record that borrowers do not want it any more.

    Refused for one of: ApplicationNotFoundError, ApplicationStepError.
    """

    def make(
        _connection: psycopg.Connection, pairs: Sequence[tuple[Command, Application]]
    ) -> list[Content | KarezError]:
        return [Withdrawn() for _ in pairs]

    return run(desk, "withdrawn", commands, make, preview=preview)
