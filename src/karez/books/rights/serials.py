"""Keys of things: what two ways of writing one number have in common.

A serial number is searched by the last six of its letters and digits, letters written as the
digits that they are mistaken for: the rule of British Columbia's registries (bcgov/ppr,
``searchkey_vehicle``; their manufactured homes fall under it too). Fingerprints and the numbers of
warehouse receipts are searched whole.
"""

from __future__ import annotations

import string
import unicodedata
from enum import StrEnum

_SERIAL_LETTERS = 6
_MISTAKEN_FOR = str.maketrans(
    dict.fromkeys(string.ascii_uppercase, "0") | dict(zip("ILZHYSCGBO", "1124456680", strict=True))
)


class Scheme(StrEnum):
    """What kind of number names a thing. Serial numbers, fingerprints, receipts, and others."""

    MOTOR_VEHICLE = "MV"
    MANUFACTURED_HOME = "MH"
    TRAILER = "TR"
    BOAT = "BO"
    OUTBOARD_MOTOR = "OB"
    AIRCRAFT = "AC"
    MACHINE = "MA"
    RECEIPT = "WR"  # the warehouse, a colon, and the number of its receipt
    EXACT = "F1"  # fingerprints of an invoice, as engines of trust make them
    RENUMBERED = "F2"
    REDATED = "F3"
    LINES = "F4"  # one band of a line set


SERIAL = frozenset(Scheme) - {
    Scheme.RECEIPT, Scheme.EXACT, Scheme.RENUMBERED, Scheme.REDATED, Scheme.LINES,
}  # fmt: skip
EXCLUSIVE = frozenset({Scheme.RECEIPT, Scheme.EXACT})
"""Of a thing with such a number one claim is live at a time."""
ALIKE = frozenset({Scheme.RENUMBERED, Scheme.REDATED, Scheme.LINES})
"""An equal number does not forbid, but asks for a person's eye."""


def spell(number: str) -> str:
    """Return a number without what people write differently: width, case, spaces, signs."""
    plain = (number if number.isascii() else unicodedata.normalize("NFKC", number)).upper()
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def key_of(scheme: Scheme, number: str) -> str:
    """Return the key that a number is found by; two that share it may be the same thing."""
    spelled = spell(number)
    if scheme not in SERIAL:
        return spelled
    last = spelled[-_SERIAL_LETTERS:].rjust(_SERIAL_LETTERS, "0")
    if last.isdecimal():
        return last
    known = last.translate(_MISTAKEN_FOR)
    return "".join(each if each.isdigit() else "0" for each in known)
