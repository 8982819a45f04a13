"""What the commands of pricing say in words, and how they show figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import isnan

from karez.engines.price.refusal import Refusal, Why
from karez.engines.price.shock import ByIndustry
from karez.kernel.money import Currency


def major_of(amount_minor: float, unit: Currency) -> Decimal:
    """Return an amount in major units; one that is expected is rounded to a minor unit."""
    return Decimal(round(amount_minor)).scaleb(-unit.exponent)


def pct(share: float) -> str | None:
    """Return a share in per cent, with two decimals."""
    return None if isnan(share) else f"{share * 100:.2f}"


def rate_words(rate_ppm: int) -> str:
    """Return a rate of the grid in per cent, exactly."""
    return f"{Decimal(rate_ppm).scaleb(-4).normalize():f}"


def refusal_words(refusal: Refusal) -> str:
    """Return why a firm gets nothing, as a sentence without its end."""
    if refusal.why is Why.LIMIT:
        return "its limit is below the smallest loan"
    if refusal.why is Why.CAP:
        return "a cap is below every rate that may be offered"
    if refusal.why is Why.PRICE:
        return f"at no rate does it earn anything (at best {pct(refusal.earns)} %)"
    full = " and ".join(f"the {name} is full" if name == "budget" else f"{name} is full"
                        for name in refusal.full)  # fmt: skip
    return (
        f"{full} (it would earn {pct(refusal.earns)} %,"
        f" and elsewhere the same room earns {pct(refusal.asked)} %)"
    )


def industry_rows(
    found: ByIndustry, unit: Currency
) -> Iterator[tuple[str, int, int, Decimal, Decimal, Decimal]]:
    """Give name, firms, firms lent to, amount, profit and mean default probability in per cent."""
    for place, name in enumerate(found.names):
        yield (
            name,
            int(found.firms[place]),
            int(found.lent_to[place]),
            major_of(int(found.amount_minor[place]), unit),
            major_of(float(found.profit_minor[place]), unit),
            Decimal(f"{found.pd[place] * 100:.2f}"),
        )


def by_industry_words(before: ByIndustry, after: ByIndustry, unit: Currency) -> list[str]:
    """Return what a shock changes, a sentence for each industry, and one for all."""
    words: list[str] = []
    for one, two in zip(industry_rows(before, unit), industry_rows(after, unit), strict=True):
        if one == two:
            words.append(f"{one[0]}: as before.")
            continue
        risk = f" Mean default probability {one[5]} % to {two[5]} %." if one[5] != two[5] else ""
        words.append(
            f"{one[0]}: {two[2]} of {two[1]} firms instead of {one[2]},"
            f" {two[3]} instead of {one[3]}, profit {two[4]} instead of {one[4]}.{risk}"
        )
    totals = [
        (
            major_of(int(found.amount_minor.sum()), unit),
            major_of(float(found.profit_minor.sum()), unit),
        )
        for found in (before, after)
    ]
    words.append(f"In all {totals[1][0]} lent instead of {totals[0][0]},"
                 f" profit {totals[1][1]} instead of {totals[0][1]}.")  # fmt: skip
    return words
