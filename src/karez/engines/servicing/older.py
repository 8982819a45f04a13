"""The five older orders of allocation: instalments in turn, each bucket in a fixed order.

A payment goes to the oldest instalment that is open, then to the next, and to later ones in
advance. Two of the orders differ between what is due and what is paid in advance.
"""

from __future__ import annotations

from datetime import date

from karez.engines.servicing.account import Account, Portions
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket, FixedOrder

PRINCIPAL, INTEREST, FEE, PENALTY = Bucket
_ORDERS = {
    FixedOrder.PENALTY_FEE_INTEREST_PRINCIPAL: (PENALTY, FEE, INTEREST, PRINCIPAL),
    FixedOrder.INTEREST_PRINCIPAL_PENALTY_FEE: (INTEREST, PRINCIPAL, PENALTY, FEE),
    FixedOrder.PRINCIPAL_INTEREST_PENALTY_FEE: (PRINCIPAL, INTEREST, PENALTY, FEE),
}
_DUE_ORDERS = {
    FixedOrder.DUE_PENALTY_FEE_INTEREST_PRINCIPAL: (
        (PENALTY, FEE, INTEREST, PRINCIPAL),
        (PRINCIPAL, PENALTY, FEE, INTEREST),
    ),
    FixedOrder.DUE_PENALTY_INTEREST_PRINCIPAL_FEE: (
        (PENALTY, INTEREST, PRINCIPAL, FEE),
        (PENALTY, INTEREST, PRINCIPAL, FEE),
    ),
}


def pay(account: Account, order: FixedOrder, on: date, amount: int) -> tuple[int, Portions]:
    """Pay rows in turn; return what is left over and the buckets it went to."""
    portions: Portions = [0, 0, 0, 0]
    rows = sorted(account.rows, key=lambda row: (row.due, row.number))
    if order in _ORDERS:
        for row in rows:
            amount = _pay_row(row, _ORDERS[order], on, amount, portions)
        return amount, portions
    due_order, advance_order = _DUE_ORDERS[order]
    for buckets, chosen in (
        (due_order, [row for row in rows if row.due <= on]),
        (advance_order, [row for row in rows if row.due > on]),
    ):
        for row in chosen:
            amount = _pay_row(row, buckets, on, amount, portions)
    return amount, portions


def pay_row(row: Row, order: FixedOrder, on: date, amount: int, portions: Portions) -> int:
    """Pay one row, add to the portions, and return what is left over."""
    if order in _ORDERS:
        return _pay_row(row, _ORDERS[order], on, amount, portions)
    due_order, advance_order = _DUE_ORDERS[order]
    return _pay_row(row, due_order if row.due <= on else advance_order, on, amount, portions)


def _pay_row(row: Row, order: tuple[Bucket, ...], on: date, amount: int, portions: Portions) -> int:
    if row.met or amount <= 0:
        return amount
    for bucket in order:
        taken = row.pay(bucket, on, amount)
        portions[bucket] += taken
        amount -= taken
    return amount


def pay_back(account: Account, order: FixedOrder, on: date, amount: int) -> Portions:
    """Take a cash refund from rows, the latest first, in the reverse order."""
    portions: Portions = [0, 0, 0, 0]
    buckets = _ORDERS.get(order) or _DUE_ORDERS[order][0]
    for row in sorted(account.rows, key=lambda row: row.due, reverse=True):
        for bucket in reversed(buckets):
            given = row.pay_back(bucket, on, amount)
            portions[bucket] += given
            amount -= given
    return portions
