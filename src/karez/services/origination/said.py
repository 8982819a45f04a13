"""What is said of an application where no fact says it, and everything that a policy may ask."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan

from karez.kernel.errors import ensure
from karez.services.origination.application import Application
from karez.services.origination.errors import ApplicationMalformedError
from karez.services.parties import Known

_MONTH_DAYS = 30.4375


def said_number(said: Mapping[str, str], name: str) -> float:
    """Return a number that was said of an application or loan, NaN where it was not.

    Raises:
        ApplicationMalformedError: what was said is no number.
    """
    text = said.get(name)
    if text is None:
        return nan
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise ApplicationMalformedError(field=f"said {name}", value=text, reason="it is a number")
    return value


def own_labels(application: Application, borrower: Known) -> dict[str, str]:
    """Return what is known of a borrower in words: facts first, then the register of parties."""
    gathered = application.gathered
    ensure(gathered is not None, "a borrower was portrayed before it is judged")
    return labels_of(borrower, {} if gathered is None else gathered.labels)


def labels_of(borrower: Known, portrait: Mapping[str, str]) -> dict[str, str]:
    """Return what a portrait says of a borrower in words, and the register where it is silent."""
    of = borrower.party
    own = {"place": of.place, "industry": of.industry, "segment": of.segment, "kind": of.kind.value}
    return {name: value for name, value in own.items() if value} | dict(portrait)


def policy_numbers(application: Application, amount_minor: int) -> dict[str, float]:
    """Return the numbers of an application by name; what is not known is left out.

    Amounts are minor units.
    """
    asked, gathered, trusted, scored = (
        application.asked, application.gathered, application.trusted, application.scored,
    )  # fmt: skip
    ensure(gathered and trusted and scored, "an application is assessed in order")
    assert gathered and trusted and scored  # noqa: S101, PT018 - for the type checker
    known = {
        "amount": float(amount_minor),
        "instalments": float(asked.instalments),
        "guarantors": float(len(asked.guarantors)),
        "members": float(asked.members),
        "facts": float(gathered.facts),
        "pd": scored.pd,
        "pd_high": scored.pd_high,
        "cover": float(application.cover_minor),
    }
    if scored.points is not None:
        known["points"] = float(scored.points)
    if trusted.invoiced_minor:
        known["trust"] = trusted.believed_minor / trusted.invoiced_minor
    if gathered.facts:
        known["sales_year"] = float(gathered.sales_year_minor)
        known["customers"] = float(gathered.customers)
        known["top_customer_share"] = gathered.top_customer_share
    if "trade_age_days" in gathered.numbers:
        known["months_of_invoices"] = gathered.numbers["trade_age_days"] / _MONTH_DAYS
    if "sales_void_share" in gathered.numbers:
        known["void_share"] = gathered.numbers["sales_void_share"]
    return dict(gathered.numbers) | known


def policy_labels(application: Application, borrower: Known) -> dict[str, str]:
    """Return the words of an application by name; what is not known is left out."""
    gathered, trusted, asked = application.gathered, application.trusted, application.asked
    known = own_labels(application, borrower)
    if trusted is not None:
        known["trust_verdict"] = trusted.verdict
    if gathered is not None and gathered.remark:
        known["remark"] = gathered.remark
    if application.pledges:
        known["collateral_kind"] = application.pledges[0].kind
    return dict(asked.said) | known
