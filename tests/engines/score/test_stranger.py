"""The rate of somebody of whom nothing is known."""

import numpy as np
import pytest

from karez.engines.score import Feature, Recipe, Table, apply, fit
from karez.engines.score.stranger import stranger


@pytest.fixture(scope="module")
def fitted():
    draw = np.random.default_rng(7)
    debt, town = draw.normal(size=400), draw.choice(["Ada", "Bor", "Cer"], 400)
    logit = -1.5 + debt + 1.0 * (town == "Ada")
    bad = (draw.random(400) < 1 / (1 + np.exp(-logit))).astype(float)
    table = Table([str(row) for row in range(400)], {"debt": debt}, {"town": town.tolist()})
    recipe = Recipe([Feature("debt", direction=1), Feature("town", kind="segment")])
    return fit(table, bad, recipe), table, bad


def test_stranger__is_near_the_rate_of_all_and_of_the_segment(fitted):
    model, table, bad = fitted
    assert stranger(model, {}).pd == pytest.approx(bad.mean(), abs=0.04)
    towns = np.array(table.labels["town"])
    for town in ("Ada", "Bor", "Cer"):
        found = stranger(model, {"town": town})
        assert found.of == {"town": town}
        assert found.pd == pytest.approx(bad[towns == town].mean(), abs=0.06)


def test_stranger__agrees_with_draws_of_loans_of_the_fit(fitted):
    """The slow twin: a loan of the fit at random, its log-odds drawn around what the score says."""
    model, table, _ = fitted
    scores, draw = apply(model, table), np.random.default_rng(1)
    rows = draw.integers(len(table), size=200_000)
    logit = scores.logit[rows] + scores.logit_sd[rows] * draw.normal(size=len(rows))
    found = stranger(model, {})
    assert found.pd == pytest.approx((1 / (1 + np.exp(-logit))).mean(), abs=0.01)
    sure = (
        np.quantile(1 / (1 + np.exp(-logit)), 0.05),
        np.quantile(1 / (1 + np.exp(-logit)), 0.95),
    )
    assert found.pd_low == pytest.approx(sure[0], abs=0.05)
    assert found.pd_high == pytest.approx(sure[1], abs=0.08)


def test_stranger__is_wider_than_any_loan_of_the_fit(fitted):
    model, table, _ = fitted
    scores, found = apply(model, table), stranger(model, {})
    widths = np.log(scores.pd_high / (1 - scores.pd_high)) - np.log(
        scores.pd_low / (1 - scores.pd_low)
    )
    width = np.log(found.pd_high / (1 - found.pd_high)) - np.log(found.pd_low / (1 - found.pd_low))
    assert width > np.median(widths)


def test_stranger__a_label_that_was_never_seen_is_unknown(fitted):
    model, _, _ = fitted
    assert (
        stranger(model, {"town": "Zed"}) == stranger(model, {}) == stranger(model, {"town": None})
    )
