"""The pages of the console: a path, and the function of a visit that answers it."""

from __future__ import annotations

from collections.abc import Mapping

from karez.doors.console.pages import administration, approvals, home, loans, search
from karez.doors.console.visit import Page

PAGES: Mapping[str, Page] = {
    **home.PAGES,
    **search.PAGES,
    **loans.PAGES,
    **approvals.PAGES,
    **administration.PAGES,
}
"""In the order in which they are tried: a name in braces takes what none before it took."""
