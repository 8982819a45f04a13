"""Collections: the loans that are late, the latest first, and what their borrowers promise."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from karez.doors.console.listing import Listing
from karez.doors.console.render import see_other
from karez.doors.console.visit import Page, Visit, faults_of
from karez.doors.operations.collections import PromiseLine
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, parse_amount

ROWS = 50
LATE: Mapping[str, tuple[str, str]] = {
    "1-30": ("1", "30"),
    "31-60": ("31", "60"),
    "61-90": ("61", "90"),
    "91-": ("91", ""),
}
"""Days late, as people who collect share the work out."""


def listed(visit: Visit) -> Response:
    """List the loans that are late."""
    listing = Listing.of(visit.request, sort="late")
    least, most = LATE.get(listing.value("late"), ("", ""))
    found = visit.ask(
        "loans.overdue", days_least=least, days_most=most, cursor=listing.value("after"), limit=ROWS
    )
    return visit.render(
        "collections/list.html", listing=listing, found=found, late=list(LATE), after=found.next
    )


def shown(visit: Visit) -> Response:
    """Show what was promised on a loan, and take a promise."""
    loan = visit.ask("loans.show", loan=visit.request.path_params["loan"]).loan
    form = visit.form(amount="", until="", note="")
    if visit.posts:
        try:
            typed = form.value("amount").replace(",", "").strip()
            visit.perform(
                "payments.promise", loan=str(loan.number), until=form.value("until"),
                amount_minor=parse_amount(typed, currency(loan.currency)), note=form.value("note"),
            )  # fmt: skip
            said = visit.text("The promise is kept here.")
            return see_other(visit.request, visit.request.url.path, toast=said)
        except KarezError as error:
            form = form.refused(faults_of(error))
    promises: list[PromiseLine] = []
    if visit.may("payments.promises"):
        promises = visit.ask("payments.promises", loan=str(loan.number)).promises
    return visit.render(
        "collections/show.html",
        loan=loan,
        promises=list(reversed(promises)),
        form=form,
        status=422 if form.faults else 200,
    )


PAGES: Mapping[str, Page] = {"/collections": listed, "/collections/{loan}": shown}
