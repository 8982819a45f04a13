"""Every link between our pages leads somewhere, and every page is in the navigation."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("src/**/*.md"))]
LINK = re.compile(r"(?<!`)\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    kept = [re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings]
    return {re.sub(r"[\s-]+", "-", heading) for heading in kept}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links__lead_somewhere(path: Path):
    for link in LINK.finditer(FENCE.sub("", path.read_text())):
        if "://" in link["target"]:
            continue
        target, _, anchor = link["target"].partition("#")
        page = (path.parent / target) if target else path
        assert page.exists(), link["target"]
        if anchor:
            assert anchor in anchors(page.read_text()), link["target"]


def pages_of(navigation: object) -> Iterator[str]:
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, list):
        for item in navigation:
            yield from pages_of(item)
    elif isinstance(navigation, dict):
        for item in navigation.values():
            yield from pages_of(item)


def test_navigation__shows_every_page_once():
    settings = tomllib.loads((ROOT / "zensical.toml").read_text())
    shown = list(pages_of(settings["project"]["nav"]))
    assert sorted(shown) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
