"""Hash ids of events and Digital Links of keys: as published, and as the rules say."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.doors.files.trade.event_hash import declared_prefixes, event_hash, pre_hash
from karez.doors.files.trade.gs1_keys import canonical_key

VECTORS = json.loads(
    Path(__file__).with_name("vectors").joinpath("event-hashes.json").read_text(encoding="utf-8"),
    parse_float=Decimal,
)


@pytest.mark.parametrize(("name", "context", "event", "digest"), VECTORS)
def test_hash__as_published(name: str, context: object, event: dict, digest: str):
    found = event_hash(event, declared_prefixes(context))
    assert found == f"ni:///sha-256;{digest}?ver=CBV2.0", name


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("eventTime", "2023-01-18T11:04:03.1415Z", "eventTime=2023-01-18T11:04:03.142Z"),
        ("eventTime", "2023-12-31T23:59:59.9996Z", "eventTime=2024-01-01T00:00:00.000Z"),
        ("eventTime", "some day", "eventTime=some day"),
        ("parentID", " 1.500 ", "parentID=1.5"),
        ("parentID", "+0010", "parentID=10"),
        ("parentID", "1.2.3", "parentID=1.2.3"),
        ("parentID", "", ""),
        ("parentID", None, ""),
        ("epcList", [], ""),
        ("readPoint", {}, ""),
        ("readPoint", "here", ""),
        ("bizStep", "gs1:x", "bizStep=https://gs1.org/voc/x"),
        ("disposition", "urn:epcglobal:cbv:disp:sold", "disposition=https://ref.gs1.org/cbv/Disp-sold"),
        ("recordTime", "2023-01-18T11:04:03Z", ""),
        ("errorDeclaration", {"reason": "x"}, ""),
        ("added", [True, {"more": 1.50}], "added=trueaddedmore=1.5"),
        ("added", {"@id": "x", "comment": "y"}, "added"),
        ("persistentDisposition", {"unset": ["a"], "set": ["c", "b"]},
         ("persistentDispositionset=https://ref.gs1.org/cbv/Disp-b"
          "set=https://ref.gs1.org/cbv/Disp-cunset=https://ref.gs1.org/cbv/Disp-a")),
    ],
)  # fmt: skip
def test_pre_hash__by_the_rules(field: str, value: object, text: str):
    assert pre_hash({"type": "ObjectEvent", field: value}, declared_prefixes(None)) == (
        f"eventType=ObjectEvent{text}"
    )


@given(st.permutations(range(4)), st.permutations(range(3)))
def test_hash__does_not_depend_on_any_order(fields, members):
    event = [
        ("type", "ObjectEvent"),
        ("epcList", [f"urn:epc:id:sscc:4012345.000000011{place}" for place in members]),
        ("action", "ADD"),
        ("quantityList", [{"epcClass": "x", "quantity": place} for place in members]),
    ]
    usual = {name: sorted(value, key=str) if isinstance(value, list) else value
             for name, value in event}  # fmt: skip
    turned = dict(event[place] for place in fields)
    assert event_hash(turned, {}) == event_hash(usual, {})


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("urn:epc:id:sgln:4012345.00011.0", "414/4012345000115"),
        ("urn:epc:id:sgln:401234512345..x(1)", "414/4012345123456/254/x%281%29"),
        ("urn:epc:id:pgln:4012345.00000", "417/4012345000009"),
        ("urn:epc:idpat:upui:4012345.012345.*", "01/04012345123456"),
        (
            "https://mill.example/shop/01/4012345123456/22/2A/10/L7/21/9#top",
            "01/04012345123456/21/9",
        ),
        ("https://mill.example/gtin/4012345123456/lot/L7?x=1", "01/04012345123456/10/L7"),
        ("http://mill.example/party/4012345000009", "417/4012345000009"),
    ],
)
def test_key__becomes_a_canonical_link(text: str, link: str):
    assert canonical_key(text) == f"https://id.gs1.org/{link}"
    assert canonical_key(canonical_key(text)) == canonical_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:id:sgtin:4012345.1.25",
        "urn:epc:id:sgtin:4012345.01234x.25",
        "urn:epc:id:sgtin:4012345",
        "urn:epc:id:none:4012345.011122.25",
        "urn:epc:idpat:sgtin:4012345.*.*",
        "urn:epc:id:itip:4012345.012345.1.2.9",
        "urn:uuid:1",
        "https://mill.example/01/12",
        "https://mill.example/news/01",
        "geo:47.5,11.1",
        "",
    ],
)
def test_key__anything_else_is_left_as_it_is(text: str):
    assert canonical_key(text) == text
