"""Business calendars: those of countries, from a library that follows their laws, and your own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from karez.doors.files.errors import CalendarMalformedError
from karez.engines.cashflow.holidays import EVERY_DAY, WEEKDAYS
from karez.engines.cashflow.terms import Terms

_YEARS_MOST = 200


def closed_days(
    terms: Terms, own: Mapping[str, Collection[date]], until: date | None
) -> dict[str, Collection[date]]:
    """Return the days on which the calendar of a contract is closed beside its weekends.

    Its name is one of ``own``, or a country by ISO 3166, with a part of it after a dash (``CZ``,
    ``US-NY``). A name that is neither gives nothing, and the engine refuses it.
    """
    name = terms.calendar
    if name in EVERY_DAY | WEEKDAYS or name in own:
        return {known: days for known, days in own.items() if known == name}
    begins = terms.initial_exchange_date or terms.status_date
    ends = terms.maturity_date or terms.amortization_date
    last = max(day for day in (ends and ends.date(), until, begins.date()) if day)
    country, _, part = name.partition("-")
    years = range(begins.year - 1, min(last.year + 2, begins.year + _YEARS_MOST))
    return _of_country(name, country, part or None, years)


def _of_country(
    name: str, country: str, part: str | None, years: range
) -> dict[str, Collection[date]]:
    import holidays  # noqa: PLC0415 - it takes a while to load

    try:
        return {name: frozenset(holidays.country_holidays(country, subdiv=part, years=years))}
    except NotImplementedError:  # the library's word for a country or a part it does not know
        return {}


def read_calendar(path: Path) -> frozenset[date]:
    """Read closed days, a date a line; what follows a # says what it is.

    Raises:
        CalendarMalformedError: a line that is no date, or a file that cannot be read.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise CalendarMalformedError(file=path.name, line=0, text=str(fault)) from fault
    days: set[date] = set()
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            days.add(date.fromisoformat(text))
        except ValueError as fault:
            raise CalendarMalformedError(file=path.name, line=number, text=text) from fault
    return frozenset(days)
