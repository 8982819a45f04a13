"""The evidence: every table that a check may read, as numpy records with whole-number codes.

An *advance* is money asked for or lent against something: a sale of goods, goods in store, a firm's
sales, or a person's word. Other tables point to it, to parties and to each other by row. Days are
counted from 1970-01-01, minutes too; quantities are thousandths, amounts minor units. ``NONE``
stands for no row. An engine never sees a name but to say it in words: ``labels`` has those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import IntEnum
from functools import partial

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.trust.fingerprint import Prints
from karez.engines.trust.verdict import Record

NONE = -1
FOREVER = 2**31 - 1
_EPOCH = date(1970, 1, 1)

Rows = npt.NDArray[np.void]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Kind(IntEnum):
    """What an advance is given against."""

    GOODS = 0  # an invoice for goods sold
    STORED = 1  # a warehouse receipt
    SALES = 2  # a firm's reported sales
    LOAN = 3  # a person, whom an officer vouches for


class Paper(IntEnum):
    """What a document of a sale says."""

    ORDER = 0
    DESPATCH = 1
    CARRIAGE = 2  # a carrier took it from one to the other
    RECEIPT = 3
    INVOICE = 4


class Tie(IntEnum):
    """What two parties may share."""

    OWNER = 0
    STAFF = 1
    PHONE = 2
    DEVICE = 3
    ADDRESS = 4
    ACCOUNT = 5
    KEY = 6
    GUARANTOR = 7


class Movement(IntEnum):
    """What happens in a store, in the order in which a day is counted."""

    IN = 0
    OUT = 1
    COUNT = 2  # somebody independent counted what is there


ADVANCE = np.dtype(
    [("kind", "u1"), ("lender", "i4"), ("party", "i4"), ("buyer", "i4"), ("officer", "i4"),
     ("on", "i4"), ("until", "i4"), ("amount_minor", "i8")]
)  # fmt: skip
DOCUMENT = np.dtype(
    [("advance", "i4"), ("kind", "u1"), ("on", "i4"), ("place", "i4"), ("key", "i4"),
     ("content", "i4")]
)  # fmt: skip
LINE = np.dtype(
    [("document", "i4"), ("item", "i4"), ("quantity_milli", "i8"), ("amount_minor", "i8")]
)
KEY = np.dtype([("party", "i4"), ("direct", "?")])
TIE = np.dtype([("party", "i4"), ("kind", "u1"), ("value", "i4")])
PARTY = np.dtype([("staff", "?"), ("segment", "i4")])
STORE = np.dtype([("capacity_milli", "i8")])
STOCK = np.dtype(
    [("store", "i4"), ("item", "i4"), ("kind", "u1"), ("quantity_milli", "i8"), ("on", "i4")]
)
HOLDING = np.dtype(
    [("advance", "i4"), ("store", "i4"), ("item", "i4"), ("quantity_milli", "i8"),
     ("on", "i4"), ("until", "i4")]
)  # fmt: skip
VISIT = np.dtype(
    [("advance", "i4"), ("officer", "i4"), ("begins", "i8"), ("ends", "i8"),
     ("latitude", "f8"), ("longitude", "f8"), ("accuracy_metres", "f8"), ("mock", "?"),
     ("site_latitude", "f8"), ("site_longitude", "f8")]
)  # fmt: skip
PHOTO = np.dtype([("visit", "i4"), ("taken", "i8"), ("camera", "i8")])
BORROWING = np.dtype(
    [("advance", "i4"), ("first_time", "?"), ("paid_to", "i4"), ("repaid_from", "i4"),
     ("repaid_on", "i4")]
)  # fmt: skip
SERIES = np.dtype(
    [("party", "i4"), ("month", "i4"), ("sales", "f8"), ("electricity", "f8"),
     ("freight", "f8"), ("inflow", "f8")]
)  # fmt: skip
ARREARS = np.dtype([("advance", "i4"), ("on", "i4"), ("days", "i4")])
DEPARTURE = np.dtype([("officer", "i4"), ("on", "i4")])
REGISTRATION = np.dtype([("party", "i4"), ("begins", "i4"), ("ends", "i4")])
CLAIM = np.dtype([("source", "i4"), ("advance", "i4"), ("says", "?"), ("on", "i4")])


@attrs.frozen(kw_only=True)
class Evidence:
    """All that is known, in tables; each may be empty.

    ``answers`` are what a visit's form holds, a row for each visit. ``photo_prints`` are the hashes
    of each photo (see ``photos``). ``prints`` are the fingerprints of each advance's invoice.
    A photo's ``camera`` is when its file says that it was taken, ``NONE`` where it says nothing.
    ``arrears`` are days overdue as seen on a day, ``departures`` the days on which officers left.
    ``registrations`` say from when to when a tax office has a party as active; a party without any
    is one of which nothing is known.
    ``borrowing`` says where a loan was paid to and its first instalment came from, as codes of
    accounts. ``labels`` names rows and codes; ``digests`` are the SHA-256 of records, in
    hexadecimal.
    """

    advances: Rows = attrs.field(factory=partial(np.zeros, 0, ADVANCE))
    parties: Rows = attrs.field(factory=partial(np.zeros, 0, PARTY))
    keys: Rows = attrs.field(factory=partial(np.zeros, 0, KEY))
    ties: Rows = attrs.field(factory=partial(np.zeros, 0, TIE))
    documents: Rows = attrs.field(factory=partial(np.zeros, 0, DOCUMENT))
    lines: Rows = attrs.field(factory=partial(np.zeros, 0, LINE))
    prints: Prints | None = None
    stores: Rows = attrs.field(factory=partial(np.zeros, 0, STORE))
    stock: Rows = attrs.field(factory=partial(np.zeros, 0, STOCK))
    holdings: Rows = attrs.field(factory=partial(np.zeros, 0, HOLDING))
    visits: Rows = attrs.field(factory=partial(np.zeros, 0, VISIT))
    answers: npt.NDArray[np.int64] = attrs.field(factory=partial(np.zeros, (0, 0), np.int64))
    photos: Rows = attrs.field(factory=partial(np.zeros, 0, PHOTO))
    photo_prints: npt.NDArray[np.uint64] = attrs.field(factory=lambda: np.zeros((0, 0), np.uint64))
    borrowings: Rows = attrs.field(factory=partial(np.zeros, 0, BORROWING))
    arrears: Rows = attrs.field(factory=partial(np.zeros, 0, ARREARS))
    departures: Rows = attrs.field(factory=partial(np.zeros, 0, DEPARTURE))
    registrations: Rows = attrs.field(factory=partial(np.zeros, 0, REGISTRATION))
    series: Rows = attrs.field(factory=partial(np.zeros, 0, SERIES))
    claims: Rows = attrs.field(factory=partial(np.zeros, 0, CLAIM))
    labels: Mapping[str, Sequence[str]] = attrs.field(factory=dict[str, "Sequence[str]"])
    digests: Mapping[str, Sequence[str]] = attrs.field(factory=dict[str, "Sequence[str]"])

    def name(self, table: str, row: int) -> str:
        """Return what a row or a code is called."""
        names = self.labels.get(table)
        return f"{table} {row}" if names is None else names[row]

    def digest(self, record: Record) -> str:
        """Return the SHA-256 of a record: the one that came with it, or that of its octets."""
        table, row = record
        given = self.digests.get(table)
        if given is not None:
            return given[row]
        octets = getattr(self, table)[row].tobytes()
        return hashlib.sha256(table.encode() + b"\n" + octets).hexdigest()

    def of_kind(self, kind: Kind) -> Bools:
        """Return which advances are given against this."""
        return self.advances["kind"] == kind


def day_text(day: int) -> str:
    """Return a day as people write it."""
    return (_EPOCH + timedelta(days=int(day))).isoformat()
