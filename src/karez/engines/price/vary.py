"""What would change a plan: the worth of more money, and the plan under other inputs."""

from __future__ import annotations

import attrs
import numpy as np

from karez.engines.price.plan import Plan, make_plan
from karez.engines.price.question import Question


def worth_of_more(plan: Plan, more_minor: int) -> float:
    """Return what a larger budget would earn above the plan, expected; found by solving again."""
    question = plan.question
    larger = attrs.evolve(question, budget_minor=question.budget_minor + more_minor)
    return make_plan(larger, plan.cuts).total_minor - plan.total_minor


def vary(plan: Plan) -> dict[str, Plan]:
    """Return the best plans under inputs that are off, or without a kind of bound, by name."""
    question = plan.question
    costs, firms = question.costs, question.firms
    others: dict[str, Question] = {
        "budget less a tenth": attrs.evolve(question, budget_minor=question.budget_minor * 9 // 10),
        "budget and a tenth": attrs.evolve(question, budget_minor=question.budget_minor * 11 // 10),
        "default probabilities and a quarter": attrs.evolve(
            question, firms=attrs.evolve(firms, pd=np.minimum(firms.pd * 1.25, 1))
        ),
        "funding one point dearer": attrs.evolve(
            question, costs=attrs.evolve(costs, funding_rate=costs.funding_rate + 0.01)
        ),
    }
    if question.bounds:
        others["without bounds"] = attrs.evolve(question, bounds=())
    if question.tail is not None:
        others["without the bound on the tail"] = attrs.evolve(question, tail=None)
    return {name: make_plan(other) for name, other in others.items()}
