"""Parties: found by a key or a name, one with its ties, loans and applications, and a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from karez.doors.console.listing import Listing
from karez.doors.console.render import see_other
from karez.doors.console.visit import Page, Visit, faults_of
from karez.doors.operations.parties import Party
from karez.kernel.errors import KarezError

FOUND_MOST, APPLICATIONS_MOST = 50, 20


def listed(visit: Visit) -> Response:
    """Find parties; the URL says by which words."""
    listing = Listing.of(visit.request, sort="name")
    text = listing.value("text").strip()
    found: list[Party] = (
        visit.ask("parties.search", text=text, limit=FOUND_MOST).parties if text else []
    )
    return visit.render("parties/list.html", listing=listing, parties=found, text=text)


def shown(visit: Visit) -> Response:
    """Show a party: what is known of it, who it is tied to, and what it borrows and asked for."""
    found = visit.ask("parties.show", party=visit.request.path_params["party"])
    asked = (
        visit.ask("applications.list", borrower=found.party.id, limit=APPLICATIONS_MOST)
        if visit.may("applications.list")
        else None
    )
    return visit.render(
        "parties/show.html",
        found=found,
        party=found.party,
        applications=asked.applications if asked else None,
    )


def new(visit: Visit) -> Response:
    """Record a party; one of its keys makes it known again."""
    form = visit.form(
        kind="person", name="", given="", key="", place="", industry="", segment="", phone="",
        began_on="",
    )  # fmt: skip
    if visit.posts:
        values: dict[str, Any] = dict(form.values)
        values["keys"] = tuple(filter(None, [form.value("key").strip()]))
        del values["key"]
        try:
            _, made = visit.perform("parties.record", **values)
        except KarezError as error:
            faults = [(at.replace("/keys", "/key"), said) for at, said in faults_of(error)]
            form = form.refused(faults)
        else:
            toast = visit.text("The party is recorded.")
            if made["alike"]:
                toast = visit.text("The party is recorded. Others have the same name; compare.")
            return see_other(visit.request, f"/parties/{made['party']['id']}", toast=toast)
    return visit.render("parties/new.html", form=form, status=422 if form.faults else 200)


PAGES: Mapping[str, Page] = {
    "/parties": listed,
    "/parties/new": new,
    "/parties/{party}": shown,
}
