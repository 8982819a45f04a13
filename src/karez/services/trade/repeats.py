"""What stands more than once in a source, told from what was sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import attrs
import numpy as np
import numpy.typing as npt

Digests = npt.NDArray[np.uint64]
DIGEST_OCTETS = 8


def digests_of(contents: Iterable[bytes]) -> Digests:
    """Return a digest of each content, the same on every machine."""
    joined = b"".join(
        hashlib.blake2b(content, digest_size=DIGEST_OCTETS).digest() for content in contents
    )
    return np.frombuffer(joined, dtype=np.uint64)


@attrs.define
class Repeats:
    """Counts how often each content came before, in eight octets for each that came.

    Two contents share a digest by chance about once in 37 million sources of a million rows. One
    is then called a repeat of the other, as it will be whenever the source is read.
    """

    _seen: Digests = attrs.field(factory=lambda: np.zeros(0, np.uint64))  # sorted

    def take(self, digests: Digests) -> npt.NDArray[np.int64]:
        """Return how often each of these came before, earlier ones of the same call included."""
        order = np.argsort(digests, kind="stable")
        ranked = digests[order]
        within = np.arange(len(ranked)) - np.searchsorted(ranked, ranked, side="left")
        first = np.searchsorted(self._seen, ranked, side="left")
        before = np.searchsorted(self._seen, ranked, side="right") - first
        counts = np.empty(len(digests), np.int64)
        counts[order] = before + within
        self._seen = np.insert(self._seen, first, ranked)
        return counts


def keys_of_repeats(counts: npt.NDArray[np.int64], contents: Sequence[bytes]) -> list[str]:
    """Return the keys under which facts are recorded: none for what stands there a first time.

    The book knows a fact without a key by its content, and would take a second one for the first
    sent again. The key of a repeat says which it is, so the source can be sent again too.
    """
    keys = [""] * len(contents)
    for place in np.flatnonzero(counts).tolist():
        content = hashlib.sha256(contents[place]).hexdigest()
        keys[place] = f"repeat {counts[place]} of {content}"
    return keys
