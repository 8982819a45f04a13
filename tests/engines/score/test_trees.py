"""Trees of a score: grown as a slow twin grows them, proved apart, and kept to what was asked."""

import json

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.score.worlds import World, mixed
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
    tree_kernels,
)
from karez.engines.score.boost import GROUPS, Dealt, in_order, said
from karez.engines.score.design import Column
from karez.engines.score.errors import ModelMalformedError
from karez.engines.score.measures import log_loss
from karez.engines.score.model import Proof
from karez.engines.score.points import base_points
from karez.engines.score.scorecard import parts
from karez.engines.score.stranger import stranger
from karez.engines.score.tree_kernels import DEPTH
from karez.engines.score.trees import TOGETHER, added, placed

RECIPE = Recipe(
    (
        Feature("debt", direction=1, words="Debt"),
        Feature("age"),
        Feature("kind", "factor", words="Kind"),
        Feature("town", "segment", words="Town"),
    ),
    pairs=(),  # of which trees would find less to say
    trees=True,
)
SEEDS = st.integers(0, 10_000)


def joined(loans: int, seed: int = 0) -> World:
    """Loans of which three features say together what none of them says alone."""
    rng = np.random.default_rng(seed)
    debt, age, town = rng.normal(size=loans), rng.normal(size=loans), rng.integers(0, 30, loans)
    kind = rng.integers(0, 3, loans)
    effect = 4 * ((debt > 0) & (age > 0) & (kind == 0)) + 4 * ((debt > 0) & (age < 0) & (kind == 1))
    logit = -1.5 + effect + rng.normal(0, 0.3, 30)[town]
    outcome = (rng.random(loans) < 1 / (1 + np.exp(-logit))).astype(float)
    debt[rng.random(loans) < 0.05] = np.nan
    labels = {
        "kind": np.array(["a", "b", "c"], object)[kind],
        "town": [f"town {each:02d}" for each in town],
    }
    return World(Table([str(row) for row in range(loans)], {"debt": debt, "age": age}, labels),
                 outcome, logit)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return joined(1200)


@pytest.fixture(scope="module")
def model(world: World) -> Model:
    return fit(world.table, world.outcome, RECIPE)


def twin(places, steep, curved, order, pull):
    """The questions of a tree, each found by trying all: slow, and plainly what is meant."""
    node, asked, above = np.zeros(len(places), int), [], []
    for _ in range(DEPTH):
        found = (0.0, 0, places.max() + 1)
        for feature in range(places.shape[1]):
            for place in range(places.max()):
                yes, gain = places[:, feature] > place, 0.0
                for here in set(node.tolist()):
                    value, worth = [], []
                    for rows in ((node == here) & ~yes, (node == here) & yes, node == here):
                        value.append(steep[rows].sum() / (curved[rows].sum() + pull))
                        worth.append(value[-1] * steep[rows].sum())
                    if (value[1] - value[0]) * order[feature] >= 0:
                        gain += worth[0] + worth[1] - worth[2]
                if gain > found[0] + 1e-9:
                    found = (gain, feature, place)
        asked.append(found[1])
        above.append(found[2])
        node = 2 * node + (places[:, found[1]] > found[2])
    return asked, above, node


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_grow__asks_what_a_slow_twin_asks(seed):
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 5, (40, 3)).astype(np.int32)
    steep, curved = rng.normal(size=40), rng.random(40)
    order = rng.integers(-1, 2, 3).astype(np.int32)
    asked, above, node = tree_kernels.grow(places, steep, curved, order, 2.0)
    slow_asked, slow_above, slow_node = twin(places, steep, curved, order, 2.0)
    first = [at for at in range(DEPTH) if slow_above[at] <= places.max()]  # the rest settle nothing
    assert asked[first].tolist() == [slow_asked[at] for at in first]
    assert above[first].tolist() == [slow_above[at] for at in first]
    apart = {(here, there) for here, there in zip(node.tolist(), slow_node.tolist(), strict=True)}
    assert len(apart) == len(set(node.tolist())) == len(set(slow_node.tolist()))


