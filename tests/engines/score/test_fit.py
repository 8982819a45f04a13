"""What must hold of a score whatever it is fitted to."""

import json

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.score.worlds import mixed
from karez.engines.score import (
    Feature,
    Model,
    Recipe,
    Scorer,
    Table,
    apply,
    explain,
    fit,
    from_document,
    to_document,
)
from karez.engines.score.errors import (
    ColumnLengthError,
    ColumnMalformedError,
    ColumnMissingError,
    ColumnRepeatedError,
    FeatureMalformedError,
    FeatureRepeatedError,
    ModelMalformedError,
    OutcomeMalformedError,
    OutcomeOneClassError,
    RecipeMalformedError,
    TableEmptyError,
    WeightMalformedError,
)
from karez.engines.score.points import base_points, level_points, weights_of_evidence

FEATURES = (
    Feature("turnover", direction=-1, words="Turnover", unit="sd"),
    Feature("age", words="Age", unit="years"),
    Feature("kind", "factor", words="Kind"),
    Feature("place", "segment", parent="county", words="Place"),
    Feature("county", "segment", words="County"),
)
RECIPE = Recipe(FEATURES)
QUICK = settings(max_examples=12)
SEEDS = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def model() -> Model:
    world = mixed(1500)
    return fit(world.table, world.outcome, RECIPE)


def applied(world, weight=None, recipe=RECIPE, to=None):
    found = fit(world.table, world.outcome, recipe, weight)
    return apply(found, world.table if to is None else to).pd


def taken(world, rows):
    return attrs.evolve(world, table=world.table.take(rows), outcome=world.outcome[rows])


@QUICK
@given(SEEDS)
def test_fit__the_order_of_rows_leaves_no_trace(seed):
    world = mixed(200, seed)
    shuffled = np.random.default_rng(seed).permutation(200)
    other = applied(taken(world, shuffled), to=world.table)
    assert other == pytest.approx(applied(world), abs=1e-6)


@QUICK
@given(SEEDS)
def test_fit__a_weight_is_that_many_rows_and_zero_is_none(seed):
    world = mixed(150, seed)
    weight = np.random.default_rng(seed).integers(0, 4, 150)
    weight[:2] = 1
    repeated = applied(taken(world, np.repeat(np.arange(150), weight)), to=world.table)
    assert applied(world, weight) == pytest.approx(repeated, abs=1e-6)


@QUICK
@given(SEEDS)
def test_fit__names_of_levels_mean_nothing(seed):
    world = mixed(300, seed)
    renamed = {
        name: [None if label is None else "x" + label for label in labels]
        for name, labels in world.table.labels.items()
    }
    other = attrs.evolve(world, table=attrs.evolve(world.table, labels=renamed))
    assert applied(other) == pytest.approx(applied(world), abs=1e-9)
    backwards = {
        name: [None if label is None else f"{99 - int(label[-2:]):02d}" for label in labels]
        for name, labels in world.table.labels.items()
    }
    other = attrs.evolve(world, table=attrs.evolve(world.table, labels=backwards))
    assert np.corrcoef(applied(other), applied(world))[0, 1] > 0.995  # other draws, the same score


@QUICK
@given(SEEDS, st.sampled_from((-1, 1)))
def test_fit__effects_follow_the_expected_direction(seed, direction):
    world = mixed(200, seed)
    recipe = Recipe((attrs.evolve(FEATURES[0], direction=direction), *FEATURES[1:]))
    found = fit(world.table, world.outcome, recipe)
    [block] = [block for block in found.blocks if block.name == "turnover"]
    assert (np.diff(block.effect[:-1]) * direction >= -1e-12).all()


@QUICK
@given(SEEDS)
def test_fit__the_mean_probability_is_the_default_rate(seed):
    world = mixed(200, seed)
    assert applied(world).mean() == pytest.approx(world.outcome.mean(), abs=1e-6)


@QUICK
@given(SEEDS)
def test_document__brings_the_score_back_to_the_last_bit(seed):
    world = mixed(150, seed)
    found = fit(world.table, world.outcome, RECIPE)
    again = from_document(json.loads(json.dumps(to_document(found), allow_nan=False)))
    assert again.recipe == found.recipe
    for field in attrs.fields(type(apply(found, world.table))):
        before, after = (getattr(apply(each, world.table), field.name) for each in (found, again))
        assert (before == after).all()
    assert to_document(again) == to_document(found)


def test_fit__notes_what_it_saw():
    world = mixed(200, 4)
    notes = fit(world.table, world.outcome, RECIPE, np.full(200, 2.5)).notes
    assert (notes.rows, notes.rows_weighted) == (200, 500)
    assert notes.events_weighted == pytest.approx(2.5 * world.outcome.sum())


