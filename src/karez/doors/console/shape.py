"""How figures are written on a page: the filters of the templates. Digits are Latin everywhere."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from markupsafe import Markup

from karez.kernel.money import currency

MINUS = "\N{MINUS SIGN}"
NOTHING = Markup('<span class="text-secondary">\N{EN DASH}</span>')


def money(amount_minor: int | None, code: str, *, sign: bool = False) -> Markup:
    """Return an amount with its currency's code: digits grouped, and of one width in a column.

    ``sign`` writes a plus before what is more than nothing. None is a dash.
    """
    if amount_minor is None:
        return NOTHING
    plus = "+" if sign and amount_minor > 0 else ""
    return Markup('<span class="money">{}{} <span class="currency">{}</span></span>').format(
        plus, digits(amount_minor, code), code
    )


def digits(amount_minor: int, code: str) -> str:
    """Return an amount as text without its currency: 123456 of EUR is ``1,234.56``."""
    exponent = currency(code).exponent
    whole, part = divmod(abs(amount_minor), 10**exponent)
    decimals = f".{part:0{exponent}d}" if exponent else ""
    return f"{MINUS if amount_minor < 0 else ''}{whole:,}{decimals}"


def count(number: int | None) -> Markup:
    """Return a whole number, grouped."""
    if number is None:
        return NOTHING
    return Markup('<span class="number">{}</span>').format(_signed(f"{number:,}"))


def percent(share: Decimal | float | None, decimals: int = 1) -> Markup:
    """Return a share as a percentage: 0.0312 is ``3.1 %``."""
    return pct(None if share is None else share * 100, decimals)


def pct(rate_pct: Decimal | float | None, decimals: int = 2) -> Markup:
    """Return a rate that is a percentage already: 9.5 is ``9.50 %``."""
    if rate_pct is None:
        return NOTHING
    text = _signed(f"{rate_pct:,.{decimals}f}")
    return Markup('<span class="number">{}\N{NO-BREAK SPACE}%</span>').format(text)


def day(value: date | str | None) -> Markup:
    """Return a date as ISO 8601 writes it, the same in every language."""
    if value is None:
        return NOTHING
    text = str(value)[:10]
    return Markup('<time datetime="{0}" class="number">{0}</time>').format(text)


def moment(value: datetime | str | None) -> Markup:
    """Return an instant to the second, in UTC unless the value names another offset."""
    if value is None:
        return NOTHING
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return Markup('<time datetime="{}" class="number">{:%Y-%m-%d %H:%M:%S}</time>').format(
        instant.isoformat(), instant
    )


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


FILTERS = {
    "money": money,
    "digits": digits,
    "count_of": count,
    "percent": percent,
    "pct": pct,
    "day": day,
    "moment": moment,
}
