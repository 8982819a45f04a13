"""Where the published cases lie: beside the repository, or beside any folder above it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tidy.tree import ROOT


def around() -> Iterator[Path]:
    """Give the folders beside which data may lie."""
    yield from (ROOT, *ROOT.parents)
    link = ROOT / ".git"
    if link.is_file():  # a worktree: beside the repository that it is of
        yield from Path(link.read_text().removeprefix("gitdir:").strip()).parents


def shared_case(name: str) -> Any:
    """Return a file of cases, or skip the test."""
    data = Path("shared") / "cases" / name
    found = next((folder / data for folder in around() if (folder / data).exists()), None)
    if found is None:
        pytest.skip(f"there is no {data} beside the repository")
    return json.loads(found.read_text())
