"""Telling a booking again: the same one in another file must not be taken twice. Pure but for keys.

A booking with an id of the bank's is told by it. Without one, by its day, its amount and its text;
of several that are alike, each file has as many as there were.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

import attrs

from karez.services.payments.statement import BankStatement, StatementEntry


@attrs.frozen
class Booking:
    """What the bank booked as one: its payments, and by what it is told again."""

    entries: tuple[StatementEntry, ...]
    key: bytes
    content: bytes

    @property
    def is_identified(self) -> bool:
        """Whether the bank gave it an id."""
        return bool(self.entries[0].bank_reference)


def bookings(statement: BankStatement, *, follows: bool) -> list[Booking]:
    """Return the bookings of a statement.

    One that ``follows`` holds only what is new: then a booking without id is told by its statement
    too, and is no other, however alike.
    """
    salt = digest_of(statement).hex() if follows else ""
    counted: Counter[str] = Counter()
    found: list[Booking] = []
    for _, group in groupby(statement.entries, lambda entry: entry.group):
        entries = tuple(group)
        first = entries[0]
        total_minor = sum(entry.amount_minor for entry in entries)
        told = (statement.account, statement.currency.code, first.booked_on, total_minor)
        where = "\x00".join(map(str, told))
        text = "".join(_plain(entry.remittance or entry.end_to_end) for entry in entries)
        content = f"content\x00{where}\x00{text}"
        counted[content] += 1
        content = f"{content}\x00{counted[content]}"
        key = content + salt
        if first.bank_reference:
            key = f"id\x00{where}\x00{first.bank_reference}"
            counted[key] += 1
            key = f"{key}\x00{counted[key]}"
        found.append(Booking(entries, _hash(key), _hash(content)))
    return found


def is_known(
    booking: Booking, keys: AbstractSet[bytes], contents: Mapping[bytes, bool], *, follows: bool
) -> bool:
    """Return whether a booking was taken: by its key, or by content if one of two has no id.

    ``contents`` has those that were taken, and whether each had an id of the bank's.
    """
    if booking.key in keys:
        return True
    if follows or booking.content not in contents:
        return False
    return not (booking.is_identified and contents[booking.content])


def digest_of(statement: BankStatement) -> bytes:
    """Return what tells a statement from all others, whatever file it is in."""
    lines = [f"{statement.account}\x00{statement.number}\x00{statement.currency.code}"]
    lines += [
        "" if balance is None else f"{balance.on}\x00{balance.amount_minor}"
        for balance in (statement.opening, statement.closing)
    ]
    lines += [_line(entry) for entry in statement.entries]
    return hashlib.sha256("\n".join(lines).encode()).digest()


def _line(entry: StatementEntry) -> str:
    fields = (
        entry.booked_on, entry.valid_on, entry.amount_minor, entry.bank_reference,
        entry.end_to_end, entry.mandate, entry.creditor_reference, entry.remittance, entry.name,
        entry.account, entry.code, entry.part,
    )  # fmt: skip
    return "\x00".join(map(str, fields))


def _plain(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def split(found: Sequence[Booking], most: int) -> list[list[Booking]]:
    """Return bookings in pieces of about so many payments."""
    pieces: list[list[Booking]] = []
    count = most
    for booking in found:
        if count >= most:
            pieces.append([])
            count = 0
        pieces[-1].append(booking)
        count += len(booking.entries)
    return pieces
