"""A table whose cells are tinted by what they hold: roll rates, vintages."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from karez.doors.console.charts.drawing import Form

STEPS = 10
_DASH = "\N{EN DASH}"


@attrs.frozen
class Cell:
    """What a cell says, its tint from 0 to 9, and what it is made of."""

    text: str
    step: int
    href: str = ""


@attrs.frozen
class Grid:
    """A table with tints, which the macro ``ui.heat`` shows; ``corner`` heads the first column."""

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def heat(  # noqa: PLR0913 - what such a table is made of
    title: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[float | None]]],
    *,
    corner: str,
    form: Form,
    hrefs: Sequence[Sequence[str]] | None = None,
) -> Grid:
    """Return a table tinted from nothing to its greatest value; None is a dash."""
    most = max((value for _, values in rows for value in values if value is not None), default=0)

    def cell(row: int, column: int, value: float | None) -> Cell:
        href = hrefs[row][column] if hrefs else ""
        if value is None:
            return Cell(_DASH, 0)
        step = min(int(max(value, 0) / most * STEPS), STEPS - 1) if most > 0 else 0
        return Cell(form(value), step, href)

    made = tuple(
        (label, tuple(cell(row, column, value) for column, value in enumerate(values)))
        for row, (label, values) in enumerate(rows)
    )
    return Grid(title, corner, tuple(columns), made)
