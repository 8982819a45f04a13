"""MinHash: how alike two sets are, from short signatures, a batch at a time.

Broder, On the resemblance and containment of documents (1997): the share of places in which two
signatures agree estimates the Jaccard index of the sets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

PLACES = 64
"""The length of a signature; the estimate's standard error is at most a sixteenth."""

_BANDS = 16
_CHUNK_LINES = 1 << 16
_EMPTY = np.uint64(2**64 - 1)

Signatures = npt.NDArray[np.uint64]


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return splitmix64 of each value (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_STEPS = np.arange(1, PLACES + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def signatures(tokens: npt.NDArray[np.uint64], ends: npt.NDArray[np.int64]) -> Signatures:
    """Return one signature for each set; set ``i`` has the tokens up to before ``ends[i]``.

    The signature of an empty set is all ones, and is like nothing.
    """
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    found = np.full((len(ends), PLACES), _EMPTY, np.uint64)
    filled = np.flatnonzero(ends > starts)
    begin = 0
    while begin < len(filled):
        # As many whole sets as fit into a chunk, and at least one.
        most = int(starts[filled[begin]]) + _CHUNK_LINES
        end = max(begin + 1, int(np.searchsorted(ends[filled], most, "right")))
        here = filled[begin:end]
        first, last = starts[here[0]], ends[here[-1]]
        mixed = _mixed(tokens[first:last, None] + _STEPS)
        found[here] = np.minimum.reduceat(mixed, starts[here] - first, axis=0)
        begin = end
    return found


def likeness(left: Signatures, right: Signatures) -> npt.NDArray[np.float64]:
    """Return the estimated Jaccard index of sets, row by row."""
    return ((left == right) & (left != _EMPTY)).mean(axis=-1)


def alike(
    found: Signatures,
    groups: npt.NDArray[np.int64],
    days: npt.NDArray[np.int64],
    *,
    least: float,
    within_days: int,
) -> Iterator[tuple[int, int, float]]:
    """Return pairs of rows whose likeness is at least this, the earlier row first.

    Only rows of one group and of days that lie close are compared, and of those only rows that
    agree in one of 16 bands of four places: at a likeness of 0.9 that misses fewer than one pair
    in a million.
    """
    order = np.lexsort((np.arange(len(days)), days))
    rows = order[found[order, 0] != _EMPTY]
    when, who = days[rows].tolist(), groups[rows].tolist()
    seen: set[tuple[int, int]] = set()
    width = PLACES // _BANDS
    for band in range(_BANDS):
        buckets: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
        part = np.ascontiguousarray(found[rows, band * width : (band + 1) * width])
        for place, octets in enumerate(part):
            bucket = buckets[who[place], octets.tobytes()]
            for other in reversed(bucket):
                if when[place] - when[other] > within_days:
                    break
                seen.add((other, place))
            bucket.append(place)
    pairs = rows[np.array(sorted(seen), np.int64).reshape(-1, 2)]
    values = likeness(found[pairs[:, 0]], found[pairs[:, 1]])
    for place in np.flatnonzero(values >= least).tolist():
        yield int(pairs[place, 0]), int(pairs[place, 1]), float(values[place])
