"""What borrowers and products owe already, and what was repaid: the bounds of concentration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import attrs
import psycopg

from karez.services.origination.application import Application
from karez.services.origination.desk import QUERIES
from karez.services.origination.event import Submitted
from karez.services.origination.liability import joint_debts


@attrs.define
class Exposure:
    """Sums in minor units, by borrower and currency, or by product: owed, and on the way to it."""

    by_borrower: dict[tuple[UUID, str], int] = attrs.field(factory=dict[tuple[UUID, str], int])
    by_product: dict[str, int] = attrs.field(factory=dict[str, int])
    repaid: dict[tuple[UUID, str], int] = attrs.field(factory=dict[tuple[UUID, str], int])

    def of_borrower_minor(self, asked: Submitted) -> int:
        """Return what a borrower owes, or may come to owe, in the currency asked for."""
        return self.by_borrower.get((asked.borrower, asked.currency), 0)

    def of_product_minor(self, asked: Submitted) -> int:
        """Return what is owed on loans of a product, or may come to be."""
        return self.by_product.get(asked.product, 0)

    def repaid_minor(self, asked: Submitted) -> int:
        """Return the largest loan that a borrower has repaid."""
        return self.repaid.get((asked.borrower, asked.currency), 0)

    def add(self, asked: Submitted, amount_minor: int) -> None:
        """Count an amount as one that may come to be owed."""
        key = (asked.borrower, asked.currency)
        self.by_borrower[key] = self.by_borrower.get(key, 0) + amount_minor
        self.by_product[asked.product] = self.by_product.get(asked.product, 0) + amount_minor


def read_exposures(
    connection: psycopg.Connection, applications: Sequence[Application], on: date
) -> Exposure:
    """Return what stands against these applications, themselves not counted.

    What borrowers owe on a day for late members of their groups is theirs too.
    """
    borrowers = list({each.asked.borrower for each in applications})
    asked = {
        "borrower_ids": borrowers,
        "product_codes": list({each.asked.product for each in applications}),
        "application_ids": [each.application_id for each in applications],
    }
    found = Exposure()
    for borrower, unit, owed in connection.execute(QUERIES["owed_by_borrowers"].text, asked):
        found.by_borrower[borrower, unit] = int(owed)
    for debt in joint_debts(connection, borrowers, on):
        for party, share_minor in debt.shares.items():
            key = (party, debt.currency)
            found.by_borrower[key] = found.by_borrower.get(key, 0) + share_minor
    for product, owed in connection.execute(QUERIES["owed_by_products"].text, asked):
        found.by_product[product] = int(owed)
    for borrower, unit, repaid in connection.execute(QUERIES["repaid_by_borrowers"].text, asked):
        found.repaid[borrower, unit] = int(repaid)
    return found
