"""The columns of a block, each read by its own rule; what cannot be read becomes a fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.wire import micros_2000
from karez.doors.files.errors import ChoiceUnknownError, FieldMissingError, JsonMalformedError
from karez.doors.files.rows import Block, Fault, text_fault
from karez.kernel.errors import KarezError
from karez.kernel.money import parse_amounts
from karez.kernel.time import parse_instant
from karez.services.bookkeeping import Phase

_PHASES = {"": Phase.POSTED, "posted": Phase.POSTED, "pending": Phase.PENDING}

Ints = npt.NDArray[np.int64]


@attrs.define
class Columns:
    """The columns of a block, and where its entries begin. Faults gather in the block."""

    header: Sequence[str]
    block: Block
    starts: Ints = attrs.field(factory=lambda: np.zeros(0, np.int64))
    entry_of: Ints = attrs.field(factory=lambda: np.zeros(0, np.int64))

    def column(self, name: str) -> list[str]:
        """Return a column, empty texts where the file has none of that name."""
        if name in self.header:
            return self.block.column(self.header.index(name))
        return [""] * len(self.block)

    def fault(self, row: int, field: str, error: KarezError) -> None:
        """Record what is wrong with a row, unless something was before."""
        value = self.block.rows[row][self.header.index(field)] if field in self.header else ""
        self.block.faults.setdefault(row, Fault(field, value, error))

    def begin_entries(self, ids: Sequence[str]) -> Ints:
        """Take neighbours with one id as an entry; return how many rows each entry has."""
        firsts = [row for row, name in enumerate(ids) if row == 0 or name != ids[row - 1]]
        self.starts = np.array(firsts, np.int64)
        lengths = np.diff(self.starts, append=len(ids))
        self.entry_of = np.repeat(np.arange(len(lengths)), lengths)
        return lengths

    def each(
        self, name: str, read: Callable[[str], int], rows: Sequence[int] | None = None
    ) -> Ints:
        """Return what ``read`` makes of a column, each text read once; zero where it cannot."""
        column = self.column(name)
        texts = column if rows is None else [column[row] for row in rows]
        values: dict[str, int | KarezError] = {}
        for text in set(texts):
            try:
                values[text] = read(text)
            except KarezError as error:
                values[text] = error
        found = np.zeros(len(texts), np.int64)
        for place, text in enumerate(texts):
            value = values[text]
            if isinstance(value, KarezError):
                row = place if rows is None else rows[place]
                self.fault(row, name, value if text else FieldMissingError(field=name))
            else:
                found[place] = value
        return found

    def sound(self) -> npt.NDArray[np.bool_]:
        """Return which rows are of an entry without fault."""
        spoilt = np.zeros(len(self.starts), np.bool_)
        spoilt[self.entry_of[list(self.block.faults)]] = True
        return ~spoilt[self.entry_of]

    def amounts(self, name: str, exponents: Ints, *, blank: bool = False) -> Ints:
        """Return minor units; an empty text is zero where ``blank`` says that it may be."""
        texts = self.column(name)
        amounts = np.zeros(len(texts), np.int64)
        for exponent in np.unique(exponents).tolist():
            rows = [
                row
                for row in np.flatnonzero(exponents == exponent).tolist()
                if texts[row] or not blank
            ]
            amounts[rows], errors = parse_amounts([texts[row] for row in rows], exponent)
            for place, error in errors:
                row = rows[place]
                self.fault(row, name, error if texts[row] else FieldMissingError(field=name))
        return amounts


def read_phase(text: str) -> int:
    """Return the phase that a text names, or raise ChoiceUnknownError."""
    if text not in _PHASES:
        raise ChoiceUnknownError(value=text, choices="posted, pending")
    return _PHASES[text]


def read_expiry(text: str) -> int:
    """Return an instant as the book counts it, 0 for none, or raise InstantMalformedError."""
    return micros_2000(parse_instant(text)) if text else 0


def read_reference(text: str) -> dict[str, str]:
    """Return the references that a JSON text holds.

    Raises:
        JsonMalformedError: it is not an object of texts.
        NulCharacterError, TextEncodingError: a text that no book can hold.
    """
    if not text:
        return {}
    wanted = "an object of texts"
    try:
        found: Any = json.loads(text)
    except ValueError as fault:
        raise JsonMalformedError(expected=wanted, reason=str(fault)) from fault
    if not isinstance(found, dict):
        raise JsonMalformedError(expected=wanted, reason="it is another value")
    reference = cast("dict[str, Any]", found)
    for name, value in reference.items():
        if not isinstance(value, str):
            raise JsonMalformedError(expected=wanted, reason=f"{name!r} is no text")
        for part in (name, value):
            fault = text_fault("reference", part)
            if fault is not None:
                raise fault.error
    return reference
