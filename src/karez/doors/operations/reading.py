"""Values that came over a wire, read as the input of an operation; every fault is named, not one.

msgspec stops at the first fault. So a value that it refuses is taken apart, field by field and item
by item, until each fault has its place.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import structs

from karez.doors.operations.errors import Fault, InputFaultsError

S = TypeVar("S", bound=msgspec.Struct)
FAULTS_MOST = 100
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""No loan, entry or question is of a day outside these."""

NUMBER_MOST = (1 << 63) - 1
"""The database counts no further."""


def read_input(kind: type[S], values: Mapping[str, Any], *, texts: bool = False) -> S:
    """Return the input that values make; with ``texts`` a number may be written as text.

    Raises:
        InputFaultsError: some cannot be read, or are not known, or are missing.
    """
    found: list[Fault] = []
    try:
        given = msgspec.convert(values, kind, strict=not texts)
    except msgspec.ValidationError as fault:
        _find_faults(kind, values, "", found, strict=not texts)
        raise InputFaultsError(found[:FAULTS_MOST]) from fault
    found += _beyond(given, "")
    if found:
        raise InputFaultsError(found[:FAULTS_MOST])
    return given


def _beyond(value: Any, pointer: str) -> Iterator[Fault]:
    """Yield what is of its kind, and yet nothing that books can hold."""
    if isinstance(value, str):
        if "\0" in value:
            yield Fault(pointer, "holds a NUL character, which no text here may")
    elif isinstance(value, date):
        if not FIRST_DAY <= (value.date() if isinstance(value, datetime) else value) <= LAST_DAY:
            yield Fault(pointer, f"is not from {FIRST_DAY} to {LAST_DAY}")
        elif isinstance(value, datetime) and value.tzinfo is None:
            yield Fault(pointer, "has no offset from UTC: end it with Z, or such as +08:00")
    elif isinstance(value, int):
        if abs(value) > NUMBER_MOST:
            yield Fault(pointer, f"is beyond {NUMBER_MOST}")
    else:
        for name, inner in _inside(value):
            yield from _beyond(inner, f"{pointer}/{_escape(name)}")


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a value, and where each stands."""
    if isinstance(value, msgspec.Struct):
        yield from ((name, getattr(value, name)) for name in value.__struct_fields__)
    elif isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, Any]", value).items():
            yield name, name
            yield name, inner
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from ((str(place), each) for place, each in enumerate(cast("list[Any]", value)))


def _find_faults(kind: Any, value: Any, pointer: str, found: list[Fault], *, strict: bool) -> None:
    """Add what is wrong with a value of a kind, however deep."""
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as fault:
        before = len(found)
        plain = _plain(kind)
        if (
            isinstance(value, Mapping)
            and isinstance(plain, type)
            and issubclass(plain, msgspec.Struct)
        ):
            _find_in_struct(plain, cast("dict[str, Any]", value), pointer, found, strict=strict)
        elif isinstance(value, list) and get_origin(plain) in {list, tuple}:
            for place, item in enumerate(cast("list[Any]", value)):
                _find_faults(get_args(plain)[0], item, f"{pointer}/{place}", found, strict=strict)
        if len(found) == before:
            found.append(Fault(pointer or "/", str(fault).partition(" - at `")[0]))


def _find_in_struct(
    kind: type[msgspec.Struct],
    value: Mapping[str, Any],
    pointer: str,
    found: list[Fault],
    *,
    strict: bool,
) -> None:
    fields = {field.encode_name: field for field in structs.fields(kind)}
    for name, field in fields.items():
        if name in value:
            _find_faults(
                field.type, value[name], f"{pointer}/{_escape(name)}", found, strict=strict
            )
        elif field.required:
            found.append(Fault(f"{pointer}/{_escape(name)}", "is missing"))
    if kind.__struct_config__.forbid_unknown_fields:
        unknown = [name for name in value if name not in fields]
        found += [Fault(f"{pointer}/{_escape(name)}", "is not known here") for name in unknown]


def _plain(kind: Any) -> Any:
    """Return the kind without its bounds, and without the choice of leaving it empty."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        arms = [arm for arm in get_args(kind) if arm is not types.NoneType]
        return _plain(arms[0]) if len(arms) == 1 else kind
    return kind


def _escape(name: str) -> str:
    """Write a name as a part of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")
