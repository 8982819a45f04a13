"""Worked cases of competing claims, each with its legal source: ranking and money.

The data are not part of the repository: put them beside it, or beside any folder above it, as
``shared/cases/priority/priority.json``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from karez.doors.files.priority_cases import answer_cases, read_cases
from karez.doors.files.regimes import read_regimes
from tidy.tree import ROOT

DATA = Path("shared") / "cases" / "priority" / "priority.json"


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
    return list(read_cases(found))


def test_shared_cases__ranking_and_money_match_where_the_source_was_read(
    cases: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answers = dict(answer_cases(cases, read_regimes()))
    wrong: dict[bool, list[str]] = {True: [], False: []}
    for case in cases:
        answer = answers[case["id"]]
        assert isinstance(answer, dict), answer
        if any(answer.get(name) != value for name, value in case["expect"].items()):
            wrong[case["source"]["text_read_here"]].append(case["id"])
    with capsys.disabled():
        print(f"\npriority: {len(cases)} cases, wrong {wrong[True]}, in question {wrong[False]}")
    assert not wrong[True]


def test_shared_cases__no_case_is_named_in_the_code(cases: list[Any]) -> None:
    sources = [path for path in (ROOT / "src").rglob("*.*") if path.suffix in {".py", ".toml"}]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    assert not [case["id"] for case in cases if case["id"] in text]
