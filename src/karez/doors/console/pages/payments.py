"""Payments: what waits for a person and what is done with it; cash at the counter; payouts."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import attrs
from starlette.responses import Response

from karez.doors.console.errors import DeedUnknownError
from karez.doors.console.forms import Form
from karez.doors.console.language import later
from karez.doors.console.listing import Listing
from karez.doors.console.pages.loans import change_of
from karez.doors.console.shape import digits
from karez.doors.console.visit import KEY_FIELD, Page, Visit, faults_of
from karez.doors.operations.payments import PaymentDetail
from karez.kernel.errors import KarezError, NotFoundError
from karez.kernel.ids import new_id
from karez.kernel.money import currency, parse_amount

ROWS = 50
REASONS: Mapping[str, str] = {
    "no-sign": later("nothing says which loan it is for"),
    "loan-unknown": later("it names a loan that is none"),
    "loan-closed": later("the loan that it names is paid off or written off"),
    "currency": later("the loan that it names is in another currency"),
    "ambiguous": later("it may be for several loans"),
    "contradiction": later("what it says names several loans"),
    "proposed": later("a loan is likely, and nobody has said so yet"),
    "batch": later("the bank booked many payments as one"),
    "reversal": later("the bank took back what it booked before"),
    "debit": later("money went out, and nobody sent it"),
    "refused": later("the loan that it names refuses it"),
}
"""Why a payment waits, in words."""
ACTS: Mapping[str, str] = {
    "match": later("brought to its loan as it came in"),
    "hold": later("put on suspense"),
    "confirm": later("known as what was sent"),
    "take-back": later("took back a payment"),
    "assign": later("brought to a loan by a person"),
    "place": later("brought to an account"),
    "return": later("sent back"),
    "undo": later("what was done before was taken back"),
    "taken-back": later("taken back by the bank"),
}
"""What was done with a payment, in words."""


@attrs.frozen
class Move:
    """Something that may be done with a payment, and what it needs to know."""

    operation: str
    title: str
    sentence: str
    verb: str
    fields: tuple[str, ...] = ()
    is_grave: bool = False

    @property
    def needs_reason(self) -> bool:
        """Whether whoever reads it later must be told why."""
        return "loan" not in self.fields


MOVES: Mapping[str, Move] = {
    "assign": Move(
        "payments.assign", later("Bring it to a loan"),
        later("It counts on the loan from the day on which the money came in."),
        later("Bring it there"), ("loan", "amount"),
    ),
    "place": Move(
        "payments.place", later("Bring it to an account"),
        later("It leaves suspense for an account of the chart."),
        later("Bring it there"), ("account", "amount"),
    ),
    "return": Move(
        "payments.return", later("Send it back"),
        later("It goes back to whom it came from, with the next file to the bank."),
        later("Send it back"), ("amount",), is_grave=True,
    ),
    "unassign": Move(
        "payments.unassign", later("Take back what was done"),
        later("What was done with it last is undone, and it lies on suspense again."),
        later("Take it back"), (), is_grave=True,
    ),
}  # fmt: skip


def listed(visit: Visit) -> Response:
    """List what waits, the oldest first, and the payouts that wait to be sent."""
    listing = Listing.of(visit.request, sort="age")
    queue = visit.ask("payments.queue")
    reason = listing.value("reason")
    waiting = [each for each in queue.payments if reason in {"", each.reason}]
    begin = int(listing.value("after")) if listing.value("after").isdecimal() else 0
    more = begin + ROWS < len(waiting)
    try:
        payouts = visit.ask("payments.payouts").payouts
    except NotFoundError:  # a chart without an account of the bank
        payouts = []
    return visit.render(
        "payments/list.html",
        listing=listing,
        rows=waiting[begin : begin + ROWS],
        total=len(waiting),
        after=str(begin + ROWS) if more else None,
        why={code: visit.text(words) for code, words in REASONS.items()},
        payouts=payouts,
    )


def shown(visit: Visit) -> Response:
    """Show a payment, what was done with it, and what may be."""
    found: PaymentDetail = visit.ask("payments.show", payment=visit.request.path_params["payment"])
    return _detail(visit, found, visit.form(loan="", account="", amount=""))


def _detail(visit: Visit, found: PaymentDetail, form: Form) -> Response:
    open_text = digits(abs(found.open_minor), found.currency)
    values = dict(form.values)
    values["amount"] = values["amount"] or open_text
    first = str(found.candidates[0]) if found.candidates else ""
    values["loan"] = values["loan"] or first
    return visit.render(
        "payments/show.html",
        found=found,
        form=attrs.evolve(form, values=values),
        moves=[name for name, move in MOVES.items() if visit.may(move.operation)],
        acts=[_story(visit, act, found.currency) for act in reversed(found.acts)],
        why=visit.text(REASONS.get(found.reason, found.reason)),
        status=422 if form.faults else 200,
    )


def _story(visit: Visit, act: Any, code: str) -> SimpleNamespace:
    """Return an act as the timeline shows it."""
    words = visit.text(ACTS.get(act.kind, act.kind))
    target = f" {act.account}" if act.account else ""
    reason = visit.text(REASONS.get(act.reason, act.reason))
    return SimpleNamespace(
        valid_on=act.valid_on,
        known_at=act.recorded_at,
        title=f"{digits(act.amount_minor, code)} {code}: {words}{target}",
        detail=" · ".join(part for part in (reason, act.rule) if part),
        href=f"/loans/{act.loan}" if act.loan else "",
        icon={"hold": "clock", "undo": "arrow-back-up"}.get(act.kind, "arrows-exchange"),
        tone="waiting" if act.kind in {"hold", "undo"} else "good",
        who=act.actor,
    )


def moved(visit: Visit) -> Response:
    """Show what a move would do, and do it."""
    number = visit.request.path_params["payment"]
    move = MOVES.get(visit.request.path_params["move"])
    if move is None:
        raise DeedUnknownError(deed=visit.request.path_params["move"])
    found: PaymentDetail = visit.ask("payments.show", payment=number)
    given = visit.request.query_params
    names = ("loan", "account", "amount", "reason")
    form = visit.form(**{name: given.get(name, "") for name in names})
    try:
        values = _values(move, form, found) | {"payment": number}
        if visit.posts:
            answer, _ = visit.perform(move.operation, **values)
            return visit.onward(answer, f"/payments/{number}", visit.text("Done."))
        _, effect = visit.perform(move.operation, preview=True, **values)
        waits = visit.waits(move.operation, **values)
    except KarezError as error:
        return _detail(visit, found, form.refused(faults_of(error)))
    code = found.currency
    after = effect["payment"]["open_minor"]
    line = (visit.text("On suspense"), digits(found.open_minor, code), digits(after, code))
    ask = SimpleNamespace(
        title=visit.text(move.title), sentence=visit.text(move.sentence),
        action=f"/payments/{number}/{visit.request.path_params['move']}",
        verb=visit.text(move.verb), is_grave=move.is_grave, needs_reason=move.needs_reason,
        back=f"/payments/{number}", waits=waits, warnings=[],
        hidden={KEY_FIELD: str(new_id())} | {name: form.value(name) for name in move.fields},
        before_after=[line, *change_of(visit, effect.get("outcome"), code)],
    )  # fmt: skip
    return visit.render("confirm.html", ask=ask, form=form, place="payments")


def _values(move: Move, form: Form, found: PaymentDetail) -> dict[str, Any]:
    """Return the input of a move from what was typed; without an amount, all that waits."""
    values: dict[str, Any] = {name: form.value(name) for name in move.fields if name != "amount"}
    if "amount" in move.fields:
        typed = form.value("amount").replace(",", "").strip()
        open_minor = abs(found.open_minor)
        values["amount_minor"] = (
            parse_amount(typed, currency(found.currency)) if typed else open_minor
        )
    return values | {"reason": form.value("reason")}


def taken(visit: Visit) -> Response:
    """Take in cash at the counter; each edit shows what it would do to the loan."""
    given = visit.request.query_params
    form = visit.form(
        loan=given.get("loan", ""), amount=given.get("amount", ""), on="", receipt="", outlet=""
    )
    loan, effect = None, None
    try:
        if form.value("loan"):
            loan = visit.ask("loans.show", loan=form.value("loan")).loan
        if loan is not None and form.value("amount"):
            names = ("loan", "on", "receipt", "outlet")
            values: dict[str, Any] = {name: form.value(name) for name in names}
            typed = form.value("amount").replace(",", "").strip()
            values["amount_minor"] = parse_amount(typed, currency(loan.currency))
            if visit.posts and not visit.request.url.path.endswith("/preview"):
                answer, made = visit.perform("payments.cash", **values)
                said = visit.text("Taken. The receipt is {receipt}.")
                said = said.format(receipt=made.get("receipt", ""))
                return visit.onward(answer, f"/loans/{loan.number}", said)
            effect = visit.perform("payments.cash", preview=True, **values)[1]["outcome"]
        elif visit.posts:
            missing = "amount" if loan is not None else "loan"
            form = form.refused([(missing, visit.text("Fill this in."))])
    except KarezError as error:
        form = form.refused(faults_of(error))
    return visit.render(
        "payments/new.html",
        form=form,
        loan=loan,
        change=change_of(visit, effect, loan.currency) if loan is not None else [],
        status=422 if form.faults else 200,
    )


PAGES: Mapping[str, Page] = {
    "/payments": listed,
    "/payments/new": taken,
    "/payments/new/preview": taken,
    "/payments/{payment}": shown,
    "/payments/{payment}/{move}": moved,
}
