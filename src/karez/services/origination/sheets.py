"""The term sheets that applications were made under."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import psycopg

from karez.services.origination.application import Application
from karez.services.products import TermSheet, find_sheet


@attrs.frozen
class Sheets:
    """Term sheets by product and version, each read once in a call."""

    known: dict[tuple[str, int], TermSheet]

    @classmethod
    def of(cls, connection: psycopg.Connection, applications: Iterable[Application]) -> Sheets:
        """Read those of applications. Old applications keep old terms."""
        wanted = {(each.asked.product, each.asked.product_version) for each in applications}
        return cls({key: find_sheet(connection, *key) for key in wanted})

    def sheet(self, application: Application) -> TermSheet:
        """Return that of one of these applications."""
        return self.known[application.asked.product, application.asked.product_version]
