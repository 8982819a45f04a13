"""Print docs/reference/trade-files.md as the code has it; ``--write`` it in its place."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import msgspec

from karez.doors.files.trade_rows import TABLES, Line, Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "trade-files.md"
INTRODUCTION = """\
# Files of trades

<!-- Made by scripts/trades_page.py --write from the code itself. -->

`karez trust assess FILE` reads one JSON object of tables, each a list of rows, or a folder with a
file of JSON lines for each table (`advances.jsonl`, `documents.jsonl`). Tables that are not needed
are left out; a table or a field of another name is refused. [How far to believe a
trade](../concepts/trust.md) has an example.

Days are written 2026-03-31, instants 2026-03-31T17:45:00 as the clock on the wall showed them.
Amounts are in units of the advance's currency, with at most its decimals; quantities have at most
three. Both may be text, and better are. Ids are yours; names of lenders, places, items, telephones
and accounts are compared as they stand.

A row that cannot be read is named with its table and its place, from one, and the advance that it
is about is left out. The others are assessed; the exit code is 5. The total of an invoice is the
sum of its lines.
"""


def page() -> str:
    """Return the text of the page."""
    sections = [_section(f"{name}", kind) for name, kind in TABLES.items()]
    place = list(TABLES).index("documents") + 1
    sections.insert(place, _section("lines of a document", Line))
    return INTRODUCTION + "".join(sections)


def _section(name: str, kind: type[Row]) -> str:
    """Return a table of the fields of a row."""
    rows = [
        f"| `{field.name}` | {_kind(field.type)} | {'yes' if field.required else ''} |"
        for field in msgspec.structs.fields(kind)
    ]
    said = " ".join((inspect.getdoc(kind) or "").split()).replace("``", "`")
    head = f"\n## {name}\n\n{said}\n\n| field | what it holds | needed |\n| --- | --- | --- |\n"
    return head + "\n".join(rows) + "\n"


def _kind(hint: object) -> str:
    """Return what a field holds, in words."""
    names = {"str": "text", "bool": "true or false", "Decimal": "number", "float": "number",
             "int": "number", "date": "day", "datetime": "instant", "Line": "line"}  # fmt: skip
    arguments = getattr(hint, "__args__", ())
    if isinstance(hint, type) and not arguments:
        return names[hint.__name__]
    if "Literal" in str(hint):
        return ", ".join(f"`{choice}`" for choice in arguments)
    inner = next(part for part in arguments if part is not type(None))
    return names[inner.__name__] + ("s, in a list" if ... in arguments else "")


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
