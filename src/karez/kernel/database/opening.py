"""From the settings to a database that is up to date."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from karez.kernel.config import Config
from karez.kernel.database.binaries import OLDEST_MAJOR_VERSION
from karez.kernel.database.connection import QUERIES, Database, Role, explained
from karez.kernel.database.errors import DatabaseOptionsLostError, DatabaseTooOldError
from karez.kernel.database.institution import list_institutions, open_institution
from karez.kernel.database.migration import (
    applied_migrations,
    load_migrations,
    migrate,
    pending_migrations,
)
from karez.kernel.database.roles import ensure_roles
from karez.kernel.database.server import Server


@contextmanager
def open_database(config: Config) -> Generator[Database]:
    """Give the database that the settings name, its migrations applied, while the block runs.

    The embedded server is started if it does not run, and stopped when the last user leaves.

    Raises as ``reach_database`` and ``bring_up_to_date`` do.
    """
    with reach_database(config) as database:
        bring_up_to_date(database, config.institution)
        yield database


@contextmanager
def reach_database(config: Config) -> Generator[Database]:
    """Give the database that the settings name as it is.

    Raises:
        DatabaseUnreachableError: there is no server at the address.

    For the embedded server raises as ``Server.use`` does.
    """
    if config.database_url is not None:
        yield Database(config.database_url)
        return
    with Server(config).use() as database:
        yield database


def bring_up_to_date(database: Database, institution_code: str) -> None:
    """Make the roles, apply pending migrations, and open the institution if there is none at all.

    Later ones are opened by hand: a slip in a setting must not begin a set of empty books.

    Raises:
        DatabaseTooOldError: the server is older than PostgreSQL 16.
        DatabaseOptionsLostError: something between us and the server drops options.

    Else raises as ``ensure_roles`` and ``migrate`` do.
    """
    migrations = load_migrations()
    with connect_login(database) as connection, explained(connection):
        ensure_roles(connection)
        connection.execute(QUERIES["become"].text, {"role": Role.OWNER})
        if pending_migrations(migrations, applied_migrations(connection)):
            migrate(connection, migrations)
        if not list_institutions(connection):
            open_institution(connection, institution_code, institution_code)


def connect_login(database: Database) -> psycopg.Connection:
    """Return a connection that acts as the login itself, once the server is found fit.

    Raises:
        DatabaseUnreachableError, DatabaseTooOldError, DatabaseOptionsLostError.
    """
    connection = database.connect(None)
    try:
        with explained(connection):
            _check_fit(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_fit(connection: psycopg.Connection) -> None:
    major, minor = divmod(connection.info.server_version, 10_000)
    if major < OLDEST_MAJOR_VERSION:
        raise DatabaseTooOldError(found=f"{major}.{minor}", wanted=OLDEST_MAJOR_VERSION)
    state = connection.execute(QUERIES["database_state"].text).fetchone()
    if state is None or not state[0]:
        raise DatabaseOptionsLostError
