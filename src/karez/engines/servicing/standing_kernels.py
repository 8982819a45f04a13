"""Standings compiled: a pass over each loan's outlook."""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

import numba

from karez.engines.servicing.outlook import FOR_EVER

_compile = numba.njit(cache=True, nogil=True, error_model="numpy")


@_compile
def _rises(rows, row, day, result, fees, penalties):
    """Add what is open of an instalment; return charges that become income after the day."""
    line = rows[row]
    result.principal_minor += line.principal_open_minor
    result.interest_accrued_minor += line.interest_open_minor
    result.fees_minor += line.fee_open_minor
    result.penalties_minor += line.penalty_open_minor
    if line.until_day > day:
        fees += line.fee_owed_minor
        penalties += line.penalty_owed_minor
    owed = (
        line.principal_open_minor
        + line.interest_open_minor
        + line.fee_open_minor
        + line.penalty_open_minor
    )
    if line.due_day < 0:
        return fees, penalties
    if line.due_day < day:
        result.overdue_principal_minor += line.principal_open_minor
        result.overdue_interest_minor += line.interest_open_minor
        result.overdue_fees_minor += line.fee_open_minor
        result.overdue_penalties_minor += line.penalty_open_minor
        if owed > 0 and result.oldest_due < 0:
            result.oldest_due = line.due_day
    elif owed > 0 and result.next_due < 0:
        result.next_due = line.due_day
    return fees, penalties


@_compile
def stand(rows, offsets, days, result):
    """Fill in the standing of each loan on its day."""
    for loan in range(len(offsets) - 1):
        day = days[loan]
        out = result[loan]
        out.oldest_due = out.next_due = -1
        out.accrual_from, out.accrual_until = 0, FOR_EVER
        holds = FOR_EVER
        accrued = earned = fees = penalties = base = earned_base = 0
        found = ends = False
        first, last = offsets[loan], offsets[loan + 1]
        for row in range(first, last):
            line = rows[row]
            fees, penalties = _rises(rows, row, day, out, fees, penalties)
            grows = line.from_day < line.until_day
            if grows and not found and line.from_day <= day <= line.until_day:
                found = True
                out.accrual_from, out.accrual_until = line.from_day, line.until_day
                out.accrual_base_minor, out.accrual_target_minor = base, line.interest_minor
                out.fee_income_base_minor = earned_base
                out.fee_income_target_minor = line.fee_income_minor
            if line.until_day <= day:
                accrued, earned = line.interest_minor, line.fee_income_minor
                ends = ends or (grows and line.until_day == day)
            else:
                if line.from_day > day:
                    holds = min(holds, line.from_day)
                elif grows:
                    gone, length = day - line.from_day, line.until_day - line.from_day
                    accrued = base + (line.interest_minor - base) * gone // length
                    earned = earned_base + (line.fee_income_minor - earned_base) * gone // length
                charged = line.fee_owed_minor != 0 or line.penalty_owed_minor != 0
                holds = min(holds, line.until_day - charged)
            base, earned_base = line.interest_minor, line.fee_income_minor
        if not found:
            out.accrual_base_minor = out.accrual_target_minor = accrued
            out.fee_income_base_minor = out.fee_income_target_minor = earned
        if ends:
            holds = day
        if out.next_due >= 0:
            holds = min(holds, out.next_due)
        out.holds_until = holds
        out.interest_accrued_minor -= base - accrued
        out.fees_minor -= fees
        out.penalties_minor -= penalties
