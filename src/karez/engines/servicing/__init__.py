"""The state of a loan: a function of its terms and of what happened, by value date."""

from karez.engines.servicing.account import Account
from karez.engines.servicing.difference import Difference, difference
from karez.engines.servicing.fold import fold
from karez.engines.servicing.history import History, history
from karez.engines.servicing.late import LatePolicy, LateStep, fold_late, with_late_charges
from karez.engines.servicing.movements import (
    Movement,
    MovementKind,
    movement_difference,
    movements,
)
from karez.engines.servicing.outlook import OUTLOOK, accrued_minor, earned_minor, outlook
from karez.engines.servicing.quote import arrears_days, automatic_down_payment, payoff_minor
from karez.engines.servicing.standing import STANDING, Standing, Status, standing, standings
from karez.engines.servicing.table import Line, PayoutLine, schedule_table
from karez.engines.servicing.terms import Terms

__all__ = [
    "OUTLOOK",
    "STANDING",
    "Account",
    "Difference",
    "History",
    "LatePolicy",
    "LateStep",
    "Line",
    "Movement",
    "MovementKind",
    "PayoutLine",
    "Standing",
    "Status",
    "Terms",
    "accrued_minor",
    "arrears_days",
    "automatic_down_payment",
    "difference",
    "earned_minor",
    "fold",
    "fold_late",
    "history",
    "movement_difference",
    "movements",
    "outlook",
    "payoff_minor",
    "schedule_table",
    "standing",
    "standings",
    "with_late_charges",
]
