"""The draw of visits to be made again."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.trust import commitment, draw
from karez.kernel.errors import KarezError

SEED = bytes(range(32))
IDS = [f"visit {number}" for number in range(4_000)]


def test_draw__is_that_of_the_twin():
    found = draw(SEED, IDS, 12.5)
    for visit, drawn in zip(IDS, found.tolist(), strict=True):
        digest = hmac.new(SEED, visit.encode(), hashlib.sha256).hexdigest()
        assert drawn == (digest[0] in "01")  # the first two of sixteen: one in eight


@pytest.mark.parametrize("share_pct", [10.0, 12.5, 15.0])
def test_draw__takes_about_the_share(share_pct):
    # Four standard deviations of a binomial.
    expected, spread = share_pct / 100, (share_pct / 100 * (1 - share_pct / 100) / len(IDS)) ** 0.5
    assert abs(draw(SEED, IDS, share_pct).mean() - expected) < 4 * spread


@given(st.sets(st.text(), max_size=20), st.binary(min_size=32, max_size=32))
def test_draw__of_a_visit_does_not_depend_on_the_others(visits, seed):
    several = sorted(visits)
    alone = [bool(draw(seed, [visit], 40)[0]) for visit in several]
    assert draw(seed, several, 40).tolist() == alone


def test_draw__of_none_and_of_all():
    assert not draw(SEED, IDS, 0).any()
    assert draw(SEED, IDS, 100).all()
    assert (draw(SEED, IDS, 12.5) <= draw(SEED, IDS, 15)).all()


def test_draw__another_seed_draws_others_and_binds_to_its_commitment():
    other = bytes(32)
    assert (draw(SEED, IDS, 12.5) != draw(other, IDS, 12.5)).any()
    assert commitment(SEED) == hashlib.sha256(SEED).hexdigest() != commitment(other)


@pytest.mark.parametrize(("seed", "share_pct"), [(b"", 12.5), (SEED, -1), (SEED, 101)])
def test_draw__of_a_wrong_kind_is_a_fault_of_the_program(seed, share_pct):
    with pytest.raises((AssertionError, KarezError)):
        draw(seed, IDS, share_pct)
