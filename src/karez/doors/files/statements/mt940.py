"""Statements in MT940 of SWIFT, and as banks write it.

A file is a run of messages; a message is a page of a statement. A line that begins with a tag of
MT940 opens a field; any other goes on with the field before it, even if it looks like a tag (a time
that was broken at the end of a line: ``:12:11``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import attrs

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
    StatementPageError,
    StatementTruncatedError,
)
from karez.doors.files.statements.mt940_text import Told, read_information
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency, currency
from karez.services.payments.statement import Balance, BankStatement, StatementEntry

_TAGS = (
    "20", "21", "25", "25P", "28", "28C", "60F", "60M", "61", "62F", "62M", "64", "65", "86", "NS",
    "13", "13D", "34F", "90C", "90D",
)  # fmt: skip
_FIELD = re.compile(rf":({'|'.join(_TAGS)}):")
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})?(\d{1,18}(?:,\d*)?)")
_LINE = re.compile(
    r"(?P<valid>\d{6})(?P<booked>\d{4}|\s{4})?(?P<mark>R?[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>\d{1,15}(?:,\d*)?)(?P<kind>[A-Z][A-Z0-9 ]{3})(?P<rest>.*)"
)
_NO_REFERENCE = {"", "NONREF", "EREF", "KREF", "KREF+", "MARF", "PREF", "NOTPROVIDED"}
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")
_CENTURY_TURNS = 70  # 70 to 99 are of the last century: MT940 came in the eighties
# German codes of returned transfers and direct debits, SWIFT's of returns.
_RETURNS = {"108", "109", "159", "181", "NRTI", "FRTI", "SRTI", "NRTN", "FRTN"}
Field = tuple[int, str, str]
"""Line, tag, and text with its lines."""


def read_mt940(path: Path) -> Reading:
    """Read a file of MT940; either all its statements or what is wrong with it."""
    faults = Faults(path)
    statements: list[BankStatement] = []
    draft: _Draft | None = None
    for message in _messages(path):
        with faults.caught():
            page = _Page.of(str(path), message)
            if draft is None or not page.goes_on:
                if draft is not None:
                    statements += draft.finished(str(path), faults)
                draft = _Draft(page.line, page.account, page.number, page.unit)
            draft.add(page)
        if faults.too_many:
            break
    if draft is not None:
        statements += draft.finished(str(path), faults)
    elif not faults.found:
        faults.add(1, ":20:", "", StatementFieldError(field=":20: (the begin of a statement)"))
    return faults.reading(statements)


def _messages(path: Path) -> Iterator[list[Field]]:
    """Yield the fields of each message."""
    message: list[Field] = []
    ended = True
    with path.open("rb") as stream:
        for number, octets in enumerate(stream, start=1):
            text = _text(octets).strip("\r\n\x01\x03")
            opened = _FIELD.match(text)
            if opened is not None and opened[1] == "20":
                if message:
                    yield message
                message, ended = [(number, "20", text[4:])], False
            elif text.startswith("-") and (len(text) == 1 or text[1:2] in "}X"):
                ended = True
            elif ended:
                continue  # a bank's own lines before, between and after messages
            elif opened is not None:
                message.append((number, opened[1], text[opened.end() :]))
            else:
                line, tag, before = message[-1]
                message[-1] = (line, tag, f"{before}\n{text}")
    if message:
        yield message


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")


@attrs.frozen
class _Page:
    """One message: a statement, or a page of one."""

    line: int
    account: str
    number: str
    page: str
    unit: Currency
    opening: Balance
    closing: Balance
    goes_on: bool  # with the statement of the page before it
    ends: bool  # and no page follows
    lines: list[tuple[Field, list[Field]]]  # :61: with what belongs to it

    @classmethod
    def of(cls, file: str, message: list[Field]) -> _Page:
        heads: dict[str, Field] = {}
        lines: list[tuple[Field, list[Field]]] = []
        for field in message:
            number, tag, text = field
            if tag == "61":
                lines.append((field, []))
            elif tag in ("86", "NS"):
                if lines and not heads.keys() & {"62F", "62M"}:
                    lines[-1][1].append(field)
            elif tag in heads and tag not in ("34F", "65", "13", "13D", "64"):
                refuse(number, f":{tag}:", text, "field that may stand twice in a message")
            else:
                heads[tag] = field
        first = message[0][0]
        opening, unit = _balance(first, heads, ("60F", "60M"), None)
        if not heads.keys() & {"62F", "62M"}:
            last = message[-1]
            reason = f"after line {last[0]} the closing balance :62F: is missing"
            error = StatementTruncatedError(file=file, reason=reason)
            raise StatementFaultError(last[0], f":{last[1]}:", "", error)
        closing, _ = _balance(first, heads, ("62F", "62M"), unit)
        account = _need(first, heads, ("25", "25P"))[2].split("\n")[0].strip()
        numbers = _need(first, heads, ("28C", "28"))[2].split("\n")[0].strip()
        number, _, page = numbers.partition("/")
        return cls(
            first, account.removesuffix(unit.code) or account, number.lstrip("0"), page, unit,
            opening, closing, "60M" in heads, "62F" in heads, lines,
        )  # fmt: skip


def _need(line: int, heads: Mapping[str, Field], tags: tuple[str, ...]) -> Field:
    for tag in tags:
        if tag in heads and heads[tag][2].strip():
            return heads[tag]
    field = f":{tags[0]}:"
    raise StatementFaultError(line, field, "", StatementFieldError(field=field))


def _balance(
    line: int, heads: Mapping[str, Field], tags: tuple[str, ...], unit: Currency | None
) -> tuple[Balance, Currency]:
    number, tag, text = _need(line, heads, tags)
    text = "".join(text.split())
    found = _BALANCE.fullmatch(text)
    if found is None:
        refuse(number, f":{tag}:", text, "balance such as C260131EUR1234,50")
    try:
        said = currency(found[3]) if found[3] or unit is None else unit
        amount_minor = minor_units(found[4].replace(",", "."), said)
    except KarezError as error:
        raise StatementFaultError(number, f":{tag}:", text, error) from error
    if unit is not None and said != unit:
        error = StatementCurrencyError(found=said.code, wanted=unit.code)
        raise StatementFaultError(number, f":{tag}:", text, error)
    on = _day(number, f":{tag}:", found[2])
    return Balance(on, amount_minor if found[1] == "C" else -amount_minor), said


def _day(line: int, field: str, text: str) -> date:
    """Return the day that yymmdd shows; 30 February is the last of the month (30/360 of banks)."""
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    year += 1900 if year >= _CENTURY_TURNS else 2000
    if month == 2 and day in (29, 30):
        day = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    try:
        return date(year, month, day)
    except ValueError:
        refuse(line, field, text, "day, as yymmdd")


def _booked_on(line: int, text: str, valid_on: date) -> date:
    """Return the day that mmdd shows, in the year that brings it nearest to the value date."""
    if not text.strip():
        return valid_on
    years = (valid_on.year - 1, valid_on.year, valid_on.year + 1)
    days = [_day(line, ":61:", f"{year % 100:02d}{text}") for year in years]
    return min(days, key=lambda day: abs((day - valid_on).days))


@attrs.define
class _Draft:
    """A statement while its pages are read."""

    line: int
    account: str
    number: str
    unit: Currency
    pages: list[_Page] = attrs.field(factory=list[_Page])
    entries: list[StatementEntry] = attrs.field(factory=list[StatementEntry])

    def add(self, page: _Page) -> None:
        """Take a page, and refuse one that does not follow the page before it."""
        reason = ""
        if not self.pages:
            if page.goes_on:
                reason = "it opens with an interim balance (:60M:) and no page is before it"
        elif page.account != self.account:
            reason = f"it is of account {page.account}"
        elif self.pages[-1].ends:
            reason = "the page before it was the last one (:62F:)"
        elif page.opening.amount_minor != self.pages[-1].closing.amount_minor:
            reason = "its opening balance is not the closing balance of the page before it"
        self.pages.append(page)
        for field, more in page.lines:
            self.entries.append(self._entry(field, more))
        if reason:
            self._refuse_page(page, reason)

    def _refuse_page(self, page: _Page, reason: str) -> None:
        number = f"{page.number}/{page.page}"
        error = StatementPageError(page=page.page or "1", number=page.number, reason=reason)
        raise StatementFaultError(page.line, ":28C:", number, error)

    def finished(self, file: str, faults: Faults) -> list[BankStatement]:
        """Return the statement, if it is whole."""
        with faults.caught():
            if self.pages and not self.pages[-1].ends:
                last = self.pages[-1]
                reason = f"page {last.page} says that one follows (:62M:), and none does"
                error = StatementTruncatedError(file=file, reason=reason)
                raise StatementFaultError(last.line, ":62M:", "", error)
            if self.pages:
                statement = BankStatement(
                    line=self.line,
                    account=self.account,
                    number=self.number,
                    currency=self.unit,
                    opening=self.pages[0].opening,
                    closing=self.pages[-1].closing,
                    entries=self.entries,
                )
                if not faults.found:
                    check_sum(statement, ":62F:")
                return [statement]
        return []

    def _entry(self, field: Field, more: list[Field]) -> StatementEntry:
        number, _, text = field
        first, _, supplement = text.partition("\n")
        found = _LINE.fullmatch(first.strip())
        if found is None:
            refuse(number, ":61:", first, "entry such as 2601310131C1234,50NTRFNONREF//REF")
        valid_on = _day(number, ":61:", found["valid"])
        booked_on = _booked_on(number, found["booked"] or "", valid_on)
        check_days(number, ":61:", booked_on, valid_on)
        try:
            amount_minor = minor_units(found["amount"].replace(",", "."), self.unit)
        except KarezError as error:
            raise StatementFaultError(number, ":61:", found["amount"], error) from error
        reference, _, bank_reference = found["rest"].partition("//")
        supplement = " ".join(supplement.split())
        # Some banks put the other account where others put a reference or a remark.
        accounts = [text for text in (supplement, reference) if _IBAN.fullmatch(text)]
        told = Told.of([read_information(tag, text) for _, tag, text in more])
        comes_in = found["mark"] in ("C", "RD")
        codes = {told.code, found["kind"]}
        return StatementEntry(
            line=number,
            group=len(self.entries),
            booked_on=booked_on,
            valid_on=valid_on,
            amount_minor=amount_minor if comes_in else -amount_minor,
            is_reversal=found["mark"][0] == "R" or told.is_return or bool(codes & _RETURNS),
            bank_reference=_reference(bank_reference),
            end_to_end=told.end_to_end or ("" if reference in accounts else _reference(reference)),
            mandate=told.mandate,
            creditor_reference=told.creditor_reference,
            remittance=told.remittance or ("" if supplement in accounts else supplement),
            name=told.name,
            account=told.account or next(iter(accounts), ""),
            code=told.code or found["kind"].strip(),
        )


def _reference(text: str) -> str:
    text = text.strip()
    return "" if text.upper() in _NO_REFERENCE else text
