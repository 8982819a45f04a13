"""Roles, row-level security, and how a transaction tells that it failed."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors as faults
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from karez.kernel.database import (
    Database,
    Institution,
    Role,
    enclosing,
    open_institution,
    transaction,
)
from karez.kernel.database.errors import (
    CommitUnknownError,
    ConnectionLostError,
    DatabaseFailedError,
    DatabaseFullError,
    DatabaseStoppedError,
    DatabaseUnreachableError,
    IdleTimeoutError,
    LockTimeoutError,
)
from karez.kernel.errors import UnavailableError

TABLE = """
CREATE SCHEMA trial;
CREATE TABLE trial.row (
    institution_id integer NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (institution_id, number)
);
ALTER TABLE trial.row ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON trial.row
USING (institution_id = current_setting('karez.institution_id')::integer);
GRANT USAGE ON SCHEMA trial TO karez_application, karez_reader, karez_poster;
GRANT SELECT ON trial.row TO karez_application, karez_reader;
GRANT INSERT ON trial.row TO karez_poster, karez_application;
"""
COUNT = "SELECT count(*) FROM trial.row"


@pytest.fixture
def table(database: Database) -> None:
    with database.connect(Role.OWNER) as owner:
        owner.execute(TABLE)


def insert(connection: psycopg.Connection, institution_id: int, number: int = 1) -> int:
    connection.execute("INSERT INTO trial.row VALUES (%s, %s)", (institution_id, number))
    return number


def test_role__is_what_the_connection_acts_as(database: Database):
    for role in Role:
        with database.connect(role) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role.value,)
            # What a book writes as, and goes back to.
            assert connection.execute("SELECT current_setting('role')").fetchone() == (role.value,)


def test_session__is_bounded_and_in_utc(connection: psycopg.Connection):
    wanted = {
        "idle_in_transaction_session_timeout": "1min",
        "lock_timeout": "30s",
        "TimeZone": "UTC",
        "application_name": "karez",
    }
    for name, value in wanted.items():
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
        assert row == (value,)


def test_address__keeps_its_own_options(database: Database):
    address = make_conninfo(database.conninfo, options="-c work_mem=7MB", connect_timeout=3)
    with Database(address).connect(Role.READER) as connection:
        assert connection.execute("SELECT current_setting('work_mem')").fetchone() == ("7MB",)
        assert connection.execute("SELECT current_user").fetchone() == (Role.READER,)


def test_database__shows_no_password():
    assert "secret" not in repr(Database("postgresql://someone:secret@host/books"))


@pytest.mark.usefixtures("table")
def test_institutions__do_not_see_each_other(connection: psycopg.Connection):
    other = open_institution(connection, "other", "Other")
    with transaction(connection, 1):
        insert(connection, 1)
    with transaction(connection, other.institution_id):
        assert connection.execute(COUNT).fetchone() == (0,)
        insert(connection, other.institution_id)
        assert connection.execute(COUNT).fetchone() == (1,)
        connection.execute(
            "SELECT set_config('karez.institution_id', %s, true)", (str(other.institution_id),)
        )
    with pytest.raises(faults.InsufficientPrivilege), transaction(connection, 1):
        insert(connection, other.institution_id, 2)


@pytest.mark.usefixtures("table")
def test_institution__must_be_named(connection: psycopg.Connection):
    with pytest.raises(faults.UndefinedObject):
        connection.execute(COUNT)
    with transaction(connection, 1):
        insert(connection, 1)
    with pytest.raises(faults.InvalidTextRepresentation):
        connection.execute(COUNT)


@pytest.mark.usefixtures("table")
def test_roles__may_do_no_more_than_was_granted(database: Database):
    with database.connect() as application, transaction(application, 1):
        insert(application, 1)
    for statement in (
        "DELETE FROM trial.row",
        "UPDATE trial.row SET number = 2",
        "TRUNCATE trial.row",
    ):
        for role in (Role.APPLICATION, Role.READER, Role.POSTER):
            with (
                database.connect(role) as connection,
                pytest.raises(faults.InsufficientPrivilege),
                transaction(connection, 1),
            ):
                connection.execute(statement.encode())
    with database.connect(Role.READER) as reader:
        with transaction(reader, 1):
            assert reader.execute(COUNT).fetchone() == (1,)
        with pytest.raises(faults.InsufficientPrivilege), transaction(reader, 1):
            insert(reader, 1, 2)


@pytest.mark.usefixtures("table")
def test_poster__copies_where_the_application_may_not(connection: psycopg.Connection):
    copy = "COPY trial.row FROM STDIN"
    with (
        pytest.raises(faults.FeatureNotSupported),
        transaction(connection, 1),
        connection.cursor().copy(copy),
    ):
        pass
    with transaction(connection, 1):
        connection.execute("SET LOCAL ROLE karez_poster")
        with connection.cursor().copy(copy) as rows:
            rows.write_row((1, 5))
    with transaction(connection, 1):
        assert connection.execute(COUNT).fetchone() == (1,)


@pytest.mark.usefixtures("table")
def test_transaction__rolls_back_when_the_block_fails(connection: psycopg.Connection):
    with pytest.raises(ZeroDivisionError), transaction(connection, 1):
        insert(connection, 1, number=1 // insert(connection, 1, number=0))
    with transaction(connection, 1):
        assert connection.execute(COUNT).fetchone() == (0,)


def test_transaction__does_not_pass_over_a_failed_statement(connection: psycopg.Connection):
    """PostgreSQL would answer its COMMIT with a rollback, and say nothing."""
    with (
        pytest.raises(AssertionError, match="failed statement"),
        transaction(connection, 1),
        pytest.raises(faults.DivisionByZero),
    ):
        connection.execute("SELECT 1 / 0")


def test_transaction__one_at_a_time(connection: psycopg.Connection):
    with (
        pytest.raises(AssertionError, match="one transaction"),
        transaction(connection, 1),
        transaction(connection, 1),
    ):
        pass


@pytest.mark.usefixtures("table")
def test_enclosing__what_is_begun_inside_stands_or_falls_with_it(connection: psycopg.Connection):
    def fail_after(number: int) -> None:
        with enclosing(connection, 1):
            with transaction(connection, 1):
                insert(connection, 1, number=number)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after(1)
    with enclosing(connection, 1):
        with transaction(connection, 1):
            insert(connection, 1, number=2)
        with pytest.raises(ZeroDivisionError), transaction(connection, 1):
            insert(connection, 1, number=1 // insert(connection, 1, number=0))
        insert(connection, 1, number=3)
    with transaction(connection, 1):
        rows = connection.execute("SELECT number FROM trial.row ORDER BY number").fetchall()
    assert rows == [(2,), (3,)]
    with (
        pytest.raises(AssertionError, match="one transaction"),
        transaction(connection, 1),
        enclosing(connection, 1),
    ):
        pass


def raising(state: str) -> bytes:
    return f"DO $$ BEGIN RAISE EXCEPTION 'it is so' USING ERRCODE = '{state}'; END $$".encode()


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("53100", DatabaseFullError),
        ("57P01", DatabaseStoppedError),
        ("57P02", DatabaseStoppedError),
        ("55P03", LockTimeoutError),
        ("40001", DatabaseFailedError),
        ("40P01", DatabaseFailedError),
        ("53200", DatabaseFailedError),
        ("58030", DatabaseFailedError),
    ],
)
def test_transaction__says_what_failed(
    connection: psycopg.Connection, state: str, error: type[UnavailableError]
):
    with pytest.raises(error, match="it is so"), transaction(connection, 1):
        connection.execute(raising(state))


def test_transaction__leaves_faults_of_the_program_as_they_are(connection: psycopg.Connection):
    with pytest.raises(faults.UndefinedTable), transaction(connection, 1):
        connection.execute("SELECT FROM nowhere")


@pytest.mark.usefixtures("table")
def test_transaction__waits_no_longer_than_agreed(database: Database):
    with database.connect(Role.OWNER) as holder, database.connect(Role.OWNER) as waiter:
        waiter.execute("SET lock_timeout = '50ms'")
        with transaction(holder, 1):
            holder.execute("LOCK TABLE trial.row")
            with pytest.raises(LockTimeoutError), transaction(waiter, 1):
                waiter.execute(COUNT)


def test_transaction__that_stands_idle_is_ended(connection: psycopg.Connection):
    connection.execute("SET idle_in_transaction_session_timeout = '20ms'")
    with (
        pytest.raises((IdleTimeoutError, ConnectionLostError)),
        transaction(connection, 1),
    ):
        connection.execute(b"SELECT 1" if time.sleep(0.3) is None else b"")


def test_transaction__on_a_connection_that_was_ended(
    database: Database, connection: psycopg.Connection
):
    with database.connect(None) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with (
        pytest.raises((DatabaseStoppedError, ConnectionLostError), match="nothing of"),
        transaction(connection, 1),
    ):
        pass
    with pytest.raises(ConnectionLostError), transaction(connection, 1):
        pass


@pytest.mark.usefixtures("table")
def test_transaction__whose_commit_is_not_answered(database: Database, open_folder: Path):
    with relay_that_drops_commits(database, open_folder) as address:
        connection = Database(address).connect()
        with pytest.raises(CommitUnknownError, match="same id"), transaction(connection, 1):
            insert(connection, 1)
        connection.close()
    with database.connect() as connection, transaction(connection, 1):
        assert connection.execute(COUNT).fetchone() == (1,)


@contextmanager
def relay_that_drops_commits(database: Database, folder: Path) -> Iterator[str]:
    """Stand between client and server; pass a COMMIT on, and hang up before the answer."""
    address = conninfo_to_dict(database.conninfo)
    place = folder / "relay" / ".s.PGSQL.5432"
    place.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()

        def relay() -> None:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{address['host']}/.s.PGSQL.5432")
            answers = threading.Thread(target=pump, args=(server, client))
            answers.start()
            while (asked := client.recv(1 << 16)) and b"COMMIT" not in asked:
                server.sendall(asked)
            client.shutdown(socket.SHUT_RDWR)
            server.sendall(asked)
            answers.join()
            client.close()
            server.close()

        thread = threading.Thread(target=relay)
        thread.start()
        parts = address | {"host": str(place.parent)}
        del parts["requirepeer"]
        yield make_conninfo("", **parts)
        thread.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes, and go on reading when nobody listens any more."""
    while answered := source.recv(1 << 16):
        if b"COMMIT" in answered:
            source.shutdown(socket.SHUT_RDWR)
            return
        try:
            sink.sendall(answered)
        except OSError:
            continue


def test_connect__nobody_there(open_folder: Path):
    with pytest.raises(DatabaseUnreachableError, match="No such file"):
        Database(f"host={open_folder} dbname=books").connect()


def test_connect__no_such_database(database: Database):
    with pytest.raises(DatabaseUnreachableError, match="does not exist"):
        Database(make_conninfo(database.conninfo, dbname="nowhere")).connect()


def test_institution__of_the_settings_is_open(institution: Institution):
    assert institution.code == institution.name == "main"
