"""Which accounts each movement of a loan posts to: the ledger mapping of a product.

A side is a role, which stands for an account of the loan or the account its money came or went
through, or the code of an account of the chart. The defaults are those of the standard chart.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs

from karez.kernel.errors import ensure
from karez.services.products.parts import says


class Role(StrEnum):
    """An account that is known only once the loan, or the event, is."""

    PRINCIPAL = "principal"  # what the borrower owes of principal
    INTEREST = "interest"  # interest that has accrued and is not paid
    FEES = "fees"  # fees and penalties that are owed
    CREDIT = "credit"  # what the borrower has paid too much
    CHANNEL = "channel"  # where the money of the event came or went through


Sides = tuple[str, str]
"""The account that is debited and the one that is credited: a ``Role`` or the code of an account.

A negative movement swaps them.
"""

_PARTS = {"principal": Role.PRINCIPAL, "interest": Role.INTEREST, "fee": Role.FEES,
          "penalty": Role.FEES}  # fmt: skip


def _by_part(prefix: str, debit: str | None, credit: str | None) -> dict[str, Sides]:
    """Return the sides of a kind for each part of a loan; None is the account of the part."""
    return {
        f"{prefix}-{part}": (debit or account, credit or account)
        for part, account in _PARTS.items()
    }


STANDARD_SIDES: Mapping[str, Sides] = {
    "disbursed": (Role.PRINCIPAL, Role.CHANNEL),
    "fee-withheld": (Role.CHANNEL, "1180"),
    "capitalised": (Role.PRINCIPAL, "1180"),
    "bought-down": (Role.CHANNEL, "1180"),
    "bought-down-returned": ("1180", Role.CHANNEL),
    "fee-deferred-earned": ("1180", "4020"),
    "interest-accrued": (Role.INTEREST, "4010"),
    "fee-charged": (Role.FEES, "4020"),
    "penalty-charged": (Role.FEES, "4030"),
    **_by_part("paid", Role.CHANNEL, None),
    "overpaid": (Role.CHANNEL, Role.CREDIT),
    "recovered": (Role.CHANNEL, "4040"),
    # Credits that bring no cash: what they pay is then applied from the credit account.
    "goodwill": ("5030", Role.CREDIT),
    "interest-waived": ("5030", Role.CREDIT),
    "interest-refunded": ("4010", Role.CREDIT),
    "charge-adjusted": ("4020", Role.CREDIT),
    "capitalised-returned": ("1180", Role.CREDIT),
    **_by_part("applied", Role.CREDIT, None),
    "waived-fee": ("5030", Role.FEES),
    "waived-penalty": ("5030", Role.FEES),
    **_by_part("written-off", "5020", None),
    **_by_part("sold", "5050", None),  # what the buyer of a loan takes over …
    "sold": (Role.CHANNEL, "5050"),  # … and the price it pays
    **_by_part("charged-back", None, Role.CHANNEL),
    "refunded": (Role.CREDIT, Role.CHANNEL),
    "adjusted-principal": (Role.PRINCIPAL, "4050"),
}
"""By movement kind: 1180 deferred fees, 4010 interest income, 4020 fee income, 4030 penalty income,
4040 recoveries, 4050 other income, 5020 impairment, 5030 waivers and goodwill, 5050 loss on
sale."""


@attrs.frozen(kw_only=True)
class LedgerMapping:
    """Where a product's loans are kept in the money book.

    Each loan has accounts of its own below the parents: ``1100.42`` is the principal of loan 42.
    """

    settlement: str = says("where money comes and goes if an event names no channel", "1020")
    principal: str = says("parent of the accounts of principal", "1100")
    interest: str = says("parent of the accounts of accrued interest", "1110")
    fees: str = says("parent of the accounts of fees and penalties", "1120")
    credit: str = says("parent of the accounts of what was paid too much", "2100")
    overrides: Mapping[str, Sides] = says(
        "debit and credit of a movement kind, where they are not the standard ones",
        attrs.Factory(dict[str, Sides]),
        key="sides",
    )

    def sides(self, kind: str) -> Sides:
        """Return what a movement of this kind debits and credits."""
        found = self.overrides.get(kind) or STANDARD_SIDES.get(kind)
        ensure(found is not None, f"the standard chart has sides for the movement kind {kind}")
        assert found is not None  # noqa: S101 - for the type checker
        return found

    @property
    def parents(self) -> Mapping[Role, str]:
        """The account below which each account of a loan's own is opened."""
        return {
            Role.PRINCIPAL: self.principal,
            Role.INTEREST: self.interest,
            Role.FEES: self.fees,
            Role.CREDIT: self.credit,
        }
