"""Facts to test with, and the twin that a tree is held to."""

import hashlib
from collections.abc import Sequence
from datetime import date

from karez.books.facts.parts import Party
from karez.books.facts.schemas import Invoice, Visit

DAY = date(2026, 1, 5)


def invoice(place: int = 1, **fields: object) -> Invoice:
    given = {
        "subject": f"tin:{place % 7}",
        "valid_on": DAY,
        "number": f"A{place}",
        "seller": Party(party_id=f"tin:{place % 7}", name="Mill"),
        "buyer": Party(party_id="tin:900", name="Baker & Söhne"),
        "currency": "EUR",
        "net_minor": 1000 + place,
        "tax_minor": 200,
        "total_minor": 1200 + place,
    }
    return Invoice(**(given | fields))


def visit(place: int = 1, **fields: object) -> Visit:
    given = {
        "subject": f"tin:{place % 7}",
        "valid_on": DAY,
        "visitor": "officer:7",
        "visited": Party(party_id=f"tin:{place % 7}"),
        "purpose": f"see stock {place}",
    }
    return Visit(**(given | fields))


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it is written there: over entries, not over hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    pair = slow_root(leaves[:split]) + slow_root(leaves[split:])
    return hashlib.sha256(b"\x01" + pair).digest()


def slow_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*slow_path(index, leaves[:split]), slow_root(leaves[split:])]
    return [*slow_path(index - split, leaves[split:]), slow_root(leaves[:split])]


def slow_proof(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [slow_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*slow_proof(old, leaves[:split], whole=whole), slow_root(leaves[split:])]
    return [*slow_proof(old - split, leaves[split:], whole=False), slow_root(leaves[:split])]
