"""The money book: a double-entry ledger that cannot disagree with itself.

``MoneyBook.post`` is the one way in; ``read`` is the way out; ``verify`` trusts neither.
"""

from karez.books.money.outcome import Outcomes, Posted
from karez.books.money.post import MoneyBook
from karez.books.money.teller import Teller
from karez.books.money.transfer import Balancing, Batch, Entry, Phase, Target, Transfer

__all__ = [
    "Balancing",
    "Batch",
    "Entry",
    "MoneyBook",
    "Outcomes",
    "Phase",
    "Posted",
    "Target",
    "Teller",
    "Transfer",
]
