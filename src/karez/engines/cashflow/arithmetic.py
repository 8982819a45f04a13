"""The two ways to count: in floating point as ACTUS does, and in the currency's minor units.

The rules of the engine are written once, over whichever numbers these give. ``Conformance``
rounds nothing. ``Ledger`` keeps every accrual as an exact fraction and rounds an amount in the
moment that it becomes due or is capitalised, and there alone.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Protocol

import attrs

from karez.engines.cashflow.days import Fraction2
from karez.kernel.money import Rounding, currency, divide

Number = float | Fraction


class Arithmetic(Protocol):
    """Numbers of one kind."""

    @property
    def follows_cases(self) -> bool:
        """Whether to do as the ACTUS cases do where that is not sense.

        Accrued interest then counts against the price of a debt, and a contract that began before
        its status date without saying what had accrued begins at 0. Otherwise the first counts
        for the price, and the second is refused.
        """
        ...

    def amount(self, value: Decimal, code: str) -> Number:
        """Return an amount of money in the unit that the engine counts in."""
        ...

    def rate(self, value: Decimal) -> Number:
        """Return a rate, a factor or a quantity."""
        ...

    def years(self, value: Fraction2) -> Number:
        """Return a fraction of a year."""
        ...

    def due(self, value: Number) -> Number:
        """Return what is paid of an amount that becomes due."""
        ...

    def payment(self, value: Number) -> Number:
        """Return the regular payment that a computed one is made."""
        ...


class Conformance:
    """IEEE doubles, nothing rounded: the results of the ACTUS reference cases."""

    follows_cases = True

    def amount(self, value: Decimal, code: str) -> float:  # noqa: ARG002
        """Return the amount in units of the currency."""
        return float(value)

    def rate(self, value: Decimal) -> float:
        """Return the double nearest to the rate."""
        return float(value)

    def years(self, value: Fraction2) -> float:
        """Return the double nearest to the fraction."""
        return value[0] / value[1]

    def due(self, value: Number) -> Number:
        """Return it as it is."""
        return value

    def payment(self, value: Number) -> Number:
        """Return it as it is."""
        return value


@attrs.frozen
class Ledger:
    """Minor units and exact fractions. What becomes due is rounded as the product says.

    ``payment_step_minor`` is the coin that a regular payment is made of, ``payment_rounding`` how
    a computed payment is brought to it; the last payment takes what remains.
    """

    rounding: Rounding = Rounding.HALF_EVEN
    payment_step_minor: int = 1
    payment_rounding: Rounding = Rounding.HALF_EVEN
    follows_cases: bool = attrs.field(default=False, init=False)

    def amount(self, value: Decimal, code: str) -> Fraction:
        """Return the amount in whole minor units of its currency."""
        return self.due(Fraction(value) * 10 ** currency(code).exponent)

    def rate(self, value: Decimal) -> Fraction:
        """Return the rate exactly."""
        return Fraction(value)

    def years(self, value: Fraction2) -> Fraction:
        """Return the fraction exactly."""
        return Fraction(*value)

    def due(self, value: Number) -> Fraction:
        """Return it rounded to a minor unit."""
        exact = Fraction(value)
        return Fraction(divide(exact.numerator, exact.denominator, self.rounding))

    def payment(self, value: Number) -> Fraction:
        """Return it rounded to the coin."""
        coins = Fraction(value) / self.payment_step_minor
        whole = divide(coins.numerator, coins.denominator, self.payment_rounding)
        return Fraction(whole * self.payment_step_minor)
