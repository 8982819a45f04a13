"""The reference cases of ACTUS, from a folder beside the repository where there is one."""

import json
from pathlib import Path

import pytest

from karez.doors.files.actus import Case, events_of, read_cases
from karez.engines.cashflow.arithmetic import Conformance, Ledger

CASES = Path(__file__).parents[4] / "shared" / "cases" / "actus"
TYPES = [
    "pam",
    "lam",
    "nam",
    "ann",
    "lax",
    "clm",
    "ump",
    "csh",
    "stk",
    "com",
    "ceg",
    "cec",
    "swppv",
]
DEFECTS = {
    "lam18": "its base is the notional at the exchange (NTIED), its rows follow the notional",
    "guarantee14": "its last fee is cut off: 3,508,695 stands for 3,508,695.65",
}
ABSOLUTE, RELATIVE = 1e-9, 1e-12


def shared_cases() -> list[tuple[Case, list[dict[str, str]]]]:
    found: list[tuple[Case, list[dict[str, str]]]] = []
    for kind in TYPES:
        path = CASES / f"actus-tests-{kind}.json"
        if path.exists():
            answers = json.loads(path.read_text("utf-8"))
            found += [(case, answers[case.case_id]["results"]) for case in read_cases(path)]
    return found


SHARED = shared_cases()


def agrees(name: str, got: object, wanted: object) -> bool:
    if name in {"eventDate", "exerciseDate"}:
        return str(got)[:16] == str(wanted)[:16]
    if name in {"eventType", "currency"}:
        return got == wanted
    difference = abs(float(str(got)) - float(str(wanted)))
    return difference <= ABSOLUTE + RELATIVE * abs(float(str(wanted)))


def disagreements(case: Case, wanted: list[dict[str, str]]) -> list[str]:
    got = events_of(case, Conformance())
    wrong = [] if len(got) == len(wanted) else [f"{len(got)} events, not {len(wanted)}"]
    for place, (one, other) in enumerate(zip(got, wanted, strict=False)):
        wrong += [
            f"event {place}: {name} is {one.get(name)}, not {value}"
            for name, value in other.items()
            if not agrees(name, one.get(name), value)
        ]
    return wrong


@pytest.mark.skipif(not SHARED, reason="the reference cases are not beside the repository")
@pytest.mark.parametrize(("case", "wanted"), SHARED, ids=[case.case_id for case, _ in SHARED])
def test_case__agrees_unless_its_data_are_at_fault(
    case: Case, wanted: list[dict[str, str]]
) -> None:
    wrong = disagreements(case, wanted)
    if case.case_id in DEFECTS:
        assert wrong, f"{case.case_id} is no defect: it agrees"
    else:
        assert not wrong


@pytest.mark.skipif(not SHARED, reason="the reference cases are not beside the repository")
@pytest.mark.parametrize("case", [case for case, _ in SHARED], ids=lambda case: case.case_id)
def test_case__to_the_cent_pays_whole_cents(case: Case) -> None:
    terms = case.terms
    assert terms is not None
    if terms.has_begun and terms.accrued_interest is None:
        pytest.skip("a ledger refuses it: it began before its status date and says no accrual")
    assert all(isinstance(row["payoff"], int) for row in events_of(case, Ledger()))
