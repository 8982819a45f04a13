"""Early signs that efficiency amplifies risk: measured from books and facts, before losses come."""

from __future__ import annotations

import attrs
import numpy as np

from karez.engines.risk.book import Flags, Floats
from karez.engines.risk.errors import SignalError

_ROUNDS = 50


@attrs.frozen(eq=False)
class Leverage:
    """Credit that stands on the same goods, by pile."""

    times: Floats
    """Credit of all lenders over the goods' eligible value; infinite on goods of no value."""
    alarm: Flags
    """Whether it is more than one lender alone would lend on goods of that value."""


def effective_leverage(credit: Floats, eligible_value: Floats, haircut: float) -> Leverage:
    """Return how many times piles of goods are lent upon.

    ``eligible_value`` is after the haircut, so a ratio above ``1 / (1 - haircut)`` says that more
    is lent than the goods would bring.

    Raises:
        SignalError: an amount is negative or not finite, or the haircut is not from 0 to below 1.
    """
    _amounts("effective leverage", credit=credit, eligible_value=eligible_value)
    if not 0 <= haircut < 1:
        rule = "it is from 0 to below 1"
        raise SignalError(signal="effective leverage", field="haircut", value=haircut, rule=rule)
    times = np.divide(
        credit, eligible_value, out=np.where(credit > 0, np.inf, 0.0), where=eligible_value > 0
    )
    return Leverage(times, times > 1 / (1 - haircut))


def velocity(
    credit_before: Floats, credit_now: Floats, invoiced_before: Floats, invoiced_now: Floats
) -> Floats:
    """Return by chain the growth of credit over that of verified invoices.

    Above 1 credit grows faster than the trade that it is for. NaN where there was none before.

    Raises:
        SignalError: an amount is negative or not finite.
    """
    _amounts(
        "velocity", credit_before=credit_before, credit_now=credit_now,
        invoiced_before=invoiced_before, invoiced_now=invoiced_now,
    )  # fmt: skip
    below = credit_before * invoiced_now
    above = credit_now * invoiced_before
    known = (credit_before > 0) & (invoiced_before > 0)
    shown = np.where(known, np.inf, np.nan)
    return np.divide(above, below, out=shown, where=known & (below > 0))


def synchronisation(disbursed: Floats) -> float:
    """Return the share of variance that lenders have in common: by week (rows) and lender.

    It is the first principal component's, each lender scaled to a variance of 1; lenders that
    never change are passed over. Among n lenders that have nothing in common it is about 1 / n.

    Raises:
        SignalError: an amount is negative or not finite, or fewer than two lenders change.
    """
    _amounts("synchronisation", disbursed=disbursed)
    moving = disbursed[:, disbursed.std(axis=0) > 0]
    if moving.shape[1] < 2:
        raise SignalError(
            signal="synchronisation", field="lenders", value=moving.shape[1],
            rule="it takes two that do not disburse the same every week",
        )  # fmt: skip
    values = np.linalg.eigvalsh(np.corrcoef(moving, rowvar=False))
    return float(values[-1] / values.sum())


@attrs.frozen
class Haste:
    """What it costs to decide in half the time."""

    log_odds: float
    """Added to the logarithm of the odds of early default; goes into ``hurried``."""
    sd: float
    """Its standard error: an effect within two of them may be chance."""


def haste(hours: Floats, defaulted_early: Flags, riskiness: Floats | None = None) -> Haste:
    """Return the slope of early defaults on how fast loans were decided: a logistic fit.

    ``riskiness`` is what was thought of each loan when it was decided (the log odds of its default
    probability): easy cases are quick, and that is not haste. What else differs between slow
    and fast decisions is not corrected for.

    Raises:
        SignalError: hours are not positive, or not both outcomes occur.
    """
    for row in np.flatnonzero(~((hours > 0) & (hours < np.inf))).tolist():
        value = float(hours[row])
        raise SignalError(signal="haste", field="hours", value=value, rule="they are above 0")
    if defaulted_early.all() or not defaulted_early.any():
        raise SignalError(
            signal="haste", field="early defaults", value=int(defaulted_early.sum()),
            rule="it takes loans that defaulted early and loans that did not",
        )  # fmt: skip
    halvings = -np.log2(hours)
    columns = [np.ones(len(hours)), halvings - halvings.mean()]
    if riskiness is not None:
        columns.append(riskiness - riskiness.mean())
    design = np.column_stack(columns)
    # A weak prior (sd 10) keeps the fit finite where speed alone tells all.
    prior = np.diag([0.0, *[0.01] * (design.shape[1] - 1)])
    weights = np.zeros(design.shape[1])
    curvature = prior
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-(design @ weights)))
        curvature = (design.T * (chance * (1 - chance))) @ design + prior
        step = np.linalg.solve(curvature, design.T @ (defaulted_early - chance) - prior @ weights)
        weights = weights + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    return Haste(float(weights[1]), float(np.sqrt(np.linalg.inv(curvature)[1, 1])))


def _amounts(signal: str, **columns: Floats) -> None:
    for field, values in columns.items():
        wrong = values[~((values >= 0) & (values < np.inf))]
        if wrong.size:
            raise SignalError(
                signal=signal, field=field, value=float(wrong.flat[0]), rule="it is 0 or more"
            )
