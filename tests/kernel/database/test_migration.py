"""Migrations that are broken off, edited, unknown, out of order, or run by many at once."""

import itertools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pglast
import psycopg
import pytest

from karez.kernel.database import Database, Role, open_database
from karez.kernel.database.errors import (
    DatabaseNewerError,
    LockTimeoutError,
    MigrationEditedError,
    MigrationFailedError,
    MigrationOrderError,
)
from karez.kernel.database.migration import (
    Migration,
    Phase,
    applied_migrations,
    load_migrations,
    migrate,
    migrations_locked,
    pending_migrations,
    split_statements,
)
from karez.kernel.database.opening import connect_login
from kernel.database.tools import at, eventually, kill, said

OURS = load_migrations()
SLOW = """\
CREATE TABLE kernel.first (number integer);
SELECT pg_advisory_lock_shared(42);
CREATE TABLE kernel.second (number integer);
"""
SLOW_WITHOUT_TRANSACTION = """\
-- transaction: none
CREATE TABLE IF NOT EXISTS kernel.first (number integer);
SELECT pg_advisory_lock_shared(42);
CREATE TABLE IF NOT EXISTS kernel.second (number integer);
"""
MIGRATOR = """
import sys
from karez.kernel.database import Database
from karez.kernel.database.migration import Migration, load_migrations, migrate
from karez.kernel.database.opening import connect_login
with connect_login(Database(sys.argv[1])) as connection:
    print(connection.info.backend_pid, flush=True)
    migrate(connection, [*load_migrations(), Migration.of("9001_pre_slow", sys.argv[2])])
"""


def run(database: Database, *added: Migration, phase: Phase | None = None) -> list[str]:
    with connect_login(database) as connection:
        return [each.name for each in migrate(connection, [*OURS, *added], phase)]


def exists(database: Database, table: str) -> bool:
    with database.connect(Role.OWNER) as connection:
        row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
        return row == (True,)


def is_applied(database: Database, name: str) -> bool:
    with database.connect(Role.OWNER) as connection:
        return name in applied_migrations(connection)


def test_ours__are_applied_and_belong_to_the_owner(database: Database):
    with database.connect(Role.READER) as connection:
        assert list(applied_migrations(connection)) == [each.name for each in OURS]
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('kernel', 'money')"
        ).fetchall()
    assert owners == [("karez_owner",)]


@pytest.mark.parametrize("migration", OURS, ids=lambda migration: migration.name)
def test_ours__are_split_as_postgresql_does(migration: Migration):
    statements = split_statements(migration.text)
    assert len(statements) == len(pglast.parse_sql(migration.text))
    assert all(len(pglast.parse_sql(statement)) == 1 for statement in statements)


def test_split__heeds_quotes_and_comments():
    text = """
    -- one; two
    SELECT ';', ";", 'it''s;' /* ; */;
    CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN; END; $body$;
    SELECT $$;$$ - 1;
    -- the end;
    """
    assert len(split_statements(text)) == len(pglast.parse_sql(text)) == 3
    with pytest.raises(AssertionError, match="semicolon"):
        split_statements("SELECT 1; SELECT 2")


@pytest.mark.parametrize("name", ["1_pre_x", "0001_now_x", "0001_pre_X", "0001_pre_"])
def test_name__must_tell_order_and_phase(name: str):
    with pytest.raises(AssertionError, match=name):
        Migration.of(name, "SELECT 1;")


@pytest.mark.parametrize("text", [SLOW, SLOW_WITHOUT_TRANSACTION])
def test_killed_in_the_middle__the_next_run_finishes(database: Database, text: str):
    with database.connect(None) as holder:
        holder.execute("SELECT pg_advisory_lock(42)")
        process = subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, database.conninfo, text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        backend = said(process)
        waiting = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'advisory'"
        eventually(lambda: holder.execute(waiting, (backend,)).fetchone() is not None)
        kill(process)
        assert exists(database, "kernel.first") == (text == SLOW_WITHOUT_TRANSACTION)
        assert not is_applied(database, "9001_pre_slow")
        holder.execute("SELECT pg_advisory_unlock(42)")
    assert run(database, Migration.of("9001_pre_slow", text)) == ["9001_pre_slow"]
    assert exists(database, "kernel.second")
    assert is_applied(database, "9001_pre_slow")


