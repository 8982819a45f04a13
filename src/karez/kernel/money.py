"""Money: whole minor units of a currency, never a binary fraction.

Sums are exact and stay in one currency. Where a figure must be rounded the caller names the
rounding, and where one is split the caller says who bears the remainder.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib import resources
from operator import index

import attrs
import numpy as np
import numpy.typing as npt

from karez.kernel.errors import InvalidInputError, KarezError, ensure

AMOUNT_MAX_MINOR = 10**15
"""The most that one transfer may move: nine thousand of these still add up within an int64."""

_POWER_MOST = 40  # powers of ten beyond this are far from any amount, above and below
_AMOUNT = re.compile(r"[+-]?[0-9]+(?:\.(?P<decimals>[0-9]+))?")
_FAST_LENGTH = 18  # of a text that parse_amounts reads by column: its digits fit in an int64


class CurrencyUnknownError(InvalidInputError):
    """{code!r} is not a currency: write three capitals of ISO 4217, such as EUR."""

    code = "currency-unknown"


class CurrencyMismatchError(InvalidInputError):
    """{left} and {right} do not mix: exchange one into the other first."""

    code = "currency-mismatch"


class MoneyFromFloatError(InvalidInputError):
    """{value!r} is a binary fraction and may be off already: pass text, int or Decimal."""

    code = "money-from-float"


class AmountMalformedError(InvalidInputError):
    """{text!r} is not an amount: write digits and at most one point, such as 1234.50.

    Thousands separators, exponents, blanks, NaN, and digits of other scripts are refused.
    """

    code = "amount-malformed"


class AmountTooPreciseError(InvalidInputError):
    """{text} has more than the {exponent} decimals of its currency: round it by a named rule."""

    code = "amount-too-precise"


class AmountOutOfRangeError(InvalidInputError):
    """{text} is beyond the {most_minor} minor units that one amount may have: split it."""

    code = "amount-out-of-range"


@attrs.frozen
class Currency:
    """A currency of ISO 4217: one major unit has ``10 ** exponent`` minor units.

    ``coin_step_minor`` is the step in which cash is paid where coins are coarser than the minor
    unit: 5 for CHF, whose smallest coin is five rappen.
    """

    code: str
    number: int
    exponent: int
    coin_step_minor: int


def currency(code: str | Currency) -> Currency:
    """Return the active currency with this code; a ``Currency`` is returned as it is.

    Raises:
        CurrencyUnknownError: ISO 4217 lists no such currency, or gives it no minor unit.
    """
    if isinstance(code, Currency):
        return code
    found = currencies().get(code)
    if found is None:
        raise CurrencyUnknownError(code=code)
    return found


@cache
def currencies() -> dict[str, Currency]:
    """Return every active currency by its code."""
    table = (resources.files("karez.kernel") / "currencies.csv").read_text(encoding="utf-8")
    rows = csv.reader(table.splitlines()[1:])
    return {row[0]: Currency(row[0], *map(int, row[1:])) for row in rows}


class Rounding(StrEnum):
    """How a figure between two steps goes to one of them; the halves differ only at the middle."""

    HALF_EVEN = "half-even"
    HALF_UP = "half-up"  # away from zero
    HALF_DOWN = "half-down"  # toward zero
    UP = "up"  # away from zero
    DOWN = "down"  # toward zero
    FLOOR = "floor"
    CEILING = "ceiling"


def round_to_minor(value: Decimal | Fraction, currency: Currency, rounding: Rounding) -> int:
    """Return ``value`` major units as whole minor units.

    Raises:
        AmountMalformedError: the value is not a number.
        AmountOutOfRangeError: the value is infinite or more than one amount may be.
    """
    return _to_minor(value, currency.exponent, rounding)


def round_to_step(amount_minor: int, step_minor: int, rounding: Rounding) -> int:
    """Return ``amount_minor`` as a multiple of ``step_minor``, as cash is paid in coins."""
    ensure(step_minor > 0, "a step is at least one minor unit")
    return divide(index(amount_minor), step_minor, rounding) * step_minor


def _to_minor(value: Decimal | Fraction, exponent: int, rounding: Rounding | None) -> int:
    exact = _fraction_of(value) * 10**exponent
    if rounding is None and exact.denominator != 1:
        raise AmountTooPreciseError(text=str(value), exponent=exponent)
    amount_minor = divide(exact.numerator, exact.denominator, rounding or Rounding.DOWN)
    if abs(amount_minor) > AMOUNT_MAX_MINOR:
        raise AmountOutOfRangeError(text=str(value), most_minor=AMOUNT_MAX_MINOR)
    return amount_minor


def _fraction_of(value: Decimal | Fraction) -> Fraction:
    """Return the exact value, save that a Decimal below 1e-40 keeps its sign and is 1e-40.

    Every rounding sees no more of it; a Decimal can have an exponent whose power of ten would
    not fit in memory.
    """
    if isinstance(value, Decimal):
        if value.is_nan():
            raise AmountMalformedError(text=str(value))
        if value.is_infinite() or (value and value.adjusted() > _POWER_MOST):
            raise AmountOutOfRangeError(text=str(value), most_minor=AMOUNT_MAX_MINOR)
        if value and value.adjusted() < -_POWER_MOST:
            value = Decimal((value.is_signed(), (1,), -_POWER_MOST))
    return Fraction(value)


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return the quotient rounded to an integer; the denominator is positive."""
    below, rest = divmod(numerator, denominator)
    if rest == 0:
        return below
    positive = numerator > 0
    past_middle = 2 * rest - denominator
    match rounding:
        case Rounding.FLOOR:
            up = False
        case Rounding.CEILING:
            up = True
        case Rounding.UP:
            up = positive
        case Rounding.DOWN:
            up = not positive
        case Rounding.HALF_UP:
            up = past_middle > 0 or (past_middle == 0 and positive)
        case Rounding.HALF_DOWN:
            up = past_middle > 0 or (past_middle == 0 and not positive)
        case Rounding.HALF_EVEN:
            up = past_middle > 0 or (past_middle == 0 and below % 2 == 1)
    return below + up


