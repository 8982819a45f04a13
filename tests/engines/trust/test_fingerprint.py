"""Fingerprints: what makes two invoices one, and how alike two sets of lines are."""

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.trust import Invoices, fingerprints
from karez.engines.trust.fingerprint import normal_number, normal_tax_id
from karez.engines.trust.minhash import PLACES, alike, likeness, signatures

KEY = b"sixteen octets.."
LINES = [("flour", 1000, 50), ("salt", 2000, 90), ("sugar", 500, 70)]


def one(**changes):
    """Return an invoice of three lines, with changes."""
    fields = {
        "seller_tax_id": "91-330 a", "buyer_tax_id": "92x", "number": "INV-0042",
        "issued_on": "2026-03-01", "currency": "EUR", "total_minor": 210,
    } | changes  # fmt: skip
    return Invoices(**{name: [value] for name, value in fields.items()}, line_ends=[3], lines=LINES)


def prints(**changes):
    found = fingerprints(KEY, one(**changes))
    return found.exact[0], found.renumbered[0], found.redated[0]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("INV-0042", "inv42"),
        ("inv 42", "inv42"),
        ("Inv_42/0007", "inv427"),
        ("0000", "0"),
        ("100", "100"),
        ("ＩＮＶ４２", "inv42"),  # noqa: RUF001 - full width, as Chinese systems write it
        ("发票-007", "发票7"),
    ],
)
def test_number__loses_case_separators_and_leading_zeros(text, normal):
    assert normal_number(text) == normal


def test_tax_id__is_capitals_and_digits():
    assert normal_tax_id(" 91-330.a ") == "91330A"


@pytest.mark.parametrize(
    "changes",
    [{"number": "inv 42"}, {"seller_tax_id": "91330A"}, {"currency": "eur"}],
)
def test_exact__is_the_same_however_it_is_written(changes):
    assert prints(**changes) == prints()


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"number": "INV-0043"}, (False, True, False)),
        ({"issued_on": "2026-03-02"}, (False, False, True)),
        ({"total_minor": 211}, (False, False, False)),
        ({"buyer_tax_id": "93"}, (False, False, False)),
        ({"currency": "USD"}, (False, False, False)),
    ],
)
def test_prints__tell_what_was_changed(changes, same):
    pairs = zip(prints(**changes), prints(), strict=True)
    assert tuple(mine == theirs for mine, theirs in pairs) == same


def test_prints__say_nothing_under_another_key():
    other = fingerprints(b"another key.....", one())
    found = fingerprints(KEY, one())
    assert other.exact[0] != found.exact[0]
    assert likeness(other.lines, found.lines)[0] < 0.1


def test_prints__of_one_kind_are_never_those_of_another():
    assert len(set(prints())) == 3


def test_short_key__is_refused():
    with pytest.raises(AssertionError, match="128 bits"):
        fingerprints(b"short", one())


SETS = st.lists(st.integers(0, 40), min_size=1, max_size=30, unique=True)


@given(SETS, SETS)
def test_likeness__estimates_the_jaccard_index(left, right):
    rng = np.random.default_rng(7)
    names = rng.integers(0, 2**63, 41, dtype=np.uint64)
    tokens = names[left + right]
    found = signatures(tokens, np.array([len(left), len(left) + len(right)]))
    exact = len({*left} & {*right}) / len({*left} | {*right})
    assert abs(float(likeness(found[0], found[1])) - exact) <= 4.5 * 0.5 / PLACES**0.5


def test_likeness__is_right_on_average():
    rng = np.random.default_rng(1)
    off = []
    for _ in range(300):
        both, alone = rng.integers(1, 20, 2)
        tokens = rng.integers(0, 2**63, both + 2 * alone, dtype=np.uint64)
        left, right = (
            tokens[: both + alone],
            np.concatenate([tokens[:both], tokens[both + alone :]]),
        )
        found = signatures(np.concatenate([left, right]), np.array([len(left), 2 * len(left)]))
        off.append(float(likeness(found[0], found[1])) - both / (both + 2 * alone))
    assert abs(np.mean(off)) < 0.01
    assert np.std(off) < 1 / 16


@given(st.lists(st.integers(0, 5), max_size=200))
def test_signatures__do_not_depend_on_the_batch(sizes):
    tokens = np.arange(sum(sizes), dtype=np.uint64) * np.uint64(7919)
    ends = np.cumsum(sizes, dtype=np.int64)
    together = signatures(tokens, ends)
    begin = 0
    for row, end in enumerate(ends.tolist()):
        alone = signatures(tokens[begin:end], np.array([end - begin]))
        assert (alone[0] == together[row]).all()
        begin = end


def test_alike__finds_the_pairs_that_comparing_all_finds():
    rng = np.random.default_rng(3)
    pool = rng.integers(0, 2**63, 30, dtype=np.uint64)
    sets = [rng.permutation(pool)[: rng.integers(15, 20)] for _ in range(40)]
    sets += [one.copy() for one in sets[:15]]
    ends = np.cumsum([len(one) for one in sets])
    found = signatures(np.concatenate(sets), ends)
    groups, days = rng.integers(0, 2, len(sets)), rng.integers(0, 60, len(sets))
    quick = {(a, b) for a, b, _ in alike(found, groups, days, least=0.9, within_days=30)}
    slow = set()
    for a in range(len(sets)):
        for b in range(len(sets)):
            before = (days[a], a) < (days[b], b)
            near = groups[a] == groups[b] and days[b] - days[a] <= 30
            if before and near and likeness(found[a], found[b]) >= 0.9:
                slow.add((a, b))
    assert quick == slow
    assert slow


def test_spread__leaves_other_rows_empty():
    wide = fingerprints(KEY, one()).spread([1], 3)
    assert [bool(token) for token in wide.exact] == [False, True, False]
    assert likeness(wide.lines[0], wide.lines[2]) == 0
    assert attrs.astuple(wide.first(1), recurse=False)[0] == [b""]


@pytest.mark.parametrize(("apart_days", "found"), [(45, 1), (46, 0)])
def test_alike__looks_back_so_many_days_and_no_further(apart_days, found):
    twice = fingerprints(KEY, one()).spread([0], 2).lines
    twice[1] = twice[0]
    days = np.array([0, apart_days])
    pairs = list(alike(twice, np.zeros(2, np.int64), days, least=0.9, within_days=45))
    assert len(pairs) == found
