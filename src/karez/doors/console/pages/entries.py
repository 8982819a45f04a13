"""An entry of the ledger with its transfers, and how it is undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from karez.doors.console.forms import Form
from karez.doors.console.language import later
from karez.doors.console.pages.sheet_page import kept
from karez.doors.console.render import see_other
from karez.doors.console.visit import KEY_FIELD, Page, Visit, faults_of
from karez.doors.operations.ledger import Entry
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id


def entry(visit: Visit) -> Response:
    """Show an entry, with its transfers."""
    found: Entry = visit.ask("ledger.entry", entry=visit.request.path_params["entry"])
    day = {"first_day": found.valid_on, "last_day": found.valid_on}
    rows = [
        (line, account_url(line.debit, **day), account_url(line.credit, **day))
        for line in found.lines
    ]
    return visit.render(
        "books/entry.html",
        entry=found,
        rows=rows,
        crumbs=crumbs(visit),
        loan=_loan_url(found),
        reverse=f"{entry_url(found.id)}/reverse" if visit.may("ledger.reverse") else "",
    )


def reverse(visit: Visit) -> Response:
    """Ask why an entry is undone, show on which day its mirror would stand, and propose it."""
    found: Entry = visit.ask("ledger.entry", entry=visit.request.path_params["entry"])
    if loan := _loan_url(found):
        said = visit.text(later("It was posted for this loan: take back the event here."))
        return see_other(visit.request, loan, toast=said)
    form: Form = visit.form(reason="")
    back = entry_url(found.id)
    try:
        if visit.posts and not form.value("reason").strip():
            form = form.refused([("/reason", visit.text(later("Say why.")))])
        elif visit.posts:
            answer, made = visit.perform(
                "ledger.reverse", entry=found.id, reason=form.value("reason")
            )
            there = "" if answer.proposal else entry_url(made["entry"])
            return visit.onward(answer, there, visit.text("Reversed."))
        _, effect = visit.perform("ledger.reverse", preview=True, entry=found.id)
    except KarezError as error:
        if not visit.posts:
            raise
        form, effect = form.refused(faults_of(error)), {"on": ""}
    sentence = visit.text(
        later("An entry with all sides exchanged is posted on %(day)s; this one stays as it is.")
    )
    ask: dict[str, Any] = {
        "title": visit.text(later("Reverse this entry")),
        "sentence": sentence % {"day": effect["on"] or visit.office.business_date()},
        "action": f"{back}/reverse",
        "verb": visit.text(later("Reverse")),
        "is_grave": True,
        "back": back,
        "before_after": [],
        "needs_reason": True,
        "waits": True,
        "hidden": {KEY_FIELD: visit.sent.get(KEY_FIELD) or str(new_id())},
    }
    status = 422 if form.faults else 200
    return visit.render("confirm.html", ask=ask, form=form, place="ledger", status=status)


def _loan_url(found: Entry) -> str:
    """Return where the loan is that an entry was posted for; what a loan did is undone there."""
    loan = found.reference.get("loan")
    return f"/loans/{quote(loan)}" if loan else ""


def crumbs(visit: Visit) -> list[tuple[str, str]]:
    """Return where an entry or an account is inside of."""
    return [(visit.text(later("Ledger")), "/ledger")]


def account_url(code: str, **at: object) -> str:
    """Return where the statement of an account is, of the days that are named."""
    return kept(f"/ledger/accounts/{quote(code)}", **at)


def entry_url(entry_id: str) -> str:
    """Return where an entry is."""
    return f"/ledger/entries/{entry_id}"


PAGES: Mapping[str, Page] = {
    "/ledger/entries/{entry}": entry,
    "/ledger/entries/{entry}/reverse": reverse,
}
