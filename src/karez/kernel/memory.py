"""When Python looks for what nobody needs any more."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Generator[None]:
    """Make many objects at once without a search for unreachable ones every few hundred.

    Each such search walks what a long-lived process remembers, and finds next to nothing of it to
    be free. For work that is done in milliseconds and small against memory: what it leaves is
    looked at once, when it is over. Whoever works beside it in another thread waits as long.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
