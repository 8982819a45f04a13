"""The schema files, read by people, and the migrations, run by machines, make the same database."""

import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

import karez
from karez.kernel.config import load_config
from karez.kernel.database import Database, Role
from karez.kernel.database.binaries import find_programs
from karez.kernel.database.migration import split_statements

SOURCE = Path(karez.__file__).parent
SCHEMAS = tuple(
    SOURCE / f"{room}/sql/schema.sql"
    for room in (
        "kernel",
        "books/money",
        "books/facts",
        "books/rights",
        "services/consent",
        "services/products",
        "services/lending",
        "services/parties",
        "services/origination",
        "services/payments",
        "services/closing",
        "services/access",
        "services/outbox",
        "services/jobs",
        "services/monitoring",
    )
)


def dump(conninfo: str) -> str:
    """Return the schema of a database as pg_dump writes it, without what names the dump itself."""
    program = find_programs(load_config({})) / "pg_dump"
    command = [program, "--schema-only", "--dbname", conninfo]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


@pytest.fixture
def from_schemas(login: psycopg.Connection, database: Database) -> str:
    """The address of a database made from the schema files alone."""
    with database.connect(None) as connection:
        address = make_conninfo(database.conninfo, dbname="from_schemas")
        login.execute("CREATE DATABASE from_schemas TEMPLATE template0 ENCODING 'UTF8'")
        owner = sql.Identifier(Role.OWNER)
        login.execute(sql.SQL("GRANT CREATE ON DATABASE from_schemas TO {}").format(owner))
    with Database(address).connect(Role.OWNER) as connection:
        for schema in SCHEMAS:
            for statement in split_statements(schema.read_text(encoding="utf-8")):
                connection.execute(statement.encode())
    yield address
    login.execute("DROP DATABASE from_schemas WITH (FORCE)")


def test_schema__equals_migrations(database: Database, from_schemas: str):
    assert dump(from_schemas) == dump(database.conninfo)


def test_schema__has_no_trigger(connection: psycopg.Connection):
    triggers = connection.execute("SELECT tgname FROM pg_trigger").fetchall()
    assert triggers == [], "Citus refuses triggers"
