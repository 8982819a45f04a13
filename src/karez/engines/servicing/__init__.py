"""The state of a loan: a function of its terms and of what happened, by value date."""

from karez.engines.servicing.account import Account
from karez.engines.servicing.difference import Difference, difference
from karez.engines.servicing.fold import fold
from karez.engines.servicing.history import History, history
from karez.engines.servicing.quote import arrears_days, automatic_down_payment, payoff_minor
from karez.engines.servicing.table import Line, PayoutLine, schedule_table
from karez.engines.servicing.terms import Terms

__all__ = [
    "Account",
    "Difference",
    "History",
    "Line",
    "PayoutLine",
    "Terms",
    "arrears_days",
    "automatic_down_payment",
    "difference",
    "fold",
    "history",
    "payoff_minor",
    "schedule_table",
]
