"""What the checks are told: tolerances and limits, each with where it comes from.

Those marked *judgement* are ours; a lender sets its own. None was fitted to the Well-Test.
"""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Rules:
    """Tolerances and limits."""

    quantity_pct: float = 2.0
    """How far a quantity may exceed the one before it: a weighbridge's and a packer's error."""
    price_pct: float = 2.0
    """How far an invoiced price may exceed the one ordered (judgement)."""
    matched_least: float = 0.98
    """The matched share of an invoice below which a person looks."""
    lines_alike: float = 0.9
    """The likeness of line sets from which invoices of one seller are reviewed."""
    lines_within_days: int = 45
    """How far apart such invoices may lie: beyond it a standing order is the likelier reason."""
    shared_most: int = 8
    """A phone or an address that more parties than this share is a public place, and no tie."""
    ring_parties_most: int = 5
    """A ring through more firms leaves too many honest ones under suspicion."""
    ring_days: int = 60
    """How long goods may take round; stock of traders turns in about as long (judgement)."""
    ring_amount_pct: float = 15.0
    """How far the amounts round a ring may lie from the first one."""
    ring_steps_most: int = 5_000_000
    """Where the search for rings stops, and says so."""
    speed_most_km_hour: float = 120.0
    """A car on a good road."""
    stay_least_minutes: int = 10
    """What a form takes to fill in with somebody (judgement)."""
    accuracy_most_metres: float = 100.0
    """Beyond it a position says nothing of one shop in a street."""
    geofence_metres: float = 300.0
    """How far from the place a visit may be, besides its own accuracy (judgement)."""
    photo_slack_minutes: int = 5
    """By how much a telephone's clock and a form's may differ."""
    photo_bits_most: int = 8
    """Of 64: of 7,140 pairs of made-up pictures that are not alike the nearest were 12 apart."""
    robust_z_most: float = 3.0
    """From three robust spreads above the branch's median an officer stands out."""
    robust_spread_least: float = 0.02
    """A branch whose officers are all alike still leaves this much room (judgement)."""
    panel_days: int = 90
    """The stretch in which officers are compared: a bonus period."""
    panel_rows_least: int = 8
    """An officer with fewer loans or visits in the panel's days is not compared."""
    overdue_days_most: int = 30
    """From when an advance is at risk: PAR 30, as microfinance counts."""
    revisit_pct: float = 12.5
    """How many visits are made again, blind: one in eight, of 10 to 15 in a hundred (judgement)."""
    borrowers_sharing_most: int = 2
    """How many borrowers may share a phone, device, account or guarantor: a household."""
    sales_months: int = 3
    """How many months before an advance on sales are compared."""
    band_probability: float = 0.99
    """How often the next honest firm lies within the band."""
    digits_rows_least: int = 300
    """With fewer totals a first digit says nothing (Nigrini)."""
    fraud_prior: float = 0.01
    """Of advances, before anything is known; it only orders them for review (judgement)."""
    sources_least: int = 2
    """Sources of different control groups that must bear an advance out."""
    accuracy_most: float = 0.99
    """Sources that agree more than two of this accuracy could are taken for one."""
    source_claims_prior: float = 20.0
    """How many claims' worth of trust a source begins with, at ``source_accuracy_prior``."""
    source_accuracy_prior: float = 0.9
    """How often a source that nobody knows yet is right (judgement)."""
