"""A bank's statement of one account, whatever file it came in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs

from karez.kernel.money import Currency, format_amount


@attrs.frozen
class Balance:
    """What the bank says stood on the account at the end of a day; negative is overdrawn."""

    on: date
    amount_minor: int


@attrs.frozen(kw_only=True)
class StatementEntry:
    """One payment on a statement. ``amount_minor`` is positive where money came in.

    A bank may book many payments as one: those have the same ``group`` and are counted by ``part``.
    Where it does not say what each of them was, ``payments`` counts them and no payer is known.
    ``line`` is where it stands in its file.
    """

    line: int
    group: int
    part: int = 0
    payments: int = 1
    booked_on: date
    valid_on: date
    amount_minor: int
    is_reversal: bool = False  # it takes back what was booked before: a return, a correction
    bank_reference: str = ""  # the bank's own id of the group
    end_to_end: str = ""
    mandate: str = ""
    creditor_reference: str = ""  # the structured reference, several parted by blanks
    remittance: str = ""
    name: str = ""  # of the other party
    account: str = ""  # of the other party
    code: str = ""  # the bank's code of the kind of transaction

    @property
    def counts_on(self) -> date:
        """The day as of which the payment counts: a delay at the bank is not the payer's."""
        return min(self.booked_on, self.valid_on)


@attrs.frozen(kw_only=True)
class BankStatement:
    """A statement. Without balances (a notice of bookings) nothing says that it is whole."""

    line: int
    account: str
    number: str
    currency: Currency
    opening: Balance | None = None
    closing: Balance | None = None
    entries: Sequence[StatementEntry]

    @property
    def movement_minor(self) -> int:
        """The sum of its entries."""
        return sum(entry.amount_minor for entry in self.entries)

    def shown(self, amount_minor: int) -> str:
        """Return an amount of this statement as people read it."""
        return f"{format_amount(amount_minor, self.currency)} {self.currency.code}"
