"""Print docs/reference/regimes.md as the data files have it; ``--write`` it in its place."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs

from karez.doors.files.regimes import read_regimes
from karez.engines.priority.regime import PARAMETERS, Regime

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "regimes.md"
INTRODUCTION = """\
# Regimes: whose claim comes first, as data

<!-- Made by scripts/regimes_page.py --write from src/karez/engines/priority/regimes. -->

Marks in a source: `[R]` read there, `[K]` from general knowledge, `[P]` our proposal. What is not
marked `[R]` must be checked by a lawyer before money depends on it. A regime names only what it
sets; all else is as the first table has it.

## Parameters

| parameter | what it says | if not set |
| --- | --- | --- |
"""


def page() -> str:
    """Return the text of the page."""
    rows = [
        f"| `{name}` | {field.metadata['meaning']} | {_shown(field.default)} |"
        for name, field in PARAMETERS.items()
    ]
    regimes = {regime.name: regime for regime in read_regimes().values()}
    sections = [_section(regimes[name]) for name in sorted(regimes)]
    return INTRODUCTION + "\n".join(rows) + "\n" + "".join(sections)


def _section(regime: Regime) -> str:
    names = ", ".join(f"`{alias}`" for alias in regime.aliases)
    also = f" Also called {names}." if names else ""
    head = f"\n## {regime.name}\n\n{regime.title}, version {regime.version}.{also}\n\n"
    rows = [
        f"| `{name}` | {_shown(getattr(regime, name))} | {regime.sources[name]} |"
        for name in PARAMETERS
        if name in regime.sources
    ]
    return head + "\n".join(["| parameter | value | source |", "| --- | --- | --- |", *rows]) + "\n"


def _shown(value: object) -> str:
    """Return a value in words for a cell of a table."""
    if attrs.has(type(value)):
        fields = attrs.asdict(value, recurse=False).items()  # type: ignore[arg-type]
        parts = [f"{name} {_shown(part)}" for name, part in fields if part not in {False, "", ()}]
        return ", ".join(parts)
    if isinstance(value, tuple):
        joiner = "; " if any(attrs.has(type(part)) for part in value) else ", then "
        if all(isinstance(part, str) for part in value):
            joiner = ", "
        return joiner.join(map(_shown, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in {None, ""} else str(value)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
