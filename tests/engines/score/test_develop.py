"""A score developed, its card, and the same score watched on later loans."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.score import Feature, Recipe, Table, apply, fit
from karez.engines.score.card import card_document, card_markdown
from karez.engines.score.challenge import Stakes, Verdict
from karez.engines.score.develop import Evidence, develop
from karez.engines.score.errors import OutcomeOneClassError
from karez.engines.score.folds import fold_rows
from karez.engines.score.measures import measure
from karez.engines.score.watch import watch

STAKES = Stakes(margin=0.2, loss_share=0.6)
RECIPE = Recipe(
    (
        Feature("debt", direction=1, words="debt to income"),
        Feature("kind", "factor"),
        Feature("town", "segment"),
    ),
    pairs=(),
)


def loans(seed=1, rows=300, shift=0.0):
    draw = np.random.default_rng(seed)
    debt, town = draw.normal(shift, 1, rows), draw.choice(["Ada", "Bor", "Cer"], rows)
    logit = -1 + debt + 0.8 * (town == "Ada")
    outcome = (draw.random(rows) < 1 / (1 + np.exp(-logit))).astype(float)
    labels = {"town": town.astype(object), "kind": draw.choice(["x", "y"], rows).astype(object)}
    return Table([f"L{row}" for row in range(rows)], {"debt": debt}, labels), outcome


def test_develop__judges_each_loan_by_a_score_that_has_not_seen_it():
    table, outcome = loans(rows=60)
    _, card = develop(table, Evidence(outcome), RECIPE, stakes=STAKES, seed=3)
    # The slow way: fold by fold, with nothing shared.
    fold = fold_rows(outcome, np.random.default_rng(3))
    said = np.empty(60)
    for row in range(60):
        others = np.flatnonzero(fold != fold[row])
        model = fit(table.take(others), outcome[others], RECIPE)
        said[row] = apply(model, table.take(np.array([row]))).pd[0]
    assert card.out_of_fold is not None
    assert card.out_of_fold.log_loss == pytest.approx(measure(outcome, said).log_loss, rel=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(10, 60))
def test_fold_rows__spreads_both_outcomes_evenly(seed, parts, rows):
    draw = np.random.default_rng(seed)
    outcome = (draw.random(rows) < 0.3).astype(float)
    fold = fold_rows(outcome, draw, parts)
    sizes = [np.bincount(fold, minlength=parts), np.bincount(fold, outcome, parts)]
    assert all(part.max() - part.min() <= 1 for part in sizes)


def test_develop__does_not_take_weights_for_evidence():
    table, outcome = loans()
    one, _ = develop(table, Evidence(outcome), RECIPE, stakes=STAKES)
    fifty, card = develop(
        table, Evidence(outcome, weight=np.full(300, 50.0)), RECIPE, stakes=STAKES
    )
    assert (apply(one, table).pd_low == apply(fifty, table).pd_low).all()
    assert not card.weighted


def test_card__is_plain_and_names_what_matters():
    table, outcome = loans()
    known = np.where(outcome == 1, 5.0, np.nan)
    leaky = Table(table.ids, {**table.numbers, "calls": known}, table.labels)
    recipe = Recipe((*RECIPE.features, Feature("calls")), pairs=())
    days = np.datetime64("2024-01-01") + np.arange(300)
    evidence = Evidence(
        outcome,
        decided_on=days,
        window_months=12,
        groups={"owner": ["a", "b", "c"] * 100},
        left_out={"rows that could not be read": 3},
    )
    _, card = develop(leaky, evidence, recipe, stakes=STAKES)
    document = json.loads(json.dumps(card_document(card), allow_nan=False))
    page = card_markdown(document)
    assert "Decided from 2024-01-01 to 2024-10-26." in page
    assert "A default is one within 12 months." in page
    assert "Left out: 3 rows that could not be read." in page
    assert "calls may know the outcome (alone)" in page
    assert "| debt to income | number |" in page
    assert "## Fairness" in page
    for table_row in (line for line in page.splitlines() if line.startswith("|")):
        assert table_row.endswith("|")
    assert sum(fifth.rows for fifth in card.fifths) == 300
    assert sum(card.score_shares) == pytest.approx(1)
    for fifth in card.fifths:
        assert fifth.low <= fifth.observed <= fifth.high


def test_develop__with_one_default_says_that_it_was_not_judged():
    table, _ = loans(rows=40)
    outcome = np.zeros(40)
    outcome[7] = 1
    _, card = develop(table, Evidence(outcome), RECIPE, stakes=STAKES)
    assert card.out_of_fold is None
    assert any("Too few loans of one outcome" in words for words in card.limits)
    assert "It could not be judged" in card_markdown(card_document(card))
    with pytest.raises(OutcomeOneClassError):
        develop(table, Evidence(np.zeros(40)), RECIPE, stakes=STAKES)


def watched(model, card, table, evidence, **rest):
    tenths = (np.array(card.score_edges), np.array(card.score_shares))
    return watch(model, table, evidence, stakes=STAKES, tenths=tenths, **rest)


def test_watch__of_its_own_kind_is_quiet():
    table, outcome = loans()
    model, card = develop(table, Evidence(outcome), RECIPE, stakes=STAKES)
    same = watched(model, card, table, Evidence(outcome))
    assert same.alarms == ()
    # Not one row moved: what is left is the half row added to each cell.
    assert max(column.psi for column in same.columns) < 1e-6
    quiet = [watched(model, card, *later_of(seed), training=table).alarms for seed in range(10, 20)]
    assert sum(map(bool, quiet)) <= 1


def later_of(seed, shift=0.0):
    table, outcome = loans(seed, 150, shift)
    return table, Evidence(outcome)


def test_watch__of_others_names_column_and_score():
    table, outcome = loans()
    model, card = develop(table, Evidence(outcome), RECIPE, stakes=STAKES)
    found = watched(model, card, later_of(5, shift=1.5)[0], None, training=table)
    assert found.measures is None
    shifted = {column.column for column in found.columns if column.alarm}
    assert shifted == {"debt", "score"}
    assert any("told apart" in words for words in found.alarms)


def test_watch__compares_a_challenger():
    table, outcome = loans()
    model, card = develop(table, Evidence(outcome), RECIPE, stakes=STAKES)
    blind, _ = develop(
        table, Evidence(outcome), Recipe((Feature("kind", "factor"),), pairs=()), stakes=STAKES
    )
    later, evidence = loans(7, 1000)[0], Evidence(loans(7, 1000)[1])
    found = watched(model, card, later, evidence, challenger=blind)
    assert found.contest is not None
    assert found.contest.verdict is Verdict.CHAMPION
    assert found.measures is not None
    assert found.measures.auc is not None
    assert math.isclose(found.measures.auc, 0.77, abs_tol=0.05)
