"""Ids that follow from words."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.services.bookkeeping import derive_id, derive_ids, ordered_ids

WORD = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
WORDS = st.lists(WORD, min_size=1, max_size=4)


@given(WORDS, WORDS)
def test_id__is_of_its_words_alone(one, other):
    assert (derive_id(*one) == derive_id(*other)) == (one == other)


@given(WORDS)
def test_id__is_a_uuid_of_version_8(words):
    assert derive_id(*words).version == 8
    assert derive_id(*words).variant == "specified in RFC 4122"


@given(WORDS, st.lists(WORD))
def test_ids__are_those_of_each(scope, names):
    ids = [UUID(bytes=octets.tobytes()) for octets in derive_ids(scope, names)]
    assert ids == [derive_id(*scope, name) for name in names]


def test_id__stays_what_it_was():
    assert derive_id("main", "file", "a1") == UUID("9491e6f7-6b51-8e96-96fe-4d0c038c02e9")


ROW = st.tuples(
    st.integers(-(1 << 21), (1 << 21) - 1),
    *(st.integers(0, (1 << bits) - 1) for bits in (38, 8, 34, 20)),
)
FIELDS = ("day", "subject", "kind", "event", "ordinal")


def ordered(row: tuple[int, ...]) -> bytes:
    return ordered_ids(**dict(zip(FIELDS, row, strict=True))).tobytes()


@given(ROW, ROW)
def test_ordered_id__stands_where_its_numbers_do(one, other):
    assert (ordered(one) < ordered(other)) == (one < other)
    assert UUID(bytes=ordered(one)).version == 8
    assert UUID(bytes=ordered(one)).variant == "specified in RFC 4122"


@given(st.lists(ROW))
def test_ordered_ids__of_arrays_are_those_of_each(rows):
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    ids = ordered_ids(**dict(zip(FIELDS, columns, strict=True)))
    assert ids.tobytes() == b"".join(ordered(row) for row in rows)


@pytest.mark.parametrize("place", range(1, 5))
def test_ordered_ids__no_number_runs_over(place):
    row = [0] * 5
    row[place] = 1 << 38
    with pytest.raises(AssertionError, match="bits in an id"):
        ordered(tuple(row))
