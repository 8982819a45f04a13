"""A year planned: score from the firms whose past is known, limit from sales, plan by proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price import Firms, Plan, Question, make_plan, smallest
from karez.engines.price.baselines import Baseline, baselines
from karez.engines.price.limit import Limit, evidence_limit
from karez.engines.price.refusal import Refusal, find_refusals
from karez.engines.price.shock import Response, Shock, shock_question
from karez.engines.score import Feature, Model, Reason, Recipe, Scores, Table, apply, explain
from karez.engines.score.card import Card
from karez.engines.score.challenge import Stakes
from karez.engines.score.develop import Evidence as Outcomes
from karez.engines.score.develop import develop
from karez.engines.score.overlap import Overlap, measure_overlap
from karez.engines.score.portrait import find_feature
from karez.kernel.errors import InvalidInputError
from karez.services.planning.believing import Sales, sales_of_year
from karez.services.portraits import Gallery

LOOKED_AT = (
    "sales_year_log10", "sales_invoices_log10", "purchases_year_log10", "purchases_invoices_log10",
    "sales_active_share", "sales_spread", "sales_growth_year", "purchases_growth_year",
    "sales_recency_days", "purchases_recency_days", "sales_void_share", "purchases_void_share",
    "sales_return_share", "purchases_return_share", "buyers_effective_log10",
    "suppliers_effective_log10", "buyers_kept_share", "suppliers_kept_share", "margin_share",
    "trade_age_days",
)  # fmt: skip
"""What lenders look at in invoices: size, course, how clean the books are, partners, margin, age.

Named before any outcome was looked at, so that few defaults do not have to choose among many."""
REASONS = 4
_STAKES = Stakes(margin=0.05, loss_share=0.6)


class OutcomesMissingError(InvalidInputError):
    """The facts book knows {portrayed} of {known} firms with a known past; {defaults} defaulted.

    A score needs some that defaulted and some that did not.
    """

    code = "outcomes-missing"


@attrs.frozen
class Market:
    """Whom a year is about, by party id."""

    defaulted: Mapping[str, bool]
    """Firms that had a loan, and whether it failed."""
    asking: Sequence[str]
    industry: Mapping[str, str]


@attrs.frozen
class Rules:
    """What the lender decides before a plan is made."""

    question: Callable[[Firms], Question]
    """Costs, budget, bounds and curve, asked about these firms."""
    lgd: float
    least_minor: int
    most_minor: int
    segments: int
    """Of the curve of customers lost: safest firms first, in equal parts."""
    sales_share: float = 0.1
    """The share of a year's believed sales that is lent at most."""
    past_years: float = 1.0
    """How long the loans ran whose end is known: a default within them is brought to one year."""


@attrs.frozen(eq=False)
class Year:
    """The plan, and everything it rests on. Arrays are by firm, in the order of ``asking``."""

    asking: tuple[str, ...]
    unknown: tuple[str, ...]
    """Asked for, but the facts book knows nothing of them."""
    model: Model
    card: Card
    scores: Scores
    """Of a loan as long as those of the past; the plan has the probability within a year."""
    reasons: Sequence[Sequence[Reason]]
    overlap: Overlap
    """How far these firms lie outside those of the fit."""
    sales: Sales
    limit: Limit
    plan: Plan
    refusals: Sequence[Refusal]
    baselines: Sequence[Baseline]


def plan_year(gallery: Gallery, market: Market, rules: Rules) -> Year:
    """Return the plan that no other beats, for the firms that ask.

    Raises:
        OutcomesMissingError: nobody, or everybody, of those with a known past defaulted.
        PlanImpossibleError: no plan keeps all bounds.
    """
    table = gallery.portraits.table()
    known, asking, outcome = _sides(table, market)
    features = [_feature(name) for name in LOOKED_AT]
    recipe = Recipe(tuple(features), pairs=())
    model, card = develop(known, Outcomes(outcome=outcome), recipe, stakes=_STAKES)
    scores = apply(model, asking)
    day = int(gallery.portraits.sittings.day.max())
    sales = sales_of_year(gallery.gathered, list(asking.ids), day)
    limit = smallest(
        {
            "a share of believed sales": evidence_limit(sales.believed_minor, rules.sales_share),
            "the largest loan": np.full(len(asking), rules.most_minor, np.int64),
        }
    )
    pd_year = 1 - (1 - scores.pd) ** (1 / rules.past_years)
    question = rules.question(_firms(asking, market, rules, pd_year, limit))
    plan = make_plan(question)
    simple = baselines(
        question, sales.believed_minor.astype(np.float64),
        least_minor=rules.least_minor, most_minor=rules.most_minor,
    )  # fmt: skip
    return Year(
        asking=tuple(asking.ids),
        unknown=tuple(name for name in market.asking if name not in set(asking.ids)),
        model=model,
        card=card,
        scores=scores,
        reasons=explain(model, asking, REASONS),
        overlap=_overlap(known, asking),
        sales=sales,
        limit=limit,
        plan=plan,
        refusals=find_refusals(plan),
        baselines=simple,
    )


def shocked(year: Year, shocks: Sequence[Shock], response: Response) -> Plan:
    """Return the plan for the same firms after shocks.

    Raises:
        ShockUnknownError: no firm is in an industry that is named.
    """
    return make_plan(shock_question(year.plan.question, shocks, response))


def _feature(name: str) -> Feature:
    declared = find_feature(name)
    return Feature(name, direction=declared.direction, words=declared.words, unit=declared.unit)


def _sides(table: Table, market: Market) -> tuple[Table, Table, npt.NDArray[np.float64]]:
    """Return the firms with a known past, those that ask, and what came of the former."""
    had_loan = np.array([name in market.defaulted for name in table.ids], dtype=np.bool_)
    known = table.take(had_loan)
    outcome = np.array([market.defaulted[name] for name in known.ids], dtype=np.float64)
    if not len(outcome) or not 0 < outcome.sum() < len(outcome):
        raise OutcomesMissingError(
            known=len(market.defaulted), portrayed=len(outcome), defaults=int(outcome.sum())
        )
    place = {name: row for row, name in enumerate(table.ids)}
    rows = np.array([place[name] for name in market.asking if name in place], dtype=np.int64)
    return known, table.take(rows), outcome


def _firms(
    asking: Table, market: Market, rules: Rules, pd: npt.NDArray[np.float64], limit: Limit
) -> Firms:
    """Return the firms as the plan takes them; the safest third follows the first curve."""
    count = len(asking)
    rank = np.argsort(np.argsort(pd, kind="stable"), kind="stable")
    return Firms(
        names=tuple(asking.ids),
        industry=tuple(market.industry[name] for name in asking.ids),
        group=("",) * count,
        segment=rank * rules.segments // max(count, 1),
        pd=pd,
        lgd=np.full(count, rules.lgd),
        least_minor=np.full(count, rules.least_minor, np.int64),
        most_minor=limit.amount_minor,
    )


def _overlap(known: Table, asking: Table) -> Overlap:
    """Compare the columns that the score may use, and no others."""
    return measure_overlap(
        *(
            Table(each.ids, {name: each.numbers[name] for name in LOOKED_AT})
            for each in (known, asking)
        )
    )
