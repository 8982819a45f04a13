"""The borrowing base: receivables through an ordered list of steps, then rates and reserves.

Each step changes the pool that the next one sees, so the order is part of the agreement. Amounts
are minor units; shares and rates are millionths, so that all of it is exact. Rounding is down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.kernel.errors import InvalidInputError, ensure

Amounts = npt.NDArray[np.int64]
WHOLE_PPM = 1_000_000
LARGEST_MINOR = 2**63 // WHOLE_PPM - 1
"""Above this an amount times a share would not fit 64 bits."""


class StepUnknownError(InvalidInputError):
    """Step {step!r} is none of {known}; mend the list of steps."""

    code = "eligibility-step-unknown"


class CollateralTooLargeError(InvalidInputError):
    """{field} holds {amount_minor}, above {limit_minor} minor units; split the pool."""

    code = "collateral-too-large"


@attrs.frozen
class EligibilityStep:
    """One step of an agreement, with its one parameter."""

    kind: str
    """``age``, ``cross_age``, ``exclude``, ``disputed``, ``contra`` or ``concentration``."""
    days: int = 0
    """``age`` and ``cross_age``: older than this is old."""
    share_ppm: int = 0
    """``cross_age``: a debtor with more of it old is out. ``concentration``: one debtor's cap."""
    flag: str = ""
    """``exclude``: the mark of the lines that are out."""


@attrs.frozen
class Pool:
    """Receivables of many borrowers. Arrays of one length, but the two by debtor."""

    debtor: npt.NDArray[np.int64]
    """Place of each line's debtor in the arrays by debtor, never falling."""
    amount_minor: Amounts
    age_days: npt.NDArray[np.int64]
    disputed_minor: Amounts
    flags: Mapping[str, npt.NDArray[np.bool_]]
    base_of_debtor: npt.NDArray[np.int64]
    """Which borrowing base each debtor belongs to."""
    contra_minor: Amounts
    """What the borrower owes each debtor."""

    def __attrs_post_init__(self) -> None:
        for field in ("amount_minor", "disputed_minor", "contra_minor"):
            amounts: Amounts = getattr(self, field)
            ensure(not amounts.size or amounts.min() >= 0, "amounts are not negative")
            if amounts.sum(dtype=object) > LARGEST_MINOR:
                raise CollateralTooLargeError(
                    field=field, amount_minor=int(amounts.sum()), limit_minor=LARGEST_MINOR
                )
        ensure(bool(np.all(np.diff(self.debtor) >= 0)), "lines stand debtor by debtor")


@attrs.frozen
class Eligible:
    """What is left of a pool, and what each step took, by borrowing base."""

    by_debtor_minor: Amounts
    by_base_minor: Amounts
    taken_minor: Sequence[Amounts]
    """One array by base for each step, in their order."""


def eligible(pool: Pool, steps: Sequence[EligibilityStep], bases: int) -> Eligible:
    """Return what is left of a pool of ``bases`` borrowers after the steps, in their order.

    Raises:
        StepUnknownError: a step is none of those that are known.
    """
    left = pool.amount_minor.copy()
    base = pool.base_of_debtor[pool.debtor]
    taken: list[Amounts] = []
    for step in steps:
        if step.kind not in _STEPS:
            raise StepUnknownError(step=step.kind, known=", ".join(_STEPS))
        after = _STEPS[step.kind](pool, left, step, bases)
        taken.append(_sums(base, left - after, bases))
        left = after
    by_debtor = _sums(pool.debtor, left, len(pool.base_of_debtor))
    return Eligible(by_debtor, _sums(base, left, bases), taken)


def _sums(group: npt.NDArray[np.int64], amounts: Amounts, groups: int) -> Amounts:
    """Return sums by group, in integers: a float would lose cents of large pools."""
    sums = np.zeros(groups, dtype=np.int64)
    np.add.at(sums, group, amounts)
    return sums


def _age(pool: Pool, left: Amounts, step: EligibilityStep, _bases: int) -> Amounts:
    return np.where(pool.age_days > step.days, 0, left)


def _cross_age(pool: Pool, left: Amounts, step: EligibilityStep, _bases: int) -> Amounts:
    debtors = len(pool.base_of_debtor)
    old = _sums(pool.debtor, np.where(pool.age_days > step.days, pool.amount_minor, 0), debtors)
    owed = _sums(pool.debtor, pool.amount_minor, debtors)
    out = old * WHOLE_PPM > owed * step.share_ppm
    return np.where(out[pool.debtor], 0, left)


def _exclude(pool: Pool, left: Amounts, step: EligibilityStep, _bases: int) -> Amounts:
    marked = pool.flags.get(step.flag)
    return left if marked is None else np.where(marked, 0, left)


def _disputed(pool: Pool, left: Amounts, _step: EligibilityStep, _bases: int) -> Amounts:
    return np.maximum(left - pool.disputed_minor, 0)


def _contra(pool: Pool, left: Amounts, _step: EligibilityStep, _bases: int) -> Amounts:
    return _cut(pool, left, pool.contra_minor)


def _concentration(pool: Pool, left: Amounts, step: EligibilityStep, bases: int) -> Amounts:
    """Cap each debtor at a share of all that is eligible before the cap."""
    total = _sums(pool.base_of_debtor[pool.debtor], left, bases)
    cap = (total * step.share_ppm // WHOLE_PPM)[pool.base_of_debtor]
    owed = _sums(pool.debtor, left, len(cap))
    return _cut(pool, left, np.maximum(owed - cap, 0))


def _cut(pool: Pool, left: Amounts, cut_by_debtor: Amounts) -> Amounts:
    """Take so much from each debtor's lines, from the first on."""
    through = np.cumsum(left)
    first = np.searchsorted(pool.debtor, np.arange(len(cut_by_debtor)))
    before = np.concatenate([np.zeros(1, dtype=np.int64), through])[first]
    within = through - before[pool.debtor]
    return np.clip(within - cut_by_debtor[pool.debtor], 0, left)


_STEPS = {
    "age": _age,
    "cross_age": _cross_age,
    "exclude": _exclude,
    "disputed": _disputed,
    "contra": _contra,
    "concentration": _concentration,
}


def receivables_rate_ppm(rate_ppm: int, dilution_ppm: int, covered_ppm: int) -> int:
    """Return an advance rate less the dilution above what the rate already covers.

    Dilution is credits, returns and disputes over the sales of twelve months.
    """
    return max(rate_ppm - max(dilution_ppm - covered_ppm, 0), 0)


def borrowing_base_minor(
    receivables_minor: Amounts,
    receivables_ppm: Amounts | int,
    inventory_minor: Amounts | int,
    inventory_ppm: Amounts | int,
    reserves_minor: Amounts | int,
) -> Amounts:
    """Return what may be lent: eligible assets at their rates less reserves, never below zero.

    Reserves are rent, priority wages and taxes, and the claims that rank before the lender's.
    """
    lent = receivables_minor * receivables_ppm // WHOLE_PPM
    lent = lent + inventory_minor * np.int64(1) * inventory_ppm // WHOLE_PPM
    return np.maximum(lent - reserves_minor, 0)
