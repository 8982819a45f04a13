"""Files of applications, a row an application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from karez.doors.files.records import Layout, several
from karez.kernel.money import Currency, parse_amount
from karez.kernel.time import parse_date
from karez.services.bookkeeping import derive_id
from karez.services.origination import ApplicationMalformedError, Submission

_NEEDED = ("id", "product", "borrower", "amount", "instalments")
_COLUMNS = (
    *_NEEDED, "on", "purpose", "officer", "co_borrowers", "guarantors", "group", "against",
    "supplier", "supplier_invoice", "said",
)  # fmt: skip


def applications_layout(
    institution: str, source: str, actor: str, today: date, currency_of: Callable[[str], Currency]
) -> Layout[Submission]:
    """Return how a row becomes an application.

    ``id`` names the application in the scope of its source: the same row is the same application,
    however often it is sent. Several parties or invoices, and what is said (``rating=B``), have
    semicolons between them.
    """

    def build(values: Mapping[str, str]) -> Submission:
        name = values["id"]
        return Submission(
            application_id=derive_id("karez.application", institution, source, name),
            command_id=derive_id("karez.application.submit", institution, source, name),
            on=parse_date(values["on"]) if values["on"] else today,
            actor=actor,
            product=values["product"],
            borrower=values["borrower"],
            amount_minor=parse_amount(values["amount"], currency_of(values["product"])),
            instalments=_whole("instalments", values["instalments"]),
            purpose=values["purpose"],
            officer=values["officer"],
            co_borrowers=several(values["co_borrowers"]),
            guarantors=several(values["guarantors"]),
            group=values["group"],
            against=several(values["against"]),
            supplier=values["supplier"],
            supplier_invoice=values["supplier_invoice"],
            said=dict(map(said, several(values["said"]))),
        )

    return Layout(columns=_COLUMNS, needed=_NEEDED, build=build)


def said(text: str) -> tuple[str, str]:
    """Return name and value of what is said, as ``rating=B``; without a sign it is said ``yes``."""
    name, _, value = text.partition("=")
    return name.strip(), value.strip() or "yes"


def _whole(field: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ApplicationMalformedError(field=field, value=text, reason="it is a whole number")
    return int(text)
