"""Tables of a book: what is at risk, by whom and where, and how lumpy it is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.risk.granularity import concentration
from karez.services.reporting.portfolio import Portfolio

ALL = "all"
_CENT = Decimal("0.01")


@attrs.frozen(kw_only=True)
class AtRisk:
    """The principal of loans that are late by so many days or more, of one group."""

    currency: str
    group: str
    loans: int
    principal_minor: int
    late_1_minor: int
    late_30_minor: int
    late_60_minor: int
    late_90_minor: int
    late_180_minor: int
    late_30_pct: Decimal


@attrs.frozen(kw_only=True)
class Desk:
    """What an officer, a county or another group answers for."""

    currency: str
    group: str
    loans: int
    borrowers: int
    principal_minor: int
    overdue_minor: int
    late_30_pct: Decimal
    expected_loss_minor: int


@attrs.frozen(kw_only=True)
class Share:
    """What part of the principal falls to one name, and how lumpy all names together are.

    ``effective_number`` is so many equal names that would be as lumpy (1 over the sum of squares).
    """

    currency: str
    group: str
    loans: int
    principal_minor: int
    share_pct: Decimal
    effective_number: Decimal


def at_risk(book: Portfolio, by: str) -> list[AtRisk]:
    """Return the portfolio at risk of each group, and of all, by currency."""
    late = book.days_past_due
    result: list[AtRisk] = []
    for currency, group, chosen in _split(book, by, with_all=True):
        principal = book.principal_minor[chosen]
        sums = [int(principal[late[chosen] >= days].sum()) for days in (1, 30, 60, 90, 180)]
        total = int(principal.sum())
        result.append(
            AtRisk(
                currency=currency,
                group=group,
                loans=len(principal),
                principal_minor=total,
                late_1_minor=sums[0],
                late_30_minor=sums[1],
                late_60_minor=sums[2],
                late_90_minor=sums[3],
                late_180_minor=sums[4],
                late_30_pct=pct(sums[1], total),
            )
        )
    return result


def desks(book: Portfolio, by: str) -> list[Desk]:
    """Return what each group answers for, and all together, by currency."""
    late = book.days_past_due
    overdue = book.overdue_minor
    expected = book.principal_minor * book.pd * book.lgd
    result: list[Desk] = []
    for currency, group, chosen in _split(book, by, with_all=True):
        principal = book.principal_minor[chosen]
        result.append(
            Desk(
                currency=currency,
                group=group,
                loans=len(principal),
                borrowers=len({book.borrower[place] for place in chosen.tolist()}),
                principal_minor=int(principal.sum()),
                overdue_minor=int(overdue[chosen].sum()),
                late_30_pct=pct(int(principal[late[chosen] >= 30].sum()), int(principal.sum())),
                expected_loss_minor=round(float(expected[chosen].sum())),
            )
        )
    return result


def concentrated(book: Portfolio, by: str, *, most: int) -> list[Share]:
    """Return the names with most of the principal, the largest first, by currency."""
    result: list[Share] = []
    for currency in book.currencies():
        named = [
            (int(book.principal_minor[chosen].sum()), group, len(chosen))
            for unit, group, chosen in _split(book, by)
            if unit == currency
        ]
        sums = np.array([amount for amount, _, _ in named], dtype=np.float64)
        number = Decimal(concentration(sums).effective_number).quantize(_CENT)
        total = sum(amount for amount, _, _ in named)
        result += [
            Share(
                currency=currency,
                group=group,
                loans=loans,
                principal_minor=amount,
                share_pct=pct(amount, total),
                effective_number=number,
            )
            for amount, group, loans in sorted(named, key=lambda one: (-one[0], one[1]))[:most]
        ]
    return result


def pct(part: int, whole: int) -> Decimal:
    """Return a part in per cent of a whole, to two decimals; of nothing it is 0."""
    return (Decimal(100 * part) / whole).quantize(_CENT) if whole else Decimal("0.00")


def _split(
    book: Portfolio, by: str, *, with_all: bool = False
) -> Iterator[tuple[str, str, npt.NDArray[np.int64]]]:
    """Yield currency, group and the places of its open loans; all of a currency come last."""
    words = np.array(book.groups(by), dtype=str)
    units = np.array(book.currency, dtype=str)
    open_ = book.is_open
    for currency in book.currencies():
        inside = np.flatnonzero(open_ & (units == currency))
        names, place = np.unique(words[inside], return_inverse=True)
        order = np.argsort(place, kind="stable")
        ends = np.cumsum(np.bincount(place, minlength=len(names)))
        starts = [0, *ends][:-1]
        for name, start, end in zip(names.tolist(), starts, ends, strict=True):
            yield currency, name or "-", inside[order[start:end]]
        if with_all:
            yield currency, ALL, inside
