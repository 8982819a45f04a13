"""Windows of time. A year here is 52 weeks, so that every stretch has the same weekdays."""

WEEK = 7
PERIOD = 28
"""Four weeks: the month of a portrait."""
QUARTER = 91
HALF = 182
YEAR = 364
TWO_YEARS = 728
EVER = 2**31 - 1
"""All that is known."""
PERIODS = YEAR // PERIOD
WEEKS = YEAR // WEEK
