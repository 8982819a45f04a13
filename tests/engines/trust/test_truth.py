"""Whom to believe: the published table is measured anew, and copies must be collapsed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.trust import twin
from karez.engines.trust.copying import collapse, copies
from karez.engines.trust.truth import Claims, crh, dawid_skene, majority

FACTS, COVERAGE, REPEATS = 2_000, 0.6, 10
HONEST = [0.75, 0.78, 0.81, 0.84, 0.87, 0.90]
SETTINGS = {
    1: [0.90] * 4 + [0.75] * 4 + [0.60] * 4,
    2: [0.95] * 3 + [0.58] * 9,
    3: HONEST + [0.35] * 6,  # six copies of one liar
}


def draw(seed, accuracies, *, copied=0):
    """Return facts, and claims of sources of which the last ``copied`` are one."""
    rng = np.random.default_rng(seed)
    truth = rng.random(FACTS) < 0.5
    right = rng.random((len(accuracies), FACTS)) < np.array(accuracies)[:, None]
    says = np.where(right, truth, ~truth)
    if copied:
        says[-copied:] = says[-copied]
    source, fact = np.nonzero(rng.random(says.shape) < COVERAGE)
    return truth, Claims(
        source=source, fact=fact, says=says[source, fact],
        sources=len(accuracies), facts=FACTS,
    )  # fmt: skip


def measured(setting):
    """Return the mean accuracies of majority, CRH, Dawid-Skene, and it after removing copies."""
    rows = []
    for seed in range(REPEATS):
        truth, claims = draw(seed, SETTINGS[setting], copied=6 if setting == 3 else 0)
        apart = collapse(claims, copies(claims, accuracy_most=0.99))
        found = (majority(claims), crh(claims), dawid_skene(claims), dawid_skene(apart))
        rows.append([np.mean((one >= 0.5) == truth) for one in found])
    return np.mean(rows, axis=0)


@pytest.mark.parametrize(
    ("setting", "published"),
    [(1, (0.925, 0.947, 0.957, 0.957)), (2, (0.834, 0.894, 0.946, 0.946))],
)
def test_honest_sources__give_the_published_accuracies(setting, published):
    assert measured(setting) == pytest.approx(published, abs=0.01)


def test_ring__is_crowned_unless_copies_are_collapsed():
    by_majority, by_crh, by_dawid_skene, collapsed = measured(3)
    assert max(by_majority, by_crh, by_dawid_skene) < 0.6  # no better than a coin
    assert by_dawid_skene < by_majority  # learning makes it worse
    assert collapsed > 0.9


def test_copies__are_found_and_the_honest_left_alone():
    _, claims = draw(5, SETTINGS[3], copied=6)
    assert copies(claims, accuracy_most=0.99).tolist() == [0, 1, 2, 3, 4, 5, *[6] * 6]
    _, claims = draw(5, SETTINGS[2])
    assert copies(claims, accuracy_most=0.99).tolist() == list(range(12))


def test_copies__a_group_is_one_whatever_it_says():
    _, claims = draw(5, SETTINGS[1])
    group = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 3])
    found = copies(claims, accuracy_most=0.99, group=group)
    assert found.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 3]


def test_collapse__takes_the_more_frequent_and_drops_a_draw():
    claims = Claims(
        source=np.array([0, 1, 2, 0, 1]), fact=np.array([0, 0, 0, 1, 1]),
        says=np.array([True, True, False, True, False]), sources=3, facts=2,
    )  # fmt: skip
    found = collapse(claims, np.array([0, 0, 0]))
    assert (found.source.tolist(), found.fact.tolist(), found.says.tolist()) == ([0], [0], [True])


@given(
    st.lists(
        st.lists(st.sampled_from([True, False, None]), min_size=6, max_size=6),
        min_size=2,
        max_size=5,
    )
)
def test_dawid_skene__agrees_with_its_twin(said):
    known = [(s, f, v) for s, row in enumerate(said) for f, v in enumerate(row) if v is not None]
    claims = Claims(
        source=np.array([s for s, _, _ in known], np.int64),
        fact=np.array([f for _, f, _ in known], np.int64),
        says=np.array([v for _, _, v in known], np.bool_),
        sources=len(said), facts=6,
    )  # fmt: skip
    # Not more rounds: from where sources balance, a rounding decides which way it goes.
    found = dawid_skene(claims, rounds_most=8)
    assert found == pytest.approx(twin.dawid_skene(said, 8), abs=1e-6)


def test_share_true__is_held_where_it_is_given():
    claims = Claims(
        source=np.zeros(0, np.int64), fact=np.zeros(0, np.int64), says=np.zeros(0, np.bool_),
        sources=0, facts=3,
    )  # fmt: skip
    assert dawid_skene(claims, share_true=0.9) == pytest.approx([0.9] * 3)
    assert majority(claims).tolist() == [0.5] * 3
