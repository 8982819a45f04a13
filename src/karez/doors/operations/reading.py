"""Values that came over a wire, read as the input of an operation; every fault is named, not one.

msgspec stops at the first fault. So a value that it refuses is taken apart, field by field and item
by item, until each fault has its place.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import structs

from karez.doors.operations.errors import Fault, InputFaultsError

S = TypeVar("S", bound=msgspec.Struct)
FAULTS_MOST = 100


def read_input(kind: type[S], values: Mapping[str, Any], *, texts: bool = False) -> S:
    """Return the input that values make; with ``texts`` a number may be written as text.

    Raises:
        InputFaultsError: some cannot be read, or are not known, or are missing.
    """
    try:
        return msgspec.convert(values, kind, strict=not texts)
    except msgspec.ValidationError as fault:
        found: list[Fault] = []
        _find_faults(kind, values, "", found, strict=not texts)
        raise InputFaultsError(found[:FAULTS_MOST]) from fault


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
