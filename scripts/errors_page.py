"""Print docs/reference/errors.md as the error classes have it; ``--write`` it in its place."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import karez
from karez.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    KarezError,
    NotFoundError,
    UnavailableError,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "errors.md"
FAMILIES: dict[type[KarezError], str] = {
    InvalidInputError: "What was passed in cannot be right: change it and ask again.",
    NotFoundError: "What was named does not exist here.",
    ConflictError: "What was asked is sound, and what already stands forbids it.",
    ForbiddenError: "Who asks is not let in, or may not do this: sign in, or ask who gives roles.",
    UnavailableError: "Something that Karez needs is not at hand: put it right and try again.",
}
INTRODUCTION = """\
# Errors

<!-- Made by scripts/errors_page.py --write from the docstrings of the error classes. -->

Every failure of business has a stable code. `--json` shows it beside the sentence and the details
that fill its braces. Five families say who must act.

| family | what it means |
| --- | --- |
"""


def error_classes() -> list[type[KarezError]]:
    """Return every error class of the package but the families, in the order of their codes."""
    for module in pkgutil.walk_packages(karez.__path__, "karez."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    below = {error for error in _below(KarezError) if error.__module__.startswith("karez.")}
    return sorted(below - set(FAMILIES), key=lambda error: error.code)


def _below(base: type[KarezError]) -> Iterator[type[KarezError]]:
    for error in base.__subclasses__():
        yield error
        yield from _below(error)


def page() -> str:
    """Return the text of the page."""
    families = [f"| `{family.code}` | {meaning} |" for family, meaning in FAMILIES.items()]
    errors = [
        f"| `{error.code}` | {_family(error).code} | {_explained(error)} |"
        for error in error_classes()
    ]
    heading = ["", "| code | family | what it says |", "| --- | --- | --- |"]
    return INTRODUCTION + "\n".join([*families, *heading, *errors]) + "\n"


def _family(error: type[KarezError]) -> type[KarezError]:
    return next(family for family in FAMILIES if issubclass(error, family))


def _explained(error: type[KarezError]) -> str:
    """Return the sentence and what the docstring adds, details as bare names in braces."""
    paragraphs = inspect.cleandoc(error.__doc__ or "").split("\n\n")
    text = "<br>".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    return re.sub(r"{(\w+)[^}]*}", r"{\1}", text).replace("|", "\\|")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
