"""Closing: the end of a day for every loan, and what it leaves behind."""

from karez.services.closing.days import DayEnd, close_days, closed_through
from karez.services.closing.errors import NothingToCloseError, TooManyDaysError
from karez.services.closing.verifying import ClosingVerification, verify

__all__ = [
    "ClosingVerification",
    "DayEnd",
    "NothingToCloseError",
    "TooManyDaysError",
    "close_days",
    "closed_through",
    "verify",
]
