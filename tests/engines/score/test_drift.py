"""Shifts of the population and of the odds, against plain sums and against chance."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.score.drift import population_drift, segment_drift
from karez.engines.score.errors import ColumnLengthError, ColumnMissingError, TableEmptyError
from karez.engines.score.table import Table


def table(numbers=None, labels=None):
    columns = [*(numbers or {}).values(), *(labels or {}).values()]
    return Table([str(row) for row in range(len(columns[0]))], numbers or {}, labels or {})


LABELS = st.lists(st.sampled_from(("a", "b", "c", None)), min_size=1, max_size=40)


@given(LABELS, LABELS)
def test_population_drift__is_its_sum_over_labels(before, now):
    cells = set(before) | set(now)
    shares = [
        {cell: (rows.count(cell) + 0.5) / (len(rows) + len(cells) / 2) for cell in cells}
        for rows in (before, now)
    ]
    psi = sum(
        (shares[1][cell] - shares[0][cell]) * math.log(shares[1][cell] / shares[0][cell])
        for cell in cells
    )
    (found,) = population_drift(table(labels={"x": before}), table(labels={"x": now}))
    assert found.psi == pytest.approx(psi)
    assert found.psi_by_chance == pytest.approx((len(cells) - 1) * (1 / len(before) + 1 / len(now)))


def test_population_drift__of_a_shifted_number_names_the_range():
    draw = np.random.default_rng(1)
    before, now = draw.normal(size=2000), draw.normal(size=500)
    now[:200] = np.nan
    (found,) = population_drift(table({"x": before}), table({"x": now}))
    assert found.alarm is not None
    assert "no value was 0% of the rows and is 40%" in found.alarm
    (found,) = population_drift(table({"x": before}), table({"x": draw.normal(1, size=500)}))
    assert found.cell.endswith("or more")
    assert found.share_now > 2 * found.share_before


def test_population_drift__by_chance_alone_gives_no_alarm():
    # Thin: sixty rows now, where a rule of thumb (0.1, or even 0.25) would cry wolf.
    draw = np.random.default_rng(2)
    psis, alarms = [], 0
    for _ in range(200):
        before = table({"x": draw.normal(size=300)}, {"k": draw.choice(list("abcdef"), 300)})
        now = table({"x": draw.normal(size=60)}, {"k": draw.choice(list("abcdef"), 60)})
        found = {each.column: each for each in population_drift(before, now, chance=0.05)}
        psis.append(found["x"].psi)
        alarms += any(each.alarm for each in found.values())
    assert np.mean(psis) > 0.1
    assert np.mean(psis) == pytest.approx(found["x"].psi_by_chance, rel=0.25)
    assert alarms <= 20  # 200 times 0.05, and twice its standard deviation more


def test_population_drift__puts_rare_labels_together():
    before = [f"bank {row % 200}" for row in range(2000)]
    now = [f"bank {row % 200}" for row in range(1000, 1400)]
    (found,) = population_drift(table(labels={"bank": before}), table(labels={"bank": now}))
    assert found.alarm is None
    (found,) = population_drift(table(labels={"bank": before}), table(labels={"bank": ["new"] * 9}))
    assert found.cell == "any other"  # 91 % before, all of nine rows now: that may be chance
    assert found.alarm is None


def test_population_drift__of_constants_and_gaps():
    same = {"constant": np.ones(9), "missing": np.full(9, np.nan)}
    assert [each.psi for each in population_drift(table(same), table(same))] == [0, 0]
    with pytest.raises(ColumnMissingError, match="no column missing of numbers"):
        population_drift(table(same), table({"constant": np.ones(3)}))
    with pytest.raises(TableEmptyError):
        population_drift(table(same), table({"constant": np.ones(0), "missing": np.ones(0)}))


ROWS = st.lists(
    st.tuples(
        st.sampled_from((0, 1)),
        st.sampled_from((0.05, 0.1, 0.3, 0.6)),
        st.sampled_from((0.5, 1.0, 2.0)),
        st.sampled_from(("a", "b", "c", None)),
    ),
    min_size=1,
    max_size=60,
)


def moved(p, shift):
    return 1 / (1 + (1 - p) / p * math.exp(-shift))


@given(ROWS)
def test_segment_drift__is_the_most_probable_shift(rows):
    outcome, pd, _, segment = zip(*rows, strict=True)
    found = segment_drift(outcome, pd, segment)
    estimates = {}
    for each in found.segments:
        held = [(y, p) for y, p, s in zip(outcome, pd, segment, strict=True) if s == each.segment]
        observed, expected = (sum(part) for part in zip(*held, strict=True))
        variance = sum(p * (1 - p) for _, p in held)
        assert (each.rows, each.observed) == (len(held), pytest.approx(observed))
        assert each.expected == pytest.approx(expected)
        assert each.z == pytest.approx((observed - expected) / variance**0.5)
        rates = [moved(p, each.shift) for _, p in held]
        assert each.rate == pytest.approx(sum(rates) / len(held))
        if found.spread:
            # What defaults still pull one way, the prior pulls the other way.
            pull = (each.shift - found.shift) / found.spread**2
            assert observed - sum(rates) == pytest.approx(pull, abs=1e-5)
        else:
            assert each.shift == pytest.approx(found.shift, abs=1e-6)
        estimates[each.segment] = ((observed - expected) / variance, variance)
    # The moments of DerSimonian and Laird, by loops.
    total = sum(w for _, w in estimates.values())
    mean = sum(w * own for own, w in estimates.values()) / total
    q = sum(w * (own - mean) ** 2 for own, w in estimates.values())
    room = total - sum(w * w for _, w in estimates.values()) / total
    square = max(0.0, (q - len(estimates) + 1) / room) if len(estimates) > 1 else 0.0
    assert found.spread == pytest.approx(square**0.5, abs=1e-6)


@settings(max_examples=30)
@given(ROWS)
def test_segment_drift__counts_a_weight_of_two_as_twice_the_loans(rows):
    outcome, pd, weight, segment = zip(*rows, strict=True)
    found = segment_drift(outcome, pd, segment, weight)
    held = {each.segment: each for each in found.segments}
    for name, each in held.items():
        assert each.expected == pytest.approx(
            sum(w * p for p, w, s in zip(pd, weight, segment, strict=True) if s == name)
        )


def test_segment_drift__finds_the_one_segment_and_draws_small_ones_in():
    draw = np.random.default_rng(3)
    segment = np.array(["large"] * 400 + ["changed"] * 400 + ["tiny"] * 4)
    pd = np.full(804, 0.1)
    outcome = (draw.random(804) < np.where(segment == "changed", 0.25, 0.1)).astype(float)
    outcome[-4:] = (1, 1, 0, 0)
    found = segment_drift(outcome, pd, segment)
    held = {each.segment: each for each in found.segments}
    assert [words.split(":")[0] for words in found.alarms] == ["all together", "changed"]
    assert held["changed"].rate == pytest.approx(0.25, abs=0.04)
    assert held["tiny"].rate < 0.45  # not the half that four loans show
    assert held["tiny"].shift_sd > held["changed"].shift_sd


def test_segment_drift__without_differences_gives_no_alarm():
    draw = np.random.default_rng(4)
    alarms = 0
    for _ in range(200):
        pd = draw.uniform(0.02, 0.4, 300)
        outcome = (draw.random(300) < pd).astype(float)
        segment = draw.choice([f"s{place}" for place in range(20)], 300)
        alarms += bool(segment_drift(outcome, pd, segment, chance=0.05).alarms)
    assert alarms <= 20


def test_segment_drift__leaves_out_what_the_score_owned_not_to_know():
    outcome, pd = np.repeat((1.0, 0.0), (12, 28)), np.full(40, 0.1)
    sure = segment_drift(outcome, pd, ["new"] * 40)
    unsure = segment_drift(outcome, pd, ["new"] * 40, doubt_sd=np.full(40, 0.8))
    assert sure.alarms
    assert unsure.alarms == ()
    steep, excess = 40 * 0.09, 12 - 4
    assert unsure.segments[0].z == pytest.approx(excess / math.hypot(steep**0.5, steep * 0.8))


def test_segment_drift__of_sure_probabilities_and_wrong_lengths():
    found = segment_drift([0, 1], [0, 1], ["a", "b"])
    assert [(each.z, each.shift) for each in found.segments] == [(0, 0), (0, 0)]
    with pytest.raises(ColumnLengthError, match="segment has 1 rows where there are 2"):
        segment_drift([0, 1], [0.1, 0.2], ["a"])
