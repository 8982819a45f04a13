"""Reporting: what a book of loans is like as of any day, and what one loan was."""

from karez.services.reporting.loan_statement import LoanStatement, loan_statement
from karez.services.reporting.portfolio import GROUPS, Portfolio, load_portfolio
from karez.services.reporting.risk import losses, roll_rates, vintage_curves
from karez.services.reporting.tables import at_risk, concentrated, desks
from karez.services.reporting.tape import TAPE_FIELDS, tape

__all__ = [
    "GROUPS",
    "TAPE_FIELDS",
    "LoanStatement",
    "Portfolio",
    "at_risk",
    "concentrated",
    "desks",
    "load_portfolio",
    "loan_statement",
    "losses",
    "roll_rates",
    "tape",
    "vintage_curves",
]
