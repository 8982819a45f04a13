"""The first page: what waits today, and how the book stands."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from karez.doors.console.visit import Page, Visit


def home(visit: Visit) -> Response:
    """Show what waits for this person, and the book in a few figures."""
    at_risk = visit.ask("reports.at-risk").rows if visit.may("reports.at-risk") else []
    waiting = visit.ask("payments.queue").payments if visit.may("payments.queue") else []
    proposals = (
        visit.ask("proposals.list", limit=10).proposals if visit.may("proposals.list") else []
    )
    late = visit.ask("loans.list", status="active", limit=1) if visit.may("loans.list") else None
    return visit.render(
        "home.html",
        book=[row for row in at_risk if row.group == "all"],
        waiting=waiting,
        proposals=proposals,
        late=late,
    )


PAGES: Mapping[str, Page] = {"/": home}
