"""Applications: the list by stage, one with all that it rests on, and what may be done next."""

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
from karez.doors.console.render import see_other
from karez.doors.console.shape import digits
from karez.doors.console.visit import KEY_FIELD, Page, Visit, faults_of
from karez.doors.operations import OPERATIONS
from karez.doors.operations.applications import ApplicationDetail, ApplicationEvent
from karez.doors.operations.operation import Control
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id
from karez.kernel.money import currency, parse_amount
from karez.services.origination import Stage

ROWS = 50

STAGES: Mapping[str, str] = {
    "submitted": later("submitted"), "gathered": later("gathered"), "trusted": later("trusted"),
    "scored": later("scored"), "priced": later("priced"), "approved": later("approved"),
    "refused": later("refused"), "offered": later("offered"), "accepted": later("accepted"),
    "booked": later("booked"), "withdrawn": later("withdrawn"), "voted": later("voted"),
    "decided": later("decided"), "pledged": later("pledged"),
}  # fmt: skip
"""Stages, and kinds of event, in words."""


@attrs.frozen
class Act:
    """Something that may be done to an application: its operation, its event, and its words.

    ``at`` narrows the stages that admit the event; ``is_known`` says that its effect can be shown
    before it is done.
    """

    operation: str
    kind: str
    title: str
    sentence: str
    verb: str
    icon: str
    values: tuple[tuple[str, str], ...] = ()
    at: frozenset[Stage] = frozenset(Stage)
    needs_reason: bool = False
    is_grave: bool = False
    is_known: bool = False


_FOR, _AGAINST = (("approve", "true"),), (("approve", "false"),)
_PRICED = frozenset({Stage.PRICED})

ACTS: Mapping[str, Act] = {
    "assess": Act(
        "applications.assess", "gathered", later("Assess"),
        later("Reads the facts that the borrower lets us read, checks them, scores and prices."),
        later("Assess it"), "search",
    ),
    "vote-for": Act(
        "applications.vote", "voted", later("Vote for"),
        later("Your vote is kept with your name and your reason."), later("Vote for it"), "check",
        _FOR, needs_reason=True,
    ),
    "vote-against": Act(
        "applications.vote", "voted", later("Vote against"),
        later("Your vote is kept with your name and your reason."), later("Vote against it"),
        "x", _AGAINST, needs_reason=True,
    ),
    "decide": Act(
        "applications.decide", "decided", later("Decide"),
        later("Decides as the policy, or the votes, say. The decision is a fact."),
        later("Decide it"), "scale", at=_PRICED, is_known=True,
    ),
    "approve": Act(
        "applications.override", "decided", later("Approve anyway"),
        later("Decides against policy or committee, for the amount as priced."),
        later("Approve it"), "alert-triangle", _FOR, needs_reason=True, is_grave=True,
    ),
    "refuse": Act(
        "applications.override", "decided", later("Refuse anyway"),
        later("Decides against policy or committee."), later("Refuse it"), "ban", _AGAINST,
        needs_reason=True, is_grave=True,
    ),
    "offer": Act(
        "applications.offer", "offered", later("Offer"),
        later("Makes the borrower an offer with its whole cost, open for 30 days."),
        later("Offer it"), "file-text", is_known=True,
    ),
    "accept": Act(
        "applications.accept", "accepted", later("Accept"),
        later("Records that the borrower accepts the offer. Say how: a signature, a call, a form."),
        later("Record it"), "check", needs_reason=True,
    ),
    "book": Act(
        "applications.book", "booked", later("Book and pay out"),
        later("Makes the loan and pays it out."), later("Book it"), "cash", is_known=True,
    ),
    "withdraw": Act(
        "applications.withdraw", "withdrawn", later("Withdraw"),
        later("Records that the borrower does not want it any more. That ends the application."),
        later("Withdraw it"), "arrow-back-up", needs_reason=True, is_grave=True,
    ),
}  # fmt: skip


def listed(visit: Visit) -> Response:
    """List applications; the URL says of which stage, product, officer and borrower."""
    listing = Listing.of(visit.request, sort="-submitted_on")
    filters = {name: listing.value(name) for name in ("stage", "product", "officer", "borrower")}
    found = visit.ask("applications.list", **filters, cursor=listing.value("after"), limit=ROWS)
    return visit.render(
        "applications/list.html", listing=listing, found=found, after=found.next, stages=_stages()
    )


def shown(visit: Visit) -> Response:
    """Show an application: its story, all that it rests on, and what this person may do next."""
    found = _found(visit)
    acts = [(name, act) for name, act in ACTS.items() if _may_follow(visit, act, found)]
    main = next((name for name, act in reversed(acts) if not act.is_grave), "")
    events = [_story(visit, event) for event in reversed(found.events)]
    return visit.render(
        "applications/show.html", found=found, row=found.application, acts=acts, main=main,
        events=events, words=STAGES,
    )  # fmt: skip


def new(visit: Visit) -> Response:
    """Ask for a loan."""
    products = {row.code: row for row in visit.ask("products.list").products}
    given = visit.request.query_params
    form = visit.form(
        product=given.get("product", ""), borrower=given.get("borrower", ""), amount="",
        instalments="", purpose="", against="",
    )  # fmt: skip
    if visit.posts:
        try:
            _, made = visit.perform("applications.submit", **_request(form, products))
        except KarezError as error:
            faults = [(at.replace("amount_minor", "amount"), said) for at, said in faults_of(error)]
            form = form.refused(faults)
        else:
            url = f"/applications/{made['application']['id']}"
            return see_other(visit.request, url, toast=visit.text("It is submitted."))
    return visit.render(
        "applications/new.html", form=form, products=products, status=422 if form.faults else 200
    )


