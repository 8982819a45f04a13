"""Reading one XML document: texts, days, amounts and quantities, each fault with its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

import attrs

from karez.doors.files.trade.errors import (
    DocumentCurrencyError,
    DocumentFieldError,
    DocumentSumError,
    DocumentValueError,
)
from karez.doors.files.trade.xml import Element, children, place_of
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency, currency, parse_amount
from karez.kernel.time import parse_date

_DIGITS_MOST = 30


class DocumentFaultError(Exception):
    """A fault of a document, with the line and path where it is. Never leaves this folder."""

    def __init__(self, line: int, path: str, value: str, error: KarezError) -> None:
        super().__init__(error.message)
        self.line, self.path, self.value, self.error = line, path, value, error


def fault_at(element: Element, error: KarezError) -> DocumentFaultError:
    """Return a fault at an element."""
    return DocumentFaultError(*place_of(element), (element.text or "").strip(), error)


def find(element: Element, path: str) -> Element | None:
    """Return the first element at a path of local names, such as ``Party/PartyName/Name``."""
    return next(find_all(element, path), None)


def find_all(element: Element, path: str) -> Iterator[Element]:
    """Yield the elements at a path of local names."""
    name, _, rest = path.partition("/")
    for child in children(element, name):
        if rest:
            yield from find_all(child, rest)
        else:
            yield child


def text_at(element: Element, *paths: str) -> str:
    """Return the text at the first of these paths that has any, in one line."""
    for path in paths:
        found = find(element, path)
        text = " ".join((found.text or "").split()) if found is not None else ""
        if text:
            return text
    return ""


def need(element: Element, *paths: str) -> str:
    """Return the text at the first of these paths that has any; a document without is at fault."""
    text = text_at(element, *paths)
    if not text:
        raise fault_at(element, DocumentFieldError(field=" or ".join(paths)))
    return text


def day_at(element: Element, *paths: str) -> date | None:
    """Return a day; a time zone after it is passed over, as the day is the writer's."""
    for path in paths:
        found = find(element, path)
        if found is None or not (found.text or "").strip():
            continue
        try:
            return parse_date((found.text or "").strip()[:10])
        except KarezError as error:
            raise fault_at(found, error) from error
    return None


def need_day(element: Element, *paths: str) -> date:
    """Return a day; a document without it is at fault."""
    day = day_at(element, *paths)
    if day is None:
        raise fault_at(element, DocumentFieldError(field=" or ".join(paths)))
    return day


def decimal_of(element: Element) -> Decimal:
    """Return the number that an element holds."""
    text = (element.text or "").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(text) > _DIGITS_MOST or "e" in text.lower():
        raise fault_at(element, DocumentValueError(value=text, wanted="decimal number"))
    return number


def plain(number: Decimal) -> str:
    """Return a number without exponent and without zeros that say nothing."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def quantity_at(element: Element, *paths: str) -> tuple[str | None, str]:
    """Return a quantity as text and its unit."""
    for path in paths:
        found = find(element, path)
        if found is not None:
            return plain(decimal_of(found)), found.get("unitCode", "")
    return None, ""


@attrs.frozen
class Amounts:
    """Reads the amounts of one document, which are all in its currency."""

    currency: Currency

    @classmethod
    def of(cls, root: Element, payable: Element | None) -> Amounts:
        """Return the reader for a document: in its own currency, or that of its total."""
        named = find(root, "DocumentCurrencyCode")
        at = payable if named is None else named
        if at is None:
            raise fault_at(root, DocumentFieldError(field="DocumentCurrencyCode"))
        code = at.get("currencyID", "") if named is None else (named.text or "").strip()
        try:
            return cls(currency(code))
        except KarezError as error:
            raise fault_at(at, error) from error

    def minor(self, element: Element) -> int:
        """Return an amount in minor units. Zeros past the minor unit say nothing."""
        said = element.get("currencyID", self.currency.code)
        if said != self.currency.code:
            raise fault_at(element, DocumentCurrencyError(found=said, wanted=self.currency.code))
        try:
            return parse_amount(plain(decimal_of(element)), self.currency)
        except KarezError as error:
            raise fault_at(element, error) from error

    def at(self, element: Element, path: str) -> int | None:
        """Return the amount at a path, None if there is none."""
        found = find(element, path)
        return None if found is None else self.minor(found)

    def exact(self, element: Element | None) -> int | None:
        """Return a price in minor units, None where it is finer than they are."""
        if element is None:
            return None
        try:
            return self.minor(element)
        except DocumentFaultError:
            return None

    def check(self, element: Element | None, summed: str, found: int | None) -> None:
        """Hold the amount of an element to a sum, if both are there."""
        if element is None or found is None:
            return
        said = self.minor(element)
        if said != found:
            _, path = place_of(element)
            error = DocumentSumError(
                sum=summed, found=found, field=path.rpartition("/")[2], said=said
            )
            raise fault_at(element, error)
