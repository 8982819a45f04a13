"""Portraits: CPU seconds for a million invoices, beside copying the same columns and sorting them.

``python -m benchmarks.portraits`` prints, on made-up facts; ``--real`` on the invoices of the 425
firms, if they are here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import attrs
import numpy as np

from benchmarks.invoices import read_records
from karez.engines.score.portrait import (
    FOREVER,
    Invoices,
    Movements,
    Records,
    Sittings,
    facts_behind,
    portray,
)

ROUNDS = 3
DAYS = 1_200


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.portraits", description=__doc__)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--parties", type=int, default=100_000)
    asked = parser.parse_args()
    if asked.real:
        records = {"real invoices": read_records()}
    else:
        few = made(asked.facts, 400)
        records = {"400 firms": few, f"{asked.parties:,} firms": made(asked.facts, asked.parties)}
    for name, each in records.items():
        show(name, each)


def made(facts: int, parties: int) -> Records:
    """Return half invoices and half movements on accounts, of parties of unequal size."""
    rng = np.random.default_rng(1)
    half = facts // 2

    def common() -> dict[str, np.ndarray]:
        return {
            "party": (parties * rng.random(half) ** 2).astype(np.int64),
            "day": rng.integers(0, DAYS, half),
            "recorded_at": rng.integers(0, DAYS, half),
        }

    amounts = np.rint(np.exp(rng.normal(12, 1.5, half)))
    invoices = Invoices(
        **common(),
        side=rng.integers(0, 2, half),
        counterparty=rng.integers(0, 40_000, half),
        status=(rng.random(half) < 0.05),
        amount_minor=amounts * np.where(rng.random(half) < 0.03, -1, 1),
    )
    who = common()
    movements = Movements(
        **who,
        account=who["party"],
        kind=rng.integers(0, 3, half),
        amount_minor=amounts * rng.choice([-1, 1], half),
        balance_minor=amounts * 10,
    )
    return Records(
        parties=[str(one) for one in range(parties)], invoices=invoices, movements=movements
    )


def show(name: str, records: Records) -> None:
    last = int(records.invoices.day.max())
    everybody = Sittings.of_all(records, last)
    count = len(records.parties)
    many = Sittings(
        np.arange(count), last - np.arange(count) % 200, np.full(count, FOREVER)
    )  # each party as of one of 200 days
    facts = len(records.invoices) + len(records.movements)
    print(f"\n{name}: {facts:,} facts, {count:,} parties")
    base = timed("copy and sort the columns", lambda: copied(records), None)
    timed("portraits as of one day", lambda: portray(records, everybody), base)
    timed("portraits as of 200 days", lambda: portray(records, many), base)
    timed(
        "the facts behind one figure",
        lambda: facts_behind(records, everybody, "sales_year_log10", 0),
        base,
    )


def copied(records: Records) -> None:
    """Sort every table by party, side or account, and day, as any way of grouping must."""
    for table, key in ((records.invoices, "counterparty"), (records.movements, "account")):
        order = np.lexsort((table.day, getattr(table, key), table.party))
        for field in attrs.fields(type(table)):
            getattr(table, field.name)[order]


def timed(what: str, run: Callable[[], object], base: float | None) -> float:
    seconds: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        run()
        seconds.append(time.process_time() - begun)
    middle = statistics.median(seconds)
    ratio = "" if base is None else f"{middle / base:6.1f} times that"
    print(f"{what:28s} {middle:7.3f} CPU s {ratio}")
    return middle


if __name__ == "__main__":
    main()
