"""Clearing compiled: from everybody pays, down to where nobody's payment changes."""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

import numba
import numpy as np

_compile = numba.njit(cache=True, nogil=True, error_model="numpy")
_STILL = 1e-13
"""A payment that falls by less of what is owed is settled."""


@_compile
def clear_all(assets, receivable, owed, recovery, starts, creditor, amount, paid, spread):
    """Fill in for each scenario (row of assets) the share that each firm pays of what it owes.

    Payments only fall, so firms may be looked at in any order: the end is the same, and it is the
    greatest clearing. Those that are paid less wait in a ring until they are looked at again.
    """
    firms = len(owed)
    value, waits = np.empty(firms), np.zeros(firms, np.bool_)
    ring = np.empty(firms, np.int64)
    for scenario in range(len(assets)):
        share = paid[scenario]
        share[:] = 1.0
        value[:] = assets[scenario] + receivable
        first, waiting = 0, 0
        for firm in range(firms):
            if value[firm] < owed[firm]:
                ring[waiting] = firm
                waits[firm] = True
                waiting += 1
        while waiting > 0:
            firm = ring[first]
            first = (first + 1) % firms
            waiting -= 1
            waits[firm] = False
            now = recovery * max(value[firm], 0.0) / owed[firm]
            fall = share[firm] - now
            if fall <= _STILL:
                continue
            share[firm] = now
            if not spread:
                continue
            for link in range(starts[firm], starts[firm + 1]):
                other = creditor[link]
                value[other] -= fall * amount[link]
                if value[other] < owed[other] and not waits[other]:
                    ring[(first + waiting) % firms] = other
                    waits[other] = True
                    waiting += 1
