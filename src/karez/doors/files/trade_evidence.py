"""Rows of a file of trades into the records of the engine: names become numbers of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from karez.doors.files.photo_hashes import read_photo
from karez.doors.files.trade_rows import (
    Advance,
    Borrowing,
    Document,
    Holding,
    Move,
    Party,
    Photo,
    Registration,
    Visit,
)
from karez.engines.trust import Evidence, Invoices, Kind, Prints, fingerprints
from karez.engines.trust import evidence as records
from karez.engines.trust.evidence import FOREVER, NONE, Movement, Paper, Tie
from karez.engines.trust.photos import HASHES
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, parse_amount

_R = TypeVar("_R")
_EPOCH = dt.date(1970, 1, 1)
_NOON = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the clock on the wall has no zone
# The fingerprints of a file are compared with one another and go nowhere, so this is no secret.
_KEY = b"a file of trades"
_THOUSANDTHS_MOST = 10**15

_TIES: dict[Tie, Callable[[Party], tuple[str, ...]]] = {
    Tie.OWNER: lambda party: party.owners,
    Tie.STAFF: lambda party: party.employees,
    Tie.PHONE: lambda party: party.phones,
    Tie.DEVICE: lambda party: party.devices,
    Tie.ADDRESS: lambda party: party.addresses,
    Tie.ACCOUNT: lambda party: party.accounts,
    Tie.KEY: lambda party: party.key_holders,
    Tie.GUARANTOR: lambda party: party.guarantors,
}


@attrs.frozen
class Read(Generic[_R]):
    """A row as it was read: its place in the table from one, and its SHA-256."""

    place: int
    row: _R
    digest: str


@attrs.frozen
class Built:
    """Evidence; or the rows that keep it from being built, by table and place, with the reason."""

    evidence: Evidence
    faults: Sequence[tuple[str, int, str]]


Tables = Mapping[str, Sequence[Read[Any]]]


def build(tables: Tables, folder: Path) -> Built:
    """Return the evidence that these tables hold; photos lie below ``folder``."""
    made = _Builder(tables, folder)
    evidence = made.build()
    return Built(evidence, made.faults)


@attrs.define
class _Builder:
    """Names and the rows that they stand for, and the faults that were found."""

    tables: Tables
    folder: Path
    faults: list[tuple[str, int, str]] = attrs.field(factory=list[tuple[str, int, str]])
    codes: dict[str, dict[str, int]] = attrs.field(factory=dict[str, dict[str, int]])
    hashes: list[npt.NDArray[np.uint64]] = attrs.field(factory=list["npt.NDArray[np.uint64]"])

    def build(self) -> Evidence:
        for name in ("parties", "keys", "advances", "stores", "visits", "documents"):
            self._number(name)
        parties = self._table("parties", records.PARTY, self._party)
        keys = self._table("keys", records.KEY, lambda key: (self._at("parties", key.party),
                                                            key.direct))  # fmt: skip
        advances = self._table("advances", records.ADVANCE, self._advance)
        documents = self._table("documents", records.DOCUMENT, self._document)
        photos = sorted(self.tables["photos"], key=lambda read: read.row.taken)
        self.tables = {**self.tables, "photos": photos}
        stores = self._table("stores", records.STORE, lambda one: (_milli(one.capacity),))
        kept = {
            "stock": self._table("stock", records.STOCK, self._move),
            "holdings": self._table("holdings", records.HOLDING, self._holding),
            "visits": self._table("visits", records.VISIT, self._visit),
            "photos": self._table("photos", records.PHOTO, self._photo),
            "borrowings": self._table("borrowings", records.BORROWING, self._borrowing),
            "arrears": self._table("arrears", records.ARREARS, lambda seen: (
                self._at("advances", seen.advance), _day(seen.on), seen.days)),
            "departures": self._table("departures", records.DEPARTURE, lambda left: (
                self._at("parties", left.officer), _day(left.on))),
            "registrations": self._table(
                "registrations", records.REGISTRATION, self._registration),
            "series": self._table("series", records.SERIES, lambda month: (
                self._at("parties", month.party), _month(month.month), month.sales,
                month.electricity, month.freight, month.inflow)),
            "claims": self._table("claims", records.CLAIM, lambda claim: (
                self._at("parties", claim.source), self._at("advances", claim.advance),
                claim.says, _day(claim.on))),
        }  # fmt: skip
        lines = self._lines()
        prints = None if self.faults else self._prints()
        return Evidence(
            advances=advances,
            parties=parties,
            keys=keys,
            documents=documents,
            stores=stores,
            **kept,
            ties=self._ties(),
            lines=lines,
            prints=prints,
            answers=self._answers(),
            photo_prints=np.array(self.hashes, np.uint64).reshape(-1, HASHES),
            labels=self._labels(),
            digests=self._digests(),
        )

    def _number(self, table: str) -> None:
        """Give each id of a table its row; an id that comes twice is a fault."""
        codes = self.codes.setdefault(table, {})
        for row, read in enumerate(self.tables[table]):
            if codes.setdefault(read.row.id, row) != row:
                self.faults.append((table, read.place, f"the id {read.row.id} was there before"))

    def _at(self, table: str, name: str | None) -> int:
        """Return the row of an id, or NONE where nothing is named."""
        if name is None:
            return NONE
        if name not in self.codes[table]:
            raise _UnknownError(f"{name} is not in the table {table}")
        return self.codes[table][name]

    def _code(self, kind: str, value: str | None) -> int:
        """Return a number for a value that has no table; the empty text has none."""
        codes = self.codes.setdefault(kind, {})
        return NONE if not value else codes.setdefault(value, len(codes))

    def _table(
        self, name: str, kind: np.dtype[np.void], make: Callable[[Any], tuple[Any, ...]]
    ) -> records.Rows:
        """Return the records of a table; a row that makes none is a fault."""
        rows: list[tuple[Any, ...]] = []
        for read in self.tables[name]:
            try:
                rows.append(make(read.row))
            except (_UnknownError, KarezError) as error:
                self.faults.append((name, read.place, str(error).rstrip(".")))
        return np.array(rows, kind)

    def _party(self, party: Party) -> tuple[Any, ...]:
        return party.staff, self._code("segments", party.segment)

    def _advance(self, advance: Advance) -> tuple[Any, ...]:
        kind = Kind[advance.against.upper()]
        if kind is Kind.GOODS and advance.buyer is None:
            raise _UnknownError("an advance against goods names a buyer")
        amount_minor = parse_amount(str(advance.amount), currency(advance.currency))
        if amount_minor <= 0:
            raise _UnknownError(f"the amount {advance.amount} is not more than nothing")
        return (
            kind,
            self._code("lenders", advance.lender),
            self._at("parties", advance.party),
            self._at("parties", advance.buyer),
            self._at("parties", advance.officer),
            _day(advance.on),
            FOREVER if advance.until is None else _day(advance.until),
            amount_minor,
        )

    def _document(self, document: Document) -> tuple[Any, ...]:
        return (
            self._at("advances", document.advance),
            Paper[document.kind.upper()],
            _day(document.on),
            self._code("places", document.place),
            self._at("keys", document.key),
            self._code("contents", document.digest),
        )

    def _lines(self) -> records.Rows:
        """Return the lines of all documents, amounts in the currency of the advance."""
        units: dict[str, str] = {read.row.id: read.row.currency for read in self.tables["advances"]}
        rows: list[tuple[int, int, int, int]] = []
        for number, read in enumerate(self.tables["documents"]):
            unit = units.get(read.row.advance, "")
            for line in read.row.lines if unit else ():
                try:
                    amount = parse_amount(str(line.amount), currency(unit))
                    rows.append(
                        (number, self._code("items", line.item), _milli(line.quantity), amount)
                    )
                except (_UnknownError, KarezError) as error:
                    self.faults.append(("documents", read.place, str(error).rstrip(".")))
                    break
        return np.array(rows, records.LINE)

    def _move(self, move: Move) -> tuple[Any, ...]:
        return (
            self._at("stores", move.store), self._code("items", move.item),
            Movement[move.kind.upper()], _milli(move.quantity), _day(move.on),
        )  # fmt: skip

    def _holding(self, holding: Holding) -> tuple[Any, ...]:
        until = FOREVER if holding.until is None else _day(holding.until)
        return (
            self._at("advances", holding.advance), self._at("stores", holding.store),
            self._code("items", holding.item), _milli(holding.quantity), _day(holding.on), until,
        )  # fmt: skip

    def _visit(self, visit: Visit) -> tuple[Any, ...]:
        if visit.ends < visit.begins:
            raise _UnknownError("the visit ends before it begins")
        return (
            self._at("advances", visit.advance), self._at("parties", visit.officer),
            _minutes(visit.begins), _minutes(visit.ends), visit.latitude, visit.longitude,
            visit.accuracy_metres, visit.mock, visit.site_latitude, visit.site_longitude,
        )  # fmt: skip

    def _photo(self, photo: Photo) -> tuple[Any, ...]:
        visit = self._at("visits", photo.visit)
        read = read_photo(self.folder / photo.file)
        self.hashes.append(read.hashes)
        return visit, _minutes(photo.taken), NONE if read.taken is None else _minutes(read.taken)

    def _registration(self, row: Registration) -> tuple[Any, ...]:
        ends = FOREVER if row.ends is None else _day(row.ends)
        if ends <= _day(row.begins):
            raise _UnknownError("the registration ends before it begins")
        return self._at("parties", row.party), _day(row.begins), ends

    def _borrowing(self, row: Borrowing) -> tuple[Any, ...]:
        repaid_on = NONE if row.repaid_on is None else _day(row.repaid_on)
        # Accounts are told from one another, and compared with those of parties.
        return (
            self._at("advances", row.advance), row.first_time,
            self._code(Tie.ACCOUNT.name, row.paid_to),
            self._code(Tie.ACCOUNT.name, row.repaid_from), repaid_on,
        )  # fmt: skip

    def _tie_rows(self) -> list[tuple[int, int, int]]:
        """Return what parties share; an owner that is itself a party is tied to it."""
        rows = [
            (party, kind, self._code(kind.name, value))
            for party, read in enumerate(self.tables["parties"])
            for kind, shared in _TIES.items()
            for value in shared(read.row)
        ]
        owners = self.codes.get(Tie.OWNER.name, {})
        rows += [
            (party, Tie.OWNER, owners[read.row.id])
            for party, read in enumerate(self.tables["parties"])
            if read.row.id in owners
        ]
        return [row for row in rows if row[2] != NONE]

    def _ties(self) -> records.Rows:
        return np.array(self._tie_rows(), records.TIE)

    def _digests(self) -> dict[str, list[str]]:
        """Return the digest of each record; a tie has that of the party which names it."""
        found = {name: [read.digest for read in rows] for name, rows in self.tables.items()}
        return found | {"ties": [found["parties"][party] for party, _, _ in self._tie_rows()]}

    def _answers(self) -> npt.NDArray[np.int64]:
        """Return the forms of all visits, as wide as the widest."""
        forms = [read.row.answers for read in self.tables["visits"]]
        width = max((len(form) for form in forms), default=0)
        return np.array([[*form, *[NONE] * (width - len(form))] for form in forms], np.int64)

    def _prints(self) -> Prints:
        """Return the fingerprints of the first invoice of each advance."""
        parties = self.tables["parties"]
        advances = [read.row for read in self.tables["advances"]]
        invoices: dict[int, Document] = {}
        for read in self.tables["documents"]:
            if read.row.kind == "invoice":
                invoices.setdefault(self.codes["advances"][read.row.advance], read.row)
        tax_ids = {read.row.id: read.row.tax_id or read.row.id for read in parties}
        lines = {
            row: [
                (line.item, _milli(line.quantity),
                 parse_amount(str(line.amount), currency(advances[row].currency)))
                for line in invoice.lines
            ]
            for row, invoice in invoices.items()
        }  # fmt: skip
        found = fingerprints(
            _KEY,
            Invoices(
                seller_tax_id=[tax_ids[advances[row].party] for row in invoices],
                buyer_tax_id=[tax_ids.get(advances[row].buyer, "") for row in invoices],
                number=[invoice.number for invoice in invoices.values()],
                issued_on=[invoice.on.isoformat() for invoice in invoices.values()],
                currency=[advances[row].currency for row in invoices],
                total_minor=[sum(amount for _, _, amount in lines[row]) for row in invoices],
                line_ends=np.cumsum([len(lines[row]) for row in invoices]).tolist(),
                lines=[line for row in invoices for line in lines[row]],
            ),
        )
        return found.spread(list(invoices), len(advances))

    def _labels(self) -> dict[str, list[str]]:
        named = {
            name: [read.row.id for read in self.tables[name]]
            for name in ("parties", "keys", "advances", "stores", "visits", "documents")
        }
        return named | {"items": list(self.codes.get("items", {}))}


class _UnknownError(Exception):
    """A row that makes no record; the message says why."""


def _day(day: dt.date) -> int:
    return (day - _EPOCH).days


def _minutes(instant: dt.datetime) -> int:
    """Return the minutes that the clock on the wall showed, wherever it hung."""
    return int((instant.replace(tzinfo=None) - _NOON).total_seconds()) // 60


def _month(text: str) -> int:
    try:
        day = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise _UnknownError(f"{text!r} is no month; write 2026-01") from None
    return day.year * 12 + day.month - 1 - 1970 * 12


def _milli(quantity: Decimal) -> int:
    """Return thousandths; finer quantities and negative ones are refused."""
    if not quantity.is_finite() or not 0 <= quantity * 1000 <= _THOUSANDTHS_MOST:
        raise _UnknownError(f"the quantity {quantity} is out of bounds")
    milli = quantity * 1000
    if milli != milli.to_integral_value():
        raise _UnknownError(f"the quantity {quantity} is finer than a thousandth")
    return int(milli)
