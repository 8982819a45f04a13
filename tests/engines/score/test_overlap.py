"""How far a new population lies outside the old one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.score.errors import ColumnMissingError, TableEmptyError
from karez.engines.score.overlap import measure_overlap
from karez.engines.score.table import Table


def table(rows, **columns):
    numbers = {k: v for k, v in columns.items() if np.asarray(v).dtype == np.float64}
    labels = {k: v for k, v in columns.items() if k not in numbers}
    return Table([f"F{row}" for row in range(rows)], numbers, labels)


def firms(draw, rows, shift=0.0):
    return table(
        rows,
        sales=draw.normal(shift, 1, rows),
        age=draw.normal(5, 2, rows),
        place=draw.choice(["north", "south", "east"], rows),
    )


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(40, 300), st.integers(40, 300))
def test_measure_overlap__of_one_population_warns_of_nothing(seed, old, new):
    draw = np.random.default_rng(seed)
    found = measure_overlap(firms(draw, old), firms(draw, new), seed=seed)
    assert found.apart <= 0.5 + 5 * found.apart_error
    assert not any("told apart" in words for words in found.warnings)


def test_measure_overlap__of_two_says_how_much_training_is_left():
    draw = np.random.default_rng(1)
    near, far = (firms(draw, 300, shift) for shift in (1.0, 4.0))
    training = firms(draw, 300)
    close, apart = measure_overlap(training, near), measure_overlap(training, far)
    assert 0.65 < close.apart < 0.77  # 0.76 is the best that can be told of a whole deviation
    assert apart.apart > 0.97
    assert apart.training_effective < 50 < close.training_effective
    assert apart.warnings[0].startswith("The new rows are hardly like those of the training: they")
    assert apart.columns[0].column == "sales"
    assert any(words.startswith("sales: ") for words in apart.warnings)


def test_measure_overlap__names_the_columns_of_each_row():
    training = table(
        6,
        sales=np.array([1.0, 2, 3, 4, 5, np.nan]),
        age=np.arange(6.0),
        place=["north", "north", "south", None, "south", "south"],
    )
    new = table(
        4,
        sales=np.array([3.0, 9, np.nan, 4]),
        age=np.array([2.0, 3, np.nan, -1]),
        place=["north", "west", "south", None],
    )
    found = measure_overlap(training, new)
    # Outermost training values stand alone: 5 and 0 are no evidence for what lies beside them.
    assert found.outside == ((), ("sales", "place"), ("age",), ("age",))
    assert found.outside_share == 0.75
    shares = {each.column: each.outside_share for each in found.columns}
    assert shares == {"sales": 0.25, "place": 0.25, "age": 0.5}
    assert "age: 50% of the new rows are outside 1 to 4." in found.warnings


def test_measure_overlap__of_a_column_that_training_never_had():
    training = table(3, sales=np.full(3, np.nan))
    found = measure_overlap(training, table(2, sales=np.array([1.0, np.nan])))
    assert found.outside == (("sales",), ())


def test_measure_overlap__names_what_is_missing():
    draw = np.random.default_rng(1)
    with pytest.raises(ColumnMissingError, match="no column age"):
        measure_overlap(firms(draw, 9), table(2, sales=np.ones(2)))
    with pytest.raises(ColumnMissingError, match="no column place of labels"):
        measure_overlap(firms(draw, 9), table(2, sales=np.ones(2), age=np.ones(2)))
    with pytest.raises(TableEmptyError):
        measure_overlap(firms(draw, 9), firms(draw, 0))
