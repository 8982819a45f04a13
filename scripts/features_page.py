"""Print docs/reference/features.md as the code has it; ``--write`` it in its place."""

from __future__ import annotations

import inspect
import itertools
import sys
from pathlib import Path

from karez.engines.score.portrait import FEATURES, Feature, Missing
from karez.engines.score.portrait.windows import EVER

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "features.md"
INTRODUCTION = """\
# Features of portraits

<!-- Made by scripts/features_page.py --write from the code itself. -->

Each figure of a [portrait](../concepts/portraits.md), by the facts that it rests on. A *window* is
how many days count, up to and with the day of the portrait; a year is 52 weeks, so that it has each
weekday as often. *History* is how far back facts must reach. *Default* says what experience expects
as the figure rises: more default, less, or nothing either way.

| unit | what it is |
| --- | --- |
| contrast | (a - b) / (a + b) of two amounts, from -1 (only b) through 0 (as much of each) to 1 (only a) |
| share | a part of a whole, from 0 to 1 |
| log10 … | the decimal logarithm: 1 more is ten times as much |
| four weeks' inflows | an amount, divided by what comes in during four weeks |

Amounts are net of tax where facts say so. A figure that has no value is missing, for one of these
reasons, and is never nought instead:

| reason | what it means |
| --- | --- |
"""
LABELS = """
## Labels

| feature | what it is |
| --- | --- |
| `place` | where the party was last seen, by the code that the fact says |
| `industry` | what it does; no kind of fact says it yet, so the book gives none |
"""
EXPECTED = {1: "more", -1: "less", None: ""}


def page() -> str:
    """Return the text of the page."""
    reasons = [
        f"| {why.name.lower()} | {_said(why)} |" for why in Missing if why is not Missing.NOT
    ]
    groups = itertools.groupby(FEATURES, key=_heading)
    sections = (_section(heading, list(features)) for heading, features in groups)
    return f"{INTRODUCTION}{chr(10).join(reasons)}\n{''.join(sections)}{LABELS}"


def _said(why: Missing) -> str:
    """Return what the code says beside a reason."""
    lines = inspect.getsource(Missing).splitlines()
    line = next(line for line in lines if line.strip().startswith(f"{why.name} ="))
    return line.partition("#")[2].strip()


def _heading(feature: Feature) -> str:
    return feature.basis.name.removesuffix("_ALL").capitalize()


def _section(heading: str, features: list[Feature]) -> str:
    rows = [
        f"| `{feature.name}` | {feature.words} | {feature.unit} | {_days(feature.window_days)} |"
        f" {feature.history_days or ''} | {EXPECTED[feature.direction]} |"
        for feature in features
    ]
    bases = dict.fromkeys(feature.basis.words for feature in features)
    return (
        f"\n## {heading}\n\nOf {'; or of '.join(bases)}.\n\n"
        "| feature | what it is | unit | window | history | default |\n"
        "| --- | --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


def _days(days: int) -> str:
    return "all" if days == EVER else str(days)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
