"""What happens to a loan: one frozen class for each kind of event.

``on`` is the value date, ``number`` the order in which events came and ``posted_on`` the day on
which this one did. Events are folded by value date, then by the day and order of posting, so a late
one with an old value date takes its place as if it had come in time. Amounts are minor units.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

import attrs

from karez.engines.servicing.errors import EventAmountError
from karez.engines.servicing.terms import PaymentKind, Unit


class ChargeBasis(StrEnum):
    """Of what a charge is a percentage, if it is not a flat amount."""

    FLAT = "flat"
    PRINCIPAL = "principal"
    INTEREST = "interest"
    PRINCIPAL_AND_INTEREST = "principal-and-interest"


class ChargeTime(StrEnum):
    """When a charge is due."""

    ON_DATE = "on-date"
    EACH_INSTALMENT = "each-instalment"
    AT_DISBURSEMENT = "at-disbursement"
    EACH_DISBURSEMENT = "each-disbursement"


class ReAgeInterest(StrEnum):
    """What a re-age does with interest that is open."""

    DEFAULT = "default"  # it stays with the principal, and new interest is worked out
    EQUAL_PAYABLE = "equal-amortisation-payable"  # interest until the day, in equal parts
    EQUAL_FULL = "equal-amortisation-full"  # all interest of the old schedule, in equal parts


class ReAmortiseInterest(StrEnum):
    """What a re-amortisation does with interest that is overdue."""

    DEFAULT = "default"
    EQUAL_SPLIT = "equal-split"


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened to the loan on a day."""

    number: int
    on: date
    posted_on: date

    @property
    def effective(self) -> date:
        """The day from which the event counts when events are put in order."""
        return self.on


def _positive(event: Event, field: attrs.Attribute[int], amount_minor: int) -> None:  # noqa: ARG001
    if amount_minor <= 0:
        raise EventAmountError(event=event.number, amount_minor=amount_minor)


@attrs.frozen(kw_only=True)
class Disbursement(Event):
    """Money goes out to the borrower."""

    amount_minor: int = attrs.field(validator=_positive)


@attrs.frozen(kw_only=True)
class Payment(Event):
    """Money, or a credit that counts as money, comes in."""

    amount_minor: int = attrs.field(validator=_positive)
    kind: PaymentKind = PaymentKind.REPAYMENT


@attrs.frozen(kw_only=True)
class InterestRefund(Event):
    """Interest is given back along with a refund, as if what was refunded had never been lent.

    Without ``amount_minor`` it is worked out, and anew whenever events before it change.
    """

    belongs_to: int
    amount_minor: int | None = None


@attrs.frozen(kw_only=True)
class Charge(Event):
    """A fee or a penalty; ``on`` is the day on which it is due."""

    penalty: bool
    amount_minor: int = 0
    pct: Decimal = Decimal(0)
    basis: ChargeBasis = ChargeBasis.FLAT
    time: ChargeTime = ChargeTime.ON_DATE

    @property
    def effective(self) -> date:
        """The day it is due if that is past when it is posted, else the day of posting."""
        return min(self.on, self.posted_on)


@attrs.frozen(kw_only=True)
class ChargeWaiver(Event):
    """What is open of a charge is waived."""

    charge: int


@attrs.frozen(kw_only=True)
class Chargeback(Event):
    """A payment that had come in is taken back in part or in full."""

    amount_minor: int = attrs.field(validator=_positive)
    payment: int


@attrs.frozen(kw_only=True)
class CreditBalanceRefund(Event):
    """What was paid too much goes back to the borrower."""

    amount_minor: int = attrs.field(validator=_positive)


@attrs.frozen(kw_only=True)
class InterestPause(Event):
    """No interest runs from ``on`` to ``until``, both included."""

    until: date


@attrs.frozen(kw_only=True)
class RateChange(Event):
    """Another yearly rate applies from ``on``."""

    rate_pct_year: Decimal


@attrs.frozen(kw_only=True)
class Extension(Event):
    """Instalments are added at the end; from ``on`` they are smaller."""

    instalments: int


@attrs.frozen(kw_only=True)
class DueDateMove(Event):
    """The instalment due on ``on`` falls due on another day, and later ones follow."""

    to: date

    @property
    def effective(self) -> date:
        """The day on which the move was agreed."""
        return self.posted_on


@attrs.frozen(kw_only=True)
class ReAge(Event):
    """What is open is spread over new instalments from a day on."""

    first_due: date
    instalments: int
    every: int
    unit: Unit
    interest: ReAgeInterest = ReAgeInterest.DEFAULT


@attrs.frozen(kw_only=True)
class ReAmortise(Event):
    """What is overdue is spread over the instalments that are still to come."""

    interest: ReAmortiseInterest = ReAmortiseInterest.DEFAULT


@attrs.frozen(kw_only=True)
class CapitalisedIncome(Event):
    """Income that the lender takes by raising the principal."""

    amount_minor: int = attrs.field(validator=_positive)


@attrs.frozen(kw_only=True)
class BuyDownFee(Event):
    """A merchant pays for a lower rate: income of the lender, not a matter of the schedule."""

    amount_minor: int = attrs.field(validator=_positive)


@attrs.frozen(kw_only=True)
class BuyDownFeeAdjustment(Event):
    """A part of a buy-down fee is given back to the merchant."""

    amount_minor: int = attrs.field(validator=_positive)


@attrs.frozen(kw_only=True)
class ChargeOff(Event):
    """The loan is taken to be lost; it is still owed."""


@attrs.frozen(kw_only=True)
class ContractTermination(Event):
    """All that is open falls due on the day."""


@attrs.frozen(kw_only=True)
class WriteOff(Event):
    """All that is open is given up."""


@attrs.frozen(kw_only=True)
class Undo(Event):
    """An earlier event is taken back, as if it had never been."""

    undone: int
