"""Ids that follow from words."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from karez.services.bookkeeping import derive_id, derive_ids

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
