"""Print docs/reference/loan-mappings.md as the code has it; ``--write`` it in its place."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from karez.services.importing import Assume, LoansMapping

HERE = Path(__file__).resolve()
PAGE = HERE.parents[1] / "docs" / "reference" / "loan-mappings.md"
SHEETS = runpy.run_path(str(HERE.with_name("term_sheets_page.py")))
INTRODUCTION = """\
# Mappings of loans

<!-- Made by scripts/loan_mappings_page.py --write from the code itself. -->

What the columns of a table of loans mean to `karez import loans`, as a TOML file. How to write one
is in [import a book of loans](../guides/import-a-book.md).
"""


def page() -> str:
    """Return the text of the page."""
    parts = {kind: heading for heading, kind in SHEETS["_parts"](LoansMapping, "")}
    sections = [INTRODUCTION, SHEETS["_section"]("The mapping itself", LoansMapping)]
    sections += [SHEETS["_section"](f"`{heading}`", kind) for kind, heading in parts.items()]
    words = [word for kind in (LoansMapping, *parts) for word in SHEETS["_words"](kind)]
    sections += [SHEETS["_word_section"](word) for word in dict.fromkeys([Assume, *words])]
    return "".join(sections).replace("## `[orders]`", "## `[rows]`, `[payments]`, `[orders]`")


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
