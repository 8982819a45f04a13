"""One embedded server for the whole run, and a fresh database on it for each test that asks."""

import itertools
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from karez.kernel.database import Database, Institution, Role, find_institution, open_database
from kernel.database.tools import embedded

NUMBERS = itertools.count(1)

# What takes longest begins first, so that nobody runs alone at the end while the others are done.
LONG = (
    "docs/",
    "books/money/test_machine.py",
    "doors/test_cli_demo.py",
    "doors/trade/test_invoices.py",
    "doors/test_commands.py",
    "books/facts/test_crash.py",
    "books/money/test_crash.py",
)

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("karez", deadline=None)
settings.load_profile("karez")


def pytest_configure(config: pytest.Config) -> None:
    """Let the fixtures end, and stop the server, when the run itself is told to end."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    # A run in the background of a script is born deaf to an interrupt, and so are its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long tests come first, and leave the order of the others as it was drawn."""
    here = Path(__file__).parent
    items.sort(key=lambda item: not item.path.relative_to(here).as_posix().startswith(LONG))


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that the server's user can enter too, and short enough for a socket's path."""
    # Not tmp_path: it is closed to others, and under root the server is another user.
    folder = Path(tempfile.mkdtemp(prefix="karez-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server_home(open_folder: Path) -> Iterator[Path]:
    """The home of the run's one embedded server, which runs."""
    home = open_folder / "home"
    with open_database(embedded(home)):
        yield home


@pytest.fixture(scope="session")
def login(server_home: Path) -> Iterator[psycopg.Connection]:
    """A connection to the server from which databases are made and dropped."""
    with open_database(embedded(server_home)) as database:
        address = make_conninfo(database.conninfo, dbname="postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        # A power cut is not among the tests, and each database would wait for the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        yield connection


@pytest.fixture
def database(login: psycopg.Connection) -> Iterator[Database]:
    """A new database, migrated, with the institution ``main``."""
    name = f"test_{next(NUMBERS)}"
    new = sql.Identifier(name)
    login.execute(sql.SQL("CREATE DATABASE {} TEMPLATE karez").format(new))
    # What was granted on the template's database, and not on what is in it, is not copied.
    login.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO karez_owner").format(new))
    yield Database(make_conninfo(login.info.dsn, dbname=name))
    login.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(new))


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    """A connection to the new database that may do what the application may."""
    with database.connect(Role.APPLICATION) as connection:
        yield connection


@pytest.fixture
def institution(connection: psycopg.Connection) -> Institution:
    """The one institution of the new database."""
    return find_institution(connection, "main")
