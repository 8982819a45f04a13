"""123 rated firms, 27 of which defaulted: nested, repeated cross-validation beside peers.

``python -m benchmarks.firms`` prints. The rating is used by nobody: the worst of the four grades is
default by definition. Nobody knows when the firms defaulted, so a portrait is as of the end of the
data, and default may have come before it: what is measured is how well invoices tell defaulters
apart, not how early.

Twenty features were named for what lenders look at, before any outcome was looked at; the peers get
these. Ours chooses, within the training rows of each outer fold, between these and all features of
the trade, and between two priors. That a wide prior is among the choices was learnt on other folds
of the same firms, for there are no others: so the figures flatter ours by a little.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks.firm_peers import PEERS, SEED, Floats, quietly
from benchmarks.invoices import FOLDER, read_records
from karez.engines.score import Feature, Recipe, Table, apply, fit
from karez.engines.score.measures import auc, log_loss
from karez.engines.score.overlap import measure_overlap
from karez.engines.score.portrait import (
    FEATURES,
    FOREVER,
    Records,
    Sittings,
    find_feature,
    portray,
)

Ints = npt.NDArray[np.int64]
Predict = Callable[[Table, Floats, Table], Floats]

SIZE = ("sales_year_log10", "sales_invoices_log10", "purchases_year_log10",
        "purchases_invoices_log10")  # fmt: skip
COURSE = ("sales_active_share", "sales_spread", "sales_growth_year", "purchases_growth_year",
          "sales_recency_days", "purchases_recency_days")  # fmt: skip
CLEAN = ("sales_void_share", "purchases_void_share", "sales_return_share", "purchases_return_share")
PARTNERS = ("buyers_effective_log10", "suppliers_effective_log10", "buyers_kept_share",
            "suppliers_kept_share")  # fmt: skip
REST = ("margin_share", "trade_age_days")
NAMED = (*SIZE, *COURSE, *CLEAN, *PARTNERS, *REST)
"""What a firm sells and buys; how steady it is; how clean its books are; whom it trades with."""
# With ids of their own for sellers and for buyers, these firms trade with nobody both ways.
TRADE = tuple(
    feature.name
    for feature in FEATURES
    if feature.basis.table == "invoices" and feature.name != "reciprocal_share"
)
PRIORS = ((0.3, 2.0), (2.0, 10.0))
INNER_REPEATS = 2
FOLDS = 5
OURS = "Karez, chosen within"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.firms", description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    records, outcomes = read_records(), read_outcomes()
    for name, sittings in as_of_days(records).items():
        everybody = portray(records, sittings).table()
        is_rated = np.array([each in outcomes for each in everybody.ids])
        rated = everybody.take(is_rated)
        outcome = np.array([outcomes[each] for each in rated.ids])
        print(f"\nAs of {name}: {len(outcome)} firms, {int(outcome.sum())} defaults")
        compare(rated, outcome, repeats)
        coverage(rated, outcome)
        transfer(rated, outcome, everybody.take(~is_rated))


def read_outcomes() -> dict[str, float]:
    """Return who defaulted, of the firms that the bank knows."""
    with (FOLDER / "firms_rated.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {
            row["企业代号"].strip(): float(row["是否违约"].strip() == "是")
            for row in csv.DictReader(stream)
        }


def as_of_days(records: Records) -> dict[str, Sittings]:
    """Return the two days that a portrait may be of: where the firm's data end, or all data."""
    count = len(records.parties)
    last = np.zeros(count, np.int64)
    np.maximum.at(last, records.invoices.party, records.invoices.day)
    own = Sittings(np.arange(count), last, np.full(count, FOREVER))
    return {
        "each firm's last invoice": own,
        "the last day of all data": Sittings.of_all(records, int(last.max())),
    }


