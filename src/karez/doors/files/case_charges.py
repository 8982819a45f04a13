"""The charges of a case, made events of a loan."""

from __future__ import annotations

from decimal import Decimal

from karez.doors.files.case_errors import Fields
from karez.doors.files.case_story import Story
from karez.engines.servicing.charges import open_of
from karez.engines.servicing.events import (
    Charge,
    ChargeBasis,
    ChargeTime,
    ChargeWaiver,
    Payment,
)
from karez.engines.servicing.fold import in_force
from karez.engines.servicing.terms import PaymentKind

_BASES = {
    "FLAT": ChargeBasis.FLAT,
    "PERCENTAGE_AMOUNT": ChargeBasis.PRINCIPAL,
    "PERCENTAGE_DISBURSEMENT_AMOUNT": ChargeBasis.PRINCIPAL,
    "PERCENTAGE_INTEREST": ChargeBasis.INTEREST,
    "PERCENTAGE_LOAN_AMOUNT_PLUS_INTEREST": ChargeBasis.PRINCIPAL_AND_INTEREST,
    "PERCENTAGE_AMOUNT_PLUS_INTEREST": ChargeBasis.PRINCIPAL_AND_INTEREST,
}
# What a charge of a product comes to where the file says only its name.
FLAT = 10
PCTS = {
    ChargeBasis.PRINCIPAL: Decimal(1),
    ChargeBasis.INTEREST: Decimal(5),
    ChargeBasis.PRINCIPAL_AND_INTEREST: Decimal(1),
}
_PENALTIES = {"LOAN_NSF_FEE"}


def basis_of(event: Fields, name: str) -> ChargeBasis:
    """Return the basis that the name of a charge ends with."""
    for word in sorted(_BASES, key=len, reverse=True):
        if name.endswith(word):
            return _BASES[word]
    raise event.broken("charge", f"its name must end with one of {', '.join(_BASES)}")


def add_charge(story: Story, event: Fields) -> None:
    """Let a charge be due on a day."""
    name = event.text("charge")
    story.record(
        Charge,
        event.day("due_date"),
        penalty=name in _PENALTIES,
        amount_minor=event.amount("amount", story.terms.decimals),
    )


def add_nsf_fee(story: Story, event: Fields) -> None:
    """Let the penalty for a bounced payment be due on a day."""
    amount = FLAT * 10**story.terms.decimals
    story.record(Charge, event.day("date"), penalty=True, amount_minor=amount)


def add_instalment_charge(story: Story, event: Fields) -> None:
    """Let a fee be due with each instalment."""
    basis = basis_of(event, event.text("charge"))
    field = "amount" if event.get("amount") is not None else "percent"
    flat = basis is ChargeBasis.FLAT
    story.record(
        Charge,
        story.today,
        penalty=False,
        amount_minor=event.amount(field, story.terms.decimals) if flat else 0,
        pct=Decimal(0) if flat else event.number(field),
        basis=basis,
        time=ChargeTime.EACH_INSTALMENT,
    )


def charge_at_disbursement(story: Story, event: Fields) -> None:
    """Let a fee be taken from what is paid out."""
    basis = event.choice("calc", _BASES)
    flat = basis is ChargeBasis.FLAT
    each = event.get("calc") == "PERCENTAGE_DISBURSEMENT_AMOUNT"
    said, field = _charge_amount(story, event)
    story.add(
        Charge(
            number=story.number,
            on=story.expected_on,
            posted_on=story.expected_on,
            penalty=False,
            amount_minor=said.amount(field, story.terms.decimals) if flat else 0,
            pct=Decimal(0) if flat else said.number(field),
            basis=basis,
            time=ChargeTime.EACH_DISBURSEMENT if each else ChargeTime.AT_DISBURSEMENT,
        )
    )


def _charge_amount(story: Story, event: Fields) -> tuple[Fields, str]:
    """Return where the amount of a charge stands: the loan's own goes before the product's."""
    extra = story.fields.get("extra")
    if extra is not None:
        own = Fields(event.case, "terms.extra", extra)
        for field in ("charge amount %", "charge amount"):
            if own.get(field) is not None:
                return own, field
    return event, "percent"


def add_processing_charge(story: Story, event: Fields) -> None:
    """Let a percentage of principal and interest be due on a day."""
    story.record(
        Charge,
        event.day("date"),
        penalty=False,
        pct=event.number("percent"),
        basis=ChargeBasis.PRINCIPAL_AND_INTEREST,
    )


def waive_charge(story: Story, _event: Fields) -> None:
    """Give up the earliest charge that is open, else what each instalment bears."""
    account = story.loan()
    charges = [one for one in in_force(story.events) if isinstance(one, Charge)]
    charges.sort(key=lambda one: (one.time is ChargeTime.EACH_INSTALMENT, one.on, one.number))
    waived = next((one for one in charges if open_of(account, one) > 0), None)
    if waived is not None:
        story.record(ChargeWaiver, story.today, charge=waived.number)


def adjust_charge(story: Story, event: Fields) -> None:
    """Credit back part of a charge."""
    story.record(
        Payment,
        story.today,
        amount_minor=event.amount("amount", story.terms.decimals),
        kind=PaymentKind.CHARGE_ADJUSTMENT,
    )
