"""What waits for a second person, with what it would bring about; agreed to, refused, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from karez.doors.console.language import later
from karez.doors.console.listing import Listing
from karez.doors.console.render import see_other
from karez.doors.console.visit import Page, Visit, faults_of
from karez.doors.operations import OPERATIONS
from karez.doors.operations.proposals import Proposal
from karez.kernel.errors import KarezError

_VERBS = {
    "approve": later("It was approved, and done."),
    "refuse": later("It was refused."),
    "withdraw": later("It was withdrawn."),
}


def listed(visit: Visit) -> Response:
    """List what waits, or all that ever did."""
    listing = Listing.of(visit.request, sort="made_at")
    waiting = "false" if listing.value("all") else "true"
    found = visit.ask("proposals.list", waiting=waiting, cursor=listing.value("after"))
    return visit.render(
        "approvals/list.html",
        listing=listing,
        found=found,
        after=found.next,
        summary_of=_summary,
    )


def shown(visit: Visit) -> Response:
    """Show a proposal, its effect, and let somebody decide about it."""
    name = visit.request.path_params["proposal"]
    form = visit.form(reason="")
    if visit.posts:
        verb = visit.sent.get("verb", "")
        try:
            if verb in _VERBS:
                visit.perform(f"proposals.{verb}", proposal=name, reason=form.value("reason"))
                return see_other(visit.request, "/approvals", toast=visit.text(_VERBS[verb]))
        except KarezError as error:
            form = form.refused(faults_of(error))
    found: Proposal = visit.ask("proposals.show", proposal=name)
    effect: Any = msgspec.json.decode(found.effect)
    return visit.render(
        "approvals/show.html",
        found=found,
        summary=_summary(found.operation),
        given=_flat(msgspec.json.decode(found.given)),
        effect=_flat(effect),
        is_own=found.maker == visit.actor.name,
        form=form,
        status=422 if form.faults else 200,
    )


def _summary(operation: str) -> str:
    return OPERATIONS[operation].summary if operation in OPERATIONS else operation


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Return the parts of a document as names and texts, those that are empty left out."""
    if isinstance(value, dict):
        parts: list[tuple[str, str]] = []
        for key, each in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            parts += _flat(each, f"{name} {key}".strip().replace("_", " "))
        return parts
    if isinstance(value, list):
        return [
            part
            for place, each in enumerate(value, 1)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
            for part in _flat(each, f"{name} {place}")
        ]
    return [] if value in {None, ""} else [(name, str(value))]


PAGES: Mapping[str, Page] = {"/approvals": listed, "/approvals/{proposal}": shown}
