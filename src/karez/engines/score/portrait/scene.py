"""Everything that the sittings may see, and what measures of it are shared by features."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import attrs
import numpy as np

from karez.engines.score.portrait.account import Account
from karez.engines.score.portrait.cut import Sharing, Sittings, View, see
from karez.engines.score.portrait.facts import (
    Bools,
    Invoices,
    Labels,
    Records,
    Side,
    Status,
)
from karez.engines.score.portrait.feature import Basis
from karez.engines.score.portrait.repaying import History
from karez.engines.score.portrait.trade import Trade
from karez.engines.score.portrait.wages import Wages


@attrs.frozen
class Scene:
    """What is seen. Measures take this, and have no way to the records behind the cut."""

    count: int
    invoices: View[Invoices]
    shared: Bools
    account: Account
    wages: Wages
    history: History
    labels: View[Labels]

    @classmethod
    def of(cls, records: Records, sittings: Sittings) -> Scene:
        """Cut the records to what each sitting may see."""
        invoices = see(records.invoices, sittings)
        return cls(
            len(sittings),
            invoices,
            Sharing(records.invoices).seen_by(sittings, invoices),
            Account(see(records.movements, sittings)),
            Wages(see(records.payrolls, sittings)),
            History(see(records.repayments, sittings)),
            see(records.labels, sittings),
        )

    @cached_property
    def sales(self) -> Trade:
        """The invoices in which the party sells."""
        return self._side(Side.SALE)

    @cached_property
    def purchases(self) -> Trade:
        """The invoices in which the party buys."""
        return self._side(Side.PURCHASE)

    def _side(self, side: Side) -> Trade:
        rows = self.invoices.facts.side == side
        return Trade(self.invoices.take(rows), self.shared[rows])

    def view(self, basis: Basis) -> View[Any]:
        """Return the facts that features of a basis rest on, of whichever table that is."""
        return self._views[basis]

    @cached_property
    def _views(self) -> dict[Basis, View[Any]]:
        return {
            Basis.SALES: self.sales.good,
            Basis.SALES_ALL: self.sales.every,
            Basis.PURCHASES: self.purchases.good,
            Basis.PURCHASES_ALL: self.purchases.every,
            Basis.TRADE: self.invoices.take(self.invoices.facts.status != Status.VOID),
            Basis.MOVEMENTS: self.account.all,
            Basis.PAYROLLS: self.wages.all,
            Basis.REPAYMENTS: self.history.all,
        }

    @cached_property
    def trades_both_ways(self) -> Bools:
        """Whether each sitting has good sales and good purchases, however old."""
        sides = (self.sales.good.sitting, self.purchases.good.sitting)
        one, other = (np.bincount(side, minlength=self.count) > 0 for side in sides)
        return one & other
