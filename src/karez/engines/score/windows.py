"""Outcome windows: default within N months, where N months have passed.

A loan made last month has not defaulted, and that says nothing. So a loan has an outcome only once
its window has passed, whatever became of it by then: counting a young loan for its early default
and leaving out its young neighbours that still pay would make all loans look worse than they are.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.errors import (
    ColumnLengthError,
    DatesOutOfOrderError,
    WindowMalformedError,
)
from karez.engines.score.table import Floats

Days = npt.NDArray[np.datetime64]


@attrs.frozen(eq=False)
class Outcomes:
    """What is known of loans after a window of months.

    ``rows`` are the places of the loans whose window has passed, ``outcome`` is theirs: 1 where
    the default came within the window; ``late_defaults`` counts those that came after it.
    ``months_to_default`` is in months of 30.4375 days, NaN where no default is known. Left out are
    ``undated`` loans, without a day of decision, and ``young`` ones, whose window has not passed;
    ``young_defaults`` of these have defaulted already.
    """

    rows: npt.NDArray[np.int64]
    outcome: Floats
    months_to_default: Floats
    undated: int
    young: int
    young_defaults: int
    late_defaults: int


def outcomes_after(
    decided_on: npt.ArrayLike,
    defaulted_on: npt.ArrayLike,
    *,
    months: int,
    seen_until: npt.ArrayLike,
) -> Outcomes:
    """Return the outcomes of loans ``months`` after each was decided.

    Days are ``datetime64[D]``, NaT where there is none. ``seen_until`` is the last day of which
    defaults are known: one for all, or one for each loan (a loan that left the books is seen until
    then). A window of one month that begins on the 31st ends on the last day of the next month,
    and a default on its last day is within it.

    Raises:
        WindowMalformedError: ``months`` is less than 1.
        ColumnLengthError: a column has another length.
        DatesOutOfOrderError: a default came before the decision, or after what was seen.
    """
    if months < 1:
        raise WindowMalformedError(months=months)
    decided, defaulted = (np.asarray(each, "datetime64[D]") for each in (decided_on, defaulted_on))
    until = np.asarray(seen_until, "datetime64[D]")
    if until.ndim:
        _same_length("seen_until", until, decided)
    until = np.broadcast_to(until, decided.shape)
    _same_length("defaulted_on", defaulted, decided)
    _in_order("decided_on", decided, "defaulted_on", defaulted)
    _in_order("defaulted_on", defaulted, "seen_until", until)
    end = add_months(decided, months)
    dated = ~np.isnat(decided)
    passed = dated & (end <= until)
    within = passed & (defaulted <= end)
    rows = np.flatnonzero(passed)
    young = dated & ~passed
    return Outcomes(
        rows=rows,
        outcome=within[rows].astype(np.float64),
        months_to_default=months_between(decided[rows], defaulted[rows]),
        undated=int((~dated).sum()),
        young=int(young.sum()),
        young_defaults=int((young & ~np.isnat(defaulted)).sum()),
        late_defaults=int((passed & (defaulted > end)).sum()),
    )


def add_months(days: Days, months: int) -> Days:
    """Return the same day so many months later, or the last day of a month that is too short."""
    month = days.astype("datetime64[M]")
    later = month + np.timedelta64(months, "M")
    last = (later + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    offset = days - month.astype("datetime64[D]")
    return np.minimum(later.astype("datetime64[D]") + offset, last)


def months_between(start: Days, end: Days) -> Floats:
    """Return months of 30.4375 days from one day to another, NaN where one is missing."""
    known = ~(np.isnat(start) | np.isnat(end))
    found = np.full(len(start), np.nan)
    found[known] = (end[known] - start[known]).astype(np.float64) / 30.4375
    return found


def _same_length(name: str, values: Days, like: Days) -> None:
    if values.shape != like.shape:
        raise ColumnLengthError(column=name, found=len(values), expected=len(like))


def _in_order(first: str, before: Days, second: str, after: Days) -> None:
    wrong = np.flatnonzero(after < before)
    if len(wrong):
        row = int(wrong[0])
        raise DatesOutOfOrderError(
            row=row, first=first, before=str(before[row]), second=second, after=str(after[row])
        )