def folds(outcome: Floats, count: int, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield training and test rows; each fold has its part of the defaults."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(outcome), np.int64)
    for kind in (0.0, 1.0):
        rows = rng.permutation(np.flatnonzero(outcome == kind))
        fold[rows] = np.arange(len(rows)) % count
    for number in range(count):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def recipe(names: tuple[str, ...], prior: tuple[float, float]) -> Recipe:
    features = (Feature(name, direction=find_feature(name).direction) for name in names)
    number_sd, number_levels = prior
    return Recipe(tuple(features), pairs=(), number_sd=number_sd, number_levels=number_levels)


def ours(train: Table, outcome: Floats, test: Table) -> Floats:
    return apply(fit(train, outcome, choose(train, outcome)), test).pd


def choose(train: Table, outcome: Floats) -> Recipe:
    """Return the recipe with the least log-loss in folds of the training rows alone."""
    candidates = [recipe(*each) for each in itertools.product((NAMED, TRADE), PRIORS)]
    losses = np.zeros(len(candidates))
    for place, candidate in enumerate(candidates):
        for repeat in range(INNER_REPEATS):
            pd = np.empty(len(outcome))
            for rows, others in folds(outcome, FOLDS, SEED - 1 - repeat):
                model = fit(train.take(rows), outcome[rows], candidate)
                pd[others] = apply(model, train.take(others)).pd
            losses[place] += log_loss(outcome, pd)
    return candidates[int(np.argmin(losses))]


def compare(rated: Table, outcome: Floats, repeats: int) -> None:
    """Print measures of every method, over the same outer folds."""
    peers = {name: partial(_of_numbers, quietly(peer)) for name, peer in PEERS.items()}
    methods: Mapping[str, Predict] = {OURS: ours, **peers}
    found = {name: np.empty((repeats, 2)) for name in methods}
    losses = {name: np.zeros(len(outcome)) for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for repeat in range(repeats):
        splits = list(folds(outcome, FOLDS, SEED + 1 + repeat))
        for name, predict in methods.items():
            pd, begun = np.empty(len(outcome)), time.process_time()
            for train, test in splits:
                pd[test] = predict(rated.take(train), outcome[train], rated.take(test))
            seconds[name] += (time.process_time() - begun) / (repeats * FOLDS)
            pd = np.clip(pd, 1e-6, 1 - 1e-6)
            found[name][repeat] = auc(outcome, pd), log_loss(outcome, pd)
            losses[name] -= np.log(np.where(outcome == 1, pd, 1 - pd)) / repeats
    print(f"{'method':22s} {'AUC':>6s} {'±':>6s} {'log-loss':>9s} {'±':>6s} "
          f"{'less ours':>10s} {'± firms':>8s} {'CPU s a fit':>12s}")  # fmt: skip
    for name, values in found.items():
        (area, loss), (area_sd, loss_sd) = values.mean(axis=0), values.std(axis=0)
        apart = losses[name] - losses[OURS]
        error = apart.std(ddof=1) / np.sqrt(len(apart))
        print(f"{name:22s} {area:6.3f} {area_sd:6.3f} {loss:9.4f} {loss_sd:6.4f} "
              f"{apart.mean():+10.4f} {error:8.4f} {seconds[name]:12.2f}")  # fmt: skip


def _of_numbers(peer: Callable[..., Floats], train: Table, outcome: Floats, test: Table) -> Floats:
    one, other = (np.column_stack([table.numbers[name] for name in NAMED])
                  for table in (train, test))  # fmt: skip
    return peer(one, outcome, other)


def coverage(rated: Table, outcome: Floats, rounds: int = 40) -> None:
    """Print how often the 90 % interval holds the truth, where the truth is known: made outcomes.

    The fitted model is taken for the truth, outcomes are drawn from it, and the same recipe is
    fitted to them: so the firms, the features and the number of defaults are as they are.
    """
    chosen = choose(rated, outcome)
    truth = apply(fit(rated, outcome, chosen), rated).pd
    rng = np.random.default_rng(SEED)
    held: list[float] = []
    for _ in range(rounds):
        drawn = (rng.random(len(truth)) < truth).astype(np.float64)
        scores = apply(fit(rated, drawn, chosen), rated)
        held.append(float(((scores.pd_low <= truth) & (truth <= scores.pd_high)).mean()))
    print(f"90 % intervals hold the probability that outcomes were drawn from: "
          f"{np.mean(held):.1%} (a round: {np.std(held):.1%})")  # fmt: skip


def transfer(rated: Table, outcome: Floats, unrated: Table) -> None:
    """Print what the score says of firms that the bank never rated, and how far it may say so."""
    chosen = choose(rated, outcome)
    scores = apply(fit(rated, outcome, chosen), unrated)
    names = [feature.name for feature in chosen.features]
    ours, theirs = (
        Table(table.ids, {name: table.numbers[name] for name in names})
        for table in (rated, unrated)
    )
    found = measure_overlap(ours, theirs, seed=SEED)
    width = float(np.median(scores.pd_high - scores.pd_low))
    high = float((scores.pd > 0.5).mean())
    print(f"{len(unrated)} unrated firms: mean probability {scores.pd.mean():.1%}, above one half "
          f"{high:.0%}; the 90 % interval is {width:.0%} wide in the middle")  # fmt: skip
    for warning in found.warnings:
        print(f"  warning: {warning}")


if __name__ == "__main__":
    main()