def test_added__follows_every_tree_and_says_how_groups_differ(world: World, model: Model):
    trees = model.trees
    assert trees is not None
    some = world.table.take(np.arange(20))
    levels = {
        "debt": np.full(20, 3), "age": np.arange(20) % 7, "kind": np.arange(20) % 3,
        "town": np.arange(20),
    }  # fmt: skip
    places = placed(trees, levels)
    groups = np.zeros((len(trees.asked), len(some)))
    for group, row in np.ndindex(groups.shape):
        for asked, above, nodes in zip(
            trees.asked[group], trees.above[group], trees.nodes[group], strict=True
        ):
            at = 0
            for feature, place in zip(asked, above, strict=True):
                at = 2 * at + (2 if places[row, feature] > place else 1)
            groups[group, row] += nodes[at]
    mean, variance, points = added(trees, places, 28.85)
    assert mean == pytest.approx(groups.mean(axis=0))
    assert variance == pytest.approx(np.var(groups, axis=0) * (GROUPS - 1))
    assert points.tolist() == np.rint(-28.85 * groups.mean(axis=0)).tolist()
    shares = tree_kernels.shares(places, trees.asked, trees.above, trees.nodes)
    assert shares.sum(axis=1) == pytest.approx(mean)


@given(st.lists(st.floats(-5, 5), min_size=16, max_size=16),
       st.lists(st.sampled_from([-1, 0, 1]), min_size=DEPTH, max_size=DEPTH))  # fmt: skip
def test_in_order__goes_as_asked_and_leaves_what_does(values, direction):
    found = in_order(np.array(values), np.array(direction, np.int32))
    cube = found.reshape((2,) * DEPTH)
    for question, way in enumerate(direction):
        assert (np.diff(cube, axis=question) * way >= 0).all()
    assert in_order(found, np.array(direction, np.int32)) == pytest.approx(found)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_apart__nothing_that_is_said_of_a_part_knows_its_outcomes(seed):
    rng = np.random.default_rng(seed)
    column = Column(("place",), "segment", rng.integers(0, 5, 60).astype(np.int32), 6,
                    labels=tuple("abcde"))  # fmt: skip
    part, bad = np.arange(60) % GROUPS, (rng.random(60) < 0.4).astype(float)
    bad[:15:2], bad[1:15:2] = 1, 0
    turned = np.where(part == 0, 1 - bad, bad)
    one, other = (Dealt([column], part, np.ones(60), each) for each in (bad, turned))
    recipe = Recipe([Feature("place", "segment")])
    here = part == 0
    assert said(recipe, one)[0][here].tolist() == said(recipe, other)[0][here].tolist()


def test_fit__joins_three_features_where_it_pays(world: World, model: Model):
    plain = fit(world.table, world.outcome, attrs.evolve(RECIPE, trees=False))
    assert model.proof is not None
    assert model.proof.holds
    assert model.proof.gain > 0.005
    later = joined(4000, seed=1)
    losses = [log_loss(later.outcome, apply(each, later.table).pd) for each in (plain, model)]
    assert losses[1] < losses[0] - 0.005


def test_fit__is_what_it_was_where_trees_do_not_pay():
    world = mixed(400)
    features = (Feature("turnover"), Feature("kind", "factor"), Feature("place", "segment"))
    plain = fit(world.table, world.outcome, Recipe(features))
    asked = fit(world.table, world.outcome, Recipe(features, trees=True))
    assert asked.trees is None
    assert asked.proof is not None
    assert asked.proof.words.startswith("trees were tried and left out: on loans kept")
    kept = attrs.evolve(asked, recipe=plain.recipe, proof=None)
    assert json.dumps(to_document(kept)) == json.dumps(to_document(plain))


