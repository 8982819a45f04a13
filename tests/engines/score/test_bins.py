"""Bins of numbers: rare values keep their own, and no bin is nearly empty."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.score import bins, labels

VALUES = st.lists(
    st.one_of(st.sampled_from((0.5, 0.75, 1.0)), st.floats(-100, 100), st.just(np.nan)),
    min_size=1,
    max_size=300,
)


def test_edges__a_rare_value_is_not_merged_into_a_common_one():
    share = np.repeat([0.5, 0.75, 1.0], [970, 15, 15])
    edges = bins.edges(share, np.ones(1000), 20, 15)
    assert edges.tolist() == [0.75, 1.0]
    assert bins.edges(share, np.ones(1000), 20, 16).tolist() == [0.75]


@given(VALUES, st.integers(1, 20), st.integers(2, 30))
def test_edges__every_bin_has_rows_enough(values, least, most):
    column = np.array(values)
    edges = bins.edges(column, np.ones(len(column)), most, least)
    codes = bins.number_codes(column, edges)
    counts = np.bincount(codes, minlength=len(edges) + 2)
    assert counts.sum() == len(column)
    assert counts[-1] == np.isnan(column).sum()
    assert len(edges) == 0 or counts[:-1].min() >= least
    assert (np.diff(edges) > 0).all()
    assert len(edges) <= 2 * (most - 1)


@given(st.lists(st.sampled_from(("b", "a", "é", "", None)), min_size=1))
def test_label_codes__are_sorted_and_missing_comes_last(values):
    codes, names = labels.label_codes("x", values)
    assert [names[code] for code in codes] == values
    named = [label for label in names if label is not None]
    assert named == sorted(named)
    assert None not in names[:-1]
    assert labels.known_codes("x", values, names).tolist() == codes.tolist()
    assert (labels.known_codes("x", ["new"] * 3, names) == len(names)).all()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1))
def test_pair_codes__find_each_cell_and_no_other(rows):
    first, second = np.array(rows, np.int32).T
    cells = np.unique(np.array(rows, np.int32), axis=0)[::2]
    found = bins.pair_codes(first, second, cells)
    known = [tuple(cell) for cell in cells.tolist()]
    assert found.tolist() == [known.index(row) if row in known else len(known) for row in rows]
