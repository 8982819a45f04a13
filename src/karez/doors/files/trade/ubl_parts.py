"""Parts of UBL documents: parties, goods, priced lines, references."""

from __future__ import annotations

from decimal import Decimal

import attrs

from karez.doors.files.trade.reading import (
    Amounts,
    find,
    find_all,
    plain,
    quantity_at,
    text_at,
)
from karez.doors.files.trade.xml import Element
from karez.services.trade import Line, Party, Reference, Thing

_SCHEMES = {"0088": "gln", "GLN": "gln", "0060": "duns", "DUNS": "duns"}
"""What ISO/IEC 6523 codes, and the older words for them, are in a party id."""

_ITEM_SCHEMES = {"0160": "gtin", "GTIN": "gtin", "0088": "gtin"}
"""The same of goods; 0088 numbers places, and CEN BII had it for goods too."""

_REFERENCES = (
    ("order", "OrderReference/ID"),
    ("invoice", "BillingReference/InvoiceDocumentReference/ID"),
    ("credit-note", "BillingReference/CreditNoteDocumentReference/ID"),
    ("despatch", "DespatchDocumentReference/ID"),
    ("receipt", "ReceiptDocumentReference/ID"),
    ("contract", "ContractDocumentReference/ID"),
    ("contract", "Contract/ID"),
)


def party_at(element: Element) -> Party:
    """Return a party: by its tax number if it has one, else by how it is registered or called."""
    name = text_at(element, "PartyName/Name", "PartyLegalEntity/RegistrationName",
                   "PartyTaxScheme/RegistrationName")  # fmt: skip
    parts = ("StreetName", "AdditionalStreetName", "AddressLine/Line", "PostalZone", "CityName",
             "CountrySubentity", "Country/IdentificationCode")  # fmt: skip
    where = find(element, "PostalAddress")
    lines = [] if where is None else [text_at(where, part) for part in parts]
    address = ", ".join(line for line in lines if line)
    return Party(party_id=_party_id(element), name=name, address=address)


def _party_id(element: Element) -> str:
    for path, scheme in (
        ("PartyTaxScheme/CompanyID", "vat"),
        ("PartyLegalEntity/CompanyID", "reg"),
        ("PartyIdentification/ID", "id"),
        ("EndpointID", "endpoint"),
    ):
        found = find(element, path)
        text = "".join((found.text or "").split()) if found is not None else ""
        if found is not None and text:
            said = found.get("schemeID", "")
            named = scheme if scheme == "vat" else _SCHEMES.get(said, f"{scheme}-{said}")
            return f"{named.rstrip('-')}:{text}"
    return ""


def _thing(line: Element, quantity: str | None, unit: str) -> Thing:
    item = find(line, "Item")
    if item is None:
        return Thing(quantity=quantity, unit=unit)
    code = ""
    for path, scheme in (
        ("StandardItemIdentification/ID", "std"),
        ("SellersItemIdentification/ID", "seller"),
        ("BuyersItemIdentification/ID", "buyer"),
    ):
        found = find(item, path)
        text = (found.text or "").strip() if found is not None else ""
        if found is not None and text:
            code = f"{_ITEM_SCHEMES.get(found.get('schemeID', ''), scheme)}:{text}"
            break
    return Thing(
        thing_id=code,
        description=text_at(item, "Name", "Description"),
        serial_number=text_at(item, "ItemInstance/SerialID"),
        lot=text_at(item, "ItemInstance/LotIdentification/LotNumberID"),
        quantity=quantity,
        unit=unit,
    )


def goods_line(
    line: Element, quantity: str | None, unit: str, *, rejected: str | None = None
) -> Line:
    """Return a line of goods that went out or came in; what was not rejected was accepted."""
    accepted = None
    if quantity is not None and rejected is not None:
        accepted = plain(Decimal(quantity) - Decimal(rejected))
    return Line(
        number=text_at(line, "ID"),
        thing=_thing(line, quantity, unit),
        order_line=text_at(line, "OrderLineReference/LineID"),
        accepted=accepted,
        rejected=rejected,
    )


@attrs.frozen
class PricedLines:
    """The lines of a trade document; ``lines_minor`` is their sum, where each says its amount.

    Allowances and charges of the document stand behind them, so that all make its net amount.
    """

    lines: tuple[Line, ...]
    lines_minor: int | None


def priced_lines(root: Element, path: str, quantity: str, amounts: Amounts) -> PricedLines:
    """Return the lines at a path, with quantities of this name."""
    lines = [_priced(line, quantity, amounts) for line in find_all(root, path)]
    nets = [line.net_minor for line in lines]
    known = [net for net in nets if net is not None]
    complete = bool(lines) and len(known) == len(nets)
    for each in find_all(root, "AllowanceCharge"):
        amount = find(each, "Amount")
        if amount is None or not complete:
            continue
        charge = is_charge(each)
        reason = text_at(each, "AllowanceChargeReason", "AllowanceChargeReasonCode")
        word = "charge" if charge else "allowance"
        lines.append(
            Line(
                thing=Thing(description=f"{word}: {reason}" if reason else word),
                net_minor=amounts.minor(amount) if charge else -amounts.minor(amount),
            )
        )
    return PricedLines(tuple(lines), sum(known) if complete else None)


def is_charge(element: Element) -> bool:
    """Say whether an AllowanceCharge adds; else it takes off. The indicator is an xs:boolean."""
    return text_at(element, "ChargeIndicator") in {"true", "1"}


def _priced(line: Element, quantity: str, amounts: Amounts) -> Line:
    rate = find(line, "Item/ClassifiedTaxCategory/Percent")
    return Line(
        number=text_at(line, "ID"),
        thing=_thing(line, *quantity_at(line, quantity)),
        order_line=text_at(line, "OrderLineReference/LineID"),
        price_minor=amounts.exact(find(line, "Price/PriceAmount")),
        net_minor=amounts.at(line, "LineExtensionAmount"),
        tax_rate_pct=None if rate is None else text_at(rate.getparent(), "Percent"),
    )


def references_of(root: Element, digest: str) -> tuple[Reference, ...]:
    """Return what a document rests on: its own file by hash, and the papers that it names."""
    found = [Reference(relation="derived-from", sha256=digest)]
    for relation, path in _REFERENCES:
        for element in find_all(root, path):
            number = (element.text or "").strip()
            if number:
                found.append(Reference(relation=relation, document=number))
    return tuple(dict.fromkeys(found))
