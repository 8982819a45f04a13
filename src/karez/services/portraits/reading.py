"""Facts of the book as the columns of the engine. Read ``read_records`` first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs
import msgspec
import numpy as np
import numpy.typing as npt

from karez.books.facts.read import Window, recorded_at_of, stream_bodies, stream_bodies_of
from karez.books.facts.schemas import CreditNote, Invoice, Payroll, Visit
from karez.engines.score.portrait import (
    Invoices,
    Kind,
    Labels,
    Payrolls,
    Records,
    Side,
    Status,
)
from karez.kernel.errors import InvalidInputError

if TYPE_CHECKING:
    import psycopg

Ints = npt.NDArray[np.int64]


class CurrencyUnclearError(InvalidInputError):
    """The facts are in {currencies}: name the currency whose facts make the portraits."""

    code = "currency-unclear"


class LeftOut(StrEnum):
    """Why a fact is in no portrait."""

    NOT_A_PARTY = "its subject is no party of it"
    OTHER_CURRENCY = "it is in another currency"
    NO_PLACE = "it says no place by code"


@attrs.frozen
class Gathered:
    """Records as the engine takes them.

    ``entries`` has the index in the log of each row of each table; ``left_out`` counts facts that
    are in no table, by reason. ``counterparties`` names those of invoices, by their numbers.
    """

    records: Records
    entries: Mapping[str, Ints]
    left_out: Mapping[LeftOut, int]
    currency: str | None
    counterparties: Sequence[str]


class _Party(msgspec.Struct, frozen=True, gc=False):
    party_id: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        return self.party_id or f"name:{self.name}"


# What is asked of each kind of fact; the rest of a body is passed over, and so costs nothing.
class _Invoice(msgspec.Struct, frozen=True, gc=False, tag_field="schema", tag="invoice/1"):
    subject: str
    seller: _Party
    buyer: _Party
    currency: str
    total_minor: int
    net_minor: int | None = None
    status: str = "issued"


class _CreditNote(msgspec.Struct, frozen=True, gc=False, tag_field="schema", tag="credit_note/1"):
    subject: str
    seller: _Party
    buyer: _Party
    currency: str
    total_minor: int
    net_minor: int | None = None


class _Payroll(msgspec.Struct, frozen=True, gc=False, tag_field="schema", tag="payroll/1"):
    subject: str
    employer: _Party
    currency: str
    gross_minor: int
    headcount: int | None = None


class _Place(msgspec.Struct, frozen=True, gc=False):
    place_id: str = ""


class _Visit(msgspec.Struct, frozen=True, gc=False, tag_field="schema", tag="visit/1"):
    subject: str
    visited: _Party
    place: _Place = _Place()


_Read = _Invoice | _CreditNote | _Payroll | _Visit
_SCHEMAS = [str(kind.__struct_config__.tag) for kind in (Invoice, CreditNote, Payroll, Visit)]
_STATUS = {"issued": Status.ISSUED, "void": Status.VOID, "unknown": Status.UNKNOWN}


class _Numbers(dict[str, int]):
    """Numbers names in the order in which they are met."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


@attrs.define
class _Reader:
    """Takes facts in, a row at a time."""

    left_out: Counter[LeftOut] = attrs.field(factory=Counter[LeftOut])
    parties: _Numbers = attrs.field(factory=_Numbers)
    others: _Numbers = attrs.field(factory=_Numbers)
    places: _Numbers = attrs.field(factory=_Numbers)
    currencies: _Numbers = attrs.field(factory=_Numbers)
    # Rows: entry, day, party, currency (but of labels), and what the table has of its own.
    invoices: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    payrolls: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    labels: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])

    def take(self, entry: int, day: int, fact: _Read) -> None:
        """Take one fact in, or count why not."""
        match fact:
            case _Invoice():
                amount = fact.total_minor if fact.net_minor is None else fact.net_minor
                self._trade(entry, day, fact, _STATUS[fact.status], amount)
            case _CreditNote():
                amount = fact.total_minor if fact.net_minor is None else fact.net_minor
                self._trade(entry, day, fact, Status.ISSUED, -amount)
            case _Payroll():
                self._payroll(entry, day, fact)
            case _Visit():
                self._visit(entry, day, fact)

    def _trade(
        self, entry: int, day: int, fact: _Invoice | _CreditNote, status: int, amount: int
    ) -> None:
        seller, buyer, subject = fact.seller.key, fact.buyer.key, fact.subject
        if subject not in (seller, buyer):
            self.left_out[LeftOut.NOT_A_PARTY] += 1
            return
        sells = seller == subject
        other = self.others[buyer if sells else seller]
        side = Side.SALE if sells else Side.PURCHASE
        unit = self.currencies[fact.currency]
        party = self.parties[subject]
        self.invoices.append((entry, day, party, unit, side, other, status, amount))

    def _payroll(self, entry: int, day: int, fact: _Payroll) -> None:
        if fact.employer.key != fact.subject:
            self.left_out[LeftOut.NOT_A_PARTY] += 1
            return
        heads = -1 if fact.headcount is None else fact.headcount
        row = (entry, day, self.parties[fact.subject], self.currencies[fact.currency])
        self.payrolls.append((*row, fact.gross_minor, heads))

    def _visit(self, entry: int, day: int, fact: _Visit) -> None:
        if fact.visited.key != fact.subject:
            self.left_out[LeftOut.NOT_A_PARTY] += 1
        elif not fact.place.place_id:
            self.left_out[LeftOut.NO_PLACE] += 1
        else:
            party, place = self.parties[fact.subject], self.places[fact.place.place_id]
            self.labels.append((entry, day, party, Kind.PLACE, place))


