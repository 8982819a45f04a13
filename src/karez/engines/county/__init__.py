"""A made-up county: firms, households and their invoices, and what becomes of loans."""

from karez.engines.county.fate import (
    Fates,
    Lent,
    Shock,
    Way,
    draw_fates,
    payment_delay_days,
    payment_way,
    stranger_pays,
)
from karez.engines.county.industry import INDUSTRIES, Industry
from karez.engines.county.needs import Need, Wish, draw_wishes
from karez.engines.county.people import (
    PAST_YEARS,
    County,
    Firms,
    Households,
    Size,
    make_county,
)
from karez.engines.county.trade import INVOICE, draw_invoices

__all__ = [
    "INDUSTRIES",
    "INVOICE",
    "PAST_YEARS",
    "County",
    "Fates",
    "Firms",
    "Households",
    "Industry",
    "Lent",
    "Need",
    "Shock",
    "Size",
    "Way",
    "Wish",
    "draw_fates",
    "draw_invoices",
    "draw_wishes",
    "make_county",
    "payment_delay_days",
    "payment_way",
    "stranger_pays",
]
