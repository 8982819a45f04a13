"""Loans: the list, one loan with its schedule and its story, and what may be done to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import attrs
from starlette.responses import Response

from karez.doors.console import charts
from karez.doors.console.errors import DeedUnknownError
from karez.doors.console.forms import Form
from karez.doors.console.language import later
from karez.doors.console.listing import Listing
from karez.doors.console.shape import digits
from karez.doors.console.visit import Page, Visit, faults_of
from karez.doors.operations.loans import LoanDetail, LoanEvent
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, parse_amount

ROWS = 50


@attrs.frozen
class Deed:
    """Something that may be done to a loan: its operation, its words, and what it asks for."""

    operation: str
    title: str
    verb: str
    icon: str
    fields: tuple[str, ...] = ()
    is_grave: bool = False


DEEDS: Mapping[str, Deed] = {
    "repay": Deed(
        "loans.repay", later("Take a payment"), later("Take it"),
        "cash", ("amount", "on"),
    ),
    "disburse": Deed(
        "loans.disburse", later("Pay out"), later("Pay it out"),
        "cash", ("amount", "on"),
    ),
    "charge": Deed(
        "loans.charge", later("Charge a fee"), later("Charge it"),
        "receipt", ("amount", "on"),
    ),
    "refund": Deed(
        "loans.refund", later("Give back credit"), later("Give it back"),
        "arrow-back-up", ("amount", "on"),
    ),
    "undo": Deed(
        "loans.undo", later("Take back an event"), later("Take it back"),
        "arrow-back-up", ("event",), is_grave=True,
    ),
    "write-off": Deed(
        "loans.write-off", later("Write off"), later("Write it off"),
        "alert-triangle", (), is_grave=True,
    ),
}  # fmt: skip

_BALANCES = (
    ("principal_minor", later("Principal")),
    ("interest_accrued_minor", later("Interest")),
    ("fees_minor", later("Fees")),
    ("penalties_minor", later("Penalties")),
    ("overdue_minor", later("Overdue")),
    ("credit_minor", later("Credit")),
)


def listed(visit: Visit) -> Response:
    """List loans; the URL says which, and as of which day."""
    listing = Listing.of(visit.request, sort="number")
    found = visit.ask(
        "loans.list",
        status=listing.value("status"),
        on=listing.value("on"),
        reference=listing.value("reference"),
        cursor=listing.value("after"),
        limit=ROWS,
    )
    return visit.render("loans/list.html", listing=listing, found=found, after=found.next)


def shown(visit: Visit) -> Response:
    """Show a loan on a day: how it stands, what is to come, what happened."""
    number = visit.request.path_params["loan"]
    on = visit.request.query_params.get("on", "")
    found: LoanDetail = visit.ask("loans.show", loan=number, on=on)
    events = visit.ask("loans.events", loan=number).events
    deeds = [(name, deed) for name, deed in DEEDS.items() if visit.may(deed.operation)]
    return visit.render(
        "loans/show.html",
        found=found,
        loan=found.loan,
        events=[_story(visit, event, found) for event in reversed(events)],
        deeds=deeds,
        drawing=_drawing(visit, found),
    )


def done(visit: Visit) -> Response:
    """Ask for what a deed needs, show what it would do, and do it."""
    number = visit.request.path_params["loan"]
    deed = DEEDS.get(visit.request.path_params["deed"])
    if deed is None:
        raise DeedUnknownError(deed=visit.request.path_params["deed"])
    found: LoanDetail = visit.ask("loans.show", loan=number)
    code = found.loan.currency
    given = visit.request.query_params
    form = visit.form(
        amount=given.get("amount", ""), on=given.get("on", ""), event=given.get("event", ""),
        reason="",
    )  # fmt: skip
    effect: dict[str, Any] | None = None
    if visit.posts:
        try:
            values = _values(deed, form, code) | {"loan": number}
            if visit.sent.get("sure"):
                answer, _ = visit.perform(deed.operation, **values)
                return visit.onward(answer, f"/loans/{number}", visit.text("Done."))
            _, effect = visit.perform(deed.operation, preview=True, **values)
        except KarezError as error:
            form = form.refused(faults_of(error))
    return visit.render(
        "loans/deed.html",
        deed=deed,
        loan=found.loan,
        form=form,
        change=change_of(visit, effect, code),
        status=422 if form.faults else 200,
    )


def _values(deed: Deed, form: Form, code: str) -> dict[str, Any]:
    """Return the input of a deed from what was typed; amounts in units of the currency."""
    values: dict[str, Any] = {"reason": form.value("reason"), "on": form.value("on")}
    if "amount" in deed.fields:
        text = form.value("amount").replace(",", "").strip()
        values["amount_minor"] = parse_amount(text, currency(code))
    if "event" in deed.fields:
        values["event"] = form.value("event")
    return values


def change_of(visit: Visit, effect: dict[str, Any] | None, code: str) -> list[tuple[str, str, str]]:
    """Return what a deed would change of a loan: label, before, after."""
    if effect is None or not effect.get("before") or not effect.get("after"):
        return []
    before, after = effect["before"], effect["after"]
    lines = [
        (visit.text(label), digits(before[name], code), digits(after[name], code))
        for name, label in _BALANCES
        if before[name] or after[name]
    ]
    status = (visit.text("Status"), before["status"], after["status"])
    return [status, *lines] if before["status"] != after["status"] else lines


def _story(visit: Visit, event: LoanEvent, found: LoanDetail) -> SimpleNamespace:
    """Return an event as the timeline shows it."""
    code = found.loan.currency
    amount = f"{digits(event.amount_minor, code)} {code}" if event.amount_minor else ""
    kind = visit.text(event.kind)
    undo = f"/loans/{found.loan.number}/undo?event={event.number}"
    return SimpleNamespace(
        valid_on=event.on,
        known_at=event.recorded_at,
        title=f"{event.number}. {kind} {amount}".strip(),
        detail=event.reason,
        href=undo if visit.may("loans.undo") else "",
        icon={"disbursement": "cash", "payment": "arrows-exchange"}.get(event.kind, "point"),
        tone="good" if event.kind == "payment" else "plain",
        who=event.actor,
    )


def _drawing(visit: Visit, found: LoanDetail) -> charts.Drawing | None:
    if not found.schedule:
        return None
    scale = 10 ** currency(found.loan.currency).exponent
    interest = [max(line.interest_minor, 0) / scale for line in found.schedule]
    return charts.stacked(
        visit.text("Schedule"),
        [str(line.number) for line in found.schedule],
        {
            visit.text("Principal"): [line.principal_minor / scale for line in found.schedule],
            visit.text("Interest"): interest,
        },
        heading=visit.text("Instalment"),
    )


PAGES: Mapping[str, Page] = {
    "/loans": listed,
    "/loans/{loan}": shown,
    "/loans/{loan}/{deed}": done,
}
