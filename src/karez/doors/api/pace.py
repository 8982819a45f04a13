"""How fast one caller may ask: a bucket of tokens each, in this process."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from uuid import UUID

import attrs


@attrs.frozen
class Limit:
    """So many requests at once, and so many a second after those."""

    burst: int
    each_second: float


USUAL = Limit(burst=300, each_second=100.0)
"""For each account of a machine or a person, at each process of a server."""

_BUCKETS_MOST = 10_000


@attrs.frozen
class Turn:
    """Whether a request may go on; how many more may follow at once, and when one may again."""

    allowed: bool
    left: int
    wait_seconds: int
    limit: Limit

    @property
    def headers(self) -> dict[str, str]:
        """The fields that tell it (draft-ietf-httpapi-ratelimit-headers-10)."""
        window = math.ceil(self.limit.burst / self.limit.each_second)
        told = {
            "RateLimit-Policy": f'"account";q={self.limit.burst};w={window}',
            "RateLimit": f'"account";r={self.left};t={self.wait_seconds}',
        }
        return told if self.allowed else told | {"Retry-After": str(self.wait_seconds)}


@attrs.define
class _Bucket:
    tokens: float
    filled_at: float


class Pace:
    """The buckets of all callers.

    A server of several processes has one in each: a caller may then be let in as often as there
    are processes. That is enough to keep one caller from the others' way, which is all it is for.
    """

    def __init__(self, limit: Limit = USUAL, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._buckets: dict[UUID, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, account_id: UUID) -> Turn:
        """Take one token of an account, if there is one."""
        limit, now = self.limit, self._clock()
        with self._lock:
            bucket = self._buckets.get(account_id)
            if bucket is None:
                self._forget_full(now)
                bucket = self._buckets[account_id] = _Bucket(limit.burst, now)
            gained = (now - bucket.filled_at) * limit.each_second
            bucket.tokens = min(limit.burst, bucket.tokens + gained)
            bucket.filled_at = now
            allowed = bucket.tokens >= 1
            bucket.tokens -= allowed
            short = max(0.0, 1 - bucket.tokens)
            return Turn(allowed, int(bucket.tokens), math.ceil(short / limit.each_second), limit)

    def _forget_full(self, now: float) -> None:
        """Forget buckets that are full again, when there are many: they are as good as new."""
        if len(self._buckets) < _BUCKETS_MOST:
            return
        fills = self.limit.burst / self.limit.each_second
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if now - bucket.filled_at < fills
        }
