"""One way to write a fact: ours is that of the rfc8785 package, whatever a fact holds."""

from datetime import UTC, date, datetime

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from books.facts.making import invoice, visit
from karez.books.facts.canonical import ANY_FACT, canonical
from karez.books.facts.parts import AMOUNT_MOST_MINOR
from karez.books.facts.schemas import SCHEMAS

TEXTS = st.text(max_size=40)
WHOLE = st.integers(-AMOUNT_MOST_MINOR, AMOUNT_MOST_MINOR)
KEYS = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
VALUES = st.recursive(
    TEXTS | WHOLE | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_canonical__is_rfc_8785(value: object):
    assert canonical(value) == rfc8785.dumps(value)


@given(
    text=TEXTS,
    amount=WHOLE,
    day=st.dates(date(1900, 1, 1)),
    instant=st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1)),  # noqa: DTZ001
)
def test_facts__are_written_alike(text: str, amount: int, day: date, instant: datetime):
    for fact in (
        invoice(
            1, order_number=text, due_on=day, occurred_at=instant, total_minor=amount, attester=text
        ),
        visit(1, purpose=text, findings=(text, text), ended_at=instant),
    ):
        octets = canonical(fact)
        assert octets == rfc8785.dumps(msgspec.to_builtins(fact))
        assert canonical(msgspec.json.decode(octets)) == octets


def test_facts__go_there_and_back():
    fact = invoice(3, due_on=date(2026, 2, 1))
    assert msgspec.json.decode(canonical(fact), type=ANY_FACT) == fact


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema__names_are_versioned_and_fields_are_plain(name: str):
    stem, version = name.split("/")
    assert stem.replace("_", "").isalpha()
    assert version.isdecimal()
    for field in msgspec.structs.fields(SCHEMAS[name]):
        assert field.encode_name.isascii()
