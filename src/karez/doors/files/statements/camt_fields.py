# pyright: basic
"""Which elements of camt.053 and camt.054 are read, and what they are called here.

Versions .02 to .14 differ in a few places (a party moved into ``Pty``, a status into ``Cd``); both
places are listed, and the first that is there counts. Lxml has no types.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from karez.doors.files.trade.xml import Element

Found = dict[str, Any]
"""Elements by name; a name that ends with ``*`` has the list of all, or of what is in them."""

_ACCOUNT = {"Id": {"IBAN": "", "Othr": {"Id": ""}}}


def _named(tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: _named(sub, name) if sub else name for key, sub in tree.items()}


def _party(name: str) -> dict[str, Any]:
    at = {"Nm": name}
    return {**at, "Pty": at, "Agt": {"FinInstnId": at}}


TRANSACTION = {
    "Refs": {
        "AcctSvcrRef": "bank_reference",
        "EndToEndId": "end_to_end",
        "MndtId": "mandate",
    },
    "Amt": "amount",
    "CdtDbtInd": "direction",
    "AmtDtls": {"TxAmt": {"Amt": "detail_amount"}},
    "RltdPties": {
        "Dbtr": _party("debtor"),
        "DbtrAcct": _named(_ACCOUNT, "debtor_account"),
        "UltmtDbtr": _party("ultimate_debtor"),
        "Cdtr": _party("creditor"),
        "CdtrAcct": _named(_ACCOUNT, "creditor_account"),
        "UltmtCdtr": _party("ultimate_creditor"),
    },
    "RmtInf": {"Ustrd": "remittance*", "Strd": {"CdtrRefInf": {"Ref": "creditor_reference*"}}},
    "RtrInf": {"Rsn": {"Cd": "return_code", "Prtry": "return_code"}},
}
ENTRY = {
    "Amt": "amount",
    "CdtDbtInd": "direction",
    "RvslInd": "reversal",
    "Sts": {"": "status", "Cd": "status_code", "Prtry": "status_code"},
    "BookgDt": {"Dt": "booked_on", "DtTm": "booked_on"},
    "ValDt": {"Dt": "valid_on", "DtTm": "valid_on"},
    "AcctSvcrRef": "bank_reference",
    "BkTxCd": {
        "Domn": {"Cd": "domain", "Fmly": {"Cd": "family", "SubFmlyCd": "sub_family"}},
        "Prtry": {"Cd": "own_code"},
    },
    "NtryDtls": {"Btch": {"NbOfTxs": "payments"}, "TxDtls": ("tx*", TRANSACTION)},
    "AddtlNtryInf": "remarks*",
}
HEAD = {
    "Id": "id",
    "ElctrncSeqNb": "electronic_number",
    "LglSeqNb": "legal_number",
    "Acct": {**_named(_ACCOUNT, "account"), "Ccy": "currency"},
    "Bal": (
        "balance*",
        {
            "Tp": {"CdOrPrtry": {"Cd": "kind"}},
            "Amt": "amount",
            "CdtDbtInd": "direction",
            "Dt": {"Dt": "on", "DtTm": "on"},
        },
    ),
}


@cache
def qualified(space: str, what: str) -> dict[str, Any]:
    """Return ``HEAD`` or ``ENTRY`` with the tags of a namespace."""
    return _qualified({"head": HEAD, "entry": ENTRY}[what], f"{{{space}}}")


def _qualified(tree: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for tag, aim in tree.items():
        key = prefix + tag if tag else ""
        match aim:
            case str():
                made[key] = aim
            case (name, parts):
                made[key] = (name, _qualified(parts, prefix))
            case _:
                made[key] = _qualified(aim, prefix)
    return made


def gather(element: Element, wanted: Mapping[str, Any], found: Found) -> Found:
    """Collect the elements that are wanted below one; the first of a name counts."""
    for child in element:
        aim = wanted.get(child.tag)
        if aim is None:
            continue
        if isinstance(aim, str):
            if aim[-1] == "*":
                found.setdefault(aim, []).append(child)
            else:
                found.setdefault(aim, child)
        elif isinstance(aim, tuple):
            found.setdefault(aim[0], []).append(gather(child, aim[1], {"": child}))
        else:
            if "" in aim:
                found.setdefault(aim[""], child)
            gather(child, aim, found)
    return found


def text_of(found: Found, name: str) -> str:
    """Return the text of an element that was found, without blanks around it."""
    element = found.get(name)
    return (element.text or "").strip() if element is not None else ""
