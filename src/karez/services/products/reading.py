"""A term sheet from TOML: what is wrong is named by file, line and key, all of it at once."""

from __future__ import annotations

import difflib
import re
import tomllib
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Self, cast

import attrs

from karez.kernel.errors import KarezError, ensure
from karez.kernel.money import AMOUNT_MAX_MINOR, Currency, currency
from karez.services.products.checking import check_parts, check_schedules
from karez.services.products.errors import SheetBrokenError, SheetKeyError
from karez.services.products.keys import Key, keys_of, words_of
from karez.services.products.ledger import Sides
from karez.services.products.lines import Path, key_lines
from karez.services.products.parts import MonthDay
from karez.services.products.sheet import TermSheet

_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def read_sheet(text: str, name: str) -> TermSheet:
    """Return the term sheet in a text; ``name`` is what its errors call it.

    Raises:
        SheetBrokenError: with ``faults``, one for each key that is wrong.
    """
    sheet, faults = try_sheet(text, name)
    refuse(faults)
    assert sheet is not None  # noqa: S101 - what has no fault was read
    return sheet


def refuse(faults: Sequence[SheetKeyError]) -> None:
    """Raise what is wrong with a text, if anything is.

    Raises:
        SheetBrokenError: with ``faults``, one for each key that is wrong.
    """
    if faults:
        others = len(faults) - 1
        more = f"And {others} more; `karez product check` names all." if others else ""
        error = SheetBrokenError(first=faults[0].message, more=more)
        error.details["faults"] = [fault.as_dict() for fault in faults]
        raise error


def try_sheet(text: str, name: str) -> tuple[TermSheet | None, list[SheetKeyError]]:
    """Return the term sheet in a text, None if it cannot be read, and all that is wrong with it."""
    sheet, reader = _parse(text, name)
    if sheet is not None:
        for check in (check_parts, check_schedules):
            for path, rule in check(sheet):
                reader.wrong(path, rule)
            if reader.faults:
                break
    return sheet, sorted(reader.faults, key=lambda fault: fault.details["line"])


def stored_sheet(text: str, *, version: int) -> TermSheet:
    """Return a version that was published, and so was checked then."""
    sheet, _ = _parse(text, "a published term sheet")
    ensure(sheet is not None, "what was published can be read")
    assert sheet is not None  # noqa: S101 - for the type checker
    return attrs.evolve(sheet, version=version)


def _parse(text: str, name: str) -> tuple[TermSheet | None, KeyReader]:
    values, reader = KeyReader.of(text, name)
    return (None if reader.faults else reader.whole(TermSheet, values)), reader


@attrs.define
class _WrongError(Exception):
    """What a value breaks; the key is known to the caller."""

    rule: str


