"""The roles, made by many at once, or by somebody else for a login that may not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from karez.kernel.database import Database, Role, find_institution, open_database, transaction
from karez.kernel.database.errors import RolesMissingError
from karez.kernel.database.opening import connect_login, reach_database
from karez.kernel.database.roles import ensure_roles, missing_steps
from kernel.database.tools import at, embedded


@pytest.fixture(scope="module")
def bare(open_folder: Path) -> Iterator[Database]:
    """A server of its own, on which no role was made yet."""
    with reach_database(embedded(open_folder / "bare")) as database:
        yield database


@pytest.fixture(autouse=True)
def without_roles(bare: Database) -> Iterator[psycopg.Connection]:
    with bare.connect(None) as superuser:
        yield superuser
        for role in (*Role, "clerk"):
            if superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                superuser.execute(f"DROP OWNED BY {role} CASCADE".encode())
                superuser.execute(f"DROP ROLE {role}".encode())


@pytest.fixture
def clerk(bare: Database, without_roles: psycopg.Connection) -> Database:
    """The same database, for a login that may do little."""
    without_roles.execute("CREATE ROLE clerk LOGIN")
    hba = Path(str(psycopg.conninfo.conninfo_to_dict(bare.conninfo)["host"])).parent / "data"
    rules = (hba / "pg_hba.conf").read_text()
    if "clerk" not in rules:
        (hba / "pg_hba.conf").write_text(f"local all clerk trust\n{rules}")
        without_roles.execute("SELECT pg_reload_conf()")
    return Database(make_conninfo(bare.conninfo, user="clerk"))


def test_roles__made_by_many_at_once(bare: Database):
    def make(_: int) -> int:
        with connect_login(bare) as connection:
            ensure_roles(connection)
            return len(missing_steps(connection))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(make, range(8))) == {0}


def test_roles__cannot_log_in_and_only_the_poster_passes_policies(
    bare: Database, without_roles: psycopg.Connection
):
    with connect_login(bare) as connection:
        ensure_roles(connection)
    rows = without_roles.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'karez\\_%' AND rolbypassrls"
    ).fetchall()
    assert rows == [("karez_poster",)]
    assert not without_roles.execute(
        "SELECT FROM pg_roles WHERE rolname LIKE 'karez\\_%' AND (rolcanlogin OR rolsuper)"
    ).fetchall()


def test_poster__that_lost_its_right_gets_it_back(
    bare: Database, without_roles: psycopg.Connection
):
    with connect_login(bare) as connection:
        ensure_roles(connection)
        without_roles.execute("ALTER ROLE karez_poster NOBYPASSRLS")
        assert len(missing_steps(connection)) == 1
        ensure_roles(connection)
        assert not missing_steps(connection)


def test_login__that_may_make_no_roles_is_told_what_somebody_must_run(
    clerk: Database, without_roles: psycopg.Connection
):
    with connect_login(clerk) as connection:
        with pytest.raises(RolesMissingError, match="BYPASSRLS") as caught:
            ensure_roles(connection)
        statements = caught.value.details["sql"]
        without_roles.execute(statements.encode())
        assert not missing_steps(connection)
    with open_database(at(clerk.conninfo)) as database, database.connect() as connection:
        institution = find_institution(connection, "main")
        with transaction(connection, institution.institution_id):
            connection.execute("SET LOCAL ROLE karez_poster")
            row = connection.execute("SELECT session_user, current_user").fetchone()
            assert row == ("clerk", "karez_poster")
