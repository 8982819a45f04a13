"""What facts are made of: parties, things, places, references. Plain data, ready for JSON.

Quantities are decimal text (``"12.5"``) and coordinates whole numbers of a millionth of a degree:
a fact holds no binary fraction, so its canonical JSON is the same on every machine.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

AMOUNT_MOST_MINOR = 10**15
"""What an amount may reach: it stays exact as a JSON number (RFC 8785, section 3.2.2.3)."""

TEXT_MOST = 2_000
"""Letters in one text. What is longer (a contract, a photo) enters by its hash."""

Text = Annotated[str, msgspec.Meta(max_length=TEXT_MOST)]
Amount = Annotated[int, msgspec.Meta(ge=-AMOUNT_MOST_MINOR, le=AMOUNT_MOST_MINOR)]
Count = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MOST_MINOR)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Decimals = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$")]
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal."""


class Part(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,  # parts hold no cycles, and there are millions of them
):
    """A value inside a fact. What is not known is left out, and so is an empty text."""


class Party(Part, frozen=True, kw_only=True):
    """A firm or a person, as the source names it.

    ``party_id`` begins with the scheme it is of: ``tin:5213003700``, ``gln:9501101530003``.
    """

    party_id: Text = ""
    name: Text = ""
    address: Text = ""


class Place(Part, frozen=True, kw_only=True):
    """Where it happened: a name or a code, and the point if it was measured."""

    place_id: Text = ""
    name: Text = ""
    latitude_microdegree: Annotated[int, msgspec.Meta(ge=-90_000_000, le=90_000_000)] | None = None
    longitude_microdegree: Annotated[int, msgspec.Meta(ge=-180_000_000, le=180_000_000)] | None = (
        None
    )


class Thing(Part, frozen=True, kw_only=True):
    """Goods or an object: a class with a quantity, or one piece with its serial number."""

    thing_id: Text = ""
    description: Text = ""
    serial_number: Text = ""
    lot: Text = ""
    quantity: Decimals | None = None
    unit: Text = ""


class Line(Part, frozen=True, kw_only=True):
    """A line of a trade document. Quantities other than ``quantity`` are of receipts."""

    number: Text = ""
    thing: Thing = Thing()
    order_line: Text = ""
    price_minor: Amount | None = None
    net_minor: Amount | None = None
    tax_minor: Amount | None = None
    tax_rate_pct: Decimals | None = None
    accepted: Decimals | None = None
    rejected: Decimals | None = None


class Reference(Part, frozen=True, kw_only=True):
    """Another fact or document that this one rests on.

    ``relation`` says how: ``order``, ``corrects``, ``derived-from``. ``index`` is a fact of this
    book; ``document`` the number of a paper that is not in it; ``sha256`` a file.
    """

    relation: Text
    index: Annotated[int, msgspec.Meta(ge=0)] | None = None
    document: Text = ""
    sha256: Hash | None = None
