"""What came before, beside a dictionary that counts."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from karez.services.trade import Intake, Repeats, digests_of, keys_of_repeats

CONTENT = st.sampled_from([b"a", b"b", b"c", b"dd", b""])


@given(st.lists(st.lists(CONTENT, max_size=12), max_size=6))
def test_repeats__count_as_a_dictionary_does(blocks: list[list[bytes]]):
    repeats, slow = Repeats(), Counter[bytes]()
    for block in blocks:
        expected = []
        for content in block:
            expected.append(slow[content])
            slow[content] += 1
        assert repeats.take(digests_of(block)).tolist() == expected


def test_repeats__hold_eight_octets_a_content():
    repeats = Repeats()
    for start in range(0, 200_000, 50_000):
        contents = (str(number).encode() for number in range(start, start + 50_000))
        assert not repeats.take(digests_of(contents)).any()
    assert repeats._seen.nbytes == 8 * 200_000


def test_keys_of_repeats__name_only_what_came_before():
    contents = [b"one", b"one", b"two", b"one"]
    keys = keys_of_repeats(np.array([0, 1, 0, 2]), contents)
    assert (keys[0], keys[2]) == ("", "")
    assert keys[1].startswith("repeat 1 of ")
    assert keys[3].startswith("repeat 2 of ")
    assert keys[1][9:] == keys[3][9:]


def test_intake__counts_start_at_nothing():
    assert Intake().counts() == {
        "documents": 0, "recorded": 0, "there_already": 0, "refused": 0,
    }  # fmt: skip
