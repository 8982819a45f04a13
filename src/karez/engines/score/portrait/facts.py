"""The facts that a portrait is made of: columns of whole numbers, a row a fact.

Every table says whom a fact is about (``party``, a place in ``Records.parties``), the business day
(``day``, counted from 1970-01-01) and when the book learned of it (``recorded_at``, microseconds
from the same morning). Amounts are minor units of one currency. The order of facts has no meaning,
but for movements of one account on one day: the last one's balance is the day's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Self

import attrs
import numpy as np
import numpy.typing as npt

from karez.kernel.errors import ensure

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Side(IntEnum):
    """What the party of an invoice does."""

    SALE = 0
    PURCHASE = 1


class Status(IntEnum):
    """What became of an invoice. Of an unknown one nobody said that it is void."""

    ISSUED = 0
    VOID = 1
    UNKNOWN = 2


class Movement(IntEnum):
    """Why money moved on an account."""

    OTHER = 0
    STANDING_ORDER = 1
    PENALTY_INTEREST = 2


class Repaying(IntEnum):
    """What happened to a loan."""

    DUE = 0
    PAID = 1


class Kind(IntEnum):
    """What a label says of a party."""

    PLACE = 0
    INDUSTRY = 1


def _column(values: npt.ArrayLike) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _field() -> Ints:
    return attrs.field(converter=_column, eq=attrs.cmp_using(np.array_equal))


@attrs.frozen(kw_only=True)
class Facts:
    """What all tables have."""

    party: Ints = _field()
    day: Ints = _field()
    recorded_at: Ints = _field()

    def __attrs_post_init__(self) -> None:
        lengths = {len(getattr(self, field.name)) for field in attrs.fields(type(self))}
        ensure(len(lengths) == 1, "the columns of a table are of one length")

    def __len__(self) -> int:
        return len(self.party)

    def take(self, rows: Ints | Bools) -> Self:
        """Return these rows."""
        names = [field.name for field in attrs.fields(type(self))]
        return type(self)(**{name: getattr(self, name)[rows] for name in names})

    @classmethod
    def none(cls) -> Self:
        """Return a table without facts."""
        empty = np.zeros(0, np.int64)
        return cls(**{field.name: empty for field in attrs.fields(cls)})


@attrs.frozen(kw_only=True)
class Invoices(Facts):
    """Invoices; a negative amount is a return. ``counterparty`` is a number of its own for each."""

    side: Ints = _field()
    counterparty: Ints = _field()
    status: Ints = _field()
    amount_minor: Ints = _field()


@attrs.frozen(kw_only=True)
class Movements(Facts):
    """Movements on accounts: positive amounts come in. ``balance_minor`` is what stands after."""

    account: Ints = _field()
    kind: Ints = _field()
    amount_minor: Ints = _field()
    balance_minor: Ints = _field()


@attrs.frozen(kw_only=True)
class Payrolls(Facts):
    """Wages that the party paid; ``headcount`` is -1 where nobody said it."""

    gross_minor: Ints = _field()
    headcount: Ints = _field()


@attrs.frozen(kw_only=True)
class Repayments(Facts):
    """Instalments that fell due, and money that was paid on a loan. Dues to come are no facts."""

    loan: Ints = _field()
    kind: Ints = _field()
    amount_minor: Ints = _field()


@attrs.frozen(kw_only=True)
class Labels(Facts):
    """Where a party is and what it does, from ``day`` on; ``label`` is a place in the names."""

    kind: Ints = _field()
    label: Ints = _field()


@attrs.frozen(kw_only=True)
class Records:
    """All facts that portraits may be made of, and the names behind the numbers."""

    parties: Sequence[str]
    invoices: Invoices = attrs.field(factory=Invoices.none)
    movements: Movements = attrs.field(factory=Movements.none)
    payrolls: Payrolls = attrs.field(factory=Payrolls.none)
    repayments: Repayments = attrs.field(factory=Repayments.none)
    labels: Labels = attrs.field(factory=Labels.none)
    label_names: Sequence[str] = ()

    def __attrs_post_init__(self) -> None:
        for name in TABLES:
            table: Facts = getattr(self, name)
            known = (table.party >= 0) & (table.party < len(self.parties))
            ensure(known.all(), f"every fact of {name} is about a party that is named")
        ensure((self.invoices.counterparty >= 0).all(), "a counterparty has a number from 0 on")
        ensure((self.repayments.amount_minor >= 0).all(), "nothing less than nothing is repaid")


TABLES = ("invoices", "movements", "payrolls", "repayments", "labels")
