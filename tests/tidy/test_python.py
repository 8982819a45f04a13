"""Limits on Python code that no linter of ours holds; ruff bans the rest (see pyproject.toml)."""

import ast
from pathlib import Path

import pytest

from tidy.tree import ROOT, files, name

FUNCTION_LINES = 70
FILE_LINES = 400
FILE_LINES_HARD = 800
# Files that may pass FILE_LINES, each with its reason.
LONG_FILES: dict[str, str] = {}

CODE = files(".py", under=("src", "tests", "scripts", "benchmarks"))
SOURCE = files(".py", under=("src",))
MONEY = ("src/karez/kernel/money", "src/karez/books/money/")


@pytest.mark.parametrize("path", CODE, ids=name)
def test_functions__no_longer_than_a_page(path: Path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    too_long = {
        function.name: lines
        for function in functions
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    }
    assert not too_long, f"split these: at most {FUNCTION_LINES} lines a function"


@pytest.mark.parametrize("path", CODE, ids=name)
def test_files__no_longer_than_agreed(path: Path):
    lines = len(path.read_text().splitlines())
    limit = FILE_LINES_HARD if name(path) in LONG_FILES else FILE_LINES
    assert lines <= limit, "split it, or give its reason in LONG_FILES"


def test_long_files__still_are():
    lengths = {long: len((ROOT / long).read_text().splitlines()) for long in LONG_FILES}
    assert all(lines > FILE_LINES for lines in lengths.values()), "no reason needed any more"


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


@pytest.mark.parametrize(
    "path", [path for path in SOURCE if name(path).startswith(MONEY)], ids=name
)
def test_money__never_touches_float(path: Path):
    found = [
        call.lineno
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "float"
    ]
    assert not found, "money is integer minor units; read text with int or Decimal"


def is_composed(text: ast.expr) -> bool:
    """Tell whether a string is put together where it stands: f-string, %, + or format()."""
    return isinstance(text, ast.JoinedStr | ast.BinOp) or (
        isinstance(text, ast.Call)
        and isinstance(text.func, ast.Attribute)
        and text.func.attr == "format"
        and not isinstance(text.func.value, ast.Call)  # psycopg.sql.SQL("...").format is safe
    )


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_sql__never_composed_from_text(path: Path):
    found = [
        call.lineno
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"copy", "execute", "executemany"}
        and call.args
        and is_composed(call.args[0])
    ]
    assert not found, "name the query in a .sql file and pass parameters, or use psycopg.sql"
