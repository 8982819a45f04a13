"""A schedule as the rows of a case: amounts as text in major units."""

from __future__ import annotations

from collections.abc import Sequence

from karez.engines.servicing.account import Account
from karez.engines.servicing.table import Line, PayoutLine, schedule_table
from karez.engines.servicing.terms import Tranche

CaseRow = dict[str, str]


def as_rows(
    account: Account, decimals: int, expected: Sequence[Tranche] = (), *, preview: bool = False
) -> list[CaseRow]:
    """Return the rows of a loan's schedule, and of disbursements that are still expected.

    The rows of a preview name the parts of a disbursement too, which owes nothing.
    """
    return [
        _payout(line, decimals, preview=preview)
        if isinstance(line, PayoutLine)
        else _instalment(line, decimals)
        for line in schedule_table(account, expected)
    ]


def _text(amount_minor: int, decimals: int) -> str:
    digits = str(abs(amount_minor)).rjust(decimals + 1, "0")
    whole = len(digits) - decimals
    point = "." if decimals else ""
    return f"{'-' if amount_minor < 0 else ''}{digits[:whole]}{point}{digits[whole:]}"


def _payout(line: PayoutLine, decimals: int, *, preview: bool) -> CaseRow:
    fees = _text(line.fees_minor, decimals)
    nothing = dict.fromkeys(("principal", "interest", "penalties"), _text(0, decimals))
    return (nothing if preview else {}) | {
        "due_date": line.on.isoformat(),
        "balance": _text(line.amount_minor, decimals),
        "fees": fees,
        "total": fees,
        "paid": fees,
        "outstanding": _text(0, decimals),
    }


def _instalment(line: Line, decimals: int) -> CaseRow:
    amounts = {
        "balance": line.balance_minor,
        "principal": line.principal_minor,
        "interest": line.interest_minor,
        "fees": line.fees_minor,
        "penalties": line.penalties_minor,
        "total": line.total_minor,
        "paid": line.paid_minor,
        "in_advance": line.in_advance_minor,
        "late": line.late_minor,
        "waived": line.waived_minor,
        "outstanding": line.outstanding_minor,
    }
    row = {"nr": str(line.number), "days": str(line.days), "due_date": line.due.isoformat()}
    row |= {name: _text(amount, decimals) for name, amount in amounts.items()}
    if line.met_on is not None:
        row["paid_date"] = line.met_on.isoformat()
    return row
