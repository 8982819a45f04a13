# pyright: basic
"""Statements (camt.053) and notices of bookings (camt.054) of ISO 20022. Lxml has no types.

A file is read entry by entry, so its length does not matter. Entries that are not booked (pending,
informative) are passed over: they come again once they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import attrs

from karez.doors.files.statements.camt_fields import Found, gather, qualified, text_of
from karez.doors.files.statements.drafts import (
    Faults,
    Reading,
    StatementFaultError,
    check_days,
    check_sum,
    minor_units,
    refuse,
)
from karez.doors.files.statements.errors import (
    StatementCurrencyError,
    StatementFieldError,
    StatementTruncatedError,
)
from karez.doors.files.trade.errors import DocumentKindError, XmlEncodingError, XmlMalformedError
from karez.doors.files.trade.xml import Element, name_of, place_of, stream_xml
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency, currency
from karez.kernel.time import parse_date
from karez.services.payments.statement import Balance, BankStatement, StatementEntry

_KIND = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.05[34]\.001\.(?:0[2-9]|1[0-4])")
_WANTED = "camt.053.001.02 to .14 or camt.054.001.02 to .14"
_STATEMENTS = ("Stmt", "Ntfctn")
_SIGN = {"CRDT": 1, "DBIT": -1}
_NO_REFERENCE = {"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF"}
# Sub-families of ISO 20022 bank transaction codes that take back an earlier payment.
_RETURNS = {"RRTN", "RPCR", "PRDD", "UPDD", "UPCT", "UPCQ", "ARET"}
_TAIL_OCTETS = 256


def read_camt(path: Path) -> Reading:
    """Read a file of camt.053 or camt.054; either all its statements or what is wrong with it."""
    faults = Faults(path)
    statements: list[BankStatement] = []
    names = ("Document", "Ntry", *_STATEMENTS)
    try:
        with closing(stream_xml(path, names)) as parts:
            _read(parts, faults, statements)
    except (XmlEncodingError, XmlMalformedError) as error:
        line = int((re.search(r"line (\d+)", error.message) or [0, 0])[1])
        malformed = isinstance(error, XmlMalformedError)
        if _ends_early(path) if malformed else _ends_in_declaration(path):
            reason = f"its last line, {line}, is not the end of its document"
            faults.add(line, "", "", StatementTruncatedError(file=str(path), reason=reason))
        else:
            faults.add(line, "", "", error)
    except KarezError as error:
        faults.add(1, "", "", error)
    if not statements and not faults.found:
        faults.add(1, "", "", StatementFieldError(field="Stmt or Ntfctn"))
    return faults.reading(statements)


def _ends_early(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - _TAIL_OCTETS, 0))
        return re.search(rb"</(\w+:)?Document\s*>\s*$", stream.read()) is None


def _ends_in_declaration(path: Path) -> bool:
    """Tell whether a file ends in its first line, where half an encoding is an unknown one."""
    with path.open("rb") as stream:
        head = stream.read(_TAIL_OCTETS)
    return head.startswith(b"<?xml") and b"?>" not in head


def _read(
    parts: Iterator[tuple[str, Element]], faults: Faults, statements: list[BankStatement]
) -> None:
    first = next(parts, None)
    if first is None:
        raise DocumentKindError(found="another document", wanted=_WANTED)
    space = _namespace(first[1])
    draft, last = _Draft(), None
    for event, element in parts:
        is_entry = element.tag.endswith("}Ntry")
        if event == "start":
            if not is_entry:
                draft, last = _Draft(), None
        elif is_entry:
            with faults.caught():
                if last is None:
                    draft.begin(gather(element.getparent(), qualified(space, "head"), {}), element)
                else:
                    last.getparent().remove(last)
            with faults.caught():
                draft.add(element, gather(element, qualified(space, "entry"), {}))
            last = element
            if faults.too_many:
                return
        elif not element.tag.endswith("}Document"):
            with faults.caught():
                statements.append(_finished(draft, element, space, faults))
            element.getparent().remove(element)


def _finished(draft: _Draft, element: Element, space: str, faults: Faults) -> BankStatement:
    draft.begin(gather(element, qualified(space, "head"), {}), element)
    statement = draft.finish(element, must_balance=element.tag.endswith("}Stmt"))
    if not faults.found:
        check_sum(statement, "Bal")
    return statement


def _namespace(root: Element) -> str:
    space, name = name_of(root)
    if name != "Document" or not _KIND.fullmatch(space):
        raise DocumentKindError(found=f"{name} of {space or 'no namespace'}", wanted=_WANTED)
    return space


def _fault(element: Element, error: KarezError) -> StatementFaultError:
    line, path = place_of(element)
    return StatementFaultError(line, path, (element.text or "").strip(), error)


@attrs.define
class _Draft:
    """A statement while it is read."""

    head: Found = attrs.field(factory=dict)
    unit: Currency | None = None
    entries: list[StatementEntry] = attrs.field(factory=list)
    groups: int = 0

    def begin(self, head: Found, at: Element) -> None:
        """Take the head, once all of it is there: before the first entry, or at the end."""
        self.head = head
        if self.unit is not None:
            return
        codes = [text_of(head, "currency")]
        codes += [_currency_of(balance) for balance in head.get("balance*", ())]
        codes += [each.get("Ccy", "") for each in at.iterchildren("{*}Amt")]
        code = next((each for each in codes if each), "")
        if code:
            element = head.get("currency")
            try:
                self.unit = currency(code)
            except KarezError as error:
                raise _fault(at if element is None else element, error) from error

    def finish(self, at: Element, *, must_balance: bool) -> BankStatement:
        """Return the statement."""
        if self.unit is None:
            raise _fault(at, StatementFieldError(field="currency (Acct/Ccy, or Ccy of Bal/Amt)"))
        account = "".join(text_of(self.head, "account").split())
        if not account:
            raise _fault(at, StatementFieldError(field="account (Acct/Id/IBAN or Acct/Id/Othr/Id)"))
        opening = self._balance(("OPBD", "PRCD"), first=True)
        closing = self._balance(("CLBD",), first=False)
        for name, balance in (("opening", opening), ("closing", closing)):
            if must_balance and balance is None:
                code = {"opening": "OPBD or PRCD", "closing": "CLBD"}[name]
                error = StatementFieldError(field=f"{name} booked balance (Bal of type {code})")
                raise _fault(at, error)
        names = ("electronic_number", "legal_number", "id")
        return BankStatement(
            line=at.sourceline or 0,
            account=account,
            number=next((text for name in names if (text := text_of(self.head, name))), ""),
            currency=self.unit,
            opening=opening,
            closing=closing,
            entries=self.entries,
        )

    def _balance(self, kinds: tuple[str, ...], *, first: bool) -> Balance | None:
        """Return the balance of the first of these kinds, or the interim one of a page."""
        by_kind: dict[str, list[Found]] = {}
        for found in self.head.get("balance*", ()):
            by_kind.setdefault(text_of(found, "kind"), []).append(found)
        interim = by_kind.get("ITBD", [])
        pages = [interim[0 if first else -1]] if interim else []
        for found in [*(by_kind[kind][0] for kind in kinds if kind in by_kind), *pages]:
            amount_minor = self._signed(found)
            return Balance(self._day(found, "on", found[""]), amount_minor)
        return None

    def _signed(self, found: Found) -> int:
        if "amount" not in found:
            raise _fault(found[""], StatementFieldError(field="Amt"))
        direction = text_of(found, "direction")
        if direction not in _SIGN:
            at = found.get("direction", found[""])
            line, path = place_of(at)
            refuse(line, path, direction, "CRDT or DBIT")
        return _SIGN[direction] * self._minor(found["amount"])

    def _minor(self, element: Element) -> int:
        unit = self.unit
        said = element.get("Ccy", "")
        if unit is None or said != unit.code:
            wanted = "none" if unit is None else unit.code
            raise _fault(element, StatementCurrencyError(found=said or "none", wanted=wanted))
        try:
            return minor_units((element.text or "").strip(), unit)
        except KarezError as error:
            raise _fault(element, error) from error

    def _day(self, found: Found, name: str, at: Element) -> date:
        element = found.get(name)
        if element is None:
            raise _fault(at, StatementFieldError(field=name))
        text = (element.text or "").strip()
        try:
            return date.fromisoformat(text) if len(text) == 10 else parse_date(text[:10])
        except (ValueError, KarezError):
            line, path = place_of(element)
            refuse(line, path, text, "date")

    def add(self, element: Element, found: Found) -> None:
        """Take an entry: as one payment, or as those that it is said to be made of."""
        if (text_of(found, "status_code") or text_of(found, "status")) not in ("BOOK", ""):
            return
        found[""] = element
        amount_minor = self._signed(found)
        days = [name for name in ("booked_on", "valid_on") if name in found]
        if not days:
            raise _fault(element, StatementFieldError(field="date (BookgDt or ValDt)"))
        booked_on = self._day(found, days[0], element)
        valid_on = self._day(found, days[-1], element)
        line = element.sourceline or 0
        check_days(line, "ValDt", booked_on, valid_on)
        whole = StatementEntry(
            line=line,
            group=self.groups,
            booked_on=booked_on,
            valid_on=valid_on,
            amount_minor=amount_minor,
            is_reversal=text_of(found, "reversal") in ("true", "1")
            or text_of(found, "sub_family") in _RETURNS,
            bank_reference=_reference(found, "bank_reference"),
            remittance=_joined(found, "remarks*"),
            code=_code(found),
        )
        self.groups += 1
        details = found.get("tx*", [])
        if len(details) == 1:
            self.entries.append(_told(whole, details[0], amount_minor, self._own_account()))
            return
        self.entries += self._parts(whole, details, text_of(found, "payments"))

    def _own_account(self) -> str:
        return "".join(text_of(self.head, "account").split())

    def _parts(
        self, whole: StatementEntry, details: list[Found], counted: str
    ) -> list[StatementEntry]:
        """Return the payments of a group, or the group if it is not said what each was."""
        amounts = [self._part_minor(found, whole.amount_minor) for found in details]
        if not details or None in amounts or sum(filter(None, amounts)) != whole.amount_minor:
            many = int(counted) if counted.isascii() and counted.isdigit() else 1
            return [attrs.evolve(whole, payments=max(many, len(details), 1))]
        own = self._own_account()
        return [
            attrs.evolve(_told(whole, found, amount_minor or 0, own), part=part)
            for part, (found, amount_minor) in enumerate(zip(details, amounts, strict=True))
        ]

    def _part_minor(self, found: Found, whole_minor: int) -> int | None:
        direction = text_of(found, "direction")
        sign = _SIGN.get(direction, 1 if whole_minor > 0 else -1)
        for name in ("amount", "detail_amount"):
            element = found.get(name)
            if element is not None and self.unit and element.get("Ccy", "") == self.unit.code:
                amount_minor = self._minor(element)
                return sign * amount_minor if amount_minor else None
        return None


def _told(whole: StatementEntry, found: Found, amount_minor: int, own: str) -> StatementEntry:
    """Return a payment with what is said of it."""
    debtor = _side(found, "debtor")
    creditor = _side(found, "creditor")
    name, account = debtor if amount_minor > 0 else creditor
    if not (name or account) or account == own:
        name, account = creditor if amount_minor > 0 else debtor
    return StatementEntry(
        line=whole.line,
        group=whole.group,
        booked_on=whole.booked_on,
        valid_on=whole.valid_on,
        amount_minor=amount_minor,
        is_reversal=whole.is_reversal or bool(text_of(found, "return_code")),
        bank_reference=whole.bank_reference or _reference(found, "bank_reference"),
        end_to_end=_reference(found, "end_to_end"),
        mandate=_reference(found, "mandate"),
        creditor_reference=_joined(found, "creditor_reference*"),
        remittance=_joined(found, "remittance*") or whole.remittance,
        name="" if account == own else name,
        account="" if account == own else account,
        code=text_of(found, "return_code") or whole.code,
    )


def _side(found: Found, side: str) -> tuple[str, str]:
    name = text_of(found, side) or text_of(found, f"ultimate_{side}")
    return " ".join(name.split()), "".join(text_of(found, f"{side}_account").split())


def _reference(found: Found, name: str) -> str:
    text = text_of(found, name)
    return "" if text.upper() in _NO_REFERENCE else text


def _joined(found: Found, name: str) -> str:
    parts = ((element.text or "").split() for element in found.get(name, ()))
    return " ".join(word for words in parts for word in words)


def _code(found: Found) -> str:
    names = ("domain", "family", "sub_family")
    family = "/".join(text for name in names if (text := text_of(found, name)))
    return family or text_of(found, "own_code")


def _currency_of(balance: dict[str, Any]) -> str:
    return balance["amount"].get("Ccy", "") if "amount" in balance else ""
