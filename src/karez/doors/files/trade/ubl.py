"""UBL 2.1 documents as facts. Read ``read_ubl`` first.

Elements are named as in UBL 2.1 (OASIS Standard, 4 November 2013); sums as in EN 16931-1, 6.5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from karez.doors.files.trade.errors import (
    DocumentFieldError,
    DocumentKindError,
    DocumentRuleError,
    DocumentSchemaError,
)
from karez.doors.files.trade.reading import (
    Amounts,
    DocumentFaultError,
    day_at,
    fault_at,
    find,
    find_all,
    need,
    need_day,
    quantity_at,
    text_at,
)
from karez.doors.files.trade.ubl_parts import (
    goods_line,
    is_charge,
    party_at,
    priced_lines,
    references_of,
)
from karez.doors.files.trade.ubl_schemas import Rules, Schemas
from karez.doors.files.trade.xml import Element, name_of, parse_xml
from karez.kernel.errors import KarezError
from karez.services.evidence import Fact
from karez.services.trade import CreditNote, Despatch, Invoice, Order, Party, Receipt

CHANNEL = "file"


@attrs.frozen
class Source:
    """Who stands behind the documents: if they do not say it, their issuer."""

    attester: str | None = None
    control_group: str = ""


@attrs.frozen
class Reader:
    """Reads documents, and holds them to schemas and rules as far as these are at hand."""

    schemas: Schemas
    rules: Rules | None = None
    source: Source = Source()

    def read(self, octets: bytes) -> Fact:
        """Return the fact that a document states.

        Raises:
            DocumentFaultError: it cannot be one, with the place and the error.
        """
        try:
            root = parse_xml(octets)
        except KarezError as error:
            raise DocumentFaultError(0, "", "", error) from error
        namespace, kind = name_of(root)
        expected = f"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2"
        if kind not in _READERS or namespace != expected:
            raise fault_at(root, DocumentKindError(found=kind, wanted=", ".join(_READERS)))
        breach = self.schemas.breach(kind, root)
        if breach is not None:
            error = DocumentSchemaError(reason=breach.reason)
            raise DocumentFaultError(breach.line, breach.path, "", error)
        if self.rules is not None and kind in {"Invoice", "CreditNote"}:
            for breach in self.rules.breaches(root):
                error = DocumentRuleError(reason=breach.reason)
                raise DocumentFaultError(breach.line, breach.path, "", error)
        return self._fact(root, _READERS[kind], hashlib.sha256(octets).hexdigest())

    def _fact(
        self, root: Element, read: Callable[[Element], tuple[Party, Fact]], digest: str
    ) -> Fact:
        issuer, fact = read(root)
        attester = self.source.attester
        return _with(
            fact,
            subject=_named(issuer),
            attester=_named(issuer) if attester is None else attester,
            channel=CHANNEL,
            control_group=self.source.control_group,
            references=references_of(root, digest),
        )


def _with(fact: Fact, **changes: Any) -> Fact:
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    return type(fact)(**{**fields, **changes})


def _named(party: Party) -> str:
    return party.party_id or f"name:{party.name}"


def _party(root: Element, *paths: str) -> Party:
    for path in paths:
        found = find(root, path)
        if found is not None:
            party = party_at(found)
            if not (party.party_id or party.name):
                raise fault_at(found, DocumentFieldError(field="identifier or name of a party"))
            return party
    raise fault_at(root, DocumentFieldError(field=" or ".join(paths)))


def _invoice(root: Element) -> tuple[Party, Fact]:
    fields = _trade(root, "LegalMonetaryTotal", "InvoiceLine", "InvoicedQuantity")
    due = day_at(root, "DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate")
    kind = text_at(root, "InvoiceTypeCode")
    return fields["seller"], Invoice(**fields, due_on=due, kind=kind, status="issued")


def _credit_note(root: Element) -> tuple[Party, Fact]:
    fields = _trade(root, "LegalMonetaryTotal", "CreditNoteLine", "CreditedQuantity")
    number = text_at(root, "BillingReference/InvoiceDocumentReference/ID")
    return fields["seller"], CreditNote(**fields, invoice_number=number)


def _order(root: Element) -> tuple[Party, Fact]:
    fields = _trade(root, "AnticipatedMonetaryTotal", "OrderLine/LineItem", "Quantity")
    period = "RequestedDeliveryPeriod/EndDate"
    day = day_at(root, f"Delivery/{period}", f"OrderLine/LineItem/Delivery/{period}")
    return fields["buyer"], Order(**fields, deliver_by_on=day)


def _trade(root: Element, total: str, lines: str, quantity: str) -> dict[str, Any]:
    """Return the fields that all trade documents have, their sums checked."""
    seller = _party(root, "AccountingSupplierParty/Party", "SellerSupplierParty/Party")
    buyer = _party(root, "AccountingCustomerParty/Party", "BuyerCustomerParty/Party")
    totals = find(root, total)
    payable = None if totals is None else find(totals, "PayableAmount")
    first = next(find_all(root, f"{lines}/LineExtensionAmount"), None)
    amounts = Amounts.of(root, first if payable is None else payable)
    priced = priced_lines(root, lines, quantity, amounts)
    sums = _sums(root, totals, priced.lines_minor, amounts)
    return {
        "subject": "",
        "valid_on": need_day(root, "IssueDate"),
        "number": need(root, "ID"),
        "seller": seller,
        "buyer": buyer,
        "currency": amounts.currency.code,
        "order_number": text_at(root, "OrderReference/ID"),
        "lines": priced.lines,
        **sums,
    }


def _sums(
    root: Element, totals: Element | None, lines_minor: int | None, amounts: Amounts
) -> dict[str, int | None]:
    """Return net, tax and total. What the document sums must be what it adds up to.

    Rules BR-CO-10 to BR-CO-16 of EN 16931; what a document does not say is not held against it.
    """
    if totals is None:
        if lines_minor is None:
            raise fault_at(root, DocumentFieldError(field="total, nor one on each line"))
        return {"total_minor": lines_minor, "net_minor": None, "tax_minor": None}
    for name, charge in (("AllowanceTotalAmount", False), ("ChargeTotalAmount", True)):
        summed = sum(
            amounts.minor(amount)
            for each in find_all(root, "AllowanceCharge")
            if is_charge(each) is charge
            for amount in find_all(each, "Amount")
        )
        amounts.check(find(totals, name), "the document's AllowanceCharge", summed)
    amounts.check(find(totals, "LineExtensionAmount"), "the lines", lines_minor)
    of_lines = amounts.at(totals, "LineExtensionAmount")
    less = amounts.at(totals, "AllowanceTotalAmount") or 0
    more = amounts.at(totals, "ChargeTotalAmount") or 0
    net_said = find(totals, "TaxExclusiveAmount")
    if of_lines is not None:
        summed = "lines less allowances and charges"
        amounts.check(net_said, summed, of_lines - less + more)
    tax = _tax(root, amounts)
    net = None if net_said is None else amounts.minor(net_said)
    prepaid = amounts.at(totals, "PrepaidAmount") or 0
    rounding = amounts.at(totals, "PayableRoundingAmount") or 0
    gross_said = find(totals, "TaxInclusiveAmount")
    gross = None if gross_said is None else amounts.minor(gross_said)
    if net is not None and tax is not None:
        # UBL 2.1 defines it as what is payable and prepaid, so rounded; EN 16931 as not rounded.
        if gross != net + tax + rounding:
            amounts.check(gross_said, "TaxExclusiveAmount and TaxAmount", net + tax)
        gross = net + tax
    payable = find(totals, "PayableAmount")
    if gross is not None:
        summed = "the amount with tax less PrepaidAmount, rounded"
        amounts.check(payable, summed, gross - prepaid + rounding)
    elif payable is not None:
        gross = amounts.minor(payable) + prepaid - rounding
    else:
        raise fault_at(totals, DocumentFieldError(field="PayableAmount"))
    return {"total_minor": gross, "net_minor": net, "tax_minor": tax}


def _tax(root: Element, amounts: Amounts) -> int | None:
    """Return the tax in the document's currency: another TaxTotal may state it in another."""
    total: int | None = None
    for each in find_all(root, "TaxTotal"):
        said = find(each, "TaxAmount")
        if said is None or said.get("currencyID", amounts.currency.code) != amounts.currency.code:
            continue
        parts = [amounts.minor(part) for part in find_all(each, "TaxSubtotal/TaxAmount")]
        amounts.check(said, "the TaxSubtotals", sum(parts) if parts else None)
        total = (total or 0) + amounts.minor(said)
    return total


