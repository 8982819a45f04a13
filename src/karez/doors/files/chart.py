"""A chart of accounts from CSV: one account a row."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, cast

from karez.doors.files.errors import (
    FieldMissingError,
    HeaderIncompleteError,
    HeaderUnknownError,
)
from karez.doors.files.refusals import Refusal
from karez.doors.files.rows import Fault, Table
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, parse_amount
from karez.services.bookkeeping import Opening

_NEEDED = ("code", "type", "currency")
_POSSIBLE = ("name", "parent", "floor", "ceiling", "normal_side")


def read_chart(table: Table) -> tuple[dict[int, Opening], list[Refusal]]:
    """Return the accounts to open, by line, and the rows that cannot be read.

    ``floor`` and ``ceiling`` are in major units of the account's currency.

    Raises:
        HeaderIncompleteError: a column is missing.
        HeaderUnknownError: a column that means nothing here.
    """
    known = (*_NEEDED, *_POSSIBLE)
    for name in _NEEDED:
        if name not in table.header:
            wanted = f"{', '.join(_NEEDED)} and perhaps {', '.join(_POSSIBLE)}"
            found = ", ".join(table.header)
            raise HeaderIncompleteError(file=table.file, missing=name, found=found, wanted=wanted)
    for name in table.header:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
            raise HeaderUnknownError(file=table.file, column=name, nearest=nearest)
    openings: dict[int, Opening] = {}
    refusals: list[Refusal] = []
    for line, row, fault in _rows(table):
        read = fault or _opening(row)
        if isinstance(read, Opening):
            openings[line] = read
        else:
            place = (table.file, table.unit, line)
            refusals.append(Refusal(*place, read.field, read.value, read.error))
    return openings, refusals


def _rows(table: Table) -> Iterator[tuple[int, dict[str, str], Fault | None]]:
    for block in table.blocks:
        for place, fields in enumerate(block.rows):
            row = dict(zip(table.header, fields, strict=True))
            yield block.lines[place], row, block.faults.get(place)


def _opening(row: dict[str, str]) -> Opening | Fault:
    for name in _NEEDED:
        if not row[name]:
            return Fault(name, "", FieldMissingError(field=name))
    limits: dict[str, int | None] = {}
    field = "currency"
    try:
        money = currency(row["currency"])
        for field in ("floor", "ceiling"):
            text = row.get(field, "")
            limits[field] = parse_amount(text, money) if text else None
    except KarezError as error:
        return Fault(field, row[field], error)
    return Opening(
        code=row["code"],
        # Types and sides are judged, like the rest, where accounts are opened.
        type=cast("Any", row["type"]),
        currency=row["currency"],
        name=row.get("name", ""),
        parent=row.get("parent") or None,
        floor_minor=limits["floor"],
        ceiling_minor=limits["ceiling"],
        normal_side=cast("Any", row.get("normal_side") or None),
    )
