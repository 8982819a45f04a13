"""EPCIS events: what becomes of them, what is refused, and those of GS1."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from doors.conftest import Karez
from karez.doors.files.trade.epcis import read_document, read_event
from karez.doors.files.trade.ubl import Source
from karez.kernel.errors import KarezError
from karez.services.evidence import Fact
from karez.services.trade import SensorReading, TransportEvent

EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-01-05T23:30:00Z",
    "eventTimeZoneOffset": "+02:00",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "epcList": ["urn:epc:id:sgtin:4012345.011122.25"],
    "quantityList": [
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 200.5, "uom": "KGM"}
    ],
    "readPoint": {"id": "urn:epc:id:sgln:0614141.00777.0"},
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.1.16"}],
    "sourceList": [{"type": "urn:epcglobal:cbv:sdt:owning_party", "source": "urn:epc:id:pgln:1.2"}],
}


def document(*events: object) -> dict[str, Any]:
    return {"type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody": {"eventList": events}}


def facts_of(event: object) -> list[Fact]:
    found = read_document(json.dumps(event).encode())
    (only,) = found.events
    return list(read_event(only, Source(), found.sender, found.prefixes))


def test_event__becomes_a_fact():
    (fact,) = facts_of(EVENT)
    assert isinstance(fact, TransportEvent)
    assert (fact.event, fact.action, fact.business_step) == ("object", "OBSERVE", "shipping")
    assert fact.occurred_at == datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    assert fact.valid_on == date(2026, 1, 6)  # it was past midnight where it happened
    assert [(each.thing_id[:16], each.quantity, each.unit) for each in fact.things] == [
        ("urn:epc:id:sgtin", None, ""),
        ("urn:epc:class:lg", "200.5", "KGM"),
    ]
    assert fact.subject == fact.attester == "urn:epc:id:pgln:1.2"
    assert ("po", "urn:epc:id:gdti:0614141.1.16") in [
        (each.relation, each.document) for each in fact.references
    ]


def test_event__is_known_by_its_hash_however_it_is_written():
    def hash_of(event: object) -> list[str]:
        (fact,) = facts_of(event)
        return [each.document for each in fact.references if each.relation == "event-hash"]

    context = [{"ex": "https://ns.example.com/"}]
    other = {
        **dict(reversed(EVENT.items())),
        "eventTime": "2026-01-06T01:30:00.000+02:00",
        "bizStep": "urn:epcglobal:cbv:bizstep:shipping",
        "epcList": ["https://mill.example/gtin/04012345111224/ser/25?k=v"],
        "eventID": "urn:uuid:1",
    }
    assert hash_of(EVENT) == hash_of(other)
    assert hash_of({**EVENT, "disposition": "in_transit"}) != hash_of(EVENT)
    declared = {**document({**EVENT, "ex:lot": 7}), "@context": context}
    within = {**EVENT, "@context": context, "ex:lot": "7.0"}
    assert hash_of(declared) == hash_of(within) != hash_of({**EVENT, "ex:lot": 7})


def test_event__nested_without_end_is_refused():
    nested: dict[str, Any] = {}
    for _ in range(900):
        nested = {"ex:in": nested}
    with pytest.raises(KarezError, match="nested too deeply"):
        list(read_event({**EVENT, "ex:in": nested}, Source()))


def test_event__of_sensors_measures():
    report = {"type": "Temperature", "value": 26.1, "uom": "CEL", "maxValue": 27}
    element = {"sensorMetadata": {"deviceID": "urn:epc:id:giai:1.2"}, "sensorReport": [report]}
    _, value, most = facts_of({**EVENT, "sensorElementList": [element]})
    assert isinstance(value, SensorReading)
    assert isinstance(most, SensorReading)
    assert (value.quantity, value.value, value.unit) == ("Temperature", "26.1", "CEL")
    assert (most.quantity, most.value) == ("Temperature max", "27")
    assert value.device_id == "urn:epc:id:giai:1.2"


def test_event__the_same_in_any_document_is_the_same_fact():
    turned = dict(reversed(EVENT.items()))
    assert facts_of(document(EVENT)) == facts_of(EVENT) == facts_of([turned])


WRONG = [
    ({"type": "QuantityEvent"}, "type"),
    ({"type": ["ObjectEvent"]}, "type"),
    ({"eventTime": "yesterday"}, "eventTime"),
    ({"eventTime": "2026-01-05T10:00:00"}, "eventTime"),
    ({"eventTimeZoneOffset": "CET"}, "eventTimeZoneOffset"),
    ({"eventTimeZoneOffset": "+25:00"}, "eventTimeZoneOffset"),
    ({"action": "LOOK"}, "action"),
    ({"bizStep": 3}, "bizStep"),
    ({"readPoint": "here"}, "readPoint"),
    ({"epcList": "one"}, "epcList"),
    ({"epcList": [1]}, "epcList"),
    ({"quantityList": [3]}, "quantityList"),
    ({"quantityList": [{"epcClass": "x", "quantity": "many"}]}, "quantityList.quantity"),
    ({"quantityList": [{"epcClass": "x", "quantity": True}]}, "quantityList.quantity"),
    ({"quantityList": [{"epcClass": "x", "quantity": 1e300}]}, "quantityList.quantity"),
    ({"errorDeclaration": []}, "errorDeclaration"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_event__at_fault_is_named(change: dict[str, Any], field: str):
    with pytest.raises(KarezError) as caught:
        facts_of({**document(), "epcisBody": {"eventList": [{**EVENT, **change}]}})
    assert (caught.value.code, caught.value.details["field"]) == ("event-malformed", field)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "event-malformed"),
        (b"{nope", "event-malformed"),
        (b'{"type": "ObjectEvent", "type": "ObjectEvent"}', "event-malformed"),
        (b'[{"x": NaN}]', "event-malformed"),
        (b"[" * 200_000, "event-malformed"),
        ('{"a": "Müller"}'.encode("latin-1"), "event-malformed"),
        (b"3", "document-kind"),
        (b'{"type": "Invoice"}', "document-kind"),
        (b'{"type": "EPCISDocument"}', "document-kind"),
        (b'{"type": "EPCISQueryDocument", "epcisBody": {"queryResults": 3}}', "document-kind"),
    ],
)
def test_document__at_fault_is_named(octets: bytes, code: str):
    with pytest.raises(KarezError) as caught:
        read_document(octets)
    assert caught.value.code == code


def test_import__refused_events_are_mended_and_sent_again(karez: Karez):
    late = {**EVENT, "eventTime": "2999-01-01T00:00:00Z"}
    wrong = {**EVENT, "action": "LOOK"}
    karez.write("f.jsonld", json.dumps(document(EVENT, late, wrong)))
    done = karez.json("import", "epcis", "f.jsonld", "--rejects", "refused", code=5)
    assert (done["documents"], done["recorded"], done["refused"]) == (3, 1, 2)
    found = [(r["event"], r["field"], r["error"]["code"]) for r in done["refusals"]]
    assert found == [(2, "valid_on", "fact-future"), (3, "action", "event-malformed")]
    kept = karez.folder / "refused" / "f.jsonld"
    assert json.loads(kept.read_text())["epcisBody"]["eventList"] == [late, wrong]
    kept.write_text(kept.read_text().replace("2999", "2025").replace("LOOK", "ADD"))
    assert karez.json("import", "epcis", "refused")["recorded"] == 2
    assert karez.json("import", "epcis", "f.jsonld", code=5)["there_already"] == 1
    karez.write("no.json", "{nope")
    done = karez.json("import", "epcis", "no.json", "--rejects", "refused", code=5)
    assert (karez.folder / "refused" / "no.json").read_text() == "{nope\n"


def test_real_events__of_gs1(shared: Callable[[str], Path]):
    facts: list[Fact] = []
    unread = 0
    for path in sorted((shared("documents") / "epcis" / "JSON").rglob("*.jsonld")):
        try:
            found = read_document(path.read_bytes())
        except KarezError as error:
            unread += "stands twice" in error.message
            continue
        for event in found.events:
            facts += read_event(event, Source(), found.sender)
    events = [fact for fact in facts if isinstance(fact, TransportEvent)]
    # One file says eventID twice in one event; which of them is meant, nobody can tell.
    assert (len(events), unread) == (55, 1)
    assert {event.event for event in events} == {
        "object", "aggregation", "transaction", "transformation", "association",
    }  # fmt: skip
