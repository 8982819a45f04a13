"""The hash id of an event: the same for one event, however it is written (CBV 2.0, section 8.9).

An event is put into one text, the pre-hash string: its fields in a fixed order, the members of each
list sorted, times in UTC, words of GS1 as their web addresses, keys as Digital Links. Read
``event_hash`` first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any, TypeGuard

from karez.doors.files.trade.gs1_keys import canonical_key
from karez.doors.files.trade.reading import plain
from karez.kernel.errors import KarezError
from karez.kernel.time import parse_instant

Json = Any  # as JSON has it
Prefixes = Mapping[str, str]

_CBV = "https://ref.gs1.org/cbv/"
_VOCABULARY = "https://gs1.org/voc/"
STANDARD_PREFIXES = {"gs1": _VOCABULARY, "cbv": _CBV, "epcis": "https://ref.gs1.org/epcis/"}

_QUANTITY = ("epcClass", "quantity", "uom")
_METADATA = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData",
    "dataProcessingMethod", "bizRules",
)  # fmt: skip
_REPORT = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time",
    "microorganism", "chemicalSubstance", "value", "component", "stringValue", "booleanValue",
    "hexBinaryValue", "uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank",
    "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_INSIDE = {"sensorMetadata": _METADATA, "sensorReport": _REPORT}
_FIELDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "eventTime": ("", ()),
    "eventTimeZoneOffset": ("", ()),
    "epcList": ("epc", ()),
    "parentID": ("", ()),
    "inputEPCList": ("epc", ()),
    "childEPCs": ("epc", ()),
    "quantityList": ("quantityElement", _QUANTITY),
    "childQuantityList": ("quantityElement", _QUANTITY),
    "inputQuantityList": ("quantityElement", _QUANTITY),
    "outputEPCList": ("epc", ()),
    "outputQuantityList": ("quantityElement", _QUANTITY),
    "action": ("", ()),
    "transformationID": ("", ()),
    "bizStep": ("", ()),
    "disposition": ("", ()),
    "persistentDisposition": ("", ("set", "unset")),
    "readPoint": ("", ("id",)),
    "bizLocation": ("", ("id",)),
    "bizTransactionList": ("", ("type", "bizTransaction")),
    "sourceList": ("", ("type", "source")),
    "destinationList": ("", ("type", "destination")),
    "sensorElementList": ("sensorElement", tuple(_INSIDE)),
}
"""The fields in their order; what each member of a list is called, and what it holds in order."""

_LEFT_OUT = {"type", "isA", "eventID", "recordTime", "errorDeclaration", "certificationInfo",
             "@context"}  # fmt: skip
_COMMENTS = {"rdfs:comment", "comment"}
_WORDS = {  # what a bare word of GS1 stands behind, by the field or list that it is in
    "bizStep": f"{_CBV}BizStep-", "disposition": f"{_CBV}Disp-", "set": f"{_CBV}Disp-",
    "unset": f"{_CBV}Disp-", "bizTransactionList": f"{_CBV}BTT-", "sourceList": f"{_CBV}SDT-",
    "destinationList": f"{_CBV}SDT-", "component": f"{_CBV}Comp-", "sensorReport": _VOCABULARY,
    "exception": _VOCABULARY,
}  # fmt: skip
_URNS = {
    f"urn:epcglobal:cbv:{name}:": f"{_CBV}{word}-"
    for name, word in (("bizstep", "BizStep"), ("disp", "Disp"), ("btt", "BTT"), ("sdt", "SDT"))
}
_TIMES = {"eventTime", "time", "startTime", "endTime"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,2})?")


def is_object(value: Json) -> TypeGuard[Mapping[str, Json]]:
    """Tell whether a value of JSON is an object."""
    return isinstance(value, dict)


def is_list(value: Json) -> TypeGuard[list[Json]]:
    """Tell whether a value of JSON is a list."""
    return isinstance(value, list)


def _each(value: Json) -> list[Json]:
    """Return the members of a list; what is none is alone."""
    return value if is_list(value) else [value]


def event_hash(event: Mapping[str, Json], prefixes: Prefixes) -> str:
    """Return the hash id of an event, as a ``ni`` URI (RFC 6920).

    ``prefixes`` are those that the document declares; see ``declared_prefixes``.
    """
    digest = hashlib.sha256(pre_hash(event, prefixes).encode(errors="surrogatepass")).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def declared_prefixes(context: Json, outer: Prefixes = STANDARD_PREFIXES) -> Prefixes:
    """Return the prefixes that a context of JSON-LD declares, beside those that hold around it."""
    found = dict(outer)
    for each in _each(context):
        if is_object(each):
            found |= {name: url for name, url in each.items() if isinstance(url, str)}
    return found


def pre_hash(event: Mapping[str, Json], prefixes: Prefixes) -> str:
    """Return the text that is hashed."""
    prefixes = declared_prefixes(event.get("@context"), prefixes)
    known = [
        _field(name, event[name], called, inside, prefixes)
        for name, (called, inside) in _FIELDS.items()
        if name in event
    ]
    others = {
        name: value
        for name, value in event.items()
        if name not in _FIELDS and name not in _LEFT_OUT
    }
    kind = event.get("type", event.get("isA", ""))
    return f"eventType={kind}{''.join(known)}{_extensions(others, prefixes)}"


def _field(name: str, value: Json, called: str, inside: tuple[str, ...], prefixes: Prefixes) -> str:
    """Return a field of an event: a value, or the sorted members of a list."""
    if not inside and not called:
        return _named(name, _value(value, name, prefixes))
    if not called and is_object(value):
        return _named(name, _members(value, name, inside, prefixes), "")
    members = sorted(
        _named(called, _members(each, name, inside, prefixes), "") if inside
        else _named(called, _value(each, called, prefixes))
        for each in _each(value)
    )  # fmt: skip
    return _named(name, "".join(members), "")


def _members(parent: Json, name: str, inside: Iterable[str], prefixes: Prefixes) -> str:
    """Return what an object holds: its own fields in order, then what a firm has added."""
    if not is_object(parent):
        return ""
    own = tuple(inside)
    found = [part for field in own for part in _parts(parent, name, field, prefixes)]
    added = {key: value for key, value in parent.items() if key not in own}
    return "".join(found) + _extensions(added, prefixes)


def _parts(parent: Mapping[str, Json], name: str, field: str, prefixes: Prefixes) -> list[str]:
    """Return the values of one field of an object, sorted."""
    values = _each(parent.get(field))
    if field in _INSIDE:
        inside = _INSIDE[field]
        made = (_named(field, _members(each, field, inside, prefixes), "") for each in values)
    else:
        where = name if field == "type" else field
        made = (_named(field, _value(each, where, prefixes)) for each in values)
    return sorted(made)


def _named(name: str, text: str, sign: str = "=") -> str:
    """Return a name and what it says; nothing where it says nothing."""
    return f"{name}{sign}{text}" if text and name else text


def _extensions(added: Mapping[str, Json], prefixes: Prefixes) -> str:
    """Return what a firm has added, and the data of a lot, sorted."""
    return "".join(sorted(_added(added, prefixes)))


def _added(added: Mapping[str, Json], prefixes: Prefixes) -> Iterator[str]:
    for key, value in added.items():
        if key in _COMMENTS or key.startswith("@"):
            continue
        prefix, colon, local = key.partition(":")
        name = f"{{{prefixes[prefix]}}}{local}" if colon and prefix in prefixes else key
        for each in _each(value):
            if is_object(each):
                yield name + _extensions(each, prefixes)
            else:
                text = _value(each, "", prefixes)
                yield f"{name}={text}" if text else name


def _value(value: Json, field: str, prefixes: Prefixes) -> str:
    """Return a value in the one form that it has in a hash."""
    if value is None or is_object(value) or is_list(value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()  # as XML writes it, so that both syntaxes have one hash
    text = str(value).strip()
    if field in _TIMES:
        return _utc(text)
    return plain(Decimal(text)) if _NUMBER.fullmatch(text) else _name(text, field, prefixes)


def _name(text: str, field: str, prefixes: Prefixes) -> str:
    """Return a word, an address or a key in full."""
    for urn, address in _URNS.items():
        if text.startswith(urn):
            return address + text.removeprefix(urn)
    prefix, colon, local = text.partition(":")
    if text and not colon:
        return _WORDS.get(field, "") + text
    if prefix in prefixes and not local.startswith("//"):
        return prefixes[prefix] + local
    return canonical_key(text)


def _utc(text: str) -> str:
    """Return an instant in UTC to the millisecond, a half rounded up; other text as it is."""
    try:
        instant = parse_instant(text).astimezone(UTC)
    except KarezError:
        return text
    milliseconds = (instant.microsecond + 500) // 1000
    whole = instant.replace(microsecond=0) + timedelta(milliseconds=milliseconds)
    return whole.isoformat(timespec="milliseconds").replace("+00:00", "Z")
