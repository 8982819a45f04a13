"""A policy tried on past applications beside the one in force, before it goes live.

What was refused in the past has no outcome. So nothing here is an outcome: losses and profits are
expected, from the default probability of each application, and are as good as those are.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.policy.decide import Applications, Coded, Decided, decide
from karez.engines.price.policy.table import Decision, Policy
from karez.engines.price.rate import Floats, Ints
from karez.kernel.errors import ensure


@attrs.frozen(eq=False)
class Past:
    """Past applications: what policies look at, what each asks for, what a unit of it brings."""

    applications: Applications
    asked_minor: Ints
    loss: Floats
    profit: Floats
    """After the loss."""
    group: str | None = None
    """A column of labels by which approval is compared."""


@attrs.frozen
class Tally:
    """What a policy comes to. What is referred counts as not approved."""

    approved: int
    referred: int
    refused: int
    amount_minor: int
    loss_minor: float
    profit_minor: float


@attrs.frozen(eq=False)
class Groups:
    """Approval by group, under the new policy and the old one."""

    names: tuple[str, ...]
    count: Ints
    new_share: Floats
    old_share: Floats

    def ratio(self, share: Floats) -> Floats:
        """Return each share over the highest; the usual alarm is below four fifths."""
        highest = share.max(initial=0)
        return share / highest if highest > 0 else np.ones_like(share)


@attrs.frozen(eq=False)
class Simulation:
    """The new policy beside the one in force."""

    new: Tally
    old: Tally
    new_decided: Decided
    old_decided: Decided
    new_granted_minor: Ints
    """What each application gets; with ``engines.risk`` it tells what the change amplifies."""
    old_granted_minor: Ints
    swap_in: npt.NDArray[np.int64]
    """Places of applications that only the new policy approves."""
    swap_out: npt.NDArray[np.int64]
    """Places of those that only the old one does."""
    by_row: Ints
    """How many applications each row of the new policy decided; the last is no row."""
    groups: Groups | None


def simulate(new: Policy, in_force: Policy, past: Past) -> Simulation:
    """Return what a policy would do with past applications, and what the one in force does.

    Raises as ``decide`` does.
    """
    applications = past.applications
    ensure(len(past.asked_minor) == applications.count, "each application asks for an amount")
    news, olds = decide(new, applications), decide(in_force, applications)
    now, before = (decided.decision == Decision.APPROVE for decided in (news, olds))
    after, granted_before = _granted(news, past), _granted(olds, past)
    by_row = np.bincount(news.row + 1, minlength=len(new.rows) + 1).astype(np.int64)
    return Simulation(
        _tally(news, past, after),
        _tally(olds, past, granted_before),
        news,
        olds,
        after,
        granted_before,
        np.flatnonzero(now & ~before),
        np.flatnonzero(before & ~now),
        np.roll(by_row, -1),
        None if past.group is None else _groups(applications.labels[past.group], now, before),
    )


def _granted(decided: Decided, past: Past) -> Ints:
    amounts = np.minimum(past.asked_minor, decided.most_minor)
    return np.where(decided.decision == Decision.APPROVE, amounts, 0)


def _tally(decided: Decided, past: Past, granted: Ints) -> Tally:
    counts = np.bincount(decided.decision, minlength=len(Decision))
    return Tally(
        approved=int(counts[Decision.APPROVE]),
        referred=int(counts[Decision.REFER]),
        refused=int(counts[Decision.REFUSE]),
        amount_minor=int(granted.sum()),
        loss_minor=float(granted @ past.loss),
        profit_minor=float(granted @ past.profit),
    )


def _groups(column: Coded, now: npt.NDArray[np.bool_], before: npt.NDArray[np.bool_]) -> Groups:
    names = (*column.names, "missing")
    place = np.where(column.codes < 0, len(column.names), column.codes)
    count = np.bincount(place, minlength=len(names)).astype(np.int64)
    there = np.flatnonzero(count)
    shares = [
        (np.bincount(place[approved], minlength=len(names)) / np.maximum(count, 1))[there]
        for approved in (now, before)
    ]
    return Groups(tuple(names[one] for one in there.tolist()), count[there], shares[0], shares[1])