def read_records(
    connection: psycopg.Connection, until: date, currency: str | None = None
) -> Gathered:
    """Return what the book says of every subject, of days up to ``until``.

    ``currency`` is whose amounts count; it may be left out where all facts are in one.

    Raises:
        CurrencyUnclearError: there are several, and none was named.
    """
    return _read(connection, stream_bodies(connection, _SCHEMAS, until), currency)


def read_records_of(
    connection: psycopg.Connection, windows: Sequence[Window], currency: str
) -> Gathered:
    """Return what the book says of some subjects, each of days of its own."""
    return _read(connection, stream_bodies_of(connection, _SCHEMAS, windows), currency)


def _read(
    connection: psycopg.Connection, bodies: Iterator[tuple[int, int, bytes]], currency: str | None
) -> Gathered:
    reader = _Reader()
    decode = msgspec.json.Decoder(_Read).decode
    for entry, day, body in bodies:
        reader.take(entry, day, decode(body))
    if currency is None and len(reader.currencies) > 1:
        raise CurrencyUnclearError(currencies=", ".join(sorted(reader.currencies)))
    return _gathered(reader, currency, lambda entries: recorded_at_of(connection, entries))


def _gathered(
    reader: _Reader, currency: str | None, recorded_at: Callable[[Ints], Ints]
) -> Gathered:
    one = next(iter(reader.currencies), None) if currency is None else currency
    unit = reader.currencies.get(one or "", -1)
    in_unit: dict[str, Ints] = {}
    for name, rows, width in (("invoices", reader.invoices, 8), ("payrolls", reader.payrolls, 6)):
        table = _array(rows, width)
        in_unit[name] = table[table[:, 3] == unit]
        reader.left_out[LeftOut.OTHER_CURRENCY] += len(table) - len(in_unit[name])
    invoices, payrolls = in_unit["invoices"], in_unit["payrolls"]
    labels = _array(reader.labels, 5)
    names = sorted(reader.parties)
    place = np.empty(len(names), np.int64)
    place[[reader.parties[name] for name in names]] = np.arange(len(names))

    def common(rows: Ints) -> dict[str, Ints]:
        return {
            "party": place[rows[:, 2]],
            "day": rows[:, 1],
            "recorded_at": recorded_at(rows[:, 0]),
        }

    return Gathered(
        Records(
            parties=names,
            invoices=Invoices(**common(invoices), **_columns(Invoices, invoices[:, 4:])),
            payrolls=Payrolls(**common(payrolls), **_columns(Payrolls, payrolls[:, 4:])),
            labels=Labels(**common(labels), **_columns(Labels, labels[:, 3:])),
            label_names=list(reader.places),
        ),
        {"invoices": invoices[:, 0], "payrolls": payrolls[:, 0], "labels": labels[:, 0]},
        {why: count for why, count in reader.left_out.items() if count},
        one,
        list(reader.others),
    )


def _array(rows: Sequence[tuple[int, ...]], width: int) -> Ints:
    return np.array(rows, np.int64).reshape(-1, width)


def _columns(table: type[Invoices | Payrolls | Labels], rows: Ints) -> dict[str, Ints]:
    """Return the columns that a table has of its own, in the order in which it declares them."""
    own = [field.name for field in attrs.fields(table) if not field.inherited]
    return {name: rows[:, place] for place, name in enumerate(own)}
