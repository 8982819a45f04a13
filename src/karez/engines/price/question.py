"""What a plan is asked: firms, costs, the curve of customers lost, the budget and all bounds."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.curve import Curve
from karez.engines.price.errors import PriceInputError
from karez.engines.price.rate import Costs, Floats, Ints, check_share
from karez.engines.price.tail import Tail
from karez.kernel.errors import ensure


class Counts(StrEnum):
    """What the budget and the bounds count."""

    OFFERED = "offered"  # everything, as if all accepted: what is promised can be paid
    EXPECTED = "expected"  # what is likely to be taken up: more is offered than there is


@attrs.frozen(eq=False)
class Firms:
    """Who might be lent to; one entry for each firm."""

    names: tuple[str, ...]
    industry: tuple[str, ...]
    group: tuple[str, ...]
    """Firms of one owner share a name; empty where there is none."""
    segment: npt.NDArray[np.int64]
    """Which row of the curve says how the firm answers to rates."""
    pd: Floats
    lgd: Floats
    least_minor: Ints
    most_minor: Ints

    def __attrs_post_init__(self) -> None:
        ensure(
            len({len(column) for column in attrs.astuple(self, recurse=False)}) == 1,
            "columns are of one length",
        )
        check_share("pd", self.pd)
        check_share("lgd", self.lgd)

    def __len__(self) -> int:
        return len(self.names)


@attrs.frozen
class Bound:
    """What all firms of an industry or a group get together, at least and at most."""

    of: str
    """``industry`` or ``group``."""
    name: str
    most_minor: int
    least_minor: int = 0


@attrs.frozen(eq=False)
class Question:
    """All that a plan depends on."""

    firms: Firms
    curve: Curve
    costs: Costs
    budget_minor: int
    step_minor: int
    """Amounts are multiples of it."""
    rates_ppm: Ints
    """The rates that may be offered; within the ends of the curve."""
    balance_share: float = 1.0
    """Average balance of the year over the amount: 1 where all is repaid at the end."""
    counts: Counts = Counts.OFFERED
    bounds: Sequence[Bound] = ()
    tail: Tail | None = None
    highest: Floats | None = None
    """The highest rate that each firm may be offered, a fraction; none where it is left out."""

    def __attrs_post_init__(self) -> None:
        if self.step_minor <= 0 or self.budget_minor < 0:
            raise PriceInputError(
                field="budget and step", value=(self.budget_minor, self.step_minor),
                rule="the step is above zero, and the budget not below",
            )  # fmt: skip
        ends, rates = self.curve.rates_ppm, self.rates_ppm
        inside = len(rates) and ends[0] <= rates[0] and rates[-1] <= ends[-1]
        if not inside or (np.diff(rates) <= 0).any():
            raise PriceInputError(
                field="rates", value=rates.tolist(),
                rule="they rise, between the ends of the curve of customers lost",
            )  # fmt: skip

    @cached_property
    def tail_losses(self) -> Floats:
        """What a unit taken up loses of its average balance, by year and firm.

        Without a bound on the tail there is one year, in which nothing is lost.
        """
        firms = self.firms
        if self.tail is None:
            return np.zeros((1, len(firms)))
        return self.tail.losses(firms.pd, firms.lgd, firms.industry) * self.balance_share

    @property
    def tail_share(self) -> float:
        """The share of years that count as the worst."""
        return 1.0 if self.tail is None else self.tail.worst_share

    @property
    def tail_most_minor(self) -> float:
        """What a plan may lose in them, on average."""
        return float("inf") if self.tail is None else self.tail.most_minor
