"""Developing a score: fit it, judge it on loans it has not seen, and write its card, in one go."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.card import Card, FeatureCard, Fifth
from karez.engines.score.challenge import Stakes
from karez.engines.score.chances import rate_bounds
from karez.engines.score.drift import SegmentDrift, segment_drift
from karez.engines.score.errors import ExtraMissingError
from karez.engines.score.fairness import Fairness, audit_fairness
from karez.engines.score.fit import fit
from karez.engines.score.folds import FOLDS, fold_rows
from karez.engines.score.leakage import LeakReport, find_leaks
from karez.engines.score.measures import Judged, judge, measure, segment_chi, sums
from karez.engines.score.model import Model
from karez.engines.score.points import level_points
from karez.engines.score.predict import apply, level_codes
from karez.engines.score.recipe import Recipe
from karez.engines.score.table import Floats, Labels, Table
from karez.engines.score.trees import TOGETHER
from karez.engines.score.windows import Days

FIFTHS = 5
CHANCE = 0.01
EVENTS_EACH = 10
"""Fewer defaults than this for each feature say little about any one of them."""


@attrs.frozen(eq=False)
class Evidence:
    """What came of the loans of a table, and what else is known of them.

    ``propensity`` is the chance, logged at the decision, with which each was made; a challenger is
    judged by it. Days are ``datetime64[D]``. ``known_on`` is the day on which a feature became
    known; ``groups`` are the labels by which fairness is audited: they need not be features.
    ``left_out`` counts, in words, the loans that are not in the table.
    """

    outcome: npt.ArrayLike
    weight: npt.ArrayLike | None = None
    propensity: npt.ArrayLike | None = None
    decided_on: Days | None = None
    months_to_default: Floats | None = None
    window_months: int | None = None
    known_on: Mapping[str, Days] = attrs.field(factory=dict[str, Days])
    groups: Mapping[str, Labels] = attrs.field(factory=dict[str, Labels])
    left_out: Mapping[str, int] = attrs.field(factory=dict[str, int])


def develop(
    table: Table, evidence: Evidence, recipe: Recipe, *, stakes: Stakes, seed: int = 0
) -> tuple[Model, Card]:
    """Fit a score to a table, and write its card.

    Each loan is judged by a score fitted to the loans of other folds. ``seed`` draws the folds.
    Weights are scaled to a mean of 1: a loan that stands for fifty of the population is no more
    evidence than one.

    Raises as ``fit`` does.
    """
    given = judge(evidence.outcome, np.zeros(np.shape(evidence.outcome)), evidence.weight)
    given = attrs.evolve(given, weight=given.weight / given.weight[given.weight > 0].mean())
    model = fit(table, given.outcome, recipe, given.weight)
    leaks = find_leaks(
        _only(table, recipe),
        given.outcome,
        weight=given.weight,
        months_to_default=evidence.months_to_default,
        decided_on=None if evidence.decided_on is None else _days(evidence.decided_on),
        known_on={name: _days(days) for name, days in evidence.known_on.items()},
        seed=seed,
    )
    unseen = _out_of_fold(table, given, recipe, seed)
    card = _card_of(model, table, evidence, given, leaks)
    if unseen is not None:
        card = _judged(card, model, table, evidence, unseen, stakes)
    return model, card


def _only(table: Table, recipe: Recipe) -> Table:
    """Return the columns that the recipe uses."""
    used = {feature.name for feature in recipe.features}
    return Table(
        table.ids,
        {name: values for name, values in table.numbers.items() if name in used},
        {name: values for name, values in table.labels.items() if name in used},
    )


def _days(days: Days) -> Floats:
    return np.where(np.isnat(days), np.nan, days.astype("datetime64[D]").astype(np.float64))


def _out_of_fold(table: Table, given: Judged, recipe: Recipe, seed: int) -> Judged | None:
    """Return what is said of each loan without it; None where a class is too small to be split."""
    alive = given.weight > 0
    least = min(int(given.outcome[alive].sum()), int((1 - given.outcome[alive]).sum()))
    if least < 2:
        return None
    parts = min(FOLDS, least)
    fold = np.full(len(table), -1)
    fold[alive] = fold_rows(given.outcome[alive], np.random.default_rng(seed), parts)
    said = np.zeros(len(table))
    for part in range(parts):
        others, these = np.flatnonzero(alive & (fold != part)), np.flatnonzero(fold == part)
        model = fit(table.take(others), given.outcome[others], recipe, given.weight[others])
        said[these] = apply(model, table.take(these)).pd
    return attrs.evolve(given, pd=said)


def _card_of(
    model: Model, table: Table, evidence: Evidence, given: Judged, leaks: LeakReport
) -> Card:
    """Return the card without what only unseen loans tell."""
    alive = given.weight > 0
    edges, shares = _tenths(apply(model, table).pd, given.weight)
    days = evidence.decided_on
    dated = None if days is None or np.isnat(days).all() else days[~np.isnat(days)]
    return Card(
        rows=int(alive.sum()),
        events=int(given.outcome[alive].sum()),
        rate=float(np.average(given.outcome, weights=given.weight)),
        weighted=bool(np.ptp(given.weight[alive]) > 0),
        first_decided=None if dated is None else str(dated.min()),
        last_decided=None if dated is None else str(dated.max()),
        window_months=evidence.window_months,
        left_out=dict(evidence.left_out),
        features=_features(model),
        dropped={each.name: each.reason for each in model.dropped},
        trees=None if model.proof is None else model.proof.words,
        leaks=leaks.leaks,
        score_edges=edges,
        score_shares=shares,
        limits=_limits(model, evidence, given),
    )


def segment_odds(model: Model, table: Table, judged: Judged) -> dict[str, SegmentDrift]:
    """Return how right probabilities are in each segment, by what the fit was not sure of.

    All segments together give a false alarm with a chance of at most ``CHANCE``.
    """
    levels = zip(model.blocks, level_codes(model, table), strict=True)
    segments = [(block, codes) for block, codes in levels if block.kind == "segment"]
    return {
        block.name: segment_drift(
            judged.outcome,
            judged.pd,
            table.labels[block.name],
            judged.weight,
            doubt_sd=block.sd[codes],
            chance=CHANCE / len(segments),
        )
        for block, codes in segments
    }


def _judged(  # noqa: PLR0913, PLR0917 - each is a part of what is judged
    card: Card,
    model: Model,
    table: Table,
    evidence: Evidence,
    unseen: Judged,
    stakes: Stakes,
) -> Card:
    """Add what unseen loans tell."""
    outcome, pd, weight = unseen.outcome, unseen.pd, unseen.weight
    odds = segment_odds(model, table, unseen)
    return attrs.evolve(
        card,
        out_of_fold=measure(outcome, pd, weight),
        stakes=stakes,
        profit=stakes.profit(unseen),
        fifths=_fifths(unseen),
        chi={name: segment_chi(outcome, pd, table.labels[name], weight) for name in odds},
        segment_alarms=tuple(
            f"{name}, {words}" for name, each in odds.items() for words in each.alarms
        ),
        fairness=_fairness(unseen, evidence, stakes),
    )


def _tenths(pd: Floats, weight: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    edges = np.unique(np.quantile(pd[weight > 0], np.arange(1, 10) / 10))
    place = np.searchsorted(edges, pd, side="right")
    shares = sums(place, weight, len(edges) + 1) / weight.sum()
    return tuple(edges.tolist()), tuple(shares.tolist())


def _fifths(unseen: Judged) -> tuple[Fifth, ...]:
    outcome, pd, weight = unseen.outcome, unseen.pd, unseen.weight
    edges = np.unique(np.quantile(pd[weight > 0], np.arange(1, FIFTHS) / FIFTHS))
    place = np.searchsorted(edges, pd, side="right")
    found: list[Fifth] = []
    for fifth in np.unique(place[weight > 0]).tolist():
        here = (place == fifth) & (weight > 0)
        share = float(np.average(outcome[here], weights=weight[here]))
        worth = float(weight[here].sum() ** 2 / (weight[here] @ weight[here]))
        low, high = rate_bounds(share * worth, worth)
        said = float(np.average(pd[here], weights=weight[here]))
        found.append(Fifth(int(here.sum()), said, share, float(low), float(high)))
    return tuple(found)


def _features(model: Model) -> tuple[FeatureCard, ...]:
    found: list[FeatureCard] = []
    for block in model.blocks:
        points = level_points(model.recipe.scale, block)
        seen = points[(block.good + block.bad) > 0]
        named = [model.recipe.feature(name) for name in block.features]
        found.append(
            FeatureCard(
                name=block.name,
                words=" and ".join(feature.title for feature in named),
                kind=block.kind,
                direction=named[0].direction if len(named) == 1 else None,
                levels=len(seen),
                points_best=int(seen.max(initial=0)),
                points_worst=int(seen.min(initial=0)),
                spread=float(block.spread),
            )
        )
    trees, factor = model.trees, model.recipe.scale.factor
    if trees is not None:
        found.append(
            FeatureCard(
                name=TOGETHER,
                words="several features together, by trees",
                kind="trees",
                direction=None,
                levels=trees.asked.shape[0] * trees.asked.shape[1],
                points_best=round(-factor * trees.least),
                points_worst=round(-factor * trees.most),
                spread=trees.spread,
            )
        )
    return tuple(sorted(found, key=lambda each: each.points_worst - each.points_best))


def _fairness(unseen: Judged, evidence: Evidence, stakes: Stakes) -> Fairness | None:
    if not evidence.groups:
        return None
    try:
        return audit_fairness(
            unseen.outcome,
            unseen.pd,
            evidence.groups,
            pd_below=stakes.cut,
            weight=unseen.weight,
        )
    except ExtraMissingError:  # a card can do without; an audit says that it is missing
        return None


def _limits(model: Model, evidence: Evidence, given: Judged) -> tuple[str, ...]:
    """Return what the score must not be used for, from what it was made of."""
    ended = given.outcome[given.weight > 0]
    events = int(min(ended.sum(), (1 - ended).sum()))
    features = max(1, len(model.recipe.features))
    found = ["It knows loans that were made, and nothing of applicants whom nobody would approve."]
    if events < EVENTS_EACH * features:
        found.append(
            f"{events} loans of the rarer outcome for {features} features are few: trust the"
            " interval of each probability, not its digits."
        )
    if events < 2:
        found.append("Too few loans of one outcome to judge it on loans that it has not seen.")
    if evidence.window_months is not None:
        found.append(
            f"Default means within {evidence.window_months} months of the decision; nothing is said"
            " about later ones."
        )
    if evidence.decided_on is None:
        found.append("The loans bear no dates, so whether it holds in later years was not seen.")
    return (*found, *model.notes.fallbacks)