@attrs.define
class KeyReader:
    """Reads parts, whose classes say which keys they have, and keeps what is wrong by its line."""

    file: str
    lines: Mapping[Path, int]
    faults: list[SheetKeyError] = attrs.field(factory=list[SheetKeyError])
    unit: Currency | None = None

    @classmethod
    def of(cls, text: str, file: str) -> tuple[dict[str, Any], Self]:
        """Return what a TOML text holds and its reader, with a fault if it is no TOML."""
        try:
            values = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as fault:
            found = _TOML_LINE.search(str(fault))
            line = int(found[1]) if found else text.count("\n") + 1
            reader = cls(file, {("TOML",): line})
            reader.wrong(("TOML",), _TOML_LINE.sub("", str(fault)).strip().lower())
            return {}, reader
        return values, cls(file, key_lines(text))

    def wrong(self, path: Path, rule: str) -> None:
        """Note what is wrong with a key, on its line or on that of the table it belongs to."""
        at = path
        while at and at not in self.lines:
            at = at[:-1]
        key = ".".join(f"{part + 1}" if isinstance(part, int) else part for part in path)
        line = self.lines.get(at, 1)
        self.faults.append(
            SheetKeyError(file=self.file, line=line, key=key or "the sheet", rule=rule)
        )

    def whole(self, kind: type[Any], values: dict[str, Any]) -> Any:  # of that kind
        """Return the whole of a file that names its currency, None where something is wrong."""
        try:
            self.unit = currency(str(values.get("currency")))
        except KarezError as error:
            if "currency" in values:
                self.wrong(("currency",), error.message.rstrip("."))
        found = self.part(kind, values, ())
        return None if self.faults else found

    def part(self, kind: type[Any], values: object, path: Path) -> Any:  # of that kind
        """Return a part, None where something is wrong in it."""
        if not isinstance(values, dict):
            raise _WrongError("it is a table")
        given = cast("dict[str, Any]", values)
        keys = {key.name: key for key in keys_of(kind)}
        before = len(self.faults)
        meant: set[str] = set()
        for name in given.keys() - keys.keys():
            near = difflib.get_close_matches(name, keys.keys() - given.keys(), n=1, cutoff=0.5)
            meant.update(near)
            rest = f"perhaps {near[0]} is meant" if near else f"there are {', '.join(keys)}"
            self.wrong((*path, name), f"there is no such key here; {rest}")
        fields: dict[str, Any] = {}
        for name, key in keys.items():
            if name not in given:
                if key.is_needed and name not in meant:
                    self.wrong((*path, name), f"it is missing: {key.meaning}")
                continue
            try:
                fields[key.field] = self._value(key.kind, given[name], (*path, name), key)
            except _WrongError as fault:
                self.wrong((*path, name), f"{fault.rule}, not {_shown(given[name])}")
        return kind(**fields) if len(self.faults) == before else None

    def _value(self, kind: Any, value: object, path: Path, key: Key) -> Any:  # of that kind
        """Return a value as its type."""
        origin = typing.get_origin(kind)
        if origin is tuple:
            return self._several(typing.get_args(kind)[0], value, path, key)
        if origin is not None:
            return self._table(typing.get_args(kind)[1], value, path)
        if kind in _PLAIN:
            return _PLAIN[kind](value)
        if issubclass(kind, Enum):
            return _choice(kind, value)
        if attrs.has(kind):
            return self.part(kind, value, path)
        return self._number(kind, value, key)

    def _several(self, kind: Any, value: object, path: Path, key: Key) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _WrongError("it is a list")
        found: list[Any] = []
        for place, each in enumerate(cast("list[Any]", value)):
            try:
                found.append(self._value(kind, each, (*path, place), key))
            except _WrongError as fault:
                self.wrong((*path, place), f"{fault.rule}, not {_shown(each)}")
        return tuple(found)

    def _table(self, kind: Any, value: object, path: Path) -> dict[str, Any]:
        """Return a table whose keys are names of any kind."""
        if not isinstance(value, dict):
            raise _WrongError("it is a table")
        found: dict[str, Any] = {}
        for name, each in cast("dict[str, Any]", value).items():
            try:
                found[name] = _sides(each) if kind == Sides else _text(each)
            except _WrongError as fault:
                self.wrong((*path, name), f"{fault.rule}, not {_shown(each)}")
        return found

    def _number(self, kind: Any, value: object, key: Key) -> Any:  # of that kind
        """Return a whole number, a decimal, or an amount in minor units, within its bounds."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise _WrongError("it is an amount" if key.is_amount else "it is a number")
        number = Decimal(value)
        if not number.is_finite():
            raise _WrongError("it is a number")
        most = Decimal(AMOUNT_MAX_MINOR) if key.most is None else Decimal(key.most)
        if key.is_amount:
            # Without a currency, which is a fault of its own, any number of decimals will do.
            exponent = self.unit.exponent if self.unit else 9
            number = _scaled(number, exponent)
            if number > most:
                raise _WrongError(f"an amount has {AMOUNT_MAX_MINOR} minor units at most")
        if kind is int and number != number.to_integral_value():
            few = f"it has {self.unit.exponent if self.unit else 0} decimals at most"
            raise _WrongError(few if key.is_amount else "it is a whole number")
        if number < key.least:
            raise _WrongError(f"it is {key.least} or more" if key.least else "it is not negative")
        if number > most:
            raise _WrongError(f"it is {most} at most")
        return int(number) if kind is int else number


def _scaled(number: Decimal, exponent: int) -> Decimal:
    if number.adjusted() > 40 or -number.adjusted() > 40:
        raise _WrongError(f"an amount has {AMOUNT_MAX_MINOR} minor units at most")
    return number.scaleb(exponent)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongError("it is a text")
    return value.strip()


def _day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _WrongError("it is a day, as 2026-12-31 without quotes")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _WrongError("it is true or false")
    return value


def _month_day(value: object) -> MonthDay:
    found = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[2]) > _MONTH_DAYS[int(found[1]) - 1]:
        raise _WrongError('it is a day that every year has, as "07-31"')
    return MonthDay(int(found[1]), int(found[2]))


def _choice(kind: type[Enum], value: object) -> Enum:
    words = words_of(kind)
    if not isinstance(value, str) or value not in words:
        raise _WrongError(f"it is one of {', '.join(words)}")
    return words[value]


def _sides(value: object) -> Sides:
    two = cast("list[Any]", value) if isinstance(value, list) else []
    if len(two) != 2 or not all(isinstance(side, str) and side for side in two):
        raise _WrongError("it is what is debited and what is credited, as ['channel', '4020']")
    return two[0], two[1]


def _currency(value: object) -> Currency | None:
    ensure(value is not None, "a key that is there has a value")
    try:
        return currency(str(value))
    except KarezError:
        return None  # told already


_PLAIN: Mapping[Any, Callable[[object], Any]] = {
    str: _text,
    bool: _flag,
    date: _day,
    MonthDay: _month_day,
    Currency: _currency,
}


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
