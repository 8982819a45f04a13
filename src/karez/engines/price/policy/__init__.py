"""Policy rules as tables that a credit officer reads and edits: checked, tried, then in force."""

from karez.engines.price.policy.check import Checked, check
from karez.engines.price.policy.decide import Applications, Coded, Decided, decide
from karez.engines.price.policy.simulate import Past, Simulation, simulate
from karez.engines.price.policy.table import Decision, Hit, Line, Outcome, Policy, read_policy
from karez.engines.price.policy.zen import to_zen

__all__ = [
    "Applications",
    "Checked",
    "Coded",
    "Decided",
    "Decision",
    "Hit",
    "Line",
    "Outcome",
    "Past",
    "Policy",
    "Simulation",
    "check",
    "decide",
    "read_policy",
    "simulate",
    "to_zen",
]
