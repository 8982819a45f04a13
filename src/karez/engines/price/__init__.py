"""What a loan must bring, its best rate and its limit, and a year's plan for all firms."""

from karez.engines.price.best import BestRate, best_rate
from karez.engines.price.curve import Curve, smooth_curve
from karez.engines.price.limit import Limit, smallest
from karez.engines.price.plan import Plan, make_plan
from karez.engines.price.question import Bound, Counts, Firms, Question
from karez.engines.price.rate import Costs, RateParts, rate_parts
from karez.engines.price.tail import Tail

__all__ = [
    "BestRate",
    "Bound",
    "Costs",
    "Counts",
    "Curve",
    "Firms",
    "Limit",
    "Plan",
    "Question",
    "RateParts",
    "Tail",
    "best_rate",
    "make_plan",
    "rate_parts",
    "smallest",
    "smooth_curve",
]
