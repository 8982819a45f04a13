"""Print docs/reference/term-sheets.md as the code has it; ``--write`` it in its place."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from enum import Enum
from pathlib import Path

import attrs

from karez.kernel.money import Currency
from karez.services.products.keys import Key, keys_of, kind_words, words_of
from karez.services.products.ledger import STANDARD_SIDES
from karez.services.products.parts import MonthDay
from karez.services.products.sheet import TermSheet
from karez.services.products.words import scalar_words

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "term-sheets.md"
INTRODUCTION = """\
# Term sheets

<!-- Made by scripts/term_sheets_page.py --write from the code itself. -->

A product is a TOML file. Amounts are in units of its currency, rates and shares in per cent. A key
that is not listed here is refused, with the key that was probably meant. How to write one is in
[define a product](../guides/define-a-product.md); twelve are in the [catalogue](products.md).
"""
LEDGER = """\
The roles are `principal`, `interest`, `fees` and `credit`, which are accounts of the loan itself
below the parents above, and `channel`, the account through which the money of an event came or
went. All else is the code of an account. If `sides` does not say otherwise, a movement posts so:

| movement kind | debit | credit |
| --- | --- | --- |
"""


def page() -> str:
    """Return the text of the page."""
    parts = list(_parts(TermSheet, ""))
    sections = [INTRODUCTION, _section("The sheet itself", TermSheet)]
    sections += [_section(f"`{heading}`", part) for heading, part in parts]
    sides = [f"| `{kind}` | `{one}` | `{other}` |" for kind, (one, other) in STANDARD_SIDES.items()]
    sections.append(f"\n{LEDGER}" + "\n".join(sides) + "\n")
    words = [word for part in (TermSheet, *(part for _, part in parts)) for word in _words(part)]
    sections += [_word_section(word) for word in dict.fromkeys(words)]
    return "".join(sections)


def _parts(part: type, path: str) -> typing.Iterator[tuple[str, type]]:
    """Give the tables of a part with the headings that they have in a file."""
    for key in keys_of(part):
        kind, brackets = _element(key)
        if attrs.has(kind) and kind not in {Currency, MonthDay}:
            name = f"{path}{key.name}"
            yield (f"[[{name}]]" if brackets else f"[{name}]"), kind
            yield from _parts(kind, f"{name}.")


def _element(key: Key) -> tuple[type, bool]:
    """Return the type of a key, or of the members of its list."""
    if typing.get_origin(key.kind) is tuple:
        return typing.get_args(key.kind)[0], True
    return key.kind, False


def _words(part: type) -> typing.Iterator[type[Enum]]:
    for key in keys_of(part):
        kind, _ = _element(key)
        if isinstance(kind, type) and issubclass(kind, Enum):
            yield kind


def _section(heading: str, part: type) -> str:
    document = (inspect.getdoc(part) or "").replace("``", "`")
    rows = [
        f"| `{key.name}` | {key.meaning.replace('|', '/')} | {_kind(key)} | {_default(key)} |"
        for key in keys_of(part)
    ]
    head = f"\n## {heading}\n\n{document}\n\n| key | what it says | value | if left out |\n"
    return head + "| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"


def _kind(key: Key) -> str:
    kind, several = _element(key)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"[{'list of words' if several else 'word'}](#{kind.__name__.lower()})"
    words = kind_words(key)
    if key.most is not None:
        return f"{words}, {key.least} to {key.most}"
    return words


def _default(key: Key) -> str:
    if key.is_needed:
        return "needed"
    default = key.default
    if isinstance(default, attrs.Factory) or default is None or default == ():  # type: ignore[arg-type]
        return ""
    several = default if isinstance(default, tuple) else (default,)
    return ", ".join(f"`{scalar_words(each)}`" for each in several)


def _word_section(words: type[Enum]) -> str:
    """Return a table of words; what each means is said beside it in the code."""
    lines = inspect.getsource(words).splitlines()
    said: dict[str, str] = {}
    for node in ast.parse("\n".join(lines)).body[0].body:  # type: ignore[attr-defined]
        if isinstance(node, ast.Assign):
            _, _, comment = lines[node.lineno - 1].partition("#")
            said[node.targets[0].id] = comment.strip()  # type: ignore[attr-defined]
    document = (inspect.getdoc(words) or "").replace("``", "`")
    rows = [f"| `{word}` | {said[each.name]} |" for word, each in words_of(words).items()]
    head = f"\n## {words.__name__}\n\n{document}\n\n| word | what it says |\n| --- | --- |\n"
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
