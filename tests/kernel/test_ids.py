"""Ids: unique, ascending, and the same in each of their forms."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.kernel.ids import IdMalformedError, new_id, new_ids, read_id, show_id

PREFIX = st.from_regex(r"[a-z]{1,6}", fullmatch=True)


def as_uuids(ids) -> list[UUID]:
    return [UUID(bytes=bytes(one)) for one in ids]


def test_new_ids__are_uuid7_of_this_millisecond():
    before = time.time_ns() // 1_000_000
    ids = as_uuids(new_ids(1000))
    after = time.time_ns() // 1_000_000
    assert {(one.version, one.variant) for one in ids} == {(7, RFC_4122)}
    assert all(before <= one.int >> 80 <= after for one in ids)


def test_new_ids__ascend_across_calls():
    counts = [1, 1, 0, 5000, 1, 40_000, 1]
    ids = [one for count in counts for one in as_uuids(new_ids(count))] + [new_id(), new_id()]
    assert len(ids) == sum(counts) + 2
    assert all(first < second for first, second in pairwise(ids))


def test_new_ids__of_many_threads_never_meet():
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(new_ids, [500] * 40))
    ids = [one for batch in batches for one in as_uuids(batch)]
    assert len(set(ids)) == len(ids)
    assert all(as_uuids(batch) == sorted(as_uuids(batch)) for batch in batches)


@given(PREFIX, st.uuids(allow_nil=True))
def test_id__reads_back_what_it_shows(prefix: str, value: UUID):
    text = show_id(prefix, value)
    assert len(text) == len(prefix) + 27
    assert read_id(prefix, text) == read_id(prefix, f" {text.upper()} ") == value
    assert read_id(prefix, str(value)) == value


@given(st.lists(st.uuids(), min_size=2, max_size=2))
def test_id__text_sorts_as_the_ids_do(pair: list[UUID]):
    first, second = sorted(pair)
    assert show_id("ent", first) <= show_id("ent", second)


def test_id__letters_that_look_alike_are_read_alike():
    text = show_id("ent", UUID(int=1))
    assert text == "ent_" + "0" * 25 + "1"
    assert read_id("ent", "ent_" + "o" * 25 + "l") == UUID(int=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ent_",
        "_",
        "ent",
        "acc_" + "0" * 26,
        "ent_" + "0" * 25,
        "ent_" + "0" * 27,
        "ent_" + "u" * 26,
        "ent_" + "z" * 26,
        "ent_" + "0" * 25 + "\u0661",
        "12345678-1234-1234-1234-12345678901",
        "\0",
    ],
)
def test_id__malformed(text: str):
    with pytest.raises(IdMalformedError) as caught:
        read_id("ent", text)
    assert caught.value.details == {"text": text, "prefix": "ent"}
