"""Ids that follow from words, so that whoever says the same thing twice is heard once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from karez.kernel.ids import IdArray


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
