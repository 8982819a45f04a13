"""Ranking of claims: cases a second of one core's processor time, from facts and from files."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.bed import Bed, tell
from benchmarks.report import Figure, Section, Spread
from karez.doors.files.case_errors import Fields
from karez.doors.files.priority_cases import answer_cases, read_cases, read_facts
from karez.doors.files.regimes import read_regimes
from karez.engines.priority import rank

ROUNDS, CASES = 5, 4_000
REGIMES = ("UCC9", "PPSA-NZ", "PPSA-BC", "CN", "MLST", "CAPETOWN")


def run(bed: Bed, rounds: int | None) -> Section:
    """Rank made-up cases of two to six claims with a sale, under six regimes."""
    del bed  # no database has a part in it
    regimes = read_regimes()
    rng = random.Random(1)
    cases = [_case(rng, number) for number in range(CASES)]
    known = [
        (regimes[case["facts"]["regime"]], read_facts(Fields("case", "facts", case["facts"]))[0])
        for case in cases
    ]
    section = Section("Ranking of two to six claims, a core's second of processor time")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.jsonl"
        file.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
        turns: dict[str, Callable[[], Any]] = {
            "facts to ranking, money and reasons": lambda: [rank(*one) for one in known],
            "a file to answers": lambda: list(answer_cases(read_cases(file), regimes)),
        }
        for name, turn in turns.items():
            tell(f"ranking: {name}")
            rates = [CASES / _seconds(turn) for _ in range(rounds or ROUNDS)]
            section.figures.append(Figure(name, "cases/s", Spread.of(rates), digits=0))
    tell("")
    return section


def _seconds(turn: Callable[[], Any]) -> float:
    begun = time.process_time()
    turn()
    return time.process_time() - begun


def _case(rng: random.Random, number: int) -> dict[str, Any]:
    def day() -> str:
        return str(date(2024, 1, 1) + timedelta(rng.randrange(300)))

    claims: list[dict[str, Any]] = []
    for place in range(rng.randint(2, 6)):
        claim: dict[str, Any] = {
            "id": f"C{place}",
            "kind": "si",
            "attach": day(),
            "debt": rng.randrange(100),
        }
        if rng.random() < 0.8:
            claim["file"] = [[day(), None]]
        if rng.random() < 0.3:
            claim["pm"] = rng.choice(["seller", "lender"])
        if rng.random() < 0.1:
            claim = {"id": f"C{place}", "kind": "lien", "date": day(), "debt": 50}
        claims.append(claim)
    asset = {"type": "equipment", "debtor": "D", "possession": "2024-03-01"}
    return {
        "id": f"case {number}",
        "facts": {
            "regime": rng.choice(REGIMES), "asof": "2024-12-01", "asset": asset,
            "claims": claims, "sale": {"gross": 200, "costs": 5},
        },
    }  # fmt: skip
