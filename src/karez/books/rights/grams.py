"""Find names that differ by a slip or two without comparing all: pieces that must be left over.

A key is cut into three pieces, a long one into five. Each piece, with its place and the length of
the key, is a gram. Two slips damage two of the pieces (a swap of letters across a cut damages
two alone), so a key that is near shares a gram with what is asked for, moved by at most two
letters; of a long one it shares three. (A swap across a cut and another slip elsewhere may leave
two: such a name is passed over, so that a thousand names with the same two last words are too.)
This is the partition scheme of Li, Deng, Wang and Feng, PASS-JOIN, PVLDB 5 (3), 2011. Equality of
integers is all that the database needs for it, so an ordinary index serves, also under row-level
security.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import attrs

from karez.books.rights.names import Debt, Name, shown_forms

_SLIPS = 2
_LONG = 10
_SHORT_PIECES = 3
_LONG_PIECES = 5
WEIGHT_NEEDED = 3
"""A gram of a long key weighs 1, one of a short key 3; a candidate weighs this much together."""


def grams_of(name: Name) -> set[int]:
    """Return the grams that a name is stored under."""
    return {
        _gram(name.of, len(form), place, form[start : start + size])
        for form in shown_forms(name)
        for place, start, size in _pieces(len(form))
    }


@attrs.frozen
class Asked:
    """A gram of a key that may be near a name. Those of one ``group`` are of one such key.

    Their weights add up; those of other groups do not count with them.
    """

    gram: int
    group: int
    weight: int


def grams_asked(name: Name) -> list[Asked]:
    """Return the grams of all keys that may be near a name."""
    keys = [
        (form, length)
        for form in sorted(shown_forms(name))
        for length in range(max(1, len(form) - _SLIPS), len(form) + _SLIPS + 1)
    ]
    asked = {
        (_gram(name.of, length, place, form[at : at + size]), group): _weight(length)
        for group, (form, length) in enumerate(keys)
        for place, start, size in _pieces(length)
        for at in range(max(0, start - _SLIPS), min(start + _SLIPS, len(form) - size) + 1)
    }
    return [Asked(gram, group, weight) for (gram, group), weight in asked.items()]


def _weight(length: int) -> int:
    return 1 if length >= _LONG else WEIGHT_NEEDED


def _pieces(length: int) -> Iterator[tuple[int, int, int]]:
    """Give place, start and size of the pieces of a key of this length."""
    count = min(length, _LONG_PIECES if length >= _LONG else _SHORT_PIECES)
    for place in range(count):
        start, end = length * place // count, length * (place + 1) // count
        yield place, start, end - start


def _gram(of: Debt, length: int, place: int, piece: str) -> int:
    text = f"{of}/{length}/{place}/{piece}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
