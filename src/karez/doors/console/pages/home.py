"""The first page: what waits today, and how the book stands."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from karez.doors.console.visit import Page, Visit
from karez.doors.operations.payments import WaitingPayment
from karez.doors.operations.proposals import Proposal
from karez.services.reporting.tables import AtRisk


def home(visit: Visit) -> Response:
    """Show what waits for this person, and the book in a few figures."""
    at_risk: list[AtRisk] = []
    waiting: list[WaitingPayment] = []
    if visit.may("reports.at-risk"):
        at_risk = visit.ask("reports.at-risk").rows
    if visit.may("payments.queue"):
        waiting = visit.ask("payments.queue").payments
    proposals: list[Proposal] = (
        visit.ask("proposals.list", limit=10).proposals if visit.may("proposals.list") else []
    )
    return visit.render(
        "home.html",
        book=[row for row in at_risk if row.group == "all"],
        waiting=waiting,
        proposals=proposals,
    )


PAGES: Mapping[str, Page] = {"/": home}
