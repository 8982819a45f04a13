"""Firms to lend to, and curves of customers lost, from tables."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from math import isfinite
from pathlib import Path
from typing import TypeVar

import attrs
import numpy as np

from karez.doors.files.errors import FieldMissingError, HeaderUnknownError
from karez.doors.files.price.terms import PlanTerms
from karez.doors.files.refusals import Refusal
from karez.doors.files.rows import Block, Fault, Table, refuse_incomplete
from karez.doors.files.trade.sheets import open_table
from karez.engines.price.curve import WHOLE_PPM, Answers, Curve, smooth_curve
from karez.engines.price.errors import CurveBrokenError, PriceInputError
from karez.engines.price.question import Firms
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency, parse_amount

T = TypeVar("T")
_RATE, _LOST_PREFIX = "annual_rate", "churn_"
_NEAR = 0.8


@attrs.define
class Reader:
    """Rows of a table, each field by its own rule; what cannot be read spoils its row alone."""

    table: Table
    rows: Block
    refusals: list[Refusal] = attrs.field(factory=list[Refusal])

    @classmethod
    def of(cls, table: Table, needed: Sequence[str], known: Sequence[str] = ()) -> Reader:
        """Return the rows of a table that has these columns; others may stand beside them.

        Raises:
            HeaderIncompleteError: a column that is needed is not there.
            HeaderUnknownError: a column is called almost like one that is known.
        """
        header = table.header
        others = (name for name in known if name not in needed)
        refuse_incomplete(header, table.file, needed, ", ".join((*needed, *others)))
        absent = [name for name in known if name not in header]
        for name in header:
            near = difflib.get_close_matches(name.lower(), absent, n=1, cutoff=_NEAR)
            if near and name not in known:
                raise HeaderUnknownError(file=table.file, column=name, nearest=near[0])
        rows = Block()
        for block in table.blocks:
            rows.extend(block)
        reader = cls(table, rows)
        for row, fault in sorted(rows.faults.items()):
            reader.refuse(row, fault)
        return reader

    def refuse(self, row: int, fault: Fault) -> None:
        """Keep what is wrong with a row; the first fault counts."""
        self.rows.faults[row] = fault
        self.refusals.append(
            Refusal(self.table.file, self.table.unit, self.rows.lines[row], fault.field,
                    fault.value, fault.error)
        )  # fmt: skip

    def has(self, name: str) -> bool:
        """Say whether there is such a column."""
        return name in self.table.header

    def texts(self, name: str) -> list[str]:
        """Return a column; empty texts where there is none."""
        if not self.has(name):
            return [""] * len(self.rows)
        return [text.strip() for text in self.rows.column(self.table.header.index(name))]

    def read(
        self, name: str, rule: Callable[[str], T], blank: T, default: T | None = None
    ) -> list[T]:
        """Return a column; ``default`` is for an empty field, ``blank`` stands where one is wrong.

        Without a default an empty field is wrong.
        """
        found: list[T] = []
        for row, text in enumerate(self.texts(name)):
            value = blank
            try:
                if text:
                    value = rule(text)
                elif default is None:
                    raise FieldMissingError(field=name)
                else:
                    value = default
            except KarezError as error:
                if row not in self.rows.faults:
                    self.refuse(row, Fault(name, text, error))
            found.append(value)
        return found

    def unique(self, name: str) -> list[str]:
        """Return a column in which each row has a name of its own."""
        seen: set[str] = set()

        def once(text: str) -> str:
            if text in seen:
                raise PriceInputError(field=name, value=text, rule="each row has one of its own")
            seen.add(text)
            return text

        return self.read(name, once, "")

    def sound(self) -> list[int]:
        """Return the rows in which nothing is wrong."""
        return [row for row in range(len(self.rows)) if row not in self.rows.faults]


def read_firms(path: Path, terms: PlanTerms, curve: Curve) -> tuple[Firms, list[Refusal]]:
    """Return the firms of a table, and what is wrong with the rows that are left out.

    Raises as ``open_table`` and ``Reader.of`` do.
    """
    one = curve.segments[0] if len(curve.segments) == 1 else None
    needed = ["firm", "industry", "pd"]
    needed += ["segment"] if one is None else []
    needed += ["lgd"] if terms.lgd is None else []
    known = (*needed, "group", "segment", "lgd", "least", "most")
    with open_table(path, "utf-8") as table:
        reader = Reader.of(table, needed, known)
        names, industry = reader.unique("firm"), reader.read("industry", str, "")
        amount = amount_of(terms.currency)
        segment_of = place_of("segment", curve.segments)
        columns = (
            reader.read("segment", segment_of, 0, None if one is None else 0),
            reader.read("pd", share_of("pd"), 0.0),
            reader.read("lgd", share_of("lgd"), 0.0, terms.lgd),
            reader.read("least", amount, 0, terms.least_minor),
            reader.read("most", amount, 0, terms.most_minor),
        )  # fmt: skip
        group = reader.texts("group")
    sound = reader.sound()
    segment, pd, lgd, least, most = ([column[row] for row in sound] for column in columns)
    firms = Firms(
        tuple(names[row] for row in sound),
        tuple(industry[row] for row in sound),
        tuple(group[row] for row in sound),
        np.array(segment, np.int64),
        np.array(pd, np.float64),
        np.array(lgd, np.float64),
        np.maximum(np.array(least, np.int64), terms.least_minor),
        np.minimum(np.array(most, np.int64), terms.most_minor),
    )
    return firms, reader.refusals


def read_answers(path: Path, curve: Curve) -> tuple[Answers, list[Refusal]]:
    """Return offers that customers answered, and what is wrong with the rows that are left out.

    Raises as ``open_table`` and ``Reader.of`` do.
    """
    with open_table(path, "utf-8") as table:
        reader = Reader.of(table, ("segment", _RATE, "offered", "declined"))
    columns = [
        reader.read("segment", place_of("segment", curve.segments), 0),
        reader.read(_RATE, _ppm, 0),
        reader.read("offered", _count, 0),
        reader.read("declined", _count, 0),
    ]
    for row, (offered, declined) in enumerate(zip(*columns[2:], strict=True)):
        if declined > offered and row not in reader.rows.faults:
            error = PriceInputError(
                field="declined", value=declined, rule=f"{offered} were offered"
            )
            reader.refuse(row, Fault("declined", str(declined), error))
    sound = reader.sound()
    answers = Answers(*(np.array([column[row] for row in sound], np.int64) for column in columns))
    return answers, reader.refusals


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise PriceInputError(field="count", value=text, rule="it is a whole number, zero or more")
    return int(text)


def amount_of(unit: Currency) -> Callable[[str], int]:
    """Return what reads an amount that is not negative, in minor units."""

    def read(text: str) -> int:
        amount_minor = parse_amount(text, unit)
        if amount_minor < 0:
            raise PriceInputError(field="amount", value=text, rule="it is not negative")
        return amount_minor

    return read


def share_of(name: str) -> Callable[[str], float]:
    """Return what reads a share from 0 to 1."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not 0 <= value <= 1:
            raise PriceInputError(field=name, value=text, rule="it is a share from 0 to 1")
        return value

    return read


