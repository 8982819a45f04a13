"""Expected credit losses compiled: a pass over each loan's due dates, month by month."""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

import numba
import numpy as np

from karez.engines.cashflow.kernels import date_of

_compile = numba.njit(cache=True, nogil=True, error_model="numpy")


@_compile
def month_of(day, as_of_year, as_of_month, as_of_day):
    """Return in which month after the day of question a date falls, the first being 1."""
    year, month, of_month = date_of(day)
    return max((year - as_of_year) * 12 + month - as_of_month + (of_month > as_of_day), 1)


@_compile
def expected_losses(
    offsets,
    due,
    principal,
    interest,
    overdue,
    as_of,
    hazard,
    lgd,
    rate_month,
    weight,
    defaults,
    losses,
    out,
):
    """Fill in by loan: losses within twelve months, over its life, and what it owes."""
    paths, months = defaults.shape
    alive = np.empty(paths)
    year, month, of_month = date_of(as_of)
    for loan in range(len(offsets) - 1):
        first, last = offsets[loan], offsets[loan + 1]
        while first < last and due[first] <= as_of:
            first += 1
        owed = float(overdue[loan])
        for row in range(first, last):
            owed += principal[row]
        out[2, loan] = owed
        alive[:] = 1.0
        total, discount, reached = 0.0, 1.0, 0
        within = 0.0
        row = first
        # What is overdue, and nothing else to come, is at risk for one month more.
        waits = first == last and owed > 0
        while row < last or waits:
            until = 1 if waits else month_of(due[row], year, month, of_month)
            waits = False
            accrues, falls_due = 0.0, 0.0
            while row < last and month_of(due[row], year, month, of_month) == until:
                accrues += interest[row]
                falls_due += principal[row]
                row += 1
            for now in range(reached + 1, until + 1):
                at_risk = owed + accrues * (now - reached) / (until - reached)
                discount /= 1.0 + rate_month[loan]
                place = min(now, months) - 1
                for path in range(paths):
                    fails = min(hazard[loan] * defaults[path, place], 1.0) * alive[path]
                    lost = min(lgd[loan] * losses[path, min(now, losses.shape[1]) - 1], 1.0)
                    alive[path] -= fails
                    total += weight[path] * fails * at_risk * lost * discount
                if now == 12:
                    within = total
            owed -= falls_due
            reached = until
        out[0, loan] = within if reached >= 12 else total
        out[1, loan] = total