def test_document__of_another_kind_is_refused(model: Model):
    document = to_document(model)
    for broken in (
        {},
        document | {"format": "karez-score-0"},
        {name: value for name, value in document.items() if name != "blocks"},
        document | {"intercept_draws": "?"},
    ):
        with pytest.raises(ModelMalformedError):
            from_document(broken)


@pytest.mark.parametrize("seed", range(3))
def test_scorer__says_the_same_as_a_batch(model: Model, seed: int):
    world = mixed(60, 100 + seed, places=30)  # ten places were never seen
    scores, reasons, scorer = apply(model, world.table), explain(model, world.table), Scorer(model)
    for row in range(60):
        one = scorer.score(
            {name: values[row] for name, values in world.table.numbers.items()},
            {name: values[row] for name, values in world.table.labels.items()},
        )
        for field in attrs.fields(type(scores)):
            assert getattr(one, field.name) == getattr(scores, field.name)[row]
        assert list(one.reasons) == reasons[row]


def test_scorer__misses_what_it_must_have(model: Model):
    with pytest.raises(ColumnMissingError, match="age"):
        Scorer(model).score({"turnover": 1.0}, {"kind": None, "place": None, "county": None})


def test_points__add_up_and_fall_as_the_probability_rises(model: Model):
    world = mixed(400, 7)
    scores = apply(model, world.table)
    scale = model.recipe.scale
    exact = scale.base - scale.factor * (scores.logit + np.log(scale.odds))
    assert np.abs(scores.points - exact).max() <= 0.5 * (len(model.blocks) + 1)
    parts = [reason.points for reason in explain(model, world.table.take(np.arange(1)), 99)[0]]
    least = sum(min(level_points(scale, block)) for block in model.blocks) + base_points(model)
    assert least <= scores.points.min()
    assert sum(parts) <= 0


def test_weights_of_evidence__are_those_of_the_counts(model: Model):
    block = model.block("kind")
    woe = weights_of_evidence(block)
    shares = block.good / block.good.sum(), block.bad / block.bad.sum()
    assert woe[:-1] == pytest.approx(np.log(shares[0][:-1] / shares[1][:-1]))
    assert np.isnan(woe[-1])
    assert np.corrcoef(woe[:-1], block.effect[:-1])[0, 1] < -0.9


def test_explain__gives_only_what_speaks_against_the_largest_first(model: Model):
    world = mixed(200, 8)
    for reasons in explain(model, world.table):
        effects = [reason.effect for reason in reasons]
        assert len(reasons) <= 4
        assert all(effect > 0 for effect in effects)
        assert effects == sorted(effects, reverse=True)
        assert all(reason.points <= 0 for reason in reasons)


def test_apply__a_place_never_seen_speaks_through_its_county_and_is_less_sure(model: Model):
    world = mixed(50, 9)
    known = apply(model, world.table)
    labels = dict(world.table.labels) | {"place": ["place nobody knows"] * 50}
    strange = apply(model, attrs.evolve(world.table, labels=labels))
    place = model.block("place")
    codes = [place.labels.index(label) for label in world.table.labels["place"]]
    pairs = {name for block in model.blocks if block.kind == "pair" for name in block.features}
    if "place" not in pairs:
        gap = place.effect[place.unseen] - place.effect[codes]
        assert strange.logit - known.logit == pytest.approx(gap)
    assert place.sd[place.unseen] == pytest.approx(place.spread, rel=0.1)
    assert strange.logit_sd.mean() > known.logit_sd.mean()
    everything = explain(model, attrs.evolve(world.table, labels=labels), 99)
    said = {reason.words for reasons in everything for reason in reasons}
    assert place.effect[place.unseen] <= 0 or "Place: no history here" in said


def test_fit__pairs_that_act_together_are_found():
    rng = np.random.default_rng(3)
    a, b, c = rng.integers(0, 6, (3, 4000))
    together = rng.normal(0, 1, (6, 6))[a, b]
    outcome = (rng.random(4000) < 1 / (1 + np.exp(1 - together))).astype(np.float64)
    labels = {
        name: [str(each) for each in codes] for name, codes in zip("abc", (a, b, c), strict=True)
    }
    features = [Feature(name, "factor") for name in "abc"]
    table = Table(range(4000), {}, labels)
    found = fit(table, outcome, Recipe(features))
    assert found.blocks[3].name == "a x b"
    assert np.corrcoef(apply(found, table).logit, together)[0, 1] > 0.95
    named = fit(table, outcome, Recipe(features, pairs=(("b", "a"),)))
    assert [block.name for block in named.blocks] == ["a", "b", "c", "a x b"]
    assert [block.name for block in fit(table, outcome, Recipe(features, pairs=())).blocks] == [
        "a", "b", "c",
    ]  # fmt: skip