def number_of(name: str) -> Callable[[str], float]:
    """Return what reads a number."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise PriceInputError(field=name, value=text, rule="it is a number")
        return value

    return read


def place_of(name: str, names: Sequence[str]) -> Callable[[str], int]:
    """Return what reads one of some names as its place."""
    places = {each: place for place, each in enumerate(names)}

    def read(text: str) -> int:
        if text not in places:
            raise PriceInputError(field=name, value=text, rule=f"there are {', '.join(names)}")
        return places[text]

    return read


def read_curve(path: Path) -> Curve:
    """Return the curve of a table: ``annual_rate``, then the share lost, a column for each segment.

    A segment is called as its column is, without ``churn_`` before it.

    Raises:
        CurveBrokenError: a value is no share, or rates do not rise; a curve with a hole is none.
        HeaderIncompleteError: the column of rates is missing, or there is no segment.
    """
    with open_table(path, "utf-8") as table:
        header = [name for name in table.header if name != _RATE]
        reader = Reader.of(table, (_RATE, *(header[:1] or ["churn_of_a_segment"])))
        rates = reader.read(_RATE, _ppm, 0)
        columns = [reader.read(name, share_of(name), 0.0) for name in header]
    if reader.refusals:
        first = reader.refusals[0]
        raise CurveBrokenError(
            field=f"{first.field} in {first.unit} {first.line}", value=first.value,
            rule=first.error.message.rstrip("."),
        )  # fmt: skip
    segments = [name.removeprefix(_LOST_PREFIX) for name in header]
    return smooth_curve(segments, np.array(rates, np.int64), np.array(columns, np.float64))


def _ppm(text: str) -> int:
    try:
        value = Decimal(text) * WHOLE_PPM
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value != value.to_integral_value() or not 0 < value <= WHOLE_PPM:
        raise PriceInputError(
            field=_RATE, value=text, rule="it is a rate such as 0.0425, with six decimals at most"
        )
    return int(value)
