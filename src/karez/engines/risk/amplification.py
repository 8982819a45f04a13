"""Amplification: what a change of policy does to the tail, and not only to the mean.

Faster and looser decisions lend more; the question is whether the tail of losses grows more than
the lending does. Reported beside every change of policy.
"""

from __future__ import annotations

import attrs
import numpy as np

from karez.engines.risk.book import Book, Floats
from karez.engines.risk.contagion import Contagion, Network, contagion
from karez.engines.risk.distribution import portfolio
from karez.engines.risk.errors import FirmMalformedError, LoanMalformedError
from karez.engines.risk.factors import Factors


@attrs.frozen
class Standing:
    """A book under a policy."""

    lent: float
    expected_loss: float
    value_at_risk: float
    shortfall: float
    contagion: Contagion | None
    """Losses over the trade network's scenarios, where there is one."""

    @property
    def tail_per_unit(self) -> float:
        """Expected shortfall for each unit lent."""
        return self.shortfall / self.lent if self.lent else 0.0


@attrs.frozen
class Amplification:
    """One book before a change of policy, and after it."""

    level: float
    before: Standing
    after: Standing

    @property
    def amplification(self) -> float:
        """Expected shortfall for each unit lent, after over before: above 1 it is amplified.

        1 where nothing was at risk before and after; infinite where only before.
        """
        was, now = self.before.tail_per_unit, self.after.tail_per_unit
        return now / was if was else (np.inf if now else 1.0)

    @property
    def tail_per_unit_added(self) -> float | None:
        """Expected shortfall added for each unit lent more; None where no more is lent."""
        more = self.after.lent - self.before.lent
        return (self.after.shortfall - self.before.shortfall) / more if more > 0 else None

    @property
    def loss_per_unit_added(self) -> float | None:
        """Expected loss added for each unit lent more; None where no more is lent."""
        more = self.after.lent - self.before.lent
        return (self.after.expected_loss - self.before.expected_loss) / more if more > 0 else None


@attrs.frozen(eq=False)
class TradeShocks:
    """A trade network and scenarios of what its firms lose, the same before and after."""

    network: Network
    lost: Floats
    """By scenario and firm; the firms are named as the loans are."""


def amplification(
    before: Book, after: Book, factors: Factors, *, level: float = 0.99,
    shocks: TradeShocks | None = None,
) -> Amplification:  # fmt: skip
    """Return what a change of policy does: the book as it is, and as it would be.

    Loans may be added, dropped, raised, or become riskier (``hurried``). With ``shocks`` each loan
    is to the firm of its id, and its debts outside the network grow with what is lent to it more.

    Raises:
        LevelError: the level is not between 0 and 1.
        SectorUnknownError, FactorMalformedError: a sector has no factor, or shares out of bounds.
        FirmMalformedError: the network has no firm of a loan's id.
    """
    was = _standing(before, factors, level, shocks, None)
    return Amplification(level, was, _standing(after, factors, level, shocks, before))


def _standing(
    book: Book, factors: Factors, level: float, shocks: TradeShocks | None, before: Book | None
) -> Standing:
    losses = portfolio(book, factors).losses
    return Standing(
        lent=float(book.exposure.sum()),
        expected_loss=float(book.expected_loss.sum()),
        value_at_risk=losses.value_at_risk(level),
        shortfall=losses.expected_shortfall(level),
        contagion=None if shocks is None else _spread(book, shocks, level, before),
    )


def _spread(book: Book, shocks: TradeShocks, level: float, before: Book | None) -> Contagion:
    network = shocks.network
    loans = _by_firm(book, network)
    more = np.zeros_like(loans) if before is None else loans - _by_firm(before, network)
    # What is lent more is owed more, and stands against it as an asset: equity is what it was.
    grown = attrs.evolve(
        network,
        debts=np.maximum(network.debts + more, loans),
        assets=np.maximum(network.assets + more, 0),
    )
    return contagion(grown, loans, shocks.lost, level)


def _by_firm(book: Book, network: Network) -> Floats:
    place = {name: row for row, name in enumerate(network.firms)}
    loans = np.zeros(len(network.firms))
    for name, amount in zip(book.ids, book.exposure.tolist(), strict=True):
        if name not in place:
            rule = "the network has no firm of this loan's id; add it"
            raise FirmMalformedError(firm=name, field="loan", value=amount, rule=rule)
        loans[place[name]] += amount
    return loans


def hurried(book: Book, log_odds: float | Floats) -> Book:
    """Return a book whose odds of default are multiplied by ``exp(log_odds)``: all, or by loan.

    How much a faster decision costs is measured, not assumed: the slope of early defaults on the
    time that decisions took.

    Raises:
        LoanMalformedError: a shift is not finite.
    """
    shift = np.broadcast_to(np.asarray(log_odds, np.float64), len(book))
    for row in np.flatnonzero(~np.isfinite(shift)).tolist():
        raise LoanMalformedError(
            loan=book.ids[row], field="log_odds", value=float(shift[row]), rule="give a number"
        )
    odds = book.pd / (1 - book.pd) * np.exp(shift)
    return attrs.evolve(book, pd=np.minimum(odds / (1 + odds), np.nextafter(1.0, 0.0)))


def added_amplification(  # noqa: PLR0913 - a network, its scenarios, and one more loan
    network: Network, loans: Floats, lost: Floats, *, firm: int, amount: float, level: float = 0.99
) -> float:
    """Return what one more loan to a firm adds to the shortfall by contagion, per unit of it.

    It is the part that limits by loan never see: an add-on to the price, or a limit by anchor.
    What the firm buys with the loan is not counted, so it is weaker by it.

    Raises:
        LevelError: the level is not between 0 and 1.
        FirmMalformedError: a loan is larger than what the firm owes outside the network.
    """
    more = np.zeros_like(loans)
    more[firm] = amount
    grown = attrs.evolve(network, debts=network.debts + more)
    before = contagion(network, loans, lost, level)
    after = contagion(grown, loans + more, lost, level)
    spread = (after.shortfall - after.shortfall_alone) - (before.shortfall - before.shortfall_alone)
    return spread / amount
