"""Closing: the end of a day for every loan, and what it leaves behind."""

from karez.services.closing.days import DayEnd, close_days, closed_through, days_missing
from karez.services.closing.errors import NothingToCloseError, TooManyDaysError
from karez.services.closing.job import KIND, close_later, closing_handler
from karez.services.closing.verifying import ClosingVerification, verify

__all__ = [
    "KIND",
    "ClosingVerification",
    "DayEnd",
    "NothingToCloseError",
    "TooManyDaysError",
    "close_days",
    "close_later",
    "closed_through",
    "closing_handler",
    "days_missing",
    "verify",
]