def test_failed__leaves_what_came_before(database: Database):
    good = Migration.of("9001_pre_good", "CREATE TABLE kernel.good (number integer);")
    bad = Migration.of("9002_pre_bad", "CREATE TABLE kernel.bad (n integer); SELECT 1 / 0;")
    with pytest.raises(MigrationFailedError, match=r"9002_pre_bad.*division"):
        run(database, good, bad)
    assert exists(database, "kernel.good")
    assert not exists(database, "kernel.bad")
    mended = Migration.of("9002_pre_bad", "CREATE TABLE kernel.bad (n integer);")
    assert run(database, good, mended) == ["9002_pre_bad"]


def test_edited__is_refused(database: Database):
    run(database, Migration.of("9001_pre_x", "SELECT 1;"))
    with pytest.raises(MigrationEditedError, match="9001_pre_x"):
        run(database, Migration.of("9001_pre_x", "SELECT 2;"))


def test_newer_database__is_refused(database: Database):
    run(database, Migration.of("9001_pre_x", "SELECT 1;"))
    with (
        pytest.raises(DatabaseNewerError, match="9001_pre_x"),
        open_database(at(database.conninfo)),
    ):
        pass


def test_phases__run_apart(database: Database):
    before = Migration.of("9001_pre_x", "CREATE TABLE kernel.x (n integer);")
    after = Migration.of("9002_post_x", "DROP TABLE kernel.x;")
    with pytest.raises(MigrationOrderError, match="9001_pre_x"):
        run(database, before, after, phase=Phase.POST)
    assert run(database, before, after, phase=Phase.PRE) == ["9001_pre_x"]
    assert run(database, before, after, phase=Phase.PRE) == []
    assert run(database, before, after, phase=Phase.POST) == ["9002_post_x"]


def test_phases__a_pre_step_waits_for_an_earlier_post_step():
    steps = [
        Migration.of(f"900{n}_{phase}_x", "") for n, phase in enumerate(("pre", "post", "pre"))
    ]
    with pytest.raises(MigrationOrderError, match="9001_post_x"):
        pending_migrations(steps, {}, Phase.PRE)
    assert pending_migrations(steps, {}) == steps


def test_many_at_once__apply_each_step_once(database: Database):
    added = [
        Migration.of(f"900{number}_pre_x", f"CREATE TABLE kernel.t{number} (n integer);")
        for number in range(5)
    ]
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(lambda _: run(database, *added), range(6)))
    assert sorted(itertools.chain(*runs)) == [each.name for each in added]


def test_lock__is_not_waited_for_without_end(database: Database):
    with database.connect(Role.OWNER) as holder, connect_login(database) as waiter:
        waiter.execute("SET lock_timeout = '50ms'")
        with migrations_locked(holder), pytest.raises(LockTimeoutError):
            migrate(waiter, OURS)


def test_lock__falls_with_the_connection(database: Database):
    with database.connect(None) as connection, migrations_locked(connection):
        connection.close()
    assert run(database) == []


def test_open__by_many_at_once_on_an_empty_database(login: psycopg.Connection, database: Database):
    login.execute("CREATE DATABASE empty TEMPLATE template0 ENCODING 'UTF8'")
    address = psycopg.conninfo.make_conninfo(database.conninfo, dbname="empty")

    def open_it(code: str) -> int:
        with open_database(at(address, institution=code)) as opened, opened.connect() as connection:
            row = connection.execute("SELECT count(*) FROM kernel.migration").fetchone()
            return row[0] if row else 0

    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(open_it, ["main"] * 5)) == {len(OURS)}
    login.execute("DROP DATABASE empty WITH (FORCE)")
