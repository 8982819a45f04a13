"""Loan to value: what collateral is worth today, and what that calls for. Arrays throughout."""

from __future__ import annotations

from enum import IntEnum

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.collateral.borrowing import WHOLE_PPM, Amounts
from karez.kernel.errors import ensure


class Trigger(IntEnum):
    """What a loan-to-value calls for, the mildest first."""

    NONE = 0
    WARNING = 1
    TOP_UP = 2  # more collateral, or less debt, is asked for
    CURE = 3  # asked for already, and there is still time
    ENFORCE = 4  # the time is over, or the ratio is past the last bound


@attrs.frozen(kw_only=True)
class Collateral:
    """Collaterals by array; haircuts in millionths, one for each cause."""

    quantity: npt.NDArray[np.int64]
    """By the last independent count."""
    price_minor: Amounts
    price_haircut_ppm: Amounts
    liquidity_haircut_ppm: Amounts
    perishing_haircut_ppm: Amounts
    enforcement_costs_minor: Amounts
    senior_claims_minor: Amounts
    """What ranks before the lender, from the ranking."""


@attrs.frozen(kw_only=True)
class Bounds:
    """The ratios of an agreement in millionths, and how long a borrower has to mend it."""

    warning_ppm: int
    top_up_ppm: int
    enforce_ppm: int
    cure_days: int

    def __attrs_post_init__(self) -> None:
        ensure(self.warning_ppm <= self.top_up_ppm <= self.enforce_ppm, "bounds rise")


@attrs.frozen
class Watch:
    """What was found, with all that it was found from, so that a borrower can dispute it."""

    market_minor: Amounts
    haircut_ppm: Amounts
    value_minor: Amounts
    loan_to_value_ppm: Amounts
    """Rounded up; the largest number there is where the value is zero and something is owed."""
    trigger: npt.NDArray[np.int64]
    top_up_minor: Amounts
    """By how much the value falls short of the top-up bound."""


def collateral_value(collateral: Collateral) -> tuple[Amounts, Amounts, Amounts]:
    """Return market value, haircut and value after haircut, costs and senior claims."""
    market = collateral.quantity * collateral.price_minor
    haircut = np.minimum(
        collateral.price_haircut_ppm
        + collateral.liquidity_haircut_ppm
        + collateral.perishing_haircut_ppm,
        WHOLE_PPM,
    )
    ensure(not market.size or market.max() < 2**63 // WHOLE_PPM, "a market value fits 43 bits")
    kept = market * (WHOLE_PPM - haircut) // WHOLE_PPM
    taken = collateral.enforcement_costs_minor + collateral.senior_claims_minor
    return market, haircut, np.maximum(kept - taken, 0)


def watch(
    collateral: Collateral,
    debt_minor: Amounts,
    days_since_call: npt.NDArray[np.int64],
    bounds: Bounds,
) -> Watch:
    """Return what each loan's ratio calls for. ``days_since_call`` is -1 where none is open."""
    market, haircut, value = collateral_value(collateral)
    most = np.iinfo(np.int64).max
    ratio = np.where(
        value > 0,
        -(-debt_minor * WHOLE_PPM // np.maximum(value, 1)),
        np.where(debt_minor > 0, most, 0),
    )
    called = days_since_call >= 0
    short = ratio > bounds.top_up_ppm
    trigger = np.select(
        [
            (ratio > bounds.enforce_ppm) | (short & (days_since_call > bounds.cure_days)),
            short & called,
            short,
            ratio > bounds.warning_ppm,
        ],
        [Trigger.ENFORCE, Trigger.CURE, Trigger.TOP_UP, Trigger.WARNING],
        Trigger.NONE,
    )
    needed = -(-debt_minor * WHOLE_PPM // bounds.top_up_ppm)
    return Watch(market, haircut, value, ratio, trigger, np.maximum(needed - value, 0))