class Remainder(StrEnum):
    """Who bears the minor units that a division leaves over."""

    FIRST = "first"  # the first share that has a weight
    LAST = "last"  # the last share that has a weight
    LARGEST = "largest"  # one each to the shares cut most; of equals, the earlier


def allocate(amount_minor: int, weights: Sequence[int], *, remainder: Remainder) -> list[int]:
    """Return ``amount_minor`` split in proportion to ``weights``; the shares sum to it exactly.

    Weights are whole and not negative, and one at least is not zero. Under ``LARGEST`` every
    share is less than one minor unit from its exact proportion. A share without weight is zero.
    """
    weights = [index(weight) for weight in weights]
    total = sum(weights)
    ensure(total > 0 and min(weights) >= 0, "weights are not negative and sum to more than zero")
    size_minor = abs(index(amount_minor))
    cuts = [divmod(size_minor * weight, total) for weight in weights]
    shares = [share for share, _ in cuts]
    left = size_minor - sum(shares)
    weighted = [place for place, weight in enumerate(weights) if weight]
    match remainder:
        case Remainder.FIRST:
            shares[weighted[0]] += left
        case Remainder.LAST:
            shares[weighted[-1]] += left
        case Remainder.LARGEST:
            for place in sorted(weighted, key=lambda place: -cuts[place][1])[:left]:
                shares[place] += 1
    return [-share if amount_minor < 0 else share for share in shares]


@attrs.frozen(order=False)
class Money:
    """An amount in whole minor units of one currency.

    Arithmetic and order stay within that currency; amounts of two currencies are unequal.

    Raises:
        MoneyFromFloatError: an amount or a factor is a float.
        CurrencyMismatchError: two currencies meet in a sum or an order.
    """

    amount_minor: int
    currency: Currency = attrs.field(converter=currency)

    def __attrs_post_init__(self) -> None:
        _refuse_float(self.amount_minor)
        ensure(type(self.amount_minor) is int, "minor units are an int")

    @classmethod
    def parse(cls, text: str, code: str | Currency, *, rounding: Rounding | None = None) -> Money:
        """Return the money that ``text`` shows in major units, such as ``12.34``.

        Raises as ``parse_amount`` and ``currency`` do.
        """
        unit = currency(code)
        return cls(parse_amount(text, unit, rounding=rounding), unit)

    @classmethod
    def of(
        cls, value: Decimal | int | str, code: str | Currency, *, rounding: Rounding | None = None
    ) -> Money:
        """Return ``value`` major units as money.

        Raises:
            MoneyFromFloatError: the value is a float.
            AmountTooPreciseError: it does not end on a minor unit, and no rounding is named.

        Else raises as ``parse`` and ``round_to_minor`` do.
        """
        _refuse_float(value)
        if isinstance(value, str):
            return cls.parse(value, code, rounding=rounding)
        unit = currency(code)
        return cls(_to_minor(Decimal(value), unit.exponent, rounding), unit)

    def __add__(self, other: Money) -> Money:
        return attrs.evolve(self, amount_minor=self.amount_minor + self._same(other))

    def __sub__(self, other: Money) -> Money:
        return attrs.evolve(self, amount_minor=self.amount_minor - self._same(other))

    def __mul__(self, times: int) -> Money:
        _refuse_float(times)
        return attrs.evolve(self, amount_minor=self.amount_minor * times)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return attrs.evolve(self, amount_minor=-self.amount_minor)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount_minor >= self._same(other)

    def __str__(self) -> str:
        return f"{format_amount(self.amount_minor, self.currency)} {self.currency.code}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatchError(left=str(self), right=str(other))
        return other.amount_minor


