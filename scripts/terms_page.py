"""Print docs/reference/contract-terms.md as the code has it; ``--write`` it in its place."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from enum import StrEnum
from pathlib import Path

import attrs

from karez.engines.cashflow import codes
from karez.engines.cashflow.check import camel
from karez.engines.cashflow.terms import Terms

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "contract-terms.md"
INTRODUCTION = """\
# Terms and conventions of contracts

<!-- Made by scripts/terms_page.py --write from the code itself. -->

The names are those of the ACTUS dictionary. Amounts are in units of the currency, rates are a
year's (0.08 is 8 %), instants have no zone and 23:59:59 counts as the next midnight. A cycle is
`P`, a number, one of `D W M Q H Y`, and `L0` for a long last period or `L1` for a short one. What a
contract does not need is left out.

## Terms

| term | acronym | what it means | kind |
| --- | --- | --- | --- |
"""
CONVENTIONS = (
    codes.ContractType, codes.EventType, codes.DayCount, codes.BusinessDay, codes.EndOfMonth,
    codes.InterestBase, codes.FeeBasis, codes.PrepaymentEffect, codes.PenaltyType, codes.Exposure,
)  # fmt: skip


def page() -> str:
    """Return the text of the page."""
    hints = typing.get_type_hints(Terms)
    rows = [
        f"| `{camel(field.name)}` | {field.metadata['acronym']} | {field.metadata['meaning']} |"
        f" {_kind(hints[field.name])} |"
        for field in attrs.fields(Terms)
    ]
    return INTRODUCTION + "\n".join(rows) + "\n" + "".join(map(_section, CONVENTIONS))


def _kind(hint: object) -> str:
    """Return what kind of value a term has."""
    parts = [part for part in typing.get_args(hint) if part not in {type(None), ...}]
    kind = parts[0] if parts else hint
    assert isinstance(kind, type)
    names = {"Decimal": "number", "datetime": "date", "Cycle": "cycle", "str": "text"}
    names["CoveredContract"] = "contract"
    several = " (array)" if typing.get_origin(hint) is tuple else ""
    return names.get(kind.__name__, f"[{kind.__name__}](#{kind.__name__.lower()})") + several


def _section(convention: type[StrEnum]) -> str:
    """Return a table of a convention's codes; what each means is said beside it in the code."""
    source = inspect.getsource(convention)
    lines = source.splitlines()
    document = inspect.getdoc(convention) or ""
    rows: list[str] = []
    for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]
        if isinstance(node, ast.Assign):
            name = ast.literal_eval(node.value)
            _, _, said = lines[node.lineno - 1].partition("#")
            said = said.replace("noqa: E741 - ", "").strip()
            rows.append(f"| `{name}` | {said} |")
    head = f"\n## {convention.__name__}\n\n{document}\n\n| code | what it says |\n| --- | --- |\n"
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
