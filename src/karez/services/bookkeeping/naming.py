"""Ids that follow from words, so that whoever says the same thing twice is heard once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

import numpy as np
import numpy.typing as npt

from karez.kernel.errors import ensure
from karez.kernel.ids import IdArray

Numbers = npt.NDArray[np.int64] | int

_DAY_ZERO = 1 << 21  # days before 2000-01-01 have room too
_WIDTHS = {"day": 22, "subject": 38, "kind": 8, "event": 34, "ordinal": 20}


def derive_ids(scope: Sequence[str], names: Sequence[str]) -> IdArray:
    """Return a UUIDv8 (RFC 9562, section 5.8) for each name: SHA-256 of the scope and the name.

    Each word of the scope is followed by a NUL, which no name that may be posted holds, so no two
    lists of words give the same octets.
    """
    stem = hashlib.sha256("".join(f"{word}\x00" for word in scope).encode())
    octets = bytearray()
    for name in names:
        digest = stem.copy()
        digest.update(name.encode())
        octets += digest.digest()[:16]
    ids = np.frombuffer(octets, dtype=np.uint8).reshape(len(names), 16)
    ids[:, 6] = ids[:, 6] & 0x0F | 0x80
    ids[:, 8] = ids[:, 8] & 0x3F | 0x80
    return ids.view("V16").ravel()


def derive_id(*words: str) -> UUID:
    """Return the id that follows from these words; the last one is the name in its scope."""
    return UUID(bytes=derive_ids(words[:-1], words[-1:]).tobytes())


def ordered_ids(
    *, day: Numbers, subject: Numbers, kind: Numbers, event: Numbers = 0, ordinal: Numbers = 0
) -> IdArray:
    """Return a UUIDv8 for each row of these numbers, which it holds word for word.

    ``day`` counts from 2000-01-01. The id begins with the day and then the subject, so entries
    that one pass makes stand side by side in an index, as fresh ids do. Hashed ids would be strewn
    over all of it. Bits: day 22, subject 38, kind 8, event 34, ordinal 20, none of them negative
    but the day; numbers and arrays may be mixed.
    """
    given = {"day": day, "subject": subject, "kind": kind, "event": event, "ordinal": ordinal}
    fields: dict[str, npt.NDArray[np.uint64]] = {}
    for name, value in given.items():
        column = np.asarray(value, np.int64) + (_DAY_ZERO if name == "day" else 0)
        inside = not column.size or (column.min() >= 0 and column.max() < 1 << _WIDTHS[name])
        ensure(inside, f"a {name} has {_WIDTHS[name]} bits in an id")
        fields[name] = column.astype(np.uint64)
    days, subjects = np.broadcast_arrays(fields["day"], fields["subject"])
    high = days << 42 | subjects >> 12 << 16 | np.uint64(0x8000) | subjects & 0xFFF
    low = np.uint64(1 << 63) | fields["kind"] << 54 | fields["event"] << 20 | fields["ordinal"]
    words = np.empty((np.broadcast(high, low).size, 2), dtype=">u8")
    words[:, 0], words[:, 1] = high, low
    return words.view("V16").ravel()
