"""Lines of account, debit and credit, paired into transfers.

A transfer has one debit and one credit account, and a journal entry may have many of each. Within
each currency the first debit is met from the first credits until it is used up, then the next:
the same lines in the same order always give the same transfers, and their sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from karez.books.money.errors import EntryUnbalancedError
from karez.kernel.money import currency, format_amount

Line = tuple[int, int]
"""A row of the file, and the minor units that it moves on one side."""

Movement = tuple[int, int, int]
"""The row of the debit, the row of the credit, the minor units."""


def pair_entry(
    entry: str, debits: Mapping[str, Sequence[Line]], credits_: Mapping[str, Sequence[Line]]
) -> list[Movement]:
    """Return the transfers of an entry with these debits and credits in each currency.

    Raises:
        EntryUnbalancedError: in some currency the debits are not the credits.
    """
    movements: list[Movement] = []
    for code in {**debits, **credits_}:
        left, right = debits.get(code, ()), credits_.get(code, ())
        debited, credited = (sum(amount for _, amount in side) for side in (left, right))
        if debited != credited:
            money = currency(code)
            raise EntryUnbalancedError(
                entry=entry,
                debits=format_amount(debited, money),
                credits=format_amount(credited, money),
                currency=code,
            )
        movements += _pair(left, right)
    return movements


def _pair(debits: Sequence[Line], credits_: Sequence[Line]) -> list[Movement]:
    movements: list[Movement] = []
    waiting = iter(credits_)
    credit_row = available = 0
    for debit_row, wanted in debits:
        while wanted:
            if not available:
                credit_row, available = next(waiting)
            moved = min(wanted, available)
            movements.append((debit_row, credit_row, moved))
            wanted -= moved  # noqa: PLW2901 - what is still to be met of this debit
            available -= moved
    return movements