@pytest.mark.parametrize(
    ("rows", "copies", "why"),
    [(12, 1, "there are too few loans to keep some apart"),
     (60, 5, "too many loans are alike in every feature")],
)  # fmt: skip
def test_fit__says_why_trees_were_not_tried(rows, copies, why):
    table, outcome = mixed(rows).table, np.arange(rows) == 3  # one default: some part lacks it
    again = np.tile(np.arange(rows), copies)
    recipe = Recipe([Feature("kind", "factor"), Feature("place", "segment")], trees=True)
    found = fit(table.take(again), outcome[again], recipe)
    assert found.proof == Proof(refused=why)
    assert found.proof.words == f"trees were asked for and not tried: {why}"


def test_fit__neither_order_nor_weight_leaves_a_trace(world: World, model: Model):
    order = np.random.default_rng(5).permutation(len(world.table))
    other = fit(world.table.take(order), world.outcome[order], RECIPE)
    assert json.dumps(to_document(other)) == json.dumps(to_document(model))
    twice = np.concatenate([np.arange(600), np.arange(200)])
    weight = np.where(np.arange(600) < 200, 2.0, 1.0)
    rows = fit(world.table.take(twice), world.outcome[twice], RECIPE)
    weighed = fit(world.table.take(np.arange(600)), world.outcome[:600], RECIPE, weight)
    assert rows.proof == weighed.proof
    assert apply(rows, world.table).pd.tolist() == apply(weighed, world.table).pd.tolist()


def test_fit__trees_keep_the_direction_and_the_rate(world: World, model: Model):
    assert model.trees is not None
    assert apply(model, world.table).pd.mean() == pytest.approx(world.outcome.mean(), abs=1e-6)
    debts, rows = np.linspace(-3, 3, 41), np.repeat(np.arange(25), 41)
    asked = world.table.take(rows)
    asked = Table(asked.ids, {**asked.numbers, "debt": np.tile(debts, 25)}, asked.labels)
    logit = apply(model, asked).logit.reshape(25, 41)
    assert (np.diff(logit, axis=1) >= -1e-9).all()


def test_stranger__may_be_anything_that_trees_say(model: Model):
    bare = stranger(attrs.evolve(model, trees=None), {})
    assert stranger(model, {}).pd_high > bare.pd_high + 0.01


def test_document__brings_trees_back_and_refuses_what_does_not_fit(world: World, model: Model):
    document = json.loads(json.dumps(to_document(model)))
    again = from_document(document)
    assert apply(again, world.table).pd.tolist() == apply(model, world.table).pd.tolist()
    assert again.proof == model.proof
    del document["trees"], document["proof"], document["recipe"]["trees"]
    assert from_document(document).trees is None  # a score of before there were trees
    for name, wrong in (("asked", [[[0, 1, 2, 9]]]), ("order", [[0]] * 4), ("nodes", [[[0.0]]])):
        document = to_document(model)
        document["trees"] = {**document["trees"], name: wrong}
        with pytest.raises(ModelMalformedError):
            from_document(document)


def test_scores__add_up_with_trees_one_by_one_and_all_at_once(world: World, model: Model):
    some = world.table.take(np.arange(40))
    scores, reasons = apply(model, some), explain(model, some, 10)
    scorer, lines = Scorer(model), parts(model, some)
    for row in range(40):
        numbers = {name: float(values[row]) for name, values in some.numbers.items()}
        labels = {name: values[row] for name, values in some.labels.items()}
        one = scorer.score(numbers, labels, 10)
        assert (one.pd, one.pd_low, one.pd_high) == (
            scores.pd[row], scores.pd_low[row], scores.pd_high[row],
        )  # fmt: skip
        assert list(one.reasons) == reasons[row]
        total = base_points(model) + sum(line.points for line in lines[row])
        assert one.points == scores.points[row] == total
        whole = model.intercept + sum(line.effect for line in lines[row])
        assert scores.logit[row] == pytest.approx(whole)
    joint = [each for row in reasons for each in row if each.feature == TOGETHER]
    assert joint
    assert all(each.effect > 0 for each in joint)
    assert any(" with " in each.words and each.words.startswith("together: ") for each in joint)
