"""What a file of trades holds: a type for each of its tables, a field for each name of a row.

Amounts and quantities are decimals, as text or as numbers; days and instants are as ISO 8601 has
them, an instant as the clock on the wall showed it. A name that no row has is refused.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec


class Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A row of any table."""


class Party(Row):
    """A firm or a person, and what they may share with others."""

    id: str
    tax_id: str = ""
    staff: bool = False
    segment: str = ""
    owners: tuple[str, ...] = ()
    employees: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    key_holders: tuple[str, ...] = ()
    guarantors: tuple[str, ...] = ()


class Key(Row):
    """A signing key; ``direct`` if it was enrolled with the party itself."""

    id: str
    party: str
    direct: bool


class Advance(Row):
    """Money asked for or lent against something; ``party`` gets it."""

    id: str
    against: Literal["goods", "stored", "sales", "loan"]
    lender: str
    party: str
    on: dt.date
    amount: Decimal
    currency: str
    until: dt.date | None = None
    buyer: str | None = None
    officer: str | None = None


class Line(Row):
    """An item of a document; ``amount`` is that of the whole line."""

    item: str
    quantity: Decimal
    amount: Decimal


class Document(Row):
    """A paper of a sale; ``digest`` is the SHA-256 of the document itself, where there is one."""

    id: str
    advance: str
    kind: Literal["order", "despatch", "carriage", "receipt", "invoice"]
    on: dt.date
    number: str = ""
    place: str = ""
    key: str | None = None
    digest: str = ""
    lines: tuple[Line, ...] = ()


class Store(Row):
    """A warehouse."""

    id: str
    capacity: Decimal


class Move(Row):
    """Goods that came into a store, went out, or were counted."""

    store: str
    item: str
    kind: Literal["in", "out", "count"]
    quantity: Decimal
    on: dt.date


class Holding(Row):
    """A warehouse receipt that an advance rests on."""

    advance: str
    store: str
    item: str
    quantity: Decimal
    on: dt.date
    until: dt.date | None = None


class Visit(Row):
    """A visit in the field, as the device recorded it."""

    id: str
    advance: str
    officer: str
    begins: dt.datetime
    ends: dt.datetime
    latitude: float
    longitude: float
    accuracy_metres: float
    site_latitude: float
    site_longitude: float
    mock: bool = False
    answers: tuple[int, ...] = ()


class Photo(Row):
    """A photo of a visit; ``file`` is its path from the file of trades."""

    visit: str
    taken: dt.datetime
    file: str


class Arrears(Row):
    """By how many days an advance was overdue, as seen on a day."""

    advance: str
    on: dt.date
    days: int


class Departure(Row):
    """The day on which an officer left."""

    officer: str
    on: dt.date


class Registration(Row):
    """From when the tax office had a party's tax id as active, and the day it was so no more."""

    party: str
    begins: dt.date
    ends: dt.date | None = None


class Borrowing(Row):
    """Where a loan was paid to, and where its first instalment came from."""

    advance: str
    first_time: bool
    paid_to: str
    repaid_from: str | None = None
    repaid_on: dt.date | None = None


class Month(Row):
    """A firm's reported sales of a month, and what others saw."""

    party: str
    month: str
    sales: float
    electricity: float = 0
    freight: float = 0
    inflow: float = 0


class Claim(Row):
    """What a party says of an advance: that what it rests on is so, or is not."""

    source: str
    advance: str
    says: bool
    on: dt.date


TABLES: dict[str, type[Row]] = {
    "parties": Party,
    "keys": Key,
    "advances": Advance,
    "documents": Document,
    "stores": Store,
    "stock": Move,
    "holdings": Holding,
    "visits": Visit,
    "photos": Photo,
    "borrowings": Borrowing,
    "arrears": Arrears,
    "departures": Departure,
    "registrations": Registration,
    "series": Month,
    "claims": Claim,
}
"""The tables of a file of trades; all but ``parties`` and ``advances`` may be left out."""