def _despatch(root: Element) -> tuple[Party, Fact]:
    sender = _party(root, "DespatchSupplierParty/Party")
    carrier = find(root, "Shipment/Consignment/CarrierParty")
    return sender, Despatch(
        subject="",
        valid_on=need_day(root, "Shipment/Delivery/Despatch/ActualDespatchDate", "IssueDate"),
        number=need(root, "ID"),
        sender=sender,
        receiver=_party(root, "DeliveryCustomerParty/Party"),
        carrier=None if carrier is None else party_at(carrier),
        order_number=text_at(root, "OrderReference/ID"),
        lines=tuple(
            goods_line(line, *quantity_at(line, "DeliveredQuantity"))
            for line in find_all(root, "DespatchLine")
        ),
    )


def _receipt(root: Element) -> tuple[Party, Fact]:
    receiver = _party(root, "DeliveryCustomerParty/Party")
    return receiver, Receipt(
        subject="",
        valid_on=need_day(root, "IssueDate"),
        number=need(root, "ID"),
        receiver=receiver,
        sender=_party(root, "DespatchSupplierParty/Party"),
        order_number=text_at(root, "OrderReference/ID"),
        despatch_number=text_at(root, "DespatchDocumentReference/ID"),
        lines=tuple(
            goods_line(
                line,
                *quantity_at(line, "ReceivedQuantity"),
                rejected=quantity_at(line, "RejectedQuantity")[0],
            )
            for line in find_all(root, "ReceiptLine")
        ),
    )


_READERS: Mapping[str, Callable[[Element], tuple[Party, Fact]]] = {
    "Invoice": _invoice,
    "CreditNote": _credit_note,
    "Order": _order,
    "DespatchAdvice": _despatch,
    "ReceiptAdvice": _receipt,
}
