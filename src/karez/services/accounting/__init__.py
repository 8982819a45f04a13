"""Accounting: profit and loss and balance sheet of any days, and the end of a year."""

from karez.services.accounting.statements import (
    BalanceSheet,
    Line,
    ProfitAndLoss,
    balance_sheet,
    profit_and_loss,
)
from karez.services.accounting.year_end import RETAINED, YearEnd, end_year, undo_year_end

__all__ = [
    "RETAINED",
    "BalanceSheet",
    "Line",
    "ProfitAndLoss",
    "YearEnd",
    "balance_sheet",
    "end_year",
    "profit_and_loss",
    "undo_year_end",
]
