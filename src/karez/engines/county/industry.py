"""The industries of a small county, with what is known of how their loans end."""

from __future__ import annotations

import attrs


@attrs.frozen
class Industry:
    """One industry, as a county draws its firms from it."""

    name: str
    share: float
    """Of the county's firms."""
    default_share: float
    """Of its small-business loans that were charged off: guaranteed loans in the United States,
    weighted to their population."""
    peak_month: int
    """The month in which it sells most."""
    season: float
    """How far sales swing about their mean over the year: 0 not at all, 1 to nothing and double."""
    margin: float
    """Of sales, after what is bought."""
    invoice_minor: int
    """A usual invoice, before tax."""


INDUSTRIES = (
    Industry("agriculture", 0.22, 0.088, 10, 0.7, 0.32, 180_000),
    Industry("construction", 0.10, 0.235, 6, 0.4, 0.22, 900_000),
    Industry("manufacturing", 0.16, 0.129, 11, 0.1, 0.25, 600_000),
    Industry("retail", 0.24, 0.227, 12, 0.2, 0.18, 60_000),
    Industry("health", 0.06, 0.100, 1, 0.1, 0.35, 90_000),
    Industry("food and lodging", 0.14, 0.212, 8, 0.3, 0.30, 40_000),
    Industry("transport", 0.08, 0.200, 10, 0.1, 0.24, 250_000),
)
