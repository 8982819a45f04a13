"""Each measure against the sum that defines it, and against scikit-learn."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from karez.engines.score.errors import (
    ColumnLengthError,
    OutcomeMalformedError,
    OutcomeOneClassError,
    ProbabilityRangeError,
    TableEmptyError,
    WeightMalformedError,
)
from karez.engines.score.measures import (
    auc,
    bias,
    brier,
    expected_profit,
    ks,
    log_loss,
    measure,
    segment_chi,
)

# Few distinct values, so that ties and whole weights of zero come often.
ROWS = st.lists(
    st.tuples(
        st.sampled_from((0, 1)),
        st.sampled_from((0.02, 0.1, 0.1001, 0.3, 0.5, 0.9)),
        st.sampled_from((0.0, 0.5, 1.0, 10.5)),
        st.sampled_from(("a", "b", None)),
    ),
    min_size=2,
    max_size=30,
)


def two_classes(rows):
    alive = {outcome for outcome, _, weight, _ in rows if weight}
    assume(len(alive) == 2)
    return [np.array(column) for column in zip(*rows, strict=True)]


@given(ROWS)
def test_measures__are_the_sums_that_define_them(rows):
    outcome, pd, weight, _ = two_classes(rows)
    total = sum(weight)
    pairs = list(zip(outcome, pd, weight, strict=True))
    assert log_loss(outcome, pd, weight) == pytest.approx(
        sum(-w * math.log(p if y else 1 - p) for y, p, w in pairs) / total
    )
    assert brier(outcome, pd, weight) == pytest.approx(
        sum(w * (y - p) ** 2 for y, p, w in pairs) / total
    )
    assert bias(outcome, pd, weight) == pytest.approx(sum(w * (p - y) for y, p, w in pairs) / total)
    goods = [(p, w) for y, p, w in pairs if not y]
    bads = [(p, w) for y, p, w in pairs if y]
    won = compared = 0.0
    for (good, v), (bad, w) in itertools.product(goods, bads):
        compared += v * w
        won += v * w * (1.0 if bad > good else 0.5 if bad == good else 0.0)
    assert auc(outcome, pd, weight) == pytest.approx(won / compared)
    assert ks(outcome, pd, weight) == pytest.approx(
        max(
            abs(
                sum(w for p, w in goods if p <= cut) / sum(w for _, w in goods)
                - sum(w for p, w in bads if p <= cut) / sum(w for _, w in bads)
            )
            for cut in pd
        )
    )


@given(ROWS)
def test_measures__agree_with_scikit_learn(rows):
    outcome, pd, weight, _ = two_classes(rows)
    found = measure(outcome, pd, weight)
    assert found.log_loss == pytest.approx(
        sklearn_log_loss(outcome, pd, sample_weight=weight, labels=[0, 1])
    )
    assert found.brier == pytest.approx(brier_score_loss(outcome, pd, sample_weight=weight))
    assert found.auc == pytest.approx(roc_auc_score(outcome, pd, sample_weight=weight))
    assert found.bias == pytest.approx(bias(outcome, pd, weight))


@given(ROWS)
def test_measures__count_a_weight_of_two_as_two_rows(rows):
    outcome, pd, _, _ = (np.array(column) for column in zip(*rows, strict=True))
    assume(len(set(outcome.tolist())) == 2)
    twice = np.concatenate((outcome, outcome[:1])), np.concatenate((pd, pd[:1]))
    weight = np.ones(len(pd))
    weight[0] = 2
    for name in ("log_loss", "brier", "auc", "ks", "bias"):
        assert getattr(measure(outcome, pd, weight), name) == pytest.approx(
            getattr(measure(*twice), name)
        )


@given(ROWS)
def test_segment_chi__is_its_sum_without_weights(rows):
    outcome, pd, _, segment = (np.array(column) for column in zip(*rows, strict=True))
    found = []
    for name in set(segment):
        held = [(y, p) for y, p, s in zip(outcome, pd, segment, strict=True) if s == name]
        if len(held) >= 3:
            spread = sum(p * (1 - p) for _, p in held)
            found.append((sum(y for y, _ in held) - sum(p for _, p in held)) ** 2 / spread)
    expected = sum(found) / len(found) if found else math.nan
    assert segment_chi(outcome, pd, segment, rows_least=3) == pytest.approx(expected, nan_ok=True)


def test_segment_chi__is_one_on_average_where_weights_depend_on_the_outcome():
    # Four rows each of two segments, in all their outcomes, each with its probability in a sample
    # that keeps every default and one in five of the other loans.
    of_bad, of_good = 2.0, 10.0
    pd = np.array([0.1, 0.2, 0.3, 0.2])
    kept_bad = pd / of_bad / (pd / of_bad + (1 - pd) / of_good)
    mean = 0.0
    for outcome in itertools.product((0, 1), repeat=4):
        chance = math.prod(q if y else 1 - q for y, q in zip(outcome, kept_bad, strict=True))
        # A second segment holds both outcomes, so that both weights are seen.
        ys = np.array([*outcome, 0, 1])
        weight = np.where(ys == 1, of_bad, of_good)
        chi = segment_chi(ys, [*pd, 0.5, 0.5], [*"aaaa", "b", "b"], weight, rows_least=3)
        mean += chance * chi
    assert mean == pytest.approx(1)


def test_segment_chi__of_certain_probabilities():
    assert segment_chi([0, 1], [0, 1], ["a", "a"], rows_least=1) == 0
    assert segment_chi([0, 1], [1, 0], ["a", "b"], rows_least=1) == math.inf


@given(ROWS, st.floats(0.05, 0.5), st.floats(0.1, 1))
def test_expected_profit__is_what_the_loans_that_are_made_bring(rows, margin, lost):
    outcome, pd, weight, _ = two_classes(rows)
    cut = margin / (margin + lost)
    assume(np.abs(pd - cut).min() > 1e-9)  # the mean of equal shares differs in its last digit
    brought = sum(
        w * (-lost if y else margin) for y, p, w in zip(outcome, pd, weight, strict=True) if p < cut
    )
    found = expected_profit(outcome, pd, margin=margin, loss_share=lost, weight=weight)
    assert found == pytest.approx(100 * brought / sum(weight))


def test_expected_profit__uses_the_cut_that_is_given():
    said = {"margin": 0.2, "loss_share": [0.0, 0.7, 0.5]}
    assert expected_profit([0, 1, 1], [0.1, 0.3, 0.6], **said, pd_below=0.5) == pytest.approx(
        100 * (0.2 - 0.7) / 3
    )


@pytest.mark.parametrize(
    ("outcome", "pd", "weight", "error", "words"),
    [
        ([0, 1], [0.1], None, ColumnLengthError, "Column pd has 1 rows where there are 2"),
        ([0, 1], [0.1, 0.2], [1], ColumnLengthError, "Column weight has 1 rows"),
        ([0, 2], [0.1, 0.2], None, OutcomeMalformedError, "Row 1 has outcome 2.0"),
        ([0, math.nan], [0.1, 0.2], None, OutcomeMalformedError, "Row 1 has outcome nan"),
        ([0, 1], [0.1, math.nan], None, ProbabilityRangeError, "Row 1 has the probability nan"),
        ([0, 1], [-0.1, 0.2], None, ProbabilityRangeError, "Row 0 has the probability -0.1"),
        ([0, 1], [0.1, 0.2], [1, -1], WeightMalformedError, "Row 1 has weight -1.0"),
        ([0, 1], [0.1, 0.2], [math.inf, 1], WeightMalformedError, "Row 0 has weight inf"),
        ([0, 1], [0.1, 0.2], [0, 0], TableEmptyError, "no rows of any weight"),
        ([], [], None, TableEmptyError, "no rows of any weight"),
    ],
)
def test_measure__names_what_is_wrong(outcome, pd, weight, error, words):
    with pytest.raises(error, match=words):
        measure(outcome, pd, weight)


def test_auc__of_one_class_is_refused_and_left_out_of_the_whole():
    with pytest.raises(OutcomeOneClassError, match="All 2 rows"):
        auc([1, 1, 0], [0.1, 0.2, 0.3], [1, 1, 0])
    found = measure([0, 0], [0.1, 0.2])
    assert (found.auc, found.ks) == (None, None)
    assert found.bias == pytest.approx(0.15)


def test_log_loss__of_a_sure_error_is_finite():
    assert log_loss([1], [0]) == pytest.approx(-math.log(np.finfo(float).eps))
