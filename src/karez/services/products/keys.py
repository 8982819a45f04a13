"""What keys a part of a term sheet has: read from its class."""

from __future__ import annotations

import typing
from enum import Enum, IntEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any

import attrs

from karez.kernel.money import Currency
from karez.services.products.parts import MonthDay

MINOR = "_minor"


@attrs.frozen
class Key:
    """A key: its name in the file, the field that it fills, the type of that, and what it means."""

    name: str
    field: str
    kind: Any  # a type, which has no better type
    is_amount: bool
    meaning: str
    default: Any
    least: int
    most: int | None

    @property
    def is_needed(self) -> bool:
        """Whether it may not be left out."""
        return self.default is attrs.NOTHING


@cache
def keys_of(part: type[attrs.AttrsInstance]) -> tuple[Key, ...]:
    """Return the keys of a part, in order; a field without a meaning is no key."""
    hints = typing.get_type_hints(part)
    return tuple(
        Key(
            name=field.metadata["key"] or field.name.removesuffix(MINOR),
            field=field.name,
            kind=without_none(hints[field.name]),
            is_amount=field.name.endswith(MINOR),
            meaning=field.metadata["meaning"],
            default=field.default,
            least=field.metadata["least"],
            most=field.metadata["most"],
        )
        for field in attrs.fields(part)
        if "meaning" in field.metadata
    )


def without_none(hint: Any) -> Any:  # types have no better type
    """Return the type of a value that may be left out."""
    if isinstance(hint, UnionType):
        [kind] = [each for each in typing.get_args(hint) if each is not NoneType]
        return kind
    return hint


def words_of(choices: type[Enum]) -> dict[str, Enum]:
    """Return what may be written for each member of an enumeration."""
    if issubclass(choices, IntEnum):
        return {each.name.lower(): each for each in choices}
    return {str(each.value): each for each in choices}


def kind_words(key: Key) -> str:
    """Say what is written as the value of a key."""
    kind, many = key.kind, typing.get_origin(key.kind)
    if many is tuple:
        [each, *_] = typing.get_args(kind)
        return f"list of {_one(each, is_amount=False)}s"
    if many is not None:
        return "table"
    return _one(kind, is_amount=key.is_amount)


def _one(kind: type, *, is_amount: bool) -> str:
    if attrs.has(kind) and kind not in {Currency, MonthDay}:
        return "table"
    if issubclass(kind, Enum):
        return "word"
    if is_amount:
        return "amount"
    names = {"int": "whole number", "Decimal": "number", "bool": "true or false", "str": "text",
             "Currency": "text", "MonthDay": "day", "date": "day"}  # fmt: skip
    return names[kind.__name__]
