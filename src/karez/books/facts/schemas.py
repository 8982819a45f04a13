"""The kinds of fact, each with its version: what may be said, and in which fields.

A schema is never changed once a fact of it stands in a book: a new version stands beside the old.
A class here is a schema; its tag is the name by which files and the log call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from karez.books.facts.parts import (
    Amount,
    Count,
    Currency,
    Decimals,
    Hash,
    Line,
    Party,
    Place,
    Reference,
    Text,
    Thing,
)


class Fact(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="schema",
    gc=False,  # facts hold no cycles, and there are millions of them
):
    """What every fact says.

    ``subject`` is whom it is about, as a party id (``tin:5213003700``): the log itself shows only
    a pseudonym. ``valid_on`` is the business date; ``occurred_at`` the instant, where it is known;
    when it was recorded the book says. ``attester`` is who says so, ``channel`` how it came
    (``file``, ``field``, ``device``), ``control_group`` who controls the source: two sources under
    one control are one witness.
    """

    subject: Text
    valid_on: date
    occurred_at: datetime | None = None
    attester: Text = ""
    channel: Text = ""
    control_group: Text = ""
    place: Place | None = None
    references: tuple[Reference, ...] = ()


class Trade(Fact, frozen=True, kw_only=True):
    """What invoices, credit notes and orders share. Net and tax, where both are said, make total.

    Lines, where all of them say ``net_minor``, add up to the net.
    """

    number: Text
    seller: Party
    buyer: Party
    currency: Currency
    total_minor: Amount
    net_minor: Amount | None = None
    tax_minor: Amount | None = None
    order_number: Text = ""
    lines: tuple[Line, ...] = ()


class Invoice(Trade, frozen=True, kw_only=True, tag="invoice/1"):
    """A seller asks a buyer for money. ``status`` tells a void one from a good one."""

    due_on: date | None = None
    status: Literal["issued", "void", "unknown"] = "issued"
    kind: Text = ""


class CreditNote(Trade, frozen=True, kw_only=True, tag="credit_note/1"):
    """A seller takes back an invoice or a part of it; amounts are positive."""

    invoice_number: Text = ""


class Order(Trade, frozen=True, kw_only=True, tag="order/1"):
    """A buyer orders from a seller."""

    deliver_by_on: date | None = None


class Despatch(Fact, frozen=True, kw_only=True, tag="despatch/1"):
    """A sender hands goods to a carrier or sends them off."""

    number: Text
    sender: Party
    receiver: Party
    carrier: Party | None = None
    order_number: Text = ""
    lines: tuple[Line, ...] = ()


class Receipt(Fact, frozen=True, kw_only=True, tag="receipt/1"):
    """A receiver took goods in; each line says what was accepted and what rejected."""

    number: Text
    receiver: Party
    sender: Party
    order_number: Text = ""
    despatch_number: Text = ""
    lines: tuple[Line, ...] = ()


class Payment(Fact, frozen=True, kw_only=True, tag="payment/1"):
    """Money went from a payer to a payee."""

    payer: Party
    payee: Party
    currency: Currency
    amount_minor: Amount
    bank_reference: Text = ""
    purpose: Text = ""
    invoice_number: Text = ""


class Payroll(Fact, frozen=True, kw_only=True, tag="payroll/1"):
    """Wages of one person or of all, for a period. Gross less deductions makes net."""

    employer: Party
    employee: Party | None = None
    period_from: date
    period_to: date
    currency: Currency
    gross_minor: Amount
    deductions_minor: Amount | None = None
    net_minor: Amount | None = None
    headcount: Count | None = None


class Tax(Fact, frozen=True, kw_only=True, tag="tax/1"):
    """A tax declared, assessed or paid for a period."""

    taxpayer: Party
    authority: Party
    tax_kind: Text
    action: Literal["declared", "assessed", "paid", "refunded"]
    period_from: date
    period_to: date
    currency: Currency
    amount_minor: Amount
    base_minor: Amount | None = None


class Weighing(Fact, frozen=True, kw_only=True, tag="weighing/1"):
    """A scale weighed something. Gross less tare makes net, in grams."""

    scale_id: Text
    thing: Thing
    gross_g: Count
    tare_g: Count
    net_g: Count
    vehicle: Text = ""


class SensorReading(Fact, frozen=True, kw_only=True, tag="sensor_reading/1"):
    """A device measured a quantity."""

    device_id: Text
    quantity: Text
    value: Decimals
    unit: Text


class WarehouseReceipt(Fact, frozen=True, kw_only=True, tag="warehouse_receipt/1"):
    """A warehouse says what it keeps for whom. Who controls it now, the rights book says."""

    number: Text
    warehouse: Party
    depositor: Party
    action: Literal["issued", "split", "delivered", "cancelled"]
    things: tuple[Thing, ...]
    expires_on: date | None = None


class Visit(Fact, frozen=True, kw_only=True, tag="visit/1"):
    """Somebody went there and saw."""

    visitor: Text
    visited: Party
    purpose: Text
    ended_at: datetime | None = None
    findings: tuple[Text, ...] = ()


class Photo(Fact, frozen=True, kw_only=True, tag="photo/1"):
    """A picture was taken. It enters by its hashes; the file is kept elsewhere."""

    sha256: Hash
    perceptual_hash: Text = ""
    device_id: Text = ""
    shows: Text = ""


class Decision(Fact, frozen=True, kw_only=True, tag="decision/1"):
    """Somebody, or a rule, decided about the subject, for these reasons and from these inputs."""

    decided_by: Text
    matter: Text
    outcome: Text
    rule: Text = ""
    reasons: tuple[Text, ...] = ()
    inputs_sha256: tuple[Hash, ...] = ()
    currency: Currency | None = None
    amount_minor: Amount | None = None


CONSENT_USE = "consent_use/1"


class ConsentUse(Fact, frozen=True, kw_only=True, tag=CONSENT_USE):
    """Data of the subject were asked for under a consent; with ``row_count``, they were read.

    ``receiver`` is who may use them, ``reader`` the person or program that acts for them.
    """

    consent_id: Text
    use_id: Text = ""
    receiver: Text = ""
    purpose: Text
    scope: Text
    reader: Text
    row_count: Count | None = None
    allowed: bool = True
    reason: Text = ""


class CheckVerdict(Fact, frozen=True, kw_only=True, tag="check_verdict/1"):
    """A check looked at facts and judged. ``score_bp`` is in basis points, 10,000 the best."""

    check: Text
    verdict: Literal["pass", "warn", "fail", "unknown"]
    score_bp: Count | None = None
    reasons: tuple[Text, ...] = ()
    inputs_sha256: tuple[Hash, ...] = ()


ERASURE = "erasure/1"


class Erasure(Fact, frozen=True, kw_only=True, tag=ERASURE):
    """Bodies were erased. The entries at these indices stay in the log and tell nothing more."""

    erased_indices: tuple[int, ...]
    ground: Text
    asked_by: Text


class TransportEvent(Fact, frozen=True, kw_only=True, tag="transport_event/1"):
    """An event of EPCIS 2.0: what, when, where, why. ``event_hash`` is that of CBV 2.0."""

    event: Literal["object", "aggregation", "transaction", "transformation", "association"]
    action: Literal["ADD", "OBSERVE", "DELETE"] | None = None
    business_step: Text = ""
    disposition: Text = ""
    read_point: Text = ""
    business_location: Text = ""
    parent_id: Text = ""
    things: tuple[Thing, ...] = ()
    outputs: tuple[Thing, ...] = ()
    source: Party | None = None
    destination: Party | None = None
    event_hash: Text = ""


class Document(Fact, frozen=True, kw_only=True, tag="document/1"):
    """A paper or a file of any other kind, by its hash."""

    kind: Text
    title: Text = ""
    sha256: Hash


SCHEMAS: Mapping[str, type[Fact]] = {
    str(schema.__struct_config__.tag): schema
    for schema in (
        Invoice, CreditNote, Order, Despatch, Receipt, Payment, Payroll, Tax, Weighing,
        SensorReading, WarehouseReceipt, Visit, Photo, Decision, ConsentUse, CheckVerdict,
        Erasure, TransportEvent, Document,
    )
}  # fmt: skip
"""Every schema by its name, such as ``invoice/1``."""


def schema_of(fact: Fact) -> str:
    """Return the name of the schema that a fact is of."""
    return str(fact.__struct_config__.tag)
