"""How much may be lent: the smallest of what cash flow, evidence, pledge and others allow.

Amounts are minor units, one entry for each applicant, rounded down. ``NO_LIMIT`` says that a limit
does not apply to an applicant.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.errors import PriceInputError
from karez.engines.price.rate import Floats, Ints
from karez.kernel.errors import ensure

NO_LIMIT = int(np.iinfo(np.int64).max)
_EXACT_MOST = 2.0**62


@attrs.frozen(eq=False)
class Limit:
    """What may be lent, and which of the limits says so."""

    amount_minor: Ints
    binding: npt.NDArray[np.int64]
    """Place in ``names``; of limits that are equal the first."""
    names: tuple[str, ...]

    def binding_name(self, row: int) -> str:
        """Return the name of the limit that binds an applicant."""
        return self.names[int(self.binding[row])]


def smallest(limits: Mapping[str, Ints]) -> Limit:
    """Return the smallest limit of each applicant, with its name. What is below zero is zero."""
    ensure(limits, "there is a limit to take")
    table = np.maximum(np.stack(list(limits.values())), 0)
    binding = table.argmin(axis=0)
    return Limit(table[binding, np.arange(table.shape[1])], binding, tuple(limits))


def cash_flow_limit(
    low_month_minor: Ints, share: float, rate: Floats, months: npt.NDArray[np.int64]
) -> Ints:
    """Return the loan whose level instalment takes ``share`` of a poor month's net inflow.

    ``low_month_minor`` is the 20th percentile of monthly net inflows; ``rate`` is of a year.
    """
    if not 0 <= share <= 1:
        raise PriceInputError(field="share", value=share, rule="it is a share from 0 to 1")
    monthly = rate / 12
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(monthly > 0, -np.expm1(-months * np.log1p(monthly)) / monthly, months)
    return _down(np.maximum(low_month_minor, 0) * share * worth)


def pledge_limit(value_minor: Ints, haircut: Floats, prior_minor: Ints) -> Ints:
    """Return the value of what is pledged after the haircut, less claims that rank before."""
    return np.maximum(_down(value_minor * (1 - haircut)) - prior_minor, 0)


@attrs.frozen
class GrowthSteps:
    """How much larger the next loan may be than the largest that was repaid."""

    least: float = 1.25
    """Where the default probability has a standard deviation of ``sd_wide`` or more."""
    most: float = 2.0
    """Where it is known exactly; between the two in proportion."""
    sd_wide: float = 0.10

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.least <= self.most or self.sd_wide <= 0:
            raise PriceInputError(
                field="growth steps", value=attrs.astuple(self), rule="1 <= least <= most, sd > 0"
            )


def exploration_limit(
    repaid_minor: Ints, pd_sd: Floats, *, first_minor: int, steps: GrowthSteps | None = None
) -> Ints:
    """Return one step above the largest loan repaid so far: a longer one where more is known.

    Who has repaid nothing yet may have ``first_minor``. A deviation of the default probability that
    is not known (NaN) counts as wide.
    """
    steps = steps or GrowthSteps()
    unsure = np.clip(np.nan_to_num(pd_sd, nan=steps.sd_wide) / steps.sd_wide, 0, 1)
    grown = _down(repaid_minor * (steps.most - (steps.most - steps.least) * unsure))
    return np.maximum(grown, first_minor)


def evidence_limit(believed_minor: Ints, advance_share: float) -> Ints:
    """Return the share that is advanced of what the evidence lets us believe."""
    if not 0 <= advance_share <= 1:
        raise PriceInputError(
            field="advance_share", value=advance_share, rule="it is a share from 0 to 1"
        )
    return _down(np.maximum(believed_minor, 0) * advance_share)


def _down(amounts: Floats) -> Ints:
    """Round down; a dust of binary fractions below a whole unit counts as that unit."""
    return np.floor(np.minimum(amounts * (1 + 1e-15), _EXACT_MOST)).astype(np.int64)
