"""IFRS 9: the stage of each loan, and its expected credit loss over weighted paths.

Exposure comes from the contract's own cash flows, month by month. A path says by how much defaults
and losses differ from today's view in each month to come; the last month of a path holds on.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.cashflow.bulk import Schedules
from karez.engines.risk.book import Flags, Floats, Ints
from karez.engines.risk.errors import StagingError, WeightsError
from karez.kernel.errors import ensure

if TYPE_CHECKING:
    from types import ModuleType

Stages = npt.NDArray[np.int8]
NEVER = -1
"""Days since a forbearance that there was not."""


class Why(IntEnum):
    """What puts a loan into its stage; where several do, the first that is listed here."""

    IN_DEFAULT = 0
    """So many days past due (IFRS 9 B5.5.37: 90, rebuttable)."""
    IN_CURE = 1
    """Forborne out of default, and not for long enough."""
    PAST_DUE = 2
    """So many days past due (IFRS 9 5.5.11: 30, rebuttable)."""
    RISKIER = 3
    """Its default probability has risen so many times since it was lent."""
    FORBORNE = 4
    """Forborne, and not for long enough."""
    WATCHED = 5
    """On the watch list."""
    SOUND = 6


@attrs.frozen
class Rules:
    """What an institution's policy may set; the days are the backstops of the standard."""

    default_days: int = 90
    significant_days: int = 30
    pd_times: float = 2.0
    """Riskier: this many times what it was,"""
    pd_rise: float = 0.005
    """and by so much at least, so that the best loans do not move at nothing."""
    cure_days: int = 365
    probation_days: int = 730


@attrs.frozen(eq=False)
class Receivables:
    """Loans on a day, in columns; each goes with its rows of the schedules."""

    ids: Sequence[str]
    pd: Floats
    """Within twelve months, from 0 to below 1; what a loan in default has does not matter."""
    pd_at_start: Floats
    lgd: Floats
    rate_pct_year: Floats
    """Effective interest rate, at which losses to come are discounted."""
    overdue_minor: Ints
    """Due before today and unpaid."""
    days_past_due: Ints
    forborne_days: Ints
    """Days since terms were eased; ``NEVER``."""
    forborne_in_default: Flags
    watched: Flags


@attrs.frozen(eq=False)
class Paths:
    """Ways that the economy may go: weights, and multipliers by path and month to come."""

    weight: Floats
    defaults: Floats
    """Times the monthly default probability."""
    losses: Floats
    """Times the loss given default."""

    @classmethod
    def of(cls, weight: npt.ArrayLike, *, defaults: npt.ArrayLike, losses: npt.ArrayLike) -> Paths:
        """Return paths after a look at them; one number for a path holds for all months.

        Raises:
            WeightsError: the weights do not add up to 1, or one is negative.
        """
        weights = np.asarray(weight, np.float64)
        if not (np.all(weights >= 0) and abs(weights.sum() - 1) < 1e-9):
            raise WeightsError(what="the paths", total=float(weights.sum()))
        pair = [np.atleast_2d(np.asarray(column, np.float64).T).T for column in (defaults, losses)]
        ensure(all(len(column) == len(weights) for column in pair), "a row for each path")
        ensure(all(np.all(column >= 0) for column in pair), "multipliers are not negative")
        return cls(weights, pair[0].copy(), pair[1].copy())


AS_TODAY = Paths(np.ones(1), np.ones((1, 1)), np.ones((1, 1)))


@attrs.frozen(eq=False)
class Provisions:
    """What each loan's provision is, in minor units, and why.

    Computed in floating point and rounded once, to the nearest minor unit, half to even.
    """

    stage: Stages
    why: Stages
    exposure_minor: Ints
    """What is overdue, and principal not yet due on the day."""
    twelve_months_minor: Ints
    lifetime_minor: Ints
    provision_minor: Ints
    """Twelve months in stage 1, lifetime in stage 2, all but what comes back in stage 3."""


