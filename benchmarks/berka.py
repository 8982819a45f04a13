"""Movements on accounts before 354 loans of a Czech bank: what they add to the loan's own form.

``python -m benchmarks.berka`` prints. Bad are loans that ended unpaid or run in debt (status B and
D), 30 of 354; good ones that run well may still turn out otherwise, so the figures are optimistic.
Each account is portrayed as of the day before its own loan. Nothing is chosen here: the features
are all that there are, and the wide prior is the one that the rated firms (``firms.py``) asked for.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.firm_peers import PEERS, SEED, Floats, quietly
from benchmarks.firms import PRIORS, folds
from benchmarks.invoices import day_number
from karez.engines.score import Feature, Recipe, Table, apply, fit
from karez.engines.score.measures import auc, log_loss
from karez.engines.score.portrait import (
    FEATURES,
    FOREVER,
    Movement,
    Movements,
    Records,
    Sittings,
    portray,
)

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "berka"
BAD = ("B", "D")
FORM = (Feature("amount_log10"), Feature("months"), Feature("instalment_log10"))
# All are of one bank and of more than half a year, so that no account is without movements.
ACCOUNT = (
    *(
        Feature(feature.name, direction=feature.direction)
        for feature in FEATURES
        if feature.basis.table == "movements"
    ),
    Feature("instalment_periods", direction=1),
)
_KIND = {
    "sanction interest if negative balance": Movement.PENALTY_INTEREST,
    "household": Movement.STANDING_ORDER,
    "insurrance payment": Movement.STANDING_ORDER,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.berka", description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    table, outcome = read_loans()
    print(f"{len(outcome)} loans, {int(outcome.sum())} bad")
    print(f"{'method':22s} {'features':16s} {'AUC':>6s} {'±':>6s} {'log-loss':>9s} {'±':>6s}")
    for what, features in (("form", FORM), ("form and account", (*FORM, *ACCOUNT))):
        names = [feature.name for feature in features]
        methods = {"Karez": partial(ours, features)} | {
            name: partial(_of_numbers, quietly(peer), names) for name, peer in PEERS.items()
        }
        for name, predict in methods.items():
            found = np.array([_measured(table, outcome, predict, one) for one in range(repeats)])
            (area, loss), (area_sd, loss_sd) = found.mean(axis=0), found.std(axis=0)
            print(f"{name:22s} {what:16s} {area:6.3f} {area_sd:6.3f} {loss:9.4f} {loss_sd:6.4f}")


def _measured(table: Table, outcome: Floats, predict: partial[Floats], repeat: int) -> Floats:
    pd = np.empty(len(outcome))
    for train, test in folds(outcome, 5, SEED + repeat):
        pd[test] = predict(table.take(train), outcome[train], table.take(test))
    pd = np.clip(pd, 1e-6, 1 - 1e-6)
    return np.array([auc(outcome, pd), log_loss(outcome, pd)])


def ours(features: tuple[Feature, ...], train: Table, outcome: Floats, test: Table) -> Floats:
    number_sd, number_levels = PRIORS[-1]
    recipe = Recipe(features, pairs=(), number_sd=number_sd, number_levels=number_levels)
    return apply(fit(train, outcome, recipe), test).pd


def _of_numbers(
    peer: partial[Floats], names: list[str], train: Table, outcome: Floats, test: Table
) -> Floats:
    one, other = (np.column_stack([each.numbers[name] for name in names]) for each in (train, test))
    return peer(one, outcome, other)


def read_loans() -> tuple[Table, Floats]:
    """Return a row for each loan whose account's movements are here, and whether it was bad."""
    rows = _rows(FOLDER / "feup_trans_test.csv")
    names = sorted({row["account_id"] for row in rows})
    place = {name: number for number, name in enumerate(names)}
    loans = [row for row in _rows(FOLDER / "loan.asc") if row["account_id"] in place]
    records = Records(parties=names, movements=_movements(rows, place))
    party = np.array([place[loan["account_id"]] for loan in loans])
    eve = np.array([day_number(_day(loan["date"]) - timedelta(days=1)) for loan in loans])
    made = portray(records, Sittings(party, eve, np.full(len(loans), FOREVER)))
    instalment = np.array([float(loan["payments"]) for loan in loans])
    form = {
        "amount_log10": np.log10([float(loan["amount"]) for loan in loans]),
        "months": np.array([float(loan["duration"]) for loan in loans]),
        "instalment_log10": np.log10(instalment),
        "instalment_periods": instalment * 100 / 10 ** made.numbers["inflow_period_log10"],
    }
    outcome = np.array([float(loan["status"] in BAD) for loan in loans])
    return Table([loan["loan_id"] for loan in loans], {**made.numbers, **form}), outcome


def _movements(rows: list[dict[str, str]], place: Mapping[str, int]) -> Movements:
    # The file has no order within a day: what came in is taken to come first.
    rows = sorted(rows, key=lambda row: (row["date"], row["type"] != "credit"))
    sign = [1 if row["type"] == "credit" else -1 for row in rows]
    account = np.array([place[row["account_id"]] for row in rows])
    return Movements(
        party=account,
        account=account,
        day=[day_number(_day(row["date"])) for row in rows],
        recorded_at=np.zeros(len(rows)),
        kind=[_KIND.get(row["k_symbol"], Movement.OTHER) for row in rows],
        amount_minor=np.rint([float(row["amount"]) * 100 for row in rows]) * sign,
        balance_minor=np.rint([float(row["balance"]) * 100 for row in rows]),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="latin-1", newline="") as stream:
        heading, *rows = csv.reader(stream, delimiter=";")
    return [dict(zip(heading[:8], row, strict=False)) for row in rows]


def _day(text: str) -> date:
    year, month, day = (int(text[at : at + 2]) for at in (0, 2, 4))
    return date(1900 + year, month, day)


if __name__ == "__main__":
    main()
