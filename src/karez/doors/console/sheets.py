"""A table of figures that the screen and its file share: what one shows, the other holds."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import attrs
from markupsafe import Markup

from karez.doors.console import shape
from karez.kernel.money import currency

ALL = "all"


@attrs.frozen
class Cell:
    """What a cell shows, the same as a file holds it, and the URL of what it is made of.

    ``tint`` is a step from 0 to 9 of a heat table, or None.
    """

    shown: Markup | str
    plain: str
    href: str = ""
    is_figure: bool = False
    tint: int | None = None


@attrs.frozen(kw_only=True)
class Sheet:
    """A titled table as of some day; ``said`` are the names and values above it.

    ``headings`` and the cells of each row are as many. ``name`` is that of the file.
    """

    name: str
    title: str
    said: tuple[tuple[str, Cell], ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[Cell, ...], ...] = ()

    def is_figure(self, column: int) -> bool:
        """Say whether a column holds figures, which stand at its end."""
        return any(row[column].is_figure for row in self.rows)


def words(text: object, href: str = "") -> Cell:
    """Return a cell of words; nothing is an empty one."""
    said = "" if text is None else str(text)
    return Cell(said, said, href)


def amount(minor: int, code: str, href: str = "") -> Cell:
    """Return a cell of money; its currency stands in a column of its own."""
    scaled = Decimal(minor).scaleb(-currency(code).exponent)
    shown = Markup('<span class="number">{}</span>').format(shape.digits(minor, code))
    return Cell(shown, f"{scaled:f}", href, is_figure=True)


def number(value: int, href: str = "") -> Cell:
    """Return a cell of a whole number."""
    return Cell(shape.count(value), str(value), href, is_figure=True)


def rate(value_pct: Decimal | None, *, tint: int | None = None) -> Cell:
    """Return a cell of a rate in per cent; None is a dash, and empty in a file."""
    plain = "" if value_pct is None else f"{value_pct:f}"
    return Cell(shape.pct(value_pct), plain, is_figure=True, tint=tint)


def on_day(value: date | None) -> Cell:
    """Return a cell of a day."""
    return Cell(shape.day(value), "" if value is None else value.isoformat())


def instant(value: datetime | None) -> Cell:
    """Return a cell of an instant."""
    return Cell(shape.moment(value), "" if value is None else value.isoformat())
