# pyright: basic
"""The bank's status report on a file of payouts: pain.002 of ISO 20022. Lxml has no types."""

from __future__ import annotations

import re
from pathlib import Path

from karez.doors.files.payouts.errors import AnswerFieldError
from karez.doors.files.trade.errors import DocumentKindError
from karez.doors.files.trade.xml import Element, children, name_of, parse_xml, read_document
from karez.services.payments import BankAnswer

_KIND = re.compile(r"urn:iso:std:iso:20022:tech:xsd:pain\.002\.001\.(?:0[3-9]|1[0-4])")
_REFUSED = "RJCT"


def read_answers(path: Path) -> list[BankAnswer]:
    """Return what a status report says of a message: of all of it, or of single payouts.

    Raises:
        FileUnreadableError, DocumentTooLargeError, XmlMalformedError, XmlEntityError,
        XmlEncodingError: it is no document.
        DocumentKindError: it is another kind of document.
        AnswerFieldError: it does not say for which message or payout it is.
    """
    root = parse_xml(read_document(path))
    space, name = name_of(root)
    if name != "Document" or not _KIND.fullmatch(space):
        raise DocumentKindError(found=f"{name} of {space}", wanted="pain.002.001.03 to .14")
    report = _child(root, "CstmrPmtStsRpt")
    group = None if report is None else _child(report, "OrgnlGrpInfAndSts")
    if report is None or group is None:
        raise AnswerFieldError(field="OrgnlGrpInfAndSts")
    message = _needed(group, "OrgnlMsgId")
    found = [_answer(group, message, "", "GrpSts")]
    for batch in children(report, "OrgnlPmtInfAndSts"):
        # A file has one batch, so what is said of it is said of the whole file.
        found.append(_answer(batch, message, "", "PmtInfSts"))
        found += [
            _answer(each, message, _needed(each, "OrgnlEndToEndId"), "TxSts")
            for each in children(batch, "TxInfAndSts")
        ]
    # What is said of a payout itself counts before what is said of all.
    return sorted(found, key=lambda answer: not answer.end_to_end)


def _answer(element: Element, message: str, end_to_end: str, status: str) -> BankAnswer:
    codes: list[str] = []
    words: list[str] = []
    for why in children(element, "StsRsnInf"):
        reason = _child(why, "Rsn")
        if reason is not None:
            codes += [_text(reason, name) for name in ("Cd", "Prtry") if _text(reason, name)]
        words += [(each.text or "").strip() for each in children(why, "AddtlInf")]
    refused = _text(element, status) == _REFUSED
    return BankAnswer(message, end_to_end, refused, " ".join(codes) or _REFUSED, " ".join(words))


def _child(element: Element, name: str) -> Element | None:
    return next(children(element, name), None)


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else (child.text or "").strip()


def _needed(element: Element, name: str) -> str:
    text = _text(element, name)
    if not text:
        raise AnswerFieldError(field=name)
    return text
