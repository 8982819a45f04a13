"""A shock: an industry loses a share of its revenue for some months; what that does to a plan.

The share of a year's revenue that is lost moves three inputs, each in one direction and never back:
the chance of default up, what a default loses up, and the limit down with revenue. How far is an
assumption, and part of the input: see ``Response``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import numpy as np

from karez.engines.price.errors import PriceInputError, ShockUnknownError
from karez.engines.price.plan import Plan
from karez.engines.price.question import Question
from karez.engines.price.rate import Floats, Ints

_YEAR_MONTHS = 12


@attrs.frozen
class Shock:
    """An industry loses ``severity`` of its revenue, a share, for so many months of the year."""

    industry: str
    severity: float
    months: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.severity <= 1 or not 0 <= self.months <= _YEAR_MONTHS:
            raise PriceInputError(
                field="shock", value=f"{self.industry}={self.severity}:{self.months}",
                rule="severity is a share from 0 to 1, for 0 to 12 months",
            )  # fmt: skip


@attrs.frozen
class Response:
    """How firms answer to losing a whole year's revenue: assumptions, for you to replace."""

    pd_logit: float = 4.0
    """Added to the log-odds of default: 3 % becomes 63 %; half a year at half, 7.8 %."""
    recovery_lost: float = 0.5
    """The share of what a default would have brought back that it no longer does."""

    def __attrs_post_init__(self) -> None:
        if self.pd_logit < 0 or not 0 <= self.recovery_lost <= 1:
            raise PriceInputError(
                field="response", value=(self.pd_logit, self.recovery_lost),
                rule="a shock makes nothing better, and takes no more than all of the recovery",
            )  # fmt: skip


def shock_question(
    question: Question, shocks: Sequence[Shock], response: Response | None = None
) -> Question:
    """Return the same question after shocks; several on one industry add up, to a whole year.

    Raises:
        ShockUnknownError: no firm is in an industry that is named.
    """
    answer = response or Response()
    firms = question.firms
    gone = lost_revenue(firms.industry, shocks)
    raised = firms.pd * np.exp(answer.pd_logit * gone)
    pd = raised / (1 - firms.pd + raised)
    lgd = firms.lgd + (1 - firms.lgd) * answer.recovery_lost * gone
    most = np.floor(firms.most_minor * (1 - gone)).astype(np.int64)
    tail = question.tail
    if tail is not None and tail.loss is not None:
        before = firms.pd * firms.lgd
        grown = np.divide(pd * lgd, before, out=np.ones_like(pd), where=before > 0)
        tail = attrs.evolve(tail, loss=np.minimum(tail.loss * grown, 1))
    return attrs.evolve(
        question, firms=attrs.evolve(firms, pd=pd, lgd=lgd, most_minor=most), tail=tail
    )


def lost_revenue(industry: Sequence[str], shocks: Iterable[Shock]) -> Floats:
    """Return the share of its year's revenue that each firm loses."""
    gone = np.zeros(len(industry))
    for shock in shocks:
        hit = np.array([name == shock.industry for name in industry], dtype=np.bool_)
        if not hit.any():
            raise ShockUnknownError(industry=shock.industry, known=", ".join(sorted(set(industry))))
        gone[hit] += shock.severity * shock.months / _YEAR_MONTHS
    return np.minimum(gone, 1)


@attrs.frozen(eq=False)
class ByIndustry:
    """A plan summed by industry, in the order of ``names``."""

    names: tuple[str, ...]
    firms: Ints
    lent_to: Ints
    amount_minor: Ints
    profit_minor: Floats
    pd: Floats
    """Mean of all its firms."""


def by_industry(plan: Plan) -> ByIndustry:
    """Return a plan summed by industry."""
    firms = plan.question.firms
    names, of_firm = np.unique(np.array(firms.industry, dtype=np.str_), return_inverse=True)
    count = len(names)
    amount = np.zeros(count, dtype=np.int64)
    np.add.at(amount, of_firm, plan.amount_minor)
    each = np.bincount(of_firm, minlength=count)
    return ByIndustry(
        tuple(names.tolist()),
        each,
        np.bincount(of_firm[plan.amount_minor > 0], minlength=count),
        amount,
        np.bincount(of_firm, plan.profit_minor, count).astype(np.float64),
        np.bincount(of_firm, firms.pd, count) / each,
    )
