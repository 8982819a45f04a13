"""Tables of an open lending core's acceptance tests, each field to the cent.

The data are not part of the repository: put them beside it, or beside any folder above it, as
``shared/cases/schedules/fineract.json.gz``.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from karez.doors.files.schedule_cases import answer_cases, read_cases
from karez.kernel.errors import KarezError
from tidy.tree import ROOT

DATA = Path("shared") / "cases" / "schedules" / "fineract.json.gz"
AS_TEXT = {"nr", "days", "due_date", "paid_date"}
# A fact leaves out the line of a tranche that its balance counts.
BASELINES_MISSED_MOST = 1
STATES_LEAST = 1327


def around() -> Iterator[Path]:
    """Yield the folders above the repository, and above the one whose worktree it is."""
    yield from (ROOT, *ROOT.parents)
    link = ROOT / ".git"
    if link.is_file():
        yield from Path(link.read_text().removeprefix("gitdir:").strip()).parents


@pytest.fixture(scope="module")
def cases() -> list[Any]:
    found = next((folder / DATA for folder in around() if (folder / DATA).exists()), None)
    if found is None:
        pytest.skip(f"there is no {DATA} beside the repository")
    return read_cases(found)


def without_answers(case: Any) -> Any:
    blind = copy.copy(case)
    blind["checkpoints"] = [
        checkpoint | {"rows": []} if "rows" in checkpoint else checkpoint
        for checkpoint in case["checkpoints"]
    ]
    return blind


def same(field: str, expected: str, given: str | None) -> bool:
    if given is None or field in AS_TEXT:
        return expected == given
    return Decimal(expected) == Decimal(given)


def faults(expected: list[dict[str, str]], given: list[dict[str, str]]) -> list[str]:
    if len(expected) != len(given):
        return ["number of rows"]
    pairs = list(zip(expected, given, strict=True))
    wrong = [
        field
        for right, row in pairs
        for field, value in right.items()
        if not same(field, value, row.get(field))
    ]
    unpaid = [
        "paid_date"
        for right, row in pairs
        if "nr" in right and "paid_date" in row.keys() - right.keys()
    ]
    return wrong + unpaid


def test_tables__as_the_facts_say(cases: list[Any]):
    answers = answer_cases(map(without_answers, cases))
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    causes: dict[str, list[str]] = {}
    for case in cases:
        asked = [checkpoint for checkpoint in case["checkpoints"] if "rows" in checkpoint]
        answered = answers[case["id"]]
        for place, checkpoint in enumerate(asked):
            kind = "baseline" if checkpoint.get("baseline") else "state"
            every[kind] += 1
            if isinstance(answered, KarezError):
                wrong = [answered.code]
            else:
                wrong = faults(checkpoint["rows"], answered[place]["rows"])
            if not wrong:
                right[kind] += 1
                continue
            last = case["events"][checkpoint["after_event"] - 1]["type"]
            causes.setdefault(f"{kind} after {last}", []).append(
                f"{case['id']}#{place} ({', '.join(sorted(set(wrong)))})"
            )
    print()
    for kind in every:
        print(f"{kind}: {right[kind]} of {every[kind]} tables")
    for cause, where in sorted(causes.items()):
        print(f"  {cause}: {'; '.join(where)}")
    assert right["baseline"] >= every["baseline"] - BASELINES_MISSED_MOST
    assert right["state"] >= STATES_LEAST


def test_tables__never_looked_up(cases: list[Any]):
    """Another name, and no answers: the same tables."""
    some = [without_answers(case) for case in cases[::40]]
    renamed = [case | {"id": f"x{place}", "scenario": ""} for place, case in enumerate(some)]
    assert list(answer_cases(some).values()) == list(answer_cases(renamed).values())