def _request(form: Form, products: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of a request from what was typed; amounts in units of the currency."""
    values: dict[str, Any] = dict(form.values)
    text = str(values.pop("amount")).replace(",", "").strip()
    product = products.get(form.value("product"))
    if product is not None and text:
        values["amount_minor"] = parse_amount(text, currency(product.currency))
    parts = (part.strip() for part in form.value("against").split(","))
    values["against"] = tuple(filter(None, parts))
    return values


def acted(visit: Visit) -> Response:
    """Ask whether an act is meant, show what it would do, and do it."""
    act = ACTS.get(visit.request.path_params["act"])
    if act is None:
        raise DeedUnknownError(deed=visit.request.path_params["act"])
    found = _found(visit)
    url = f"/applications/{found.application.id}"
    form, key = visit.form(reason=""), visit.sent.get(KEY_FIELD) or str(new_id())
    effect: dict[str, Any] | None = None
    values = _values(act, found, form)
    try:
        if visit.posts:
            answer, made = visit.perform(act.operation, **values)
            if not made.get("refused"):
                return visit.onward(answer, url, visit.text("Done."), waits_at=url)
            form, key = form.refused([("", made["refused"]["detail"])]), str(new_id())
        elif act.is_known:
            _, effect = visit.perform(act.operation, preview=True, **values)
    except KarezError as error:
        form = form.refused(faults_of(error))
    return visit.render(
        "confirm.html", ask=_ask(visit, act, found, effect, key), form=form, place="applications",
        status=422 if form.faults else 200,
    )  # fmt: skip


def _values(act: Act, found: ApplicationDetail, form: Form) -> dict[str, Any]:
    values: dict[str, Any] = {
        "application": found.application.id,
        "reason": form.value("reason"),
        **dict(act.values),
    }
    if act.kind == "accepted":
        values["evidence"] = values["reason"]
    return values


def _ask(
    visit: Visit, act: Act, found: ApplicationDetail, effect: dict[str, Any] | None, key: str
) -> dict[str, Any]:
    """Return what ``confirm.html`` shows of an act."""
    url, row = f"/applications/{found.application.id}", found.application
    title = f"{visit.text(act.title)}: {row.borrower.name}, "
    return {
        "title": title
        + f"{digits(row.amount_minor or row.asked_minor, row.currency)} {row.currency}",
        "sentence": visit.text(act.sentence),
        "action": visit.request.url.path,
        "verb": visit.text(act.verb),
        "is_grave": act.is_grave,
        "back": url,
        "before_after": _change(visit, found, effect),
        "needs_reason": act.needs_reason,
        "waits": OPERATIONS[act.operation].control is Control.ALWAYS,
        "hidden": {KEY_FIELD: key},
    }


def _change(
    visit: Visit, found: ApplicationDetail, effect: dict[str, Any] | None
) -> list[tuple[str, str, str]]:
    """Return what an act would change: label, before, after."""
    if effect is None:
        return []
    row, after, nothing = found.application, effect["application"], "\N{EN DASH}"
    lines = [
        (visit.text("Stage"), visit.text(row.stage.value), visit.text(after["stage"])),
        (
            visit.text("Amount"),
            digits(row.amount_minor, row.currency), digits(after["amount_minor"], row.currency),
        ),
    ]  # fmt: skip
    offer, loan = effect["offer"], effect["loan"]
    if offer and not loan:
        lines += [
            (visit.text("Instalment"), nothing, digits(offer["instalment_minor"], row.currency)),
            (visit.text("To pay in all"), nothing, digits(offer["total_minor"], row.currency)),
            (visit.text("All included, a year"), nothing, f"{offer['apr_pct']} %"),
        ]
    if loan:
        paid = digits(loan["paid_minor"], row.currency)
        lines.append((visit.text("Paid out"), digits(0, row.currency), paid))
    return lines


def _may_follow(visit: Visit, act: Act, found: ApplicationDetail) -> bool:
    """Say whether an act may come next, and this person may do it."""
    if act.kind == "voted" and not (found.price and found.price.committee):
        return False
    stage = found.application.stage
    return act.kind in found.may_follow and stage in act.at and visit.may(act.operation)


def _found(visit: Visit) -> ApplicationDetail:
    return visit.ask("applications.show", application=visit.request.path_params["application"])


def _story(visit: Visit, event: ApplicationEvent) -> SimpleNamespace:
    """Return an event as the timeline shows it."""
    return SimpleNamespace(
        valid_on=event.on,
        known_at=event.recorded_at,
        title=f"{event.number}. {visit.text(STAGES[event.kind])}",
        detail=event.reason,
        icon={"booked": "cash", "decided": "scale", "voted": "check"}.get(event.kind, "file-text"),
        tone="good" if event.kind == "booked" else "plain",
        who=event.actor,
    )


def _stages() -> list[tuple[str, str]]:
    return [(each.value, STAGES[each.value]) for each in Stage]


PAGES: Mapping[str, Page] = {
    "/applications": listed,
    "/applications/new": new,
    "/applications/{application}": shown,
    "/applications/{application}/{act}": acted,
}
