"""What chance alone shows of a pair of features."""

import numpy as np
import pytest

from karez.engines.score.pairs import Rows, look


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_look__is_0_on_average_where_a_pair_adds_nothing(share):
    """Of loans that each stand for a part of one, as of those that stand for themselves."""
    rng = np.random.default_rng(7)
    rate, found = 0.2, []
    for _ in range(200):
        bad = rng.random(2000) < rate / (rate + (1 - rate) * share)
        weight = np.where(bad, share, 1.0)
        levels = {name: rng.integers(0, 8, 2000).astype(np.int32) for name in "ab"}
        rows = Rows(bad - rate, np.full(2000, rate * (1 - rate)), weight)
        found.append(look(levels, ("a", "b"), rows).z)
    assert np.mean(found) == pytest.approx(0, abs=0.3)
