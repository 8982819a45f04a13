"""The index of reports: each a page, and the same as a file."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from starlette.responses import Response

from karez.doors.console.language import later
from karez.doors.console.pages import ledger, portfolio
from karez.doors.console.pages.sheet_page import Tab
from karez.doors.console.visit import Page, Visit


@attrs.frozen
class Shelf:
    """Reports under one heading, each with a sentence of what it tells."""

    label: str
    reports: tuple[tuple[Tab, str], ...]


SENTENCES: Mapping[str, str] = {
    "/ledger": later("The balance of every account at the end of a day."),
    "/ledger/balance-sheet": later("What is owned and owed at the end of a day."),
    "/ledger/profit-and-loss": later("What was earned and spent in some days."),
    "/portfolio": later("The principal of loans that are late, by days and by group."),
    "/portfolio/desks": later("What each officer, place or other group answers for."),
    "/portfolio/concentration": later("To whom most of the principal falls."),
    "/portfolio/rolls": later("Where loans of each state are a month later."),
    "/portfolio/vintages": later("How the loans of each quarter fared."),
    "/portfolio/losses": later("What the book may lose within a year."),
}
SHELVES = (
    Shelf(later("Ledger"), tuple((tab, SENTENCES[tab.path]) for tab in ledger.TABS)),
    Shelf(later("Portfolio"), tuple((tab, SENTENCES[tab.path]) for tab in portfolio.TABS)),
)


def index(visit: Visit) -> Response:
    """List the reports that the person may see."""
    seen = [
        attrs.evolve(
            shelf, reports=tuple(each for each in shelf.reports if visit.may(each[0].operation))
        )
        for shelf in SHELVES
    ]
    return visit.render("books/reports.html", shelves=[shelf for shelf in seen if shelf.reports])


PAGES: Mapping[str, Page] = {"/reports": index}
