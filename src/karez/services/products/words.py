"""A term sheet in words: each key with its value, and the difference between two sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, cast

import attrs

from karez.kernel.money import Currency, format_amount
from karez.services.products.keys import Key, keys_of
from karez.services.products.parts import MonthDay
from karez.services.products.sheet import TermSheet


@attrs.frozen
class Change:
    """A key that differs between two sheets; None is a key that is not there."""

    key: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.key} is new: {self.after}"
        if self.after is None:
            return f"{self.key} is gone; it was {self.before}"
        return f"{self.key} was {self.before}, and is {self.after}"


def document_of(sheet: TermSheet) -> dict[str, Any]:
    """Return a sheet as its file would have it, with all defaults; ready for JSON."""
    return _part(sheet, sheet.currency)


def flat(sheet: TermSheet) -> dict[str, str]:
    """Return each key of a sheet by its path, in order; what is empty is left out."""
    return dict(_flat("", document_of(sheet)))


def changes(before: TermSheet, after: TermSheet) -> list[Change]:
    """Return what differs, key by key."""
    old, new = flat(before), flat(after)
    keys = [*new, *(key for key in old if key not in new)]
    return [Change(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def _part(part: attrs.AttrsInstance, unit: Currency) -> dict[str, Any]:
    return {
        key.name: _value(getattr(part, key.field), key, unit)
        for key in keys_of(type(part))
        if getattr(part, key.field) is not None
    }


def _value(value: Any, key: Key, unit: Currency) -> Any:  # of the kind that the key has
    if isinstance(value, tuple):
        several = cast("tuple[Any, ...]", value)
        return [_value(each, key, unit) for each in several]
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        return {name: _value(each, key, unit) for name, each in table.items()}
    if key.is_amount:
        return format_amount(value, unit)
    if isinstance(value, (Currency, Enum, MonthDay, Decimal)):
        return scalar_words(value)
    return _part(value, unit) if attrs.has(cast("type[Any]", type(value))) else value


def scalar_words(value: object) -> str:
    """Return a single value as it is written in a file, without its quotes."""
    if isinstance(value, Currency):
        return value.code
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        for name, each in table.items():
            yield from _flat(f"{path}.{name}" if path else name, each)
    elif isinstance(value, list):
        several = cast("list[Any]", value)
        if any(isinstance(each, dict) for each in several):
            for place, each in enumerate(several, 1):
                yield from _flat(f"{path}.{place}", each)
        elif several:
            yield path, ", ".join(map(str, several))
    else:
        yield path, scalar_words(value)
