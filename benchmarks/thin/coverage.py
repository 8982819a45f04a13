"""Whether an interval of 90 % holds the truth nine times in ten, where the truth is known.

``python -m benchmarks.thin.coverage MARKETS`` prints a row for every market, as JSON.

Made-up markets: each loan's log-odds are a constant and the effects of its bank and its place, both
drawn anew for each market, and most banks and places have few loans. The judged applicants are one
for each pair of bank and place that was drawn, and as many of a bank and a place never seen.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import attrs
import gpboost
import numpy as np
import numpy.typing as npt
from scipy.special import expit

from benchmarks.thin.loans import Floats
from karez.engines import score
from karez.engines.score import Feature, Recipe, Table

LEVELS = 200
LOANS_PER_LEVEL = 10
SPREADS = {"bank": 0.7, "place": 0.5}
INTERCEPT = -1.0
APPLICANTS = 2_000
NORMAL_90 = 1.6448536269514722

Ints = npt.NDArray[np.int64]


@attrs.frozen
class Market:
    """Loans with outcomes, applicants, and what is true of each applicant."""

    loans: Mapping[str, Ints]
    default: Floats
    applicants: Mapping[str, Ints]
    log_odds: Floats


@attrs.frozen
class Covered:
    """Shares of applicants whose true probability the interval holds, and its mean width."""

    seen: float
    few: float
    """Of banks with fewer than five loans."""
    unseen: float
    width: float


def draw_market(seed: int) -> Market:
    """Return a market. Levels differ in size as they do in life: some have one loan, some fifty."""
    rng = np.random.default_rng(seed)
    count = LEVELS * LOANS_PER_LEVEL
    effects = {name: rng.normal(0, spread, LEVELS + 1) for name, spread in SPREADS.items()}
    sizes = {name: rng.dirichlet(np.ones(LEVELS)) for name in SPREADS}
    loans = {name: rng.choice(LEVELS, count, p=sizes[name]) for name in SPREADS}
    applicants = {name: rng.choice(LEVELS, APPLICANTS, p=sizes[name]) for name in SPREADS}
    for levels in applicants.values():
        levels[APPLICANTS // 2 :] = LEVELS
    unseen = {name: rng.normal(0, spread, APPLICANTS) for name, spread in SPREADS.items()}

    def log_odds(rows: Mapping[str, Ints]) -> Floats:
        return INTERCEPT + sum(
            (np.where(rows[name] < LEVELS, effects[name][rows[name]], 0.0) for name in SPREADS),
            start=np.zeros(len(rows["bank"])),
        )

    truth = log_odds(applicants)
    truth[APPLICANTS // 2 :] += sum(unseen[name][APPLICANTS // 2 :] for name in SPREADS)
    default = (rng.random(count) < expit(log_odds(loans))).astype(np.float64)
    return Market(loans, default, applicants, truth)


def ours(market: Market) -> tuple[Floats, Floats]:
    """Return the ends of our interval for every applicant."""
    recipe = Recipe(tuple(Feature(name, "segment") for name in SPREADS), pairs=())
    model = score.fit(_table(market.loans), market.default, recipe)
    scores = score.apply(model, _table(market.applicants))
    return scores.pd_low, scores.pd_high


def mixed(market: Market) -> tuple[Floats, Floats]:
    """Return those of GPBoost: normal on the log-odds."""
    columns = [np.column_stack([*rows.values()]) for rows in (market.loans, market.applicants)]
    model = gpboost.GPModel(group_data=columns[0], likelihood="bernoulli_logit")
    model.fit(y=market.default, X=np.ones((len(market.default), 1)))
    said = model.predict(
        group_data_pred=columns[1], X_pred=np.ones((APPLICANTS, 1)), predict_response=False,
        predict_var=True,
    )  # fmt: skip
    half = NORMAL_90 * np.sqrt(said["var"])
    return expit(said["mu"] - half), expit(said["mu"] + half)


def cover(market: Market, ends: tuple[Floats, Floats]) -> Covered:
    """Return how often the ends hold the truth."""
    low, high = ends
    held = (low <= expit(market.log_odds)) & (expit(market.log_odds) <= high)
    seen = market.applicants["bank"] < LEVELS
    known = np.bincount(market.loans["bank"], minlength=LEVELS + 1)[market.applicants["bank"]]
    return Covered(
        float(held[seen].mean()),
        float(held[seen & (known < 5)].mean()),
        float(held[~seen].mean()),
        float((high - low).mean()),
    )


METHODS = {"Karez": ours, "GPBoost": mixed}


def main() -> None:
    markets = [draw_market(seed) for seed in range(int(sys.argv[1]))]
    found = {
        name: [attrs.astuple(cover(market, method(market))) for market in markets]
        for name, method in METHODS.items()
    }
    print(json.dumps(found))


def _table(rows: Mapping[str, Ints]) -> Table:
    ids = [str(row) for row in range(len(rows["bank"]))]
    return Table(ids, labels={name: levels.astype(str) for name, levels in rows.items()})


if __name__ == "__main__":
    main()
