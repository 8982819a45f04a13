"""The repository as a whole: what every reader may expect of any file or folder in it."""

import re
from collections import Counter
from pathlib import Path

import pytest

import karez
from tidy.tree import ROOT, every_text, files, name

README_LINES = 40
# This file names what it forbids.
TEXTS = [path for path in every_text() if path != Path(__file__).resolve()]

FORBIDDEN = {
    "a leftover marker; open an issue instead": r"\b(?:TODO|FIXME|XXX|HACK|WIP)\b",
    "a path of one machine": r"(?<![\w.$}>/~-])/(?:home|root|tmp|opt|Users|work|mnt)/\w",
    "the host of a package registry": r"\b(?:[\w-]+\.)*(?:pypi|pythonhosted|artifactory)\.\w",
    "a conflict marker": r"^(?:<<<<<<<|>>>>>>>) ",
}


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_text__nothing_that_does_not_belong(path: Path):
    text = path.read_text(encoding="utf-8")
    found = {
        why: hits
        for why, pattern in FORBIDDEN.items()
        if (hits := re.findall(pattern, text, re.MULTILINE))
    }
    assert not found


@pytest.mark.parametrize(
    "folder",
    [path.parent for path in files(".py", under=("src",)) if path.stem == "__init__"],
    ids=name,
)
def test_package__says_what_lives_there(folder: Path):
    readme = folder / "README.md"
    assert readme.exists(), "say what lives here, the main entry, the invariants"
    assert len(readme.read_text().splitlines()) <= README_LINES


def test_decisions__no_number_twice():
    numbers = Counter(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert not [number for number, times in numbers.items() if times > 1]


def test_changelog__names_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(karez.__version__)}\b", changelog, re.MULTILINE)
