"""123 rated firms, 27 of which defaulted: nested, repeated cross-validation beside peers.

``python -m benchmarks.firms`` prints. The rating is used by nobody: the worst of the four grades is
default by definition. Nobody knows when the firms defaulted, so a portrait is as of the end of the
data, and default may have come before it: what is measured is how well invoices tell defaulters
apart, not how early.

Everything that is chosen (which features, how strong the priors are) is chosen within the training
rows of each outer fold. The sets to choose from are of the trade's own sense, and were written down
before any outer fold was looked at.
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
from karez.engines.score.portrait import FOREVER, Records, Sittings, find_feature, portray

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
SETS = (SIZE, (*SIZE, *CLEAN), (*SIZE, *COURSE, *CLEAN), (*SIZE, *COURSE, *CLEAN, *PARTNERS, *REST))
"""What a firm sells and buys; how clean its books are; how steady it is; whom it trades with."""
PRIORS = (0.15, 0.3, 0.6)
FOLDS = 5


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


def recipe(names: tuple[str, ...], prior_sd: float) -> Recipe:
    features = (Feature(name, direction=find_feature(name).direction) for name in names)
    return Recipe(tuple(features), pairs=(), prior_sd=prior_sd, least_rows=8)


def ours(train: Table, outcome: Floats, test: Table) -> Floats:
    return apply(fit(train, outcome, choose(train, outcome)), test).pd


def choose(train: Table, outcome: Floats) -> Recipe:
    """Return the recipe with the least log-loss in folds of the training rows alone."""
    candidates = [recipe(*each) for each in itertools.product(SETS, PRIORS)]
    losses = []
    for candidate in candidates:
        pd = np.empty(len(outcome))
        for rows, others in folds(outcome, FOLDS, SEED):
            model = fit(train.take(rows), outcome[rows], candidate)
            pd[others] = apply(model, train.take(others)).pd
        losses.append(log_loss(outcome, pd))
    return candidates[int(np.argmin(losses))]


def compare(rated: Table, outcome: Floats, repeats: int) -> None:
    """Print measures of every method, over the same outer folds."""
    peers = {name: partial(_of_numbers, quietly(peer)) for name, peer in PEERS.items()}
    methods: Mapping[str, Predict] = {"Karez, chosen within": ours, **peers}
    found = {name: np.empty((repeats, 2)) for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for repeat in range(repeats):
        splits = list(folds(outcome, FOLDS, SEED + 1 + repeat))
        for name, predict in methods.items():
            pd, begun = np.empty(len(outcome)), time.process_time()
            for train, test in splits:
                pd[test] = predict(rated.take(train), outcome[train], rated.take(test))
            seconds[name] += time.process_time() - begun
            pd = np.clip(pd, 1e-6, 1 - 1e-6)
            found[name][repeat] = auc(outcome, pd), log_loss(outcome, pd)
    base = found["Karez, chosen within"]
    print(f"{'method':24s} {'AUC':>6s} {'±':>6s} {'log-loss':>9s} {'±':>6s} "
          f"{'ours better in':>15s} {'CPU s':>7s}")  # fmt: skip
    for name, values in found.items():
        (area, loss), (area_sd, loss_sd) = values.mean(axis=0), values.std(axis=0)
        better = f"{int((base[:, 1] < values[:, 1]).sum())} of {repeats}"
        print(f"{name:24s} {area:6.3f} {area_sd:6.3f} {loss:9.4f} {loss_sd:6.4f} "
              f"{better:>15s} {seconds[name]:7.1f}")  # fmt: skip


def _of_numbers(peer: Callable[..., Floats], train: Table, outcome: Floats, test: Table) -> Floats:
    one, other = (np.column_stack([table.numbers[name] for name in SETS[-1]])
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


if __name__ == "__main__":
    main()
