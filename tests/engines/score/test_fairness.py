"""Rates by group against plain counts, and bounds that hold as often as they say."""

import importlib.util
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.score import fairness
from karez.engines.score.errors import ColumnLengthError, ExtraMissingError
from karez.engines.score.fairness import audit_fairness

installed = pytest.mark.skipif(
    importlib.util.find_spec("fairlearn") is None, reason="the extra audit is not installed"
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from((0, 1)),
        st.sampled_from((0.05, 0.2, 0.6)),
        st.sampled_from((0.5, 1.0, 4.0)),
        st.sampled_from(("f", "m", None)),
        st.sampled_from(("north", "south")),
    ),
    min_size=1,
    max_size=60,
)


def rate(rows, counts):
    rows = list(rows)
    total = sum(w for *_, w in rows)
    return sum(w for *row, w in rows if counts(*row)) / total if rows else None


@installed
@settings(max_examples=10)
@given(ROWS)
def test_audit_fairness__has_the_rates_of_plain_counts(rows):
    outcome, pd, weight, sex, place = zip(*rows, strict=True)
    found = audit_fairness(
        outcome, pd, {"sex": sex, "place": place}, pd_below=0.2, weight=weight
    ).groups
    assert list(found) == [("sex",), ("place",), ("sex", "place")]
    assert sum(group.rows for group in found["sex", "place"]) == len(rows)
    for kind, groups in found.items():
        for group in groups:
            held = [
                (y, p, w)
                for y, p, w, s, q in rows
                if tuple({"sex": s or "not known", "place": q}[name] for name in kind)
                == group.names
            ]
            assert len(held) == group.rows
            expected = (
                rate(held, lambda _, p: p < 0.2),
                rate([row for row in held if not row[0]], lambda _, p: p < 0.2),
                rate([row for row in held if row[0]], lambda _, p: p < 0.2),
            )
            for value, said in zip(
                (group.approved, group.good_approved, group.bad_approved), expected, strict=True
            ):
                assert (value is None) == (said is None)
                if value is not None and said is not None:
                    assert value.low - 1e-9 <= said <= value.high + 1e-9
                    assert value.value == (None if group.rows < 30 else pytest.approx(said))


def applicants(seed, rows, gap=0.0, share=0.5):
    draw = np.random.default_rng(seed)
    group = np.where(draw.random(rows) < share, "old", "new")
    logit = draw.normal(-1, 1, rows) + gap * (group == "new")
    pd = 1 / (1 + np.exp(-logit))
    return (draw.random(rows) < pd).astype(float), pd, group


@installed
def test_audit_fairness__alarms_where_four_fifths_are_surely_missed():
    outcome, pd, group = applicants(1, 1000, gap=1.0)
    found = audit_fairness(outcome, pd, {"age": group}, pd_below=0.3)
    assert len(found.alarms) == 1
    assert found.alarms[0].startswith("age new: approved 0.")
    new, old = found.groups["age",]
    assert new.approval_ratio is not None
    assert new.approval_ratio.value == pytest.approx(
        np.mean(pd[group == "new"] < 0.3) / np.mean(pd[group == "old"] < 0.3)
    )
    assert new.good_difference is not None
    assert new.good_difference.high < 0
    assert old.approval_ratio is None
    # What was said is right within both groups, though the approval differs.
    assert max(abs(new.calibration_z), abs(old.calibration_z)) < 3


@installed
def test_audit_fairness__does_not_accuse_by_chance():
    alarms = sum(
        bool(audit_fairness(*applicants(seed, 120)[:2], {"g": applicants(seed, 120)[2]},
                            pd_below=0.3).alarms)
        for seed in range(15)
    )  # fmt: skip
    assert alarms == 0


@installed
def test_audit_fairness__of_a_dozen_loans_names_bounds_only():
    outcome, pd, group = applicants(3, 400, gap=1.0, share=0.97)
    found = audit_fairness(outcome, pd, {"age": group}, pd_below=0.3)
    small = next(each for each in found.groups["age",] if each.small)
    assert small.rows == 6
    assert small.approved.value is None
    assert small.approval_ratio is not None
    assert small.approval_ratio.value is None
    assert small.approval_ratio.low < 0.8 < small.approval_ratio.high
    assert str(small.approved) == f"{small.approved.low:.2f} to {small.approved.high:.2f}"
    assert found.alarms == ()
    assert found.doubts[0].endswith("; only 6 loans")


@installed
def test_audit_fairness__bounds_hold_as_often_as_they_say():
    # The true ratio of approvals is that of two known shares, here 0.5 and 0.8 of a group each.
    draw = np.random.default_rng(5)
    missed = 0
    for _ in range(30):
        group = np.repeat(("a", "b"), 60)
        approve = draw.random(120) < np.where(group == "a", 0.5, 0.8)
        pd = np.where(approve, 0.1, 0.9)
        found = audit_fairness(np.arange(120) % 2, pd, {"g": group}, pd_below=0.5, chance=0.1)
        ratio = found.groups["g",][0].approval_ratio
        assert ratio is not None
        missed += not ratio.low <= 0.5 / 0.8 <= ratio.high
    assert missed <= 7


@installed
def test_audit_fairness__where_nobody_is_approved_there_is_no_ratio():
    found = audit_fairness([0, 1], [0.5, 0.6], {"g": ["a", "b"]}, pd_below=0.1)
    assert [each.approval_ratio for each in found.groups["g",]] == [None, None]
    assert found.groups["g",][0].approved.high < 1
    none = audit_fairness([0, 1, 0], [0.5, 0.05, 0.05], {"g": ["a", "b", "b"]}, pd_below=0.1)
    ratio = none.groups["g",][0].approval_ratio
    assert ratio is not None
    assert (ratio.low, ratio.high) == (0, pytest.approx(0.95 / math.sqrt(0.05)))


def test_audit_fairness__names_what_is_missing(monkeypatch):
    with pytest.raises(ColumnLengthError, match="g has 1 rows where there are 2"):
        audit_fairness([0, 1], [0.1, 0.2], {"g": ["a"]}, pd_below=0.2)
    monkeypatch.setattr(fairness, "find_spec", lambda _: None)
    with pytest.raises(ExtraMissingError, match=r"pip install 'karez\[audit\]'"):
        audit_fairness([0, 1], [0.1, 0.2], {"g": ["a", "b"]}, pd_below=0.2)
