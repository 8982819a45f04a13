# pyright: basic
"""Credit transfers for a bank: pain.001.001.09 of ISO 20022. Lxml has no types."""

from __future__ import annotations

import re
from datetime import UTC

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it is compiled

from karez.doors.files.trade.xml import Element
from karez.kernel.money import currency, format_amount
from karez.services.payments import PayoutFile, SentPayout

SPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}")


def credit_transfers(file: PayoutFile) -> bytes:
    """Return the message that asks the bank to pay a file; always the same octets."""
    root = etree.Element(f"{{{SPACE}}}Document", nsmap={None: SPACE})
    message = _add(root, "CstmrCdtTrfInitn")
    head = _add(message, "GrpHdr")
    _add(head, "MsgId", file.message_id)
    _add(head, "CreDtTm", f"{file.recorded_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    _add_sums(head, file)
    _add(_add(head, "InitgPty"), "Nm", file.name)
    batch = _add(message, "PmtInf")
    _add(batch, "PmtInfId", file.message_id)
    _add(batch, "PmtMtd", "TRF")
    _add(batch, "BtchBookg", "false")  # one by one on the statement, so that each is confirmed
    _add_sums(batch, file)
    _add(_add(batch, "ReqdExctnDt"), "Dt", str(file.execute_on))
    _add(_add(batch, "Dbtr"), "Nm", file.name)
    _add_account(batch, "DbtrAcct", file.account)
    agent = _add(_add(batch, "DbtrAgt"), "FinInstnId")
    if file.bic:
        _add(agent, "BICFI", file.bic)
    else:
        _add(_add(agent, "Othr"), "Id", "NOTPROVIDED")
    for payout in file.payouts:
        _add_payout(batch, payout, file.currency)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add_payout(batch: Element, payout: SentPayout, code: str) -> None:
    transfer = _add(batch, "CdtTrfTxInf")
    _add(_add(transfer, "PmtId"), "EndToEndId", payout.end_to_end)
    amount = _add(
        _add(transfer, "Amt"), "InstdAmt", format_amount(payout.amount_minor, currency(code))
    )
    amount.set("Ccy", code)
    if payout.bic:
        _add(_add(_add(transfer, "CdtrAgt"), "FinInstnId"), "BICFI", payout.bic)
    _add(_add(transfer, "Cdtr"), "Nm", payout.name)
    _add_account(transfer, "CdtrAcct", payout.account)
    _add(_add(transfer, "RmtInf"), "Ustrd", payout.remittance)


def _add_sums(parent: Element, file: PayoutFile) -> None:
    _add(parent, "NbOfTxs", str(len(file.payouts)))
    _add(parent, "CtrlSum", format_amount(file.sum_minor, currency(file.currency)))


def _add_account(parent: Element, name: str, account: str) -> None:
    at = _add(_add(parent, name), "Id")
    if _IBAN.fullmatch(account):
        _add(at, "IBAN", account)
    else:
        _add(_add(at, "Othr"), "Id", account)


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    made = etree.SubElement(parent, f"{{{SPACE}}}{name}")
    made.text = text
    return made
