"""Print docs/reference/trust-checks.md as the code has it; ``--write`` it in its place."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import attrs

from karez.engines.trust import rules
from karez.engines.trust.checks import CHECKS
from karez.engines.trust.verdict import Check, Verdict

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "trust-checks.md"
INTRODUCTION = """\
# Checks of trust

<!-- Made by scripts/checks_page.py --write from the code itself. -->

Each check gives each [advance](../glossary.md#advance) a verdict and a score, the share of its
value that the check lets stand. [How far to believe a trade](../concepts/trust.md) says how they
work together. A check whose rule changes has another version.

| verdict | what to do |
| --- | --- |
"""


def page() -> str:
    """Return the text of the page."""
    verdicts = [f"| {verdict.name.lower()} | {_said(verdict)} |" for verdict in Verdict]
    checks = "\n".join(map(_section, CHECKS))
    return f"{INTRODUCTION}{chr(10).join(verdicts)}\n\n{checks}\n{_rules()}"


def _said(verdict: Verdict) -> str:
    """Return what the code says beside a verdict."""
    lines = inspect.getsource(Verdict).splitlines()
    line = next(line for line in lines if line.strip().startswith(f"{verdict.name} ="))
    return line.partition("#")[2].strip()


def _section(check: Check) -> str:
    strictest = ", ".join(verdict.name.lower() for verdict in check.verdicts) or "none"
    return (
        f"## {check.check_id}\n\n{check.asks}\n\n"
        f"- Version {check.version}; when it doubts: {strictest}.\n"
        f"- Would have met: {check.beats}\n"
        f"- Does not prove, or does not see: {check.leaves_open}\n"
    )


def _rules() -> str:
    """Return a table of the tolerances and limits, with what is said below each."""
    body = ast.parse(inspect.getsource(rules.Rules)).body[0].body  # type: ignore[attr-defined]
    notes: dict[str, str] = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            note = after.value.value if isinstance(after, ast.Expr) else ""  # type: ignore[attr-defined]
            notes[node.target.id] = " ".join(str(note).replace("``", "`").split())
    defaults = rules.Rules()
    rows = [
        f"| `{field.name}` | {getattr(defaults, field.name):,} | {notes[field.name]} |"
        for field in attrs.fields(rules.Rules)
    ]
    head = "## Tolerances and limits\n\n| rule | value | why |\n| --- | --- | --- |\n"
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