def faults(loans: Receivables) -> dict[int, StagingError]:
    """Return what is wrong, by row: the first fault of each loan."""
    found: dict[int, StagingError] = {}
    below_one = np.nextafter(1.0, 0.0)
    limits = (
        ("pd", loans.pd, 0.0, below_one, "it is a probability from 0 to below 1"),
        ("pd_at_start", loans.pd_at_start, 0.0, below_one, "it is from 0 to below 1"),
        ("lgd", loans.lgd, 0.0, 1.0, "it is a share from 0 to 1"),
        ("rate_pct_year", loans.rate_pct_year, 0.0, 1e4, "it is a rate in percent, 0 or more"),
        ("overdue_minor", loans.overdue_minor, 0, 2**53, "it is 0 or more"),
        ("days_past_due", loans.days_past_due, 0, 1e6, "it is 0 or more"),
        ("forborne_days", loans.forborne_days, NEVER, 1e6, f"it is 0 or more, or {NEVER}"),
    )
    for field, values, least, most, rule in limits:
        for row in np.flatnonzero(~((values >= least) & (values <= most))).tolist():
            error = StagingError(
                loan=loans.ids[row], field=field, value=values[row].item(), rule=rule
            )
            found.setdefault(row, error)
    return found


def stages(loans: Receivables, rules: Rules) -> tuple[Stages, Stages]:
    """Return for each loan its stage, 1 to 3, and why (``Why``)."""
    late, eased = loans.days_past_due, loans.forborne_days
    riskier = (loans.pd >= rules.pd_times * loans.pd_at_start) & (
        loans.pd - loans.pd_at_start >= rules.pd_rise
    )
    tests = [
        late >= rules.default_days,
        loans.forborne_in_default & (eased >= 0) & (eased < rules.cure_days),
        late >= rules.significant_days,
        riskier,
        (eased >= 0) & (eased < rules.probation_days),
        loans.watched,
    ]
    why = np.select(tests, [int(reason) for reason in Why][:-1], int(Why.SOUND)).astype(np.int8)
    stage = np.where(why <= Why.IN_CURE, 3, np.where(why < Why.SOUND, 2, 1)).astype(np.int8)
    return stage, why


def provisions(
    loans: Receivables, schedules: Schedules, as_of: int, *,
    paths: Paths = AS_TODAY, rules: Rules | None = None,
) -> Provisions:  # fmt: skip
    """Return the provisions of loans on a day (days since 1970-01-01).

    In month t a loan that has not defaulted does so with its monthly probability times the path's
    multiplier, at most 1. Then it owes what is overdue today, the principal not yet due when the
    month began, and the interest that has accrued since the month of the due date before. What is
    overdue with nothing else to come is at risk for one month.

    Raises:
        StagingError: of the first loan that is wrong (``faults`` gives all).
    """
    wrong = faults(loans)
    if wrong:
        raise wrong[min(wrong)]
    ensure(len(schedules.offsets) == len(loans.ids) + 1, "a schedule for each loan")
    stage, why = stages(loans, rules or Rules())
    out = np.zeros((3, len(loans.ids)))
    _kernels().expected_losses(
        schedules.offsets, schedules.due, schedules.principal_minor, schedules.interest_minor,
        loans.overdue_minor, as_of, monthly(loans.pd), loans.lgd, loans.rate_pct_year / 1200,
        paths.weight, paths.defaults, paths.losses, out,
    )  # fmt: skip
    exposure = out[2].astype(np.int64)
    times = float(paths.weight @ paths.losses[:, 0])
    lost = np.rint(exposure * np.minimum(loans.lgd * times, 1))
    twelve, lifetime = np.rint(out[0]), np.rint(out[1])
    kept = np.choose(stage - 1, [twelve, lifetime, lost])
    return Provisions(
        stage, why, exposure, *(each.astype(np.int64) for each in (twelve, lifetime, kept))
    )


def monthly(pd: Floats) -> Floats:
    """Return the monthly default probability that makes a yearly one."""
    return -np.expm1(np.log1p(-pd) / 12)


def _kernels() -> ModuleType:
    from karez.engines.risk import ecl_kernels  # noqa: PLC0415 - Numba takes half a second

    return ecl_kernels
