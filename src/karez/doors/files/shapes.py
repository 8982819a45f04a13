"""The two shapes that a file of postings can have, told apart by the header."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from enum import StrEnum

from karez.doors.files.errors import HeaderIncompleteError, HeaderUnknownError, IdsAlreadyError

ERROR_PREFIX = "error."
"""Columns that a file of refusals has before its own; a mended file may keep them."""
REFERENCE_PREFIX = "reference."


class Shape(StrEnum):
    """What a row is: a whole transfer, or one line of a journal entry."""

    TRANSFERS = "transfers"
    JOURNAL = "journal"


NEEDED = {
    Shape.TRANSFERS: ("id", "valid_on", "debit", "credit", "amount"),
    Shape.JOURNAL: ("id", "valid_on", "account", "debit", "credit"),
}
POSSIBLE = {
    Shape.TRANSFERS: ("currency", "kind", "memo", "reference", "phase", "expires_at"),
    Shape.JOURNAL: ("currency", "kind", "memo", "reference"),
}


def shape_of(header: Sequence[str]) -> Shape:
    """Return the shape that a header is nearest to."""
    return Shape.JOURNAL if "account" in header and "amount" not in header else Shape.TRANSFERS


def columns_for(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of the shape that the keys of a JSON object are nearest to."""
    shape = shape_of(keys)
    named = [key for key in keys if key.startswith((REFERENCE_PREFIX, ERROR_PREFIX))]
    return (*NEEDED[shape], *POSSIBLE[shape], *named)


def check_header(file: str, header: Sequence[str], *, with_ids: bool = True) -> Shape:
    """Return the shape of a file with this header. ``with_ids`` says that rows name their entry.

    Without ids each row is an entry by itself, which a line of a journal cannot be.

    Raises:
        IdsAlreadyError: there are ids after all.
        HeaderIncompleteError: a column is missing.
        HeaderUnknownError: a column that has no meaning here, perhaps misspelt.
    """
    if not with_ids and "id" in header:
        raise IdsAlreadyError(file=file)
    shape = shape_of(header)
    by_content = not with_ids and shape is Shape.TRANSFERS
    needed = [name for name in NEEDED[shape] if name != "id" or not by_content]
    known = (*needed, *POSSIBLE[shape])
    missing = [name for name in needed if name not in header]
    if missing:
        raise HeaderIncompleteError(
            file=file,
            missing=" and no ".join(missing),
            found=", ".join(header) or "none",
            wanted=f"{', '.join(needed)} and perhaps {', '.join(POSSIBLE[shape])}",
        )
    for name in header:
        if name not in known and not name.startswith((ERROR_PREFIX, REFERENCE_PREFIX)):
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
            raise HeaderUnknownError(file=file, column=name, nearest=nearest)
    return shape
