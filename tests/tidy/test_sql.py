"""Every ``.sql`` file: PostgreSQL parses it, someone uses it, and Citus would take it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pglast
import pytest
from pglast import ast
from pglast.enums import ConstrType

from karez.kernel.sql import Query, parse_queries
from tidy.tree import files, name

FILES = files(".sql", under=("src",))
# The kernel's tables are of the installation, not of an institution.
SHARED_SCHEMAS = {"kernel"}

QUERY_FILES = [path for path in FILES if "-- name:" in path.read_text()]
QUERIES = [
    pytest.param(path, query, id=f"{name(path)}:{query.name}")
    for path in QUERY_FILES
    for query in parse_queries(path.read_text()).values()
]


def as_postgres(text: str) -> str:
    """Return the text with psycopg's placeholders written as PostgreSQL's."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match[1], len(numbers) + 1)}"

    return re.sub(r"%\((\w+)\)[sbt]", number, text).replace("%%", "%")


def statements(kind: type[ast.Node]) -> Iterator[tuple[str, ast.Node]]:
    for path in FILES:
        for raw in pglast.parse_sql(as_postgres(path.read_text())):
            if isinstance(raw.stmt, kind):
                yield name(path), raw.stmt


@pytest.mark.parametrize(("path", "query"), QUERIES)
def test_query__parses_as_one_statement(path: Path, query: Query):
    assert len(pglast.parse_sql(as_postgres(query.text))) == 1


@pytest.mark.parametrize(("path", "query"), QUERIES)
def test_query__is_used(path: Path, query: Query):
    code = "\n".join(module.read_text() for module in files(".py", under=("src",)))
    assert re.search(rf"""["']{query.name}["']""", code), "nobody runs it: remove it"


@pytest.mark.parametrize("path", QUERY_FILES, ids=name)
def test_file__every_query_has_a_name_and_a_purpose(path: Path):
    text = path.read_text()
    assert text.count("-- name:") == len(parse_queries(text)), "write `-- name: x`, then `-- why`"


def test_no_triggers():
    assert not [path for path, _ in statements(ast.CreateTrigStmt)], "Citus refuses triggers"


def tables() -> Iterator[tuple[str, ast.CreateStmt]]:
    for _, table in statements(ast.CreateStmt):
        if table.partbound is None:  # a partition has its parent's keys
            yield f"{table.relation.schemaname}.{table.relation.relname}", table


def test_no_serial_columns():
    found = [
        f"{table_name}.{column.colname}"
        for table_name, table in tables()
        for column in table.tableElts
        if isinstance(column, ast.ColumnDef) and "serial" in column.typeName.names[-1].sval
    ]
    assert not found, "make ids in Python, or use bigint GENERATED AS IDENTITY"


def key_of(table: ast.CreateStmt) -> list[str]:
    for element in table.tableElts:
        if isinstance(element, ast.Constraint) and element.contype is ConstrType.CONSTR_PRIMARY:
            return [column.sval for column in element.keys]
        for constraint in getattr(element, "constraints", None) or ():
            if constraint.contype is ConstrType.CONSTR_PRIMARY:
                return [element.colname]
    return []


def test_tables__keys_begin_with_the_institution():
    keys = {
        table_name: key_of(table)
        for table_name, table in tables()
        if table.relation.schemaname not in SHARED_SCHEMAS
    }
    assert not {table: key for table, key in keys.items() if key[:1] != ["institution_id"]}


def test_unique_indexes__contain_the_institution():
    found = [
        index.idxname
        for _, index in statements(ast.IndexStmt)
        if index.unique
        and index.relation.schemaname not in SHARED_SCHEMAS
        and "institution_id" not in {column.name for column in index.indexParams}
    ]
    assert not found, "a unique index must contain the column that Citus distributes by"
