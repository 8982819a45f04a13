"""Photos: has this picture been shown before, perhaps cut or turned round?

A picture is known by perceptual hashes of 64 bits: of the whole, of the whole in a mirror, and of
parts of it. A cut picture is like a part of the one that it was cut from, and a mirrored one is
like the mirrored. Making the hashes needs the pictures, so it is a matter of doors (see
``VIEWS``); here they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from karez.engines.trust.checks import PHOTO
from karez.engines.trust.evidence import Evidence
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Verdict
from karez.kernel.errors import ensure

SIDES = (0.95, 0.9, 0.85, 0.8)
_CORNERS = (0.0, 0.5, 1.0)
VIEWS: tuple[tuple[float, float, float], ...] = tuple(
    (side, left, top) for side in SIDES for left in _CORNERS for top in _CORNERS
)
"""The parts that are hashed: the share of each side that is kept, and where the cut lies (0 keeps
the left or top edge, 1 the right or bottom one)."""

HASHES = 2 + len(VIEWS)
"""The hashes of a photo: the whole, the mirrored whole, then each part."""

_WHOLE, _MIRROR, _PARTS = 0, 1, 2
_CHUNK = 256
_MINUTES_OF_DAY = 1440

Hashes = npt.NDArray[np.uint64]


def distances(new: Hashes, old: Hashes) -> npt.NDArray[np.uint8]:
    """Return by how many bits each new photo differs from each old one, at the nearest view.

    Both ways round: the new one may be a part or a mirror of the old one, or hold it whole.
    """
    ensure(new.shape[1:] == old.shape[1:] == (HASHES,), "a photo has so many hashes")
    seen = (_WHOLE, _MIRROR)
    nearest = np.full((len(new), len(old)), 64, np.uint8)
    for mine in seen:
        for theirs in (_WHOLE, *range(_PARTS, HASHES)):
            np.minimum(nearest, _bits(new[:, mine], old[:, theirs]), out=nearest)
    for mine in range(_PARTS, HASHES):
        for theirs in seen:
            np.minimum(nearest, _bits(new[:, mine], old[:, theirs]), out=nearest)
    return nearest


def _bits(new: Hashes, old: Hashes) -> npt.NDArray[np.uint8]:
    return np.bitwise_count(new[:, None] ^ old[None, :])


def reused(hashes: Hashes, most: int) -> Iterator[tuple[int, int, int]]:
    """Return each photo that is like an earlier one: its row, that one's row, and the distance."""
    for begin in range(0, len(hashes), _CHUNK):
        new = hashes[begin : begin + _CHUNK]
        apart = distances(new, hashes[: begin + len(new)])
        apart[np.triu_indices(len(new), begin, apart.shape[1])] = 64  # itself and later ones
        nearest = apart.argmin(axis=1)
        for place, other in enumerate(nearest.tolist()):
            if apart[place, other] <= most:
                yield begin + place, other, int(apart[place, other])


def photo(evidence: Evidence, rules: Rules) -> Answer:
    """Hold an advance whose photo was shown for another one before; photos stand as they came."""
    visits, photos = evidence.visits, evidence.photos
    shown = np.zeros(len(evidence.advances), np.bool_)
    shown[visits["advance"][photos["visit"]]] = True
    answer = Answer.over(PHOTO, shown)
    if not len(photos):
        return answer
    owners = visits["advance"][photos["visit"]]
    for row, other, bits in reused(evidence.photo_prints, rules.photo_bits_most):
        advance, earlier = int(owners[row]), int(owners[other])
        if advance != earlier:
            answer.doubt(
                advance,
                Verdict.HOLD,
                0.1,
                known_on=max(
                    int(evidence.advances["on"][advance]),
                    int(visits["ends"][photos["visit"][row]]) // _MINUTES_OF_DAY,
                ),
                words=f"its photo was shown for {evidence.name('advances', earlier)} before"
                f" ({bits} of 64 bits differ)",
                cites=[("photos", row), ("photos", other)],
            )
    return answer
