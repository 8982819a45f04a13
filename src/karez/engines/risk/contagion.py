"""Failure along the trade network: a buyer that does not pay takes its suppliers with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.risk.book import Flags, Floats, Ints, sums
from karez.engines.risk.errors import FirmMalformedError, LevelError, LinkMalformedError

if TYPE_CHECKING:
    from types import ModuleType


@attrs.frozen(eq=False)
class Network:
    """Firms, and what they owe each other for goods. Made by ``Network.of``."""

    firms: Sequence[str]
    assets: Floats
    """What each firm has besides what firms of the network owe it."""
    debts: Floats
    """What each firm owes outside the network: loans, wages, taxes."""
    recovery: float
    """Share of all that a firm has which is left for its creditors when it fails."""
    starts: Ints
    """Of firm i: its creditors stand from ``starts[i]`` to before ``starts[i + 1]``."""
    creditor: Ints
    amount: Floats

    @classmethod
    def of(  # noqa: PLR0913 - the columns of a network, by name
        cls,
        firms: Sequence[str],
        *,
        assets: npt.ArrayLike,
        debts: npt.ArrayLike,
        debtor: Sequence[str],
        creditor: Sequence[str],
        amount: npt.ArrayLike,
        recovery: float = 0.5,
    ) -> Network:
        """Return a network after a look at each firm and link. Links between two firms add up.

        Raises:
            FirmMalformedError: an amount of a firm is negative or not finite, a firm is named
                twice, or the recovery is not between 0 and 1.
            LinkMalformedError: a link is with itself, with a firm that is not there, or its
                amount is negative or not finite.
        """
        owned, owed = (np.asarray(column, np.float64) for column in (assets, debts))
        place = {name: row for row, name in enumerate(firms)}
        if len(place) != len(firms):
            twice = next(name for row, name in enumerate(firms) if place[name] != row)
            raise FirmMalformedError(firm=twice, field="name", value=twice, rule="name it once")
        for field, values in (("assets", owned), ("debts", owed)):
            for row in np.flatnonzero(~(np.isfinite(values) & (values >= 0))).tolist():
                raise FirmMalformedError(
                    firm=firms[row], field=field, value=float(values[row]), rule="it is 0 or more"
                )
        if not 0 <= recovery <= 1:
            rule = "it is a share from 0 to 1"
            raise FirmMalformedError(firm="any", field="recovery", value=recovery, rule=rule)
        amounts = np.asarray(amount, np.float64)
        ends = [
            _ends(row, pair, float(amounts[row]), place)
            for row, pair in enumerate(zip(debtor, creditor, strict=True))
        ]
        payer, payee = np.array(ends, np.int64).reshape(-1, 2).T
        order = np.argsort(payer, kind="stable")
        starts = np.searchsorted(payer[order], np.arange(len(firms) + 1))
        return cls(firms, owned, owed, recovery, starts, payee[order].copy(), amounts[order].copy())

    @property
    def owed(self) -> Floats:
        """What each firm owes in all."""
        return self.debts + sums(self._debtor, self.amount, len(self.firms))

    @property
    def receivable(self) -> Floats:
        """What the firms of the network owe each firm."""
        return sums(self.creditor, self.amount, len(self.firms))

    @property
    def equity(self) -> Floats:
        """What each firm could lose before it fails, if everyone pays it."""
        return self.assets + self.receivable - self.owed

    @property
    def _debtor(self) -> Ints:
        return np.repeat(np.arange(len(self.firms)), np.diff(self.starts))


def _ends(row: int, pair: tuple[str, str], amount: float, place: dict[str, int]) -> tuple[int, int]:
    rule = ""
    if pair[0] == pair[1]:
        rule = "a firm owes itself nothing; leave the link out"
    elif not set(pair) <= place.keys():
        rule = f"no firm is called {next(name for name in pair if name not in place)}; add it"
    elif not 0 <= amount < np.inf:
        rule = f"its amount is {amount}; give one of 0 or more"
    if rule:
        raise LinkMalformedError(row=row + 1, debtor=pair[0], creditor=pair[1], rule=rule)
    return place[pair[0]], place[pair[1]]


@attrs.frozen(eq=False)
class Clearing:
    """How a network settles."""

    paid_share: Floats
    """Of all that each firm owes; creditors of a firm share alike."""

    @property
    def failed(self) -> Flags:
        """Which firms cannot pay all."""
        return self.paid_share < 1


def clear(network: Network, lost: Floats | None = None) -> Clearing:
    """Return the greatest clearing of a network, once firms have lost so much of their assets.

    Each firm pays all that it owes if it can, and else shares out what it has, cut by the
    recovery (Eisenberg and Noe 2001; with a cut Rogers and Veraart 2013, whose greatest vector
    this is: nobody fails who need not).
    """
    paid = np.empty((1, len(network.firms)))
    _clear_all(network, np.zeros_like(network.assets) if lost is None else lost, paid, spread=True)
    return Clearing(paid[0])


def _clear_all(network: Network, lost: Floats, paid: Floats, *, spread: bool) -> None:
    _kernels().clear_all(
        np.maximum(network.assets - np.atleast_2d(lost), 0), network.receivable, network.owed,
        network.recovery, network.starts, network.creditor, network.amount, paid, spread,
    )  # fmt: skip


def _kernels() -> ModuleType:
    from karez.engines.risk import clearing  # noqa: PLC0415 - Numba takes half a second

    return clearing


@attrs.frozen
class Contagion:
    """A lender's losses over scenarios, with and without what firms do to each other."""

    expected_loss: float
    shortfall: float
    expected_loss_alone: float
    """As if every firm were paid by all that owe it."""
    shortfall_alone: float

    @property
    def a_el(self) -> float:
        """How many times contagion multiplies the expected loss; 1 where there is none."""
        return _times(self.expected_loss, self.expected_loss_alone)

    @property
    def a_es(self) -> float:
        """How many times contagion multiplies the expected shortfall."""
        return _times(self.shortfall, self.shortfall_alone)


