"""The loans of a table, joined with tables of their payments, instalments and standing orders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import attrs

from karez.doors.files.errors import ChoiceUnknownError
from karez.doors.files.loans.errors import LoanDateError, LoanFigureError, LoanUnmatchedError
from karez.doors.files.price.firms import Reader, amount_of
from karez.doors.files.refusals import Refusal
from karez.doors.files.trade.sheets import open_table
from karez.engines.servicing.terms import GivenRow
from karez.services.importing import Assume, Joined, LoansMapping, SourceLoan

_MOST = 1200
_MIDNIGHT = re.compile(r"[ T]00:00:00(?:\.0+)?$")  # what Parquet and sheets add to a day


@attrs.frozen
class JoinedFiles:
    """The files of the tables that belong to loans; None where there is none."""

    rows: Path | None = None
    payments: Path | None = None
    orders: Path | None = None


@attrs.frozen
class _Part:
    """A row of a joined table."""

    line: int
    on: date | None
    amount_minor: int
    interest_minor: int


def read_loans(
    path: Path, mapping: LoansMapping, files: JoinedFiles
) -> tuple[list[SourceLoan], list[Refusal]]:
    """Return the loans of a table, and what is wrong with the rows that are left out.

    Raises:
        FileUnreadableError: a file is not what its name says.
        HeaderIncompleteError: a column is missing that the mapping names.
    """
    columns = {name: column for name, column in attrs.asdict(mapping.columns).items() if column}
    joins = {
        name: join
        for name, join in (
            ("rows", mapping.rows), ("payments", mapping.payments), ("orders", mapping.orders)
        )
        if join is not None and getattr(files, name) is not None
    }  # fmt: skip
    needed = [*columns.values(), *(join.loan_column for join in joins.values())]
    refusals: list[Refusal] = []
    parts: dict[str, dict[str, list[_Part]]] = {}
    broken: dict[str, set[str]] = {}
    for name, join in joins.items():
        parts[name], broken[name], faults = _read_parts(getattr(files, name), join, mapping)
        refusals += faults
    with open_table(path, "utf-8") as table:
        reader = Reader.of(table, list(dict.fromkeys(needed)))
    fields = _fields(reader, mapping, columns)
    keys = {name: reader.texts(join.loan_column) for name, join in joins.items()}
    for name in ("rows", "payments"):
        if name in joins:
            refusals += _strangers(getattr(files, name), joins[name], parts[name], keys[name])
    loans: list[SourceLoan] = []
    for row in reader.sound():
        if any(keys[name][row] in broken[name] for name in joins):
            continue  # a part of it could not be read, which is told: it would come in without
        mine = {name: parts[name].get(keys[name][row], []) for name in joins}
        values = {name: column[row] for name, column in fields.items()}
        loans.append(_loan(reader.rows.lines[row], values, mine, mapping))
    return loans, refusals + reader.refusals


def _strangers(
    path: Path, join: Joined, parts: Mapping[str, list[_Part]], known: Sequence[str]
) -> list[Refusal]:
    """Name the rows of a joined table that belong to no loan."""
    return [
        Refusal(path.name, "line", part.line, join.column, key, LoanUnmatchedError(key=key))
        for key in sorted(parts.keys() - set(known))
        for part in parts[key]
    ]


def _fields(
    reader: Reader, mapping: LoansMapping, columns: Mapping[str, str]
) -> dict[str, Sequence[object]]:
    """Return each column as its kind; one that is not mapped is left out."""
    amount, day = amount_of(mapping.currency), day_of(mapping.dates)
    needed: dict[str, tuple[Callable[[str], object], object]] = {
        "paid_out_on": (day, date.min),
        "amount": (amount, 0),
        "instalments": (_count, 1),
    }
    possible: dict[str, Callable[[str], object]] = {
        "instalment": amount,
        "rate_pct_year": _rate,
        "first_due": day,
        "balance": amount,
        "lost": amount,
        "lost_on": day,
    }
    found: dict[str, Sequence[object]] = {"reference": reader.unique(columns["reference"])}
    for name, (rule, blank) in needed.items():
        found[name] = reader.read(columns[name], rule, blank)
    for name, rule in possible.items():
        if name in columns:
            found[name] = reader.read(columns[name], rule, _NOTHING, _NOTHING)
    for name in ("borrower", "status", "officer", "place", "industry"):
        if name in columns:
            found[name] = reader.texts(columns[name])
    if mapping.statuses and "status" in columns:
        known = mapping.statuses
        found["status"] = reader.read(columns["status"], _status_of(known), "")
    return found


class _Nothing:
    """An empty field, which is no fault."""


_NOTHING = _Nothing()


def _status_of(known: Mapping[str, str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ChoiceUnknownError(value=text, choices=", ".join(known))
        return text

    return read


def _loan(
    line: int,
    values: Mapping[str, object],
    parts: Mapping[str, list[_Part]],
    mapping: LoansMapping,
) -> SourceLoan:
    given = {
        _FIELDS.get(name, name): value
        for name, value in values.items()
        if not isinstance(value, _Nothing)
    }
    status = str(given.get("status", ""))
    rows = sorted(parts.get("rows", []), key=lambda part: part.on or date.min)
    payments = parts.get("payments")
    orders = parts.get("orders", [])
    usual: dict[str, object] = {
        "borrower": given["reference"],
        "rate_pct_year": mapping.rate_pct_year,
        "every": mapping.every,
        "unit": mapping.unit,
        "assume": Assume(mapping.statuses[status]) if status in mapping.statuses else None,
        "rows": tuple(
            GivenRow(part.on or date.min, part.amount_minor, part.interest_minor) for part in rows
        ),
        "payments": (
            None
            if payments is None
            else tuple((part.on or date.min, part.amount_minor) for part in payments)
        ),
        "order_minor": orders[0].amount_minor if orders else None,
    }
    return SourceLoan(line=line, **(usual | given))  # pyright: ignore[reportArgumentType]


_FIELDS = {
    "amount": "amount_minor",
    "instalment": "instalment_minor",
    "balance": "balance_minor",
    "lost": "lost_minor",
}


def _read_parts(
    path: Path, join: Joined, mapping: LoansMapping
) -> tuple[dict[str, list[_Part]], set[str], list[Refusal]]:
    """Return the rows of a joined table by what joins them, and what joins those at fault."""
    named = [join.column, join.amount, *join.where]
    named += [name for name in (join.on, join.interest) if name is not None]
    with open_table(path, "utf-8") as table:
        reader = Reader.of(table, list(dict.fromkeys(named)))
    wanted = [
        all(value == asked for value, asked in zip(row, join.where.values(), strict=True))
        for row in zip(*(reader.texts(name) for name in join.where), strict=True)
    ] or [True] * len(reader.rows)
    amount = amount_of(mapping.currency)
    keys = reader.texts(join.column)
    amounts = reader.read(join.amount, amount, 0)
    days: Sequence[date | None] = [None] * len(keys)
    if join.on is not None:
        days = reader.read(join.on, day_of(mapping.dates), date.min)
    interests = reader.read(join.interest, amount, 0, 0) if join.interest else [0] * len(keys)
    found: defaultdict[str, list[_Part]] = defaultdict(list)
    for row in reader.sound():
        if wanted[row]:
            line = reader.rows.lines[row]
            found[keys[row]].append(_Part(line, days[row], amounts[row], interests[row]))
    broken = {keys[row] for row in reader.rows.faults if wanted[row]}
    return dict(found), broken, reader.refusals


def day_of(pattern: str) -> Callable[[str], date]:
    """Return what reads a day that is written by a pattern of ``strftime``."""

    def read(text: str) -> date:
        try:
            found = datetime.strptime(_MIDNIGHT.sub("", text), pattern)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise LoanDateError(value=text, pattern=pattern) from None
        return found.date()

    return read


def _count(text: str) -> int:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number != number.to_integral_value() or not 0 < number <= _MOST:
        raise LoanFigureError(value=text, rule=f"it is a whole number from 1 to {_MOST}")
    return int(number)


def _rate(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= 1000:
        raise LoanFigureError(value=text, rule="it is a rate in per cent, from 0 to 1000")
    return number
