"""One box for everything: numbers of loans first, then references, then names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from karez.doors.console.render import see_other
from karez.doors.console.visit import Page, Visit
from karez.kernel.errors import KarezError


def search(visit: Visit) -> Response:
    """Go to the loan whose number was typed, or show what may be meant."""
    text = visit.request.query_params.get("q", "").strip()
    if text and visit.may("loans.show"):
        try:
            found = visit.ask("loans.show", loan=text)
        except KarezError:
            found = None
        if found is not None:
            return see_other(visit.request, f"/loans/{found.loan.number}")
    parties: list[Any] = []
    if text and visit.may("parties.search"):
        parties = visit.ask("parties.search", text=text).parties
    return visit.render("search.html", text=text, parties=parties)


PAGES: Mapping[str, Page] = {"/search": search}
