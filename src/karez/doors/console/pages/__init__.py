"""The pages of the console: a path, and the function of a visit that answers it."""

from __future__ import annotations

from collections.abc import Mapping

from karez.doors.console.pages import (
    administration,
    applications,
    approvals,
    closing,
    collections,
    entries,
    home,
    ledger,
    loans,
    parties,
    payments,
    portfolio,
    products,
    reports,
    search,
)
from karez.doors.console.visit import Page

PAGES: Mapping[str, Page] = {
    **home.PAGES,
    **search.PAGES,
    **applications.PAGES,
    **parties.PAGES,
    **products.PAGES,
    **loans.PAGES,
    **collections.PAGES,
    **payments.PAGES,
    **approvals.PAGES,
    **ledger.PAGES,
    **entries.PAGES,
    **closing.PAGES,
    **portfolio.PAGES,
    **reports.PAGES,
    **administration.PAGES,
}
"""In the order in which they are tried: a name in braces takes what none before it took."""