def _refuse_float(value: object) -> None:
    if isinstance(value, float | np.floating):
        raise MoneyFromFloatError(value=value)


def format_amount(amount_minor: int, currency: Currency) -> str:
    """Return plain text in major units, such as ``-1234.50``, that ``parse_amount`` reads."""
    digits = str(abs(index(amount_minor))).rjust(currency.exponent + 1, "0")
    whole = len(digits) - currency.exponent
    point = "." if currency.exponent else ""
    return f"{'-' if amount_minor < 0 else ''}{digits[:whole]}{point}{digits[whole:]}"


def parse_amount(text: str, currency: Currency, *, rounding: Rounding | None = None) -> int:
    """Return the minor units that ``text`` shows in major units, such as ``1234.50``.

    Without ``rounding`` every digit must be one of the currency's, a trailing zero too: in yen
    ``1.000`` is more likely a thousand than one.

    Raises:
        AmountMalformedError: the text is not a sign, digits and at most one point between them.
        AmountTooPreciseError: more decimals than the currency has, and no rounding named.
        AmountOutOfRangeError: more than ``AMOUNT_MAX_MINOR``.
    """
    return _parse(text, currency.exponent, rounding)


def _parse(text: str, exponent: int, rounding: Rounding | None) -> int:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise AmountMalformedError(text=text)
    if rounding is None and len(match["decimals"] or "") > exponent:
        raise AmountTooPreciseError(text=text, exponent=exponent)
    return _to_minor(Decimal(text), exponent, rounding)


def parse_amounts(
    texts: Sequence[str], exponent: int
) -> tuple[npt.NDArray[np.int64], list[tuple[int, KarezError]]]:
    """Read many amounts of currencies with one exponent as ``parse_amount`` does, and fast.

    Returns their minor units, zero where one cannot be read, and the place and error of each
    that cannot. Texts that do not look right at first sight are left to ``parse_amount``.
    """
    amounts_minor, read = _parse_columns(texts, exponent)
    errors: list[tuple[int, KarezError]] = []
    for place in np.flatnonzero(~read).tolist():
        try:
            amounts_minor[place] = _parse(texts[place], exponent, None)
        except KarezError as error:
            amounts_minor[place] = 0
            errors.append((place, error))
    return amounts_minor, errors


def _parse_columns(
    texts: Sequence[str], exponent: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return minor units, and which of them stand for a well-formed short text in range."""
    length = np.fromiter(map(len, texts), np.int64, len(texts))
    # One row for each place in the text: the letters there, of all texts; NUL past the end.
    letters = np.array(texts, dtype=f"U{_FAST_LENGTH}").view(np.uint32)
    letters = np.ascontiguousarray(letters.reshape(len(texts), _FAST_LENGTH).T)
    digit = letters - np.uint32(ord("0"))  # wraps far above nine for what comes before "0"
    is_digit = digit <= 9
    is_point = letters == ord(".")
    negative = letters[0] == ord("-")
    signs = negative | (letters[0] == ord("+"))
    digits = is_digit.sum(axis=0)
    points = is_point.sum(axis=0)
    decimals = np.where(points, length - is_point.argmax(axis=0) - 1, 0)
    read = (digits + points + signs == length) & (points <= 1)
    read &= (digits > decimals) & (decimals >= points) & (decimals <= exponent)

    amounts_minor = np.zeros(len(texts), np.int64)
    for value, here in zip(digit, is_digit, strict=True):
        np.multiply(amounts_minor, 10, out=amounts_minor, where=here)
        np.add(amounts_minor, value, out=amounts_minor, where=here)
    scale = np.power(np.int64(10), np.clip(exponent - decimals, 0, exponent))
    read &= amounts_minor <= AMOUNT_MAX_MINOR // scale
    amounts_minor *= np.where(negative, -scale, scale)
    return amounts_minor, read