def _times(whole: float, part: float) -> float:
    if part > 0:
        return whole / part
    return np.inf if whole > 0 else 1.0


def scenario_losses(
    network: Network, loans: Floats, lost: Floats, *, spread: bool = True
) -> Floats:
    """Return what a lender with these loans to the firms loses in each scenario (row of lost).

    ``spread`` tells whether firms that fail take those with them whom they owe.
    """
    paid = np.empty(lost.shape)
    _clear_all(network, lost, paid, spread=spread)
    return (1 - paid) @ loans


def contagion(network: Network, loans: Floats, lost: Floats, level: float = 0.99) -> Contagion:
    """Return a lender's losses over scenarios of lost assets (by scenario and firm).

    Raises:
        LevelError: the level is not between 0 and 1.
        FirmMalformedError: a loan is larger than what the firm owes outside the network.
    """
    for row in np.flatnonzero(~((loans >= 0) & (loans <= network.debts * (1 + 1e-12)))).tolist():
        raise FirmMalformedError(
            firm=network.firms[row],
            field="loan",
            value=float(loans[row]),
            rule="it is 0 or more, and at most the firm's debts outside the network",
        )
    whole = scenario_losses(network, loans, lost)
    alone = scenario_losses(network, loans, lost, spread=False)
    return Contagion(
        float(whole.mean()),
        mean_of_worst(whole, level),
        float(alone.mean()),
        mean_of_worst(alone, level),
    )


def mean_of_worst(losses: Floats, level: float) -> float:
    """Return the mean of the worst ``1 - level`` of equally likely losses.

    Raises:
        LevelError: the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise LevelError(value=level)
    worst = np.sort(losses)[::-1]
    count = (1 - level) * len(worst)
    whole = int(count)
    rest = (count - whole) * worst[whole] if whole < len(worst) else 0.0
    return float((worst[:whole].sum() + rest) / count)


def lost_assets(
    network: Network, pd: Floats, *, correlation: float, scenarios: int, seed: int
) -> Floats:
    """Return scenarios of lost assets, in which each firm alone fails with its probability.

    One national factor; where a firm stands at its threshold it has lost just its equity, and
    in proportion beyond it.
    """
    from karez.engines.risk.normal import quantile  # noqa: PLC0415 - SciPy is slow to import

    rng = np.random.default_rng(seed)
    common = rng.standard_normal((scenarios, 1))
    own = rng.standard_normal((scenarios, len(network.firms)))
    stands = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
    threshold = quantile(pd)
    unhurt = np.maximum(threshold + 1, 0)
    share = np.maximum(unhurt - stands, 0) / (unhurt - np.maximum(threshold, -1e300))
    # A hair more, so that a firm at its threshold has failed.
    return share * np.maximum(network.equity, 0) * (1 + 1e-9)
