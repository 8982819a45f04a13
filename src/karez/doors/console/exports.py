"""Sheets as files: the same rows as on the screen, below the same heading, none left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from karez.doors.console.sheets import Cell, Sheet

FORMAT = "csv"
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # spreadsheets take a file for UTF-8 by it
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(sheet: Sheet) -> Response:
    """Return a sheet as a file of CSV (RFC 4180), sent while it is written."""
    return StreamingResponse(
        csv_lines(sheet),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{sheet.name}.csv"'},
    )


def csv_lines(sheet: Sheet) -> Iterator[str]:
    """Yield the lines: title, what is said of it, an empty one, headings, rows, totals."""
    yield _BOM + _line([sheet.title])
    for label, cell in sheet.said:
        yield _line([label, _safe(cell)])
    yield _line([])
    yield _line(list(sheet.headings))
    for row in (*sheet.rows, *sheet.totals):
        yield _line([_safe(cell) for cell in row])


def _safe(cell: Cell) -> str:
    """Return what a file holds; words that a spreadsheet would compute are marked as words."""
    if cell.is_figure or not cell.plain.startswith(_FORMULA):
        return cell.plain
    return f"'{cell.plain}"


def _line(values: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(values)
    return written.getvalue()
