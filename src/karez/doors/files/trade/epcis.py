"""EPCIS 2.0 events in JSON or JSON-LD as facts. Read ``read_document`` first.

Fields are named as in EPCIS 2.0 (GS1, 2022), section 7.4. Each event is also known by its hash id
(``event_hash``), whatever id it came with.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

import attrs

from karez.doors.files.trade.errors import DocumentKindError, EventMalformedError
from karez.doors.files.trade.event_hash import (
    STANDARD_PREFIXES,
    Prefixes,
    declared_prefixes,
    event_hash,
    is_list,
    is_object,
)
from karez.doors.files.trade.reading import plain
from karez.doors.files.trade.ubl import CHANNEL, Source
from karez.kernel.errors import KarezError
from karez.kernel.time import parse_instant
from karez.services.evidence import Fact
from karez.services.trade import Party, Reference, SensorReading, Thing, TransportEvent

Event = Mapping[str, Any]  # as JSON has it

KINDS: Mapping[str, Any] = {  # to one of the literals of the schema
    "ObjectEvent": "object",
    "AggregationEvent": "aggregation",
    "TransactionEvent": "transaction",
    "TransformationEvent": "transformation",
    "AssociationEvent": "association",
}
_ACTIONS = {"ADD", "OBSERVE", "DELETE"}
_ITEMS = (("epcList", "quantityList"), ("childEPCs", "childQuantityList"),
          ("inputEPCList", "inputQuantityList"))  # fmt: skip
_OUTPUTS = ("outputEPCList", "outputQuantityList")
_MEASURES = {"value": "", "minValue": " min", "maxValue": " max", "meanValue": " mean"}
_SHOWN_MOST = 200  # letters
_HOURS_MOST = timedelta(hours=14)


@attrs.frozen
class Found:
    """A document of events: all of it but the events, and these as they stand."""

    envelope: Mapping[str, Any]
    events: Sequence[Any]
    sender: str = ""

    @property
    def prefixes(self) -> Prefixes:
        """What the document declares its short names to stand for."""
        return declared_prefixes(self.envelope.get("@context"))


def read_document(octets: bytes) -> Found:
    """Return the events of a document, of the answer to a query, of a list, or one alone.

    Raises:
        EventMalformedError: it is no JSON, or says a key twice.
        DocumentKindError: it is JSON of another kind.
    """
    document = _load(octets)
    if is_list(document):
        return Found({}, document)
    if not is_object(document):
        raise DocumentKindError(found=type(document).__name__, wanted="an EPCIS document")
    kind = document.get("type", document.get("isA"))
    if isinstance(kind, str) and kind in KINDS:
        context = {"@context": document["@context"]} if "@context" in document else {}
        return Found(context, [document])
    body: Any = document.get("epcisBody")
    if kind == "EPCISQueryDocument":
        for name in ("queryResults", "resultsBody"):
            body = body.get(name) if is_object(body) else None
    events: Any = body.get("eventList", body.get("event")) if is_object(body) else None
    if is_object(events):
        events = [events]
    if not is_list(events):
        wanted = "EPCISDocument or EPCISQueryDocument with an eventList, or an event"
        raise DocumentKindError(found=kind or "of no type", wanted=wanted)
    sender = document.get("sender", "")
    envelope = {name: value for name, value in document.items() if name != "epcisBody"}
    return Found(envelope, events, sender if isinstance(sender, str) else "")


def refused_document(found: Found, events: Sequence[Any]) -> bytes:
    """Return a document of those events that were refused, to be mended and sent again."""
    envelope = dict(found.envelope)
    envelope.setdefault("type", "EPCISDocument")
    if envelope["type"] == "EPCISQueryDocument":
        envelope["type"] = "EPCISDocument"
    document = envelope | {"epcisBody": {"eventList": list(events)}}
    return json.dumps(document, ensure_ascii=False, indent=2, default=_number).encode()


def read_event(
    event: Any, source: Source, sender: str = "", prefixes: Prefixes = STANDARD_PREFIXES
) -> Iterator[Fact]:
    """Yield what an event states: what happened, and then what sensors measured.

    ``prefixes`` are those of its document, for its hash id.

    Raises:
        EventMalformedError: it is no event; it says at which field.
    """
    if not is_object(event):
        _refuse("it is no object", "")
    kind = event.get("type", event.get("isA"))
    if not isinstance(kind, str) or kind not in KINDS:
        _refuse(f"type is {kind!r}, and can be {', '.join(KINDS)}", "type")
    occurred_at, day = _when(event)
    who = _source(event, "source")
    attester = source.attester if source.attester is not None else sender or who
    fields: dict[str, Any] = {
        "subject": _subject(event, who, sender),
        "valid_on": day,
        "occurred_at": occurred_at,
        "attester": attester,
        "channel": CHANNEL,
        "control_group": source.control_group,
        "references": _references(event, prefixes),
    }
    to = _source(event, "destination")
    yield TransportEvent(
        **fields,
        event=KINDS[kind],
        action=_action(event, kind),
        business_step=_text(event, "bizStep"),
        disposition=_text(event, "disposition"),
        read_point=_id(event, "readPoint"),
        business_location=_id(event, "bizLocation"),
        parent_id=_text(event, "parentID"),
        things=tuple(thing for names in _ITEMS for thing in _things(event, *names)),
        outputs=tuple(_things(event, *_OUTPUTS)),
        source=Party(party_id=who) if who else None,
        destination=Party(party_id=to) if to else None,
    )
    yield from _measured(event, fields)


def shown_value(event: Any, field: str) -> str:
    """Return what an event says in a field, so that an error can show it."""
    value = event.get(field, "") if is_object(event) else event
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:_SHOWN_MOST]


def _load(octets: bytes) -> Any:  # as JSON has it
    try:
        return json.loads(
            octets,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as fault:
        raise EventMalformedError(reason=f"no JSON that can be trusted: {fault}") from fault


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _number(value: object) -> float | int:
    """Return a decimal so that JSON has a form for it; its digits are those it came with."""
    number = Decimal(str(value))
    return int(number) if number == number.to_integral_value() else float(number)


def _refuse(reason: str, field: str) -> NoReturn:
    raise EventMalformedError(reason=reason, field=field)


def _text(event: Event, name: str) -> str:
    value = event.get(name, "")
    if not isinstance(value, str):
        _refuse(f"{name} is no text", name)
    return value


def _list(event: Event, name: str) -> Sequence[Any]:
    value: Any = event.get(name, [])
    if not is_list(value):
        _refuse(f"{name} is no list", name)
    return value


def _objects(event: Event, name: str) -> Iterator[Event]:
    for value in _list(event, name):
        if not is_object(value):
            _refuse(f"{name} holds what is no object", name)
        yield value


def _id(event: Event, name: str) -> str:
    value: Any = event.get(name, {})
    if not is_object(value):
        _refuse(f"{name} is no object with an id", name)
    return _text(value, "id")


def _when(event: Event) -> tuple[datetime, date]:
    """Return the instant, and the day that it was where the event happened."""
    try:
        instant = parse_instant(_text(event, "eventTime"))
    except KarezError as error:
        raise EventMalformedError(reason=f"eventTime: {error}", field="eventTime") from error
    offset = _text(event, "eventTimeZoneOffset")
    try:
        local = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").utcoffset()
    except ValueError:
        local = None
    if local is None or abs(local) > _HOURS_MOST:
        _refuse(f"eventTimeZoneOffset is {offset!r}; write it as +02:00", "eventTimeZoneOffset")
    return instant, (instant.replace(tzinfo=None) + local).date()


def _action(event: Event, kind: str) -> Any:  # one of the literals of the schema
    action = event.get("action")
    if kind == "TransformationEvent":
        if action is not None:
            _refuse("a TransformationEvent has no action", "action")
        return None
    if action not in _ACTIONS:
        _refuse(f"action is {action!r}, and can be {', '.join(sorted(_ACTIONS))}", "action")
    return action


def _things(event: Event, pieces: str, classes: str) -> Iterator[Thing]:
    for epc in _list(event, pieces):
        if not isinstance(epc, str):
            _refuse(f"{pieces} holds what is no text", pieces)
        yield Thing(thing_id=epc)
    for item in _objects(event, classes):
        quantity = item.get("quantity")
        yield Thing(
            thing_id=_text(item, "epcClass"),
            quantity=None if quantity is None else _decimal(quantity, f"{classes}.quantity"),
            unit=_text(item, "uom"),
        )


def _decimal(value: object, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        _refuse(f"{name} is no number", name)
    number = Decimal(value)
    if abs(number.adjusted()) > 15:
        _refuse(f"{name} is {value}, which is beyond what is kept", name)
    return plain(number)


def _source(event: Event, side: str) -> str:
    """Return who had the goods before or after: the owner, else who held them, else the place."""
    found = {
        _last_word(_text(each, "type")): _text(each, side)
        for each in _objects(event, f"{side}List")
    }
    for kind in ("owning_party", "possessing_party", "location"):
        if found.get(kind):
            return found[kind]
    return ""


def _last_word(name: str) -> str:
    """Return the word of CBV in its three forms: ``po``, ``urn:epcglobal:cbv:btt:po``, a URL."""
    return re.split("[-:/]", name)[-1]


def _subject(event: Event, who: str, sender: str) -> str:
    """Return whom the event is about: who had the goods, sent the document, or the place."""
    first = next((thing.thing_id for names in _ITEMS for thing in _things(event, *names)), "")
    candidates = (who, sender, _id(event, "bizLocation"), _id(event, "readPoint"),
                  _text(event, "parentID"), first)  # fmt: skip
    subject = next((each for each in candidates if each), "")
    if not subject:
        _refuse("it names no party, no place and no goods", "")
    return subject


def _references(event: Event, prefixes: Prefixes) -> tuple[Reference, ...]:
    """Return the event itself by its hashes, and the papers and events that it names."""
    plain_json = json.dumps(
        event, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str
    )
    digest = hashlib.sha256(plain_json.encode(errors="surrogatepass")).hexdigest()
    found = [Reference(relation="derived-from", sha256=digest)]
    try:
        hash_id = event_hash(event, prefixes)
    except RecursionError as fault:
        raise EventMalformedError(reason="it is nested too deeply") from fault
    named = [("event-hash", hash_id), ("event-id", _text(event, "eventID")),
             ("transformation", _text(event, "transformationID"))]  # fmt: skip
    for each in _objects(event, "bizTransactionList"):
        kind = _last_word(_text(each, "type"))
        named.append((kind or "transaction", _text(each, "bizTransaction")))
    error: Any = event.get("errorDeclaration", {})
    if not is_object(error):
        _refuse("errorDeclaration is no object", "errorDeclaration")
    if error:
        named.append(("declared-wrong", _text(error, "reason") or "no reason given"))
        named += [("corrected-by", str(each)) for each in _list(error, "correctiveEventIDs")]
    found += [Reference(relation=kind, document=text) for kind, text in named if text]
    return tuple(dict.fromkeys(found))


def _measured(event: Event, fields: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the numbers that sensors reported; what they say in words stays in the event."""
    for element in _objects(event, "sensorElementList"):
        about: Any = element.get("sensorMetadata", {})
        device = _text(about, "deviceID") if is_object(about) else ""
        for report in _objects(element, "sensorReport"):
            for name, suffix in _MEASURES.items():
                if name in report:
                    yield SensorReading(
                        **fields,
                        device_id=_text(report, "deviceID") or device,
                        quantity=(_text(report, "type") or "unknown") + suffix,
                        value=_decimal(report[name], f"sensorReport.{name}"),
                        unit=_text(report, "uom"),
                    )
