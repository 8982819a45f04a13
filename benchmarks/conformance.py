"""The reference cases of ACTUS: how many each library answers as they are answered there."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.bed import Bed, tell
from benchmarks.report import Figure, Section, Spread
from karez.doors.files.actus import events_of, read_cases
from karez.engines.cashflow.arithmetic import Conformance
from karez.engines.cashflow.check import camel
from karez.engines.cashflow.cycles import Cycle
from karez.engines.cashflow.terms import Terms
from karez.kernel.errors import KarezError

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases" / "actus"
TYPES = ["pam", "lam", "nam", "ann", "lax", "clm", "ump", "csh", "stk", "com", "ceg", "cec"]
OTHER_ACRONYMS = {"SCCDD": "SCIXCDD", "CETC": "CET", "STP": "STPD"}
EXACT, SINGLE = (1e-9, 1e-12), (1e-6, 1e-5)
"""Absolute and relative tolerance; the second for a library that counts in single precision."""
Row = Mapping[str, Any]


def run(bed: Bed, rounds: int | None) -> Section:  # noqa: ARG001 - all benchmarks are called so
    """Let both answer every case of the types that a lender needs."""
    section = Section("Reference cases of ACTUS, answered to 1e-9")
    if not CASES.exists():
        section.notes.append("passed over: the cases are not beside the checkout")
        return section
    os.environ.setdefault("JAX_ENABLE_X64", "1")  # it counts in single precision all the same
    peer = importlib.util.find_spec("jactus") is not None
    totals = [0, 0, 0, 0]
    for kind in TYPES:
        path = CASES / f"actus-tests-{kind}.json"
        answers = json.loads(path.read_text("utf-8"))
        counts = [0, 0, 0, 0]
        for case in read_cases(path):
            tell(f"conformance: {case.case_id}")
            wanted = answers[case.case_id]["results"]
            counts[0] += 1
            counts[1] += _passes(lambda case=case: events_of(case, Conformance()), wanted, EXACT)
            if peer:
                raw = answers[case.case_id]
                for place, tolerance in ((2, EXACT), (3, SINGLE)):
                    counts[place] += _passes(lambda raw=raw: _jactus(raw), wanted, tolerance)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        section.notes.append(
            f"{kind.upper():<6} karez {counts[1]:>3} of {counts[0]:<3}"
            + (f"  jactus {counts[2]:>3}, to single precision {counts[3]:>3}" if peer else "")
        )
    tell("")
    for name, count in zip(
        ("cases", "karez", "jactus", "jactus, to single precision"), totals, strict=True
    ):
        section.figures.append(Figure(f"{name}", "cases", Spread.of([count]), digits=0))
    return section


def _passes(
    answer: Callable[[], Sequence[Row]], wanted: Sequence[Row], tolerance: tuple[float, float]
) -> bool:
    try:
        rows = answer()
    except KarezError:
        return False
    except Exception:  # noqa: BLE001 - whatever a peer raises, it has not answered
        return False
    return len(rows) == len(wanted) and all(
        _agree(row.get(name), value, tolerance) for row, other in zip(rows, wanted, strict=True)
        for name, value in other.items()
        if name in {"eventDate", "eventType", "payoff", "notionalPrincipal",
                    "nominalInterestRate", "accruedInterest"}
    )  # fmt: skip


def _agree(got: object, wanted: object, tolerance: tuple[float, float]) -> bool:
    try:
        number = float(str(wanted))
        return abs(float(str(got)) - number) <= tolerance[0] + tolerance[1] * abs(number)
    except ValueError:
        return str(got)[:16] == str(wanted)[:16]


def _jactus(raw: Row) -> list[Row]:
    """Answer a case with jactus: its own acronyms, spellings and observer of markets."""
    from jactus.contracts import create_contract  # noqa: PLC0415
    from jactus.core import ActusDateTime, ContractAttributes  # noqa: PLC0415
    from jactus.observers import (  # noqa: PLC0415
        ConstantRiskFactorObserver,
        TimeSeriesRiskFactorObserver,
    )

    def instant(text: str) -> ActusDateTime:
        return ActusDateTime.from_iso(text if len(text) > len("2013-01-01T00:00") else f"{text}:00")

    series = {
        name: [(instant(point["timestamp"]), float(point["value"])) for point in market["data"]]
        for name, market in raw["dataObserved"].items()
    }
    observer = TimeSeriesRiskFactorObserver(series) if series else ConstantRiskFactorObserver(0.0)
    attributes = ContractAttributes(**_jactus_terms(raw["terms"]))
    history = create_contract(attributes, observer).simulate()
    return [
        {
            "eventDate": event.event_time.to_iso(),
            "eventType": event.event_type.name,
            "payoff": float(event.payoff),
            "notionalPrincipal": float(event.state_post.nt),
            "nominalInterestRate": float(event.state_post.ipnr),
            "accruedInterest": float(event.state_post.ipac),
        }
        for event in history.events
    ]


def _jactus_terms(terms: Row) -> dict[str, Any]:
    from jactus.core import ATTRIBUTE_MAP, ActusDateTime  # noqa: PLC0415

    acronyms = {camel(field.name): field.metadata["acronym"] for field in attrs.fields(Terms)}
    spelled = {
        "NC": "NO_CALENDAR", "MF": "MONDAY_TO_FRIDAY", "INO": "IN0", "FIX": "F", "VAR": "V",
    }  # fmt: skip
    values: dict[str, Any] = {"contract_id": str(terms.get("contractID"))}
    for name, value in terms.items():
        acronym = acronyms.get(name, "")
        field = ATTRIBUTE_MAP.get(OTHER_ACRONYMS.get(acronym, acronym))
        if field is None or not value:
            continue
        if field == "contract_structure":
            values[field] = json.dumps(value)
            continue
        many = isinstance(value, list)
        given = [str(one).strip() for one in (value if many else [value])]
        read = [
            ActusDateTime.from_iso(one) if one[10:11] == "T"
            else _jactus_cycle(one) if Cycle.parse(one) else spelled.get(one, one)
            for one in given
        ]  # fmt: skip
        values[field] = read if many or field.startswith("array_") else read[0]
    return values


def _jactus_cycle(text: str) -> str:
    cycle = Cycle.parse(text)
    assert cycle is not None
    stub = "" if "L" not in text else "+" if cycle.long_stub else "-"
    return f"{cycle.count}{cycle.unit}{stub}"