def test_apply__nine_of_ten_intervals_hold_the_truth():
    held = []
    for seed in range(8):
        world = mixed(1200, 200 + seed)
        scores = apply(fit(world.table, world.outcome, Recipe(FEATURES, pairs=())), world.table)
        truth = 1 / (1 + np.exp(-world.logit))
        seen = ~np.isnan(world.table.numbers["turnover"])  # what is missing the truth knows
        held.append(((scores.pd_low <= truth) & (truth <= scores.pd_high))[seen].mean())
    assert 0.84 < np.mean(held) < 0.96


def test_fit__what_says_nothing_is_left_out_with_the_reason():
    world = mixed(300)
    empty, constant = np.full(300, np.nan), np.ones(300)
    infinite = np.where(np.arange(300) % 3 == 0, np.inf, world.table.numbers["age"])
    table = attrs.evolve(
        world.table,
        numbers={**world.table.numbers, "empty": empty, "constant": constant, "infinite": infinite},
        labels={**world.table.labels, "blank": [None] * 300},
    )
    more = [Feature("empty"), Feature("constant"), Feature("infinite"), Feature("blank", "factor")]
    found = fit(table, world.outcome, Recipe((*FEATURES, *more), pairs=()))
    assert {dropped.name: dropped.reason for dropped in found.dropped} == {
        "empty": "every value is missing",
        "constant": "every loan has the same value, or too few have another",
        "blank": "every value is missing",
    }
    assert found.notes.fallbacks == ("infinite: 100 infinite values count as missing",)
    assert found.block("infinite").good[-1] + found.block("infinite").bad[-1] == 100
    only = fit(table, world.outcome, Recipe(more[:2]))
    assert only.blocks == ()
    assert apply(only, table).pd == pytest.approx(np.full(300, world.outcome.mean()))


def test_fit__a_thousand_features_for_a_hundred_loans():
    rng = np.random.default_rng(5)
    numbers = {f"x{each}": rng.normal(size=100) for each in range(1000)}
    outcome = (rng.random(100) < 0.3).astype(np.float64)
    table = Table(range(100), numbers, {})
    found = fit(table, outcome, Recipe([Feature(name) for name in numbers], pairs=()))
    scores = apply(found, table)
    assert np.isfinite(scores.pd).all()
    assert any("more features than defaults" in note for note in found.notes.fallbacks)


@pytest.mark.parametrize(
    ("outcome", "weight", "error"),
    [
        ([0, 1, 2], None, OutcomeMalformedError),
        ([0, 1, np.nan], None, OutcomeMalformedError),
        ([1, 1, 1], None, OutcomeOneClassError),
        ([0, 0, 1], [1, 1, 0], OutcomeOneClassError),
        ([0, 1, 1], [0, 0, 0], TableEmptyError),
        ([0, 1, 1], [1, -1, 1], WeightMalformedError),
        ([0, 1, 1], [1, np.nan, 1], WeightMalformedError),
        ([0, 1, 1], [1, np.inf, 1], WeightMalformedError),
        ([0, 1], None, ColumnLengthError),
        ([0, 1, 1], [1, 1], ColumnLengthError),
    ],
)
def test_fit__refuses_bad_outcomes_and_weights(outcome, weight, error):
    table = Table(["a", "b", "c"], {"x": [1, 2, 3]}, {})
    with pytest.raises(error):
        fit(table, outcome, Recipe((Feature("x"),)), weight)


def test_fit__refuses_bad_tables_and_recipes():
    recipe = Recipe((Feature("x"),))
    with pytest.raises(TableEmptyError):
        fit(Table([], {"x": []}, {}), [], recipe)
    with pytest.raises(ColumnMissingError):
        fit(Table(["a", "b"], {}, {}), [0, 1], recipe)
    with pytest.raises(ColumnLengthError):
        Table(["a", "b"], {"x": [1]}, {})
    with pytest.raises(ColumnRepeatedError):
        Table(["a"], {"x": [1]}, {"x": ["1"]})
    with pytest.raises(ColumnMalformedError, match="row 1"):
        Table(["a", "b"], {"x": [1, "two"]}, {})
    with pytest.raises(ColumnMalformedError, match="row 1"):
        fit(Table(["a", "b"], {}, {"f": ["1", 2]}), [0, 1], Recipe((Feature("f", "factor"),)))
    with pytest.raises(FeatureRepeatedError):
        Recipe((Feature("x"), Feature("x")))
    for feature in (
        Feature("x", "other"),
        Feature("x", "factor", direction=1),
        Feature("x", direction=2),
        Feature("x", "segment", parent="y"),
        Feature("x", "segment", parent="x"),
    ):
        with pytest.raises(FeatureMalformedError):
            Recipe((feature,))
    for wrong in ({"pairs": (("x", "x"),)}, {"most_bins": 1}, {"least_rows": 0}, {"prior_sd": 0}):
        with pytest.raises(RecipeMalformedError):
            Recipe((Feature("x"),), **wrong)
