"""Roll rates: from one state of arrears to the next, month by month, pooled where data are thin."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from karez.engines.risk.book import Floats, Ints
from karez.engines.risk.errors import TransitionError

STATES = ("current", "1-30", "31-60", "61-90", "default", "repaid")
"""The usual states, the last two for good."""
_WIDEST = np.geomspace(0.1, 1e5, 121)


@attrs.frozen(eq=False)
class Rolls:
    """Monthly transition probabilities by segment, and what they were made of."""

    segments: Sequence[str]
    states: Sequence[str]
    counts: Floats
    """By segment, from state, to state."""
    pooled: Floats
    """By from state, to state: all segments together."""
    prior: Floats
    """By from state: how many transitions of its own weigh as much as all others' experience."""
    probability: Floats
    """By segment, from state, to state; rows add up to 1."""


def counted(segment: Ints, before: Ints, after: Ints, segments: int, states: int) -> Floats:
    """Return how often each segment went from each state to each, from one row a loan and month."""
    cell = (segment * states + before) * states + after
    counts = np.bincount(cell, minlength=segments * states * states)
    return counts.reshape(segments, states, states).astype(np.float64)


def rolls(
    segments: Sequence[str], counts: Floats, *, states: Sequence[str] = STATES,
    final: Sequence[str] = ("default", "repaid"),
) -> Rolls:  # fmt: skip
    """Return transition probabilities, each segment's own as far as it has data of its own.

    A segment's row is its counts and ``prior`` transitions that go as the pool's do (a
    Dirichlet-multinomial, whose prior is the likeliest given how much segments differ). States
    that are final, and those that nobody has been in, stay as they are.

    Raises:
        TransitionError: counts are negative or not finite, or leave a final state.
    """
    for cell in np.argwhere(~((counts >= 0) & (counts < np.inf))).tolist():
        _refuse(segments, states, cell, counts, "it is a number of 0 or more")
    ends = [states.index(name) for name in final]
    moved = counts.copy()
    moved[:, ends, ends] = 0
    for cell in np.argwhere(moved[:, ends, :] > 0).tolist():
        place = [cell[0], ends[cell[1]], cell[2]]
        _refuse(segments, states, place, counts, "nothing leaves a final state")
    pool = counts.sum(axis=0)
    stays = np.eye(len(states))
    visits = pool.sum(axis=1, keepdims=True)
    pooled = np.where(visits > 0, pool / np.maximum(visits, 1e-300), stays)
    pooled[ends] = stays[ends]
    prior = np.array([_prior(counts[:, state], pooled[state]) for state in range(len(states))])
    own = counts + prior[:, None] * pooled
    probability = own / own.sum(axis=2, keepdims=True)
    probability[:, ends] = stays[ends]
    return Rolls(segments, states, counts, pooled, prior, probability)


def _refuse(
    segments: Sequence[str], states: Sequence[str], cell: Sequence[int], counts: Floats, rule: str
) -> None:
    segment, before, after = cell
    raise TransitionError(
        where=f"{segments[segment]}, {states[before]} to {states[after]}",
        field="count",
        value=float(counts[segment, before, after]),
        rule=rule,
    )


def _prior(counts: Floats, pooled: Floats) -> float:
    """Return the prior weight, of a fine grid, that makes the segments' rows likeliest."""
    from karez.engines.risk.normal import log_gamma  # noqa: PLC0415 - SciPy is slow to import

    open_ = pooled > 0
    seen = counts[counts.sum(axis=1) > 0][:, open_]
    if len(seen) < 2 or open_.sum() < 2:
        return float(_WIDEST[-1])  # nothing to tell segments apart by
    weight = _WIDEST[:, None, None]
    share = weight * pooled[open_]
    total = seen.sum(axis=1)
    likelihood = (log_gamma(seen + share) - log_gamma(share)).sum(axis=(1, 2)) + (
        log_gamma(_WIDEST[:, None]) - log_gamma(total + _WIDEST[:, None])
    ).sum(axis=1)
    return float(_WIDEST[int(np.argmax(likelihood))])


def reach(probability: Floats, months: int, state: int) -> Floats:
    """Return by segment and from state the probability of having come to a state in so many months.

    With ``state`` default and twelve months it is the default probability of a year.
    """
    absorbing = probability.copy()
    absorbing[..., state, :] = 0
    absorbing[..., state, state] = 1
    return np.linalg.matrix_power(absorbing, months)[..., state]


def cure_curve(probability: Floats, months: int, *, cured: int = 0) -> Floats:
    """Return by month (first), segment and from state the share that has been cured by then.

    Cured is who has come back to the state ``cured`` before coming to a final one.
    """
    return np.stack([reach(probability, month, cured) for month in range(1, months + 1)])
