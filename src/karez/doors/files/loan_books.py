"""Tables of loans, CSV or Parquet: rows that are wrong are named and left out, the others read."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import attrs
import numpy as np

from karez.doors.files.errors import HeaderIncompleteError, LoanRowError
from karez.doors.files.rows import Format, read_csv
from karez.doors.files.tables import format_of
from karez.engines.risk.book import ONE_SECTOR, Book, Floats, Ints, loan_faults
from karez.engines.risk.contagion import Network
from karez.engines.risk.errors import BookEmptyError
from karez.kernel.errors import KarezError
from karez.kernel.money import parse_amounts

NUMBERS = ("pd", "lgd", "pd_at_start", "rate_pct_year")
"""Columns that are rates or probabilities, and so may be binary fractions."""
FLAGS = ("watched", "forborne_in_default")


@attrs.define
class LoanRows:
    """Columns of text, and what is wrong with each row that something is wrong with."""

    file: str
    unit: str
    header: Sequence[str]
    lines: Sequence[int]
    rows: Sequence[Sequence[str]]
    faults: dict[int, KarezError] = attrs.field(factory=dict[int, KarezError])

    def column(self, name: str) -> list[str]:
        """Return a column; empty texts where the file has none of that name."""
        if name not in self.header:
            return [""] * len(self.rows)
        place = self.header.index(name)
        return [row[place].strip() for row in self.rows]

    def fault(self, row: int, reason: str) -> None:
        """Name what is wrong with a row, unless something was before."""
        error = LoanRowError(
            file=self.file, unit=self.unit, line=self.lines[row], reason=reason.rstrip(".")
        )
        self.faults.setdefault(row, error)

    def numbers(self, name: str, missing: float | None = None) -> Floats:
        """Return a column of numbers, 0 where there is a fault."""
        return np.array(self._each(name, float, "number", missing), np.float64)

    def whole(self, name: str, missing: int | None = None) -> Ints:
        """Return a column of whole numbers."""
        return np.array(self._each(name, int, "whole number", missing), np.int64)

    def _each(
        self, name: str, read: Callable[[str], float], what: str, missing: float | None
    ) -> list[float]:
        found: list[float] = []
        for row, text in enumerate(self.column(name)):
            value = missing if not text else None
            if value is None:
                try:
                    value = read(text)
                except ValueError:
                    self.fault(row, f"{name} is {text!r}, which is no {what}")
                    value = 0
            found.append(value)
        return found

    def amounts(self, name: str, decimals: int, *, blank: bool = False) -> Ints:
        """Return a column of amounts in minor units; what is empty is 0 if it may be."""
        texts = [text or "0" if blank else text for text in self.column(name)]
        amounts, errors = parse_amounts(texts, decimals)
        for row, error in errors:
            self.fault(row, f"{name}: {error.message}")
        return amounts

    def flags(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return a column of yes and no; what is empty says no."""
        words = {"": False, "no": False, "false": False, "0": False}
        words |= {"yes": True, "true": True, "1": True}
        found: list[bool] = []
        for row, text in enumerate(self.column(name)):
            if text.lower() not in words:
                self.fault(row, f"{name} is {text!r}; write yes or no")
            found.append(words.get(text.lower(), False))
        return np.array(found, np.bool_)

    def ids(self) -> list[str]:
        """Return the ids, each of which names one loan."""
        seen: dict[str, int] = {}
        for row, name in enumerate(ids := self.column("id")):
            if not name:
                self.fault(row, "there is no id")
            elif name in seen:
                self.fault(row, f"id {name} is that of {self.unit} {self.lines[seen[name]]} too")
            else:
                seen[name] = row
        return ids

    def sound(self) -> Ints:
        """Return the rows without fault."""
        return np.array([row for row in range(len(self.rows)) if row not in self.faults], np.int64)


