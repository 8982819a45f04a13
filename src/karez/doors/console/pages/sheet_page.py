"""The page of a sheet: its filters, its tabs, its drawings, and its file under ``?format=csv``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

import attrs
from starlette.responses import Response

from karez.doors.console.charts import Drawing
from karez.doors.console.exports import FORMAT, csv_file
from karez.doors.console.language import later
from karez.doors.console.listing import Listing
from karez.doors.console.sheets import Cell, Sheet
from karez.doors.console.visit import Visit

ROWS = 200
"""So many rows a page shows at once; its file holds all."""


@attrs.frozen
class Field:
    """A filter: a field of the URL, its label, its kind, its value, and choices if it has some."""

    name: str
    label: str
    kind: str
    value: str
    options: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class Tab:
    """A page beside this one; ``operation`` is what one must be allowed to see it."""

    path: str
    label: str
    operation: str


@attrs.frozen
class Figure:
    """A figure above the table, and what it is made of."""

    label: str
    value: Cell
    href: str
    tone: str = "plain"


@attrs.frozen(kw_only=True)
class Surrounding:
    """What stands around a sheet: its place in the navigation, filters, tabs, drawings, figures.

    ``pinned`` are values that its file's URL holds, so that it is the sheet that was looked at.
    """

    place: str
    fields: Sequence[Field] = ()
    tabs: Sequence[Tab] = ()
    crumbs: Sequence[tuple[str, str]] = ()
    drawings: Sequence[Drawing] = ()
    figures: Sequence[Figure] = ()
    nothing: str = ""
    pinned: dict[str, str] = attrs.field(factory=dict[str, str])


def sheet_page(visit: Visit, sheet: Sheet, around: Surrounding) -> Response:
    """Return a sheet as a page, or as the file that holds the same."""
    if visit.request.query_params.get("format") == FORMAT:
        return csv_file(sheet)
    listing = Listing.of(visit.request, sort="")
    tabs = [
        (visit.text(tab.label), kept(tab.path, on=listing.value("on")), tab.path == listing.path)
        for tab in around.tabs
        if visit.may(tab.operation)
    ]
    export = listing.url(format=FORMAT, **around.pinned)
    first = int(listing.value("after")) if listing.value("after").isdecimal() else 0
    last = first + ROWS
    return visit.render(
        "books/sheet.html",
        place=around.place,
        sheet=sheet,
        rows=sheet.rows[first:last],
        after=str(last) if last < len(sheet.rows) else None,
        around=around,
        listing=listing,
        tabs=tabs,
        export=export,
    )


def kept(path: str, **values: object) -> str:
    """Return the URL of a path with the values that are something."""
    pairs = {name: str(value) for name, value in values.items() if value not in {None, ""}}
    return f"{path}?{urlencode(pairs)}" if pairs else path


def texts_of(visit: Visit, texts: Sequence[str]) -> tuple[str, ...]:
    """Return texts in the person's language."""
    return tuple(visit.text(text) for text in texts)


def day_field(visit: Visit, name: str, label: str, value: object) -> Field:
    """Return the filter of a day."""
    return Field(name, visit.text(label), "date", str(value))


def known_field(visit: Visit) -> Field:
    """Return the filter of the instant at which a thing was known."""
    text = known_at(visit)
    try:
        shown = datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except ValueError:
        shown = ""
    return Field("known_at", visit.text(later("As known at (UTC)")), "datetime-local", shown)


def known_at(visit: Visit) -> str:
    """Return what the URL says of the instant; without an offset it is of UTC."""
    text = visit.request.query_params.get("known_at", "")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()
