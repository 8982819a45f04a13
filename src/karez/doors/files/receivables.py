"""Loans to provide for, one row each: the terms of the contract, and how it stands today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import attrs
import numpy as np

from karez.doors.files.loan_books import LoanRows, read_rows
from karez.engines.cashflow.bulk import RATE_ONE, Loans, Schedules, loans, schedules
from karez.engines.risk.book import Ints
from karez.engines.risk.ecl import NEVER, Receivables, faults
from karez.engines.risk.errors import BookEmptyError
from karez.kernel.errors import KarezError
from karez.kernel.time import parse_date

KINDS = {"bullet": 0, "linear": 1, "annuity": 3, "": 3}
"""Bullet: interest until then; linear: equal principal; annuity: equal payments."""
_NEEDED = ("id", "principal", "rate_pct_year", "begins", "first_due", "matures", "pd", "lgd")
_EPOCH = date(1970, 1, 1)


@attrs.frozen(eq=False)
class ReceivableBook:
    """Loans, their contract cash flows, and what is wrong with the rows that are left out."""

    loans: Receivables
    schedules: Schedules
    faults: Sequence[KarezError]


def read_receivables(path: Path, as_of: date, decimals: int) -> ReceivableBook:
    """Read loans with their terms and how they stand on a day.

    Raises:
        BookEmptyError: there is no row.
        LoanRowError: no row is sound: the first fault.
        HeaderIncompleteError, FileUnreadableError, FileEmptyError, HeaderRepeatedError: it is no
            such table.
    """
    rows = read_rows(path, _NEEDED)
    standing = _standing(rows, as_of, decimals)
    for row, error in faults(standing).items():
        rows.fault(row, error.message)
    plan = schedules(_contracts(rows, decimals))
    for row, reason in plan.refused:
        rows.fault(row, reason)
    kept = rows.sound()
    wrong = [rows.faults[row] for row in sorted(rows.faults)]
    if not len(kept):
        raise wrong[0] if wrong else BookEmptyError
    return ReceivableBook(_taken(standing, kept), _planned(plan, kept), wrong)


def _standing(rows: LoanRows, as_of: date, decimals: int) -> Receivables:
    pd = rows.numbers("pd")
    eased = _days(rows, "forborne_on", NEVER)
    today = (as_of - _EPOCH).days
    return Receivables(
        rows.ids(),
        pd,
        np.where(np.array(rows.column("pd_at_start")) == "", pd, rows.numbers("pd_at_start", 0.0)),
        rows.numbers("lgd"),
        rows.numbers("rate_pct_year"),
        rows.amounts("overdue", decimals, blank=True),
        rows.whole("days_past_due", 0),
        np.where(eased == NEVER, NEVER, today - eased),
        rows.flags("forborne_in_default"),
        rows.flags("watched"),
    )


def _contracts(rows: LoanRows, decimals: int) -> Loans:
    contracts = loans(len(rows.rows))
    contracts["principal_minor"] = rows.amounts("principal", decimals)
    contracts["rate"] = np.rint(rows.numbers("rate_pct_year") * (RATE_ONE // 100))
    for name in ("begins", "first_due", "matures"):
        contracts[name] = _days(rows, name, None)
    contracts["cycle_months"] = rows.whole("cycle_months", 1)
    kinds: list[int] = []
    for row, word in enumerate(rows.column("kind")):
        if word not in KINDS:
            rows.fault(row, f"kind is {word!r}; there are {', '.join(filter(None, KINDS))}")
        kinds.append(KINDS.get(word, 0))
    contracts["kind"] = kinds
    return contracts


def _days(rows: LoanRows, name: str, missing: int | None) -> Ints:
    days: list[int] = []
    read: Callable[[str], date] = parse_date
    for row, text in enumerate(rows.column(name)):
        if not text and missing is not None:
            days.append(missing)
            continue
        try:
            days.append((read(text) - _EPOCH).days)
        except KarezError as error:
            rows.fault(row, f"{name}: {error.message}")
            days.append(0)
    return np.array(days, np.int64)


def _taken(standing: Receivables, kept: Ints) -> Receivables:
    columns = {
        field.name: getattr(standing, field.name)[kept]
        for field in attrs.fields(Receivables)
        if field.name != "ids"
    }
    return Receivables([standing.ids[row] for row in list[int](kept.tolist())], **columns)


def _planned(plan: Schedules, kept: Ints) -> Schedules:
    lengths = np.diff(plan.offsets)
    wanted = np.zeros(len(lengths), np.bool_)
    wanted[kept] = True
    here = np.repeat(wanted, lengths)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[kept])])
    return Schedules(
        offsets, plan.due[here], plan.principal_minor[here], plan.interest_minor[here], ()
    )
