"""Which visits are made again, blind: a draw that nobody can foresee and everybody can check.

Before any visit is drawn the lender publishes ``commitment(seed)``; once the visits were made again
it publishes the seed. Whoever has both, and the visits, draws the same ones. Each visit is drawn by
itself: none becomes likelier or safer by other visits that are added or left out.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np

from karez.engines.trust.evidence import Bools
from karez.kernel.errors import ensure

SEED_OCTETS = 32
_RANGE = 1 << 64


def commitment(seed: bytes) -> str:
    """Return what is published before the draw: the SHA-256 of the seed, in hexadecimal."""
    return hashlib.sha256(seed).hexdigest()


def draw(seed: bytes, visits: Sequence[str], share_pct: float) -> Bools:
    """Return which visits are drawn, by their ids; about ``share_pct`` of a hundred are.

    A visit is drawn if the first eight octets of HMAC-SHA256(seed, its id), as a fraction of all
    that there are, lie below the share.
    """
    ensure(len(seed) == SEED_OCTETS, "a seed has so many octets")
    ensure(0 <= share_pct <= 100, "a share is of a hundred")
    limit = int(share_pct / 100 * _RANGE)
    tickets = (
        int.from_bytes(hmac.digest(seed, visit.encode(errors="surrogatepass"), "sha256")[:8])
        for visit in visits
    )
    return np.fromiter((ticket < limit for ticket in tickets), np.bool_, len(visits))