def read_rows(path: Path, needed: Collection[str]) -> LoanRows:
    """Read a table of loans by its name: Parquet, or else CSV.

    Raises:
        HeaderIncompleteError: a column that is needed is missing.
        FileUnreadableError, FileEmptyError, HeaderRepeatedError: it is no table.
    """
    # In memory, so that a reader that is given up half-way leaves no file open.
    stream = io.BytesIO(path.read_bytes())
    if format_of(path) is Format.PARQUET:
        from karez.doors.files.parquet import read_parquet  # noqa: PLC0415 - Arrow is slow

        table = read_parquet(stream, path.name, inexact=(*NUMBERS, *FLAGS))
    else:
        table = read_csv(stream, path.name)
    missing = [name for name in needed if name not in table.header]
    if missing:
        raise HeaderIncompleteError(
            file=path.name,
            missing=", ".join(missing),
            found=", ".join(table.header),
            wanted=", ".join(needed),
        )
    found = LoanRows(path.name, table.unit, table.header, [], [])
    lines: list[int] = []
    rows: list[list[str]] = []
    for block in table.blocks:
        for row, fault in block.faults.items():
            found.faults[len(rows) + row] = LoanRowError(
                file=path.name,
                unit=table.unit,
                line=block.lines[row],
                reason=fault.error.message.rstrip("."),
            )
        lines += block.lines
        rows += block.rows
    return attrs.evolve(found, lines=lines, rows=rows)


@attrs.frozen
class LoanBook:
    """A book whose amounts are minor units, and what is wrong with the rows that it lacks."""

    book: Book
    faults: Sequence[KarezError]


_NEEDED = ("id", "exposure", "pd", "lgd")
NO_VALUE = "-"
"""What stands where a label is empty."""


def read_book(path: Path, decimals: int) -> LoanBook:
    """Read a book of loans: id, exposure, pd, lgd; sector and any other column are labels.

    Raises:
        BookEmptyError: no row is sound.
        HeaderIncompleteError, FileUnreadableError, FileEmptyError, HeaderRepeatedError: it is no
            such table.
    """
    rows = read_rows(path, _NEEDED)
    ids = rows.ids()
    exposure = rows.amounts("exposure", decimals).astype(np.float64)
    pd, lgd = rows.numbers("pd"), rows.numbers("lgd")
    for row, error in loan_faults(ids, exposure, pd, lgd).items():
        rows.fault(row, error.message)
    kept = rows.sound()
    faults = [rows.faults[row] for row in sorted(rows.faults)]
    if not len(kept):
        raise faults[0] if faults else BookEmptyError

    def pick(name: str) -> list[str]:
        column = rows.column(name)
        return [column[row] for row in kept.tolist()]

    sector = [name or ONE_SECTOR for name in pick("sector")]
    others = [name for name in rows.header if name not in (*_NEEDED, "sector")]
    labels = {name: [value or NO_VALUE for value in pick(name)] for name in others}
    book = Book(pick("id"), exposure[kept], pd[kept], lgd[kept], sector, labels)
    return LoanBook(book, faults)


@attrs.frozen(eq=False)
class Trade:
    """A trade network, and each firm's own default probability."""

    network: Network
    pd: Floats


def read_trade(firms: Path, links: Path, decimals: int, recovery: float) -> Trade:
    """Read firms (id, assets, debts, pd) and links (debtor, creditor, amount).

    A network with a hole in it clears to something else, so nothing is left out: the first row
    that is wrong is raised.

    Raises:
        LoanRowError, FirmMalformedError, LinkMalformedError: a row is wrong.
        HeaderIncompleteError, FileUnreadableError, FileEmptyError, HeaderRepeatedError: a file is
            no such table.
    """
    owners = read_rows(firms, ("id", "assets", "debts", "pd"))
    ties = read_rows(links, ("debtor", "creditor", "amount"))
    names = owners.ids()
    assets, debts = (owners.amounts(name, decimals) for name in ("assets", "debts"))
    pd, amount = owners.numbers("pd"), ties.amounts("amount", decimals)
    for row in np.flatnonzero(~((pd >= 0) & (pd < 1))).tolist():
        owners.fault(row, f"pd is {pd[row]}; it is a probability from 0 to below 1")
    for fault in (*owners.faults.values(), *ties.faults.values()):
        raise fault
    network = Network.of(
        names,
        assets=assets,
        debts=debts,
        debtor=ties.column("debtor"),
        creditor=ties.column("creditor"),
        amount=amount,
        recovery=recovery,
    )
    return Trade(network, pd)
