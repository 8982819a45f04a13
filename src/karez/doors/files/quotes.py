"""The terms of a quote as people write them: options, a product file, changes to compare."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from karez.doors.files.errors import FileUnreadableError
from karez.engines.cashflow.codes import DayCount
from karez.engines.cashflow.cycles import Cycle
from karez.engines.cashflow.errors import QuoteTermError, QuoteTermUnknownError
from karez.engines.cashflow.quote import Kind, QuoteTerms, first_date
from karez.kernel.errors import InvalidInputError
from karez.kernel.money import Currency, Rounding, currency, parse_amount, round_to_minor
from karez.kernel.time import parse_date

TERM_NAMES: dict[str, str] = {
    "principal": "what is lent, such as 6000.00",
    "currency": "its currency, by the code of ISO 4217",
    "rate": "interest, per cent a year",
    "term": "how many instalments",
    "every": "how far apart they are: 1M, 3M, 1W, 2W, 1Y; a month where left out",
    "start": "the day of the loan; today where left out",
    "first": "the first due date; a period after the start where left out",
    "kind": "annuity (where left out), equal-principal or bullet",
    "day-count": "days into years: 30E360, A365, ...; by months 30E360, by weeks A365",
    "fee": "what the borrower pays on the day of the loan: an amount, or 1.5% of the principal",
    "grace": "how many instalments at first are of interest alone",
    "rounding": "how the instalment is rounded: half-even, up, ...",
    "step": "what the instalment is a multiple of, such as 0.05; the smallest coin where left out",
}
"""The terms of a quote: options of the command and names of a product file alike."""

REQUIRED_NAMES = ("principal", "currency", "rate", "term")
_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_PERIODS_MOST = {"D": 366, "W": 52, "M": 12, "Q": 4, "H": 2, "Y": 1}
_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


def read_product(file: Path) -> dict[str, str]:
    """Return the terms that a TOML file names, as text.

    Raises:
        FileUnreadableError: there is no such file, or it is no TOML.
        QuoteTermUnknownError: it names what is no term.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise FileUnreadableError(file=file, format="TOML", reason=fault) from fault
    check_names(found)
    return {name: str(value) for name, value in found.items()}


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are no terms.

    Raises:
        QuoteTermUnknownError: one is not.
    """
    for name in names:
        if name not in TERM_NAMES:
            raise QuoteTermUnknownError(name=name, known=", ".join(TERM_NAMES))


def quote_terms(values: Mapping[str, str], *, today: date) -> QuoteTerms:
    """Return the terms that are written so; ``values`` has those that are required.

    Raises:
        QuoteTermError: one cannot be read, or is out of its bounds.
        QuoteTermUnknownError: one is no term.
    """
    check_names(values)
    unit = _read(values, "currency", currency)
    every = _every(values.get("every", "1M"))
    principal_minor = _read(values, "principal", lambda text: parse_amount(text, unit))
    start = _read(values, "start", parse_date) if "start" in values else today
    by_days = every.unit in "DW"
    return QuoteTerms(
        principal_minor=principal_minor,
        currency=unit,
        rate_pct_year=_decimal("rate", values["rate"]),
        term=_whole("term", values["term"]),
        every=every,
        start=start,
        first=_first(values, start, every),
        kind=_choice("kind", values.get("kind", Kind.ANNUITY), Kind),
        day_count=_choice(
            "day-count",
            values.get("day-count", DayCount.A365 if by_days else DayCount.E30360),
            DayCount,
        ),
        fee_minor=_fee(values.get("fee", "0"), principal_minor, unit),
        grace=_whole("grace", values.get("grace", "0")),
        rounding=_choice("rounding", values.get("rounding", Rounding.HALF_EVEN), Rounding),
        step_minor=_read(values, "step", lambda text: parse_amount(text, unit))
        if "step" in values
        else unit.coin_step_minor,
    )


def _read(values: Mapping[str, str], name: str, parse: Callable[[str], _T]) -> _T:
    """Parse a value, and name its term where it cannot be."""
    try:
        return parse(values[name])
    except InvalidInputError as error:
        raise QuoteTermError(
            field=name, value=values[name], rule=error.message.rstrip(".")
        ) from error


def _first(values: Mapping[str, str], start: date, every: Cycle) -> date:
    if "first" in values:
        return _read(values, "first", parse_date)
    try:
        return first_date(start, every)
    except (ValueError, OverflowError) as fault:
        raise QuoteTermError(
            field="start", value=str(start), rule="a period later is beyond the year 9999"
        ) from fault


def _every(text: str) -> Cycle:
    cycle = Cycle.parse(f"P{text}") if re.fullmatch(r"[0-9]{1,3}[DWMQHY]", text) else None
    if cycle is None or not 0 < cycle.count <= _PERIODS_MOST[cycle.unit]:
        raise QuoteTermError(
            field="every",
            value=text,
            rule="write a number and one of D W M Q H Y, a year at most, such as 1M or 2W",
        )
    return cycle


def _decimal(name: str, text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise QuoteTermError(
            field=name, value=text, rule="write digits and at most one point, such as 9.5"
        )
    return Decimal(text)


def _whole(name: str, text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise QuoteTermError(field=name, value=text, rule="write a whole number, such as 12")
    return int(text)


def _choice(name: str, text: str, choices: type[_E]) -> _E:
    try:
        return choices(text)
    except ValueError as fault:
        known = ", ".join(choices)
        raise QuoteTermError(field=name, value=text, rule=f"it is one of {known}") from fault


def _fee(text: str, principal_minor: int, unit: Currency) -> int:
    if not text.endswith("%"):
        return _read({"fee": text}, "fee", lambda fee: parse_amount(fee, unit))
    share = _decimal("fee", text.removesuffix("%").rstrip()).scaleb(-2)
    major = share * Decimal(principal_minor).scaleb(-unit.exponent)
    return _read({"fee": text}, "fee", lambda _: round_to_minor(major, unit, Rounding.HALF_EVEN))
