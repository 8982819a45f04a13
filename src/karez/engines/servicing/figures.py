"""The arithmetic of instalments: decimals of nineteen significant digits, money in minor units.

Rates, factors and unrounded interest are decimals; whatever a person owes or pays is an ``int`` of
minor units. A product of nineteen digits does not depend on the unit, so unrounded amounts are kept
in minor units too.
"""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

from karez.kernel.money import Rounding

SIGNIFICANT_DIGITS = 19
_MODES = {
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_DOWN: ROUND_HALF_DOWN,
    Rounding.UP: ROUND_UP,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.FLOOR: ROUND_FLOOR,
    Rounding.CEILING: ROUND_CEILING,
}
_FACTOR_STEP = Decimal((0, (1,), -SIGNIFICANT_DIGITS))
ONE = Decimal(1)
ZERO = Decimal(0)


class Figures:
    """Sums and quotients under one rounding, for a currency of so many decimals."""

    __slots__ = ("add", "decimals", "divide", "exact", "mode", "multiply", "wide")

    def __init__(self, rounding: Rounding, decimals: int) -> None:
        context = Context(prec=SIGNIFICANT_DIGITS, rounding=_MODES[rounding])
        self.mode = _MODES[rounding]
        self.decimals = decimals
        self.add = context.add
        self.multiply = context.multiply
        self.divide = context.divide
        # Wide enough that a sum of amounts and the rounding to a step lose nothing.
        self.wide = Context(prec=3 * SIGNIFICANT_DIGITS, rounding=self.mode)
        self.exact = self.wide.add

    def minor(self, amount: Decimal) -> int:
        """Return an unrounded amount of minor units as whole ones."""
        return int(amount.to_integral_value(rounding=self.mode))

    def factor(self, value: Decimal) -> Decimal:
        """Return a rate factor cut to nineteen decimals."""
        return value.quantize(_FACTOR_STEP, context=self.wide)

    def share(self, amount_minor: int, parts: int) -> int:
        """Return one of ``parts`` equal shares, rounded; the shares need not add up."""
        return self.minor(self.divide(Decimal(amount_minor), Decimal(parts)))

    def to_multiple(self, amount_minor: int, step_minor: int) -> int:
        """Return the multiple of a step that is nearest; no step leaves the amount as it is."""
        if not step_minor:
            return amount_minor
        steps = self.divide(Decimal(amount_minor), Decimal(step_minor))
        return self.minor(steps) * step_minor

    def percent(self, amount_minor: int, pct: Decimal) -> int:
        """Return ``pct`` of a hundred of an amount, rounded."""
        return self.minor(self.divide(self.multiply(Decimal(amount_minor), pct), Decimal(100)))
