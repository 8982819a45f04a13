"""A backup comes back whole or not at all."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from karez.kernel.database import Database, Role, list_institutions, open_database, open_institution
from karez.kernel.database.backup import back_up, restore
from karez.kernel.database.binaries import find_programs
from karez.kernel.database.errors import (
    BackupExistsError,
    BackupFailedError,
    BackupInvalidError,
    DatabaseNewerError,
    DatabaseNotEmptyError,
    RestoreFailedError,
)
from kernel.database.tools import at

ROWS = 20_000
BOOK = f"""
CREATE SCHEMA trial;
CREATE TABLE trial.row (institution_id integer, number integer, text text);
ALTER TABLE trial.row ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON trial.row
USING (institution_id = current_setting('karez.institution_id')::integer);
GRANT USAGE ON SCHEMA trial TO karez_reader;
GRANT SELECT ON trial.row TO karez_reader;
INSERT INTO trial.row
SELECT number % 2 + 1, number, md5(number::text) FROM generate_series(1, {ROWS}) AS number;
"""
SUM = "SELECT count(*), sum(number), md5(string_agg(text, '' ORDER BY number)) FROM trial.row"


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a book of two institutions."""
    with database.connect(Role.OWNER) as owner:
        open_institution(owner, "acme", "Acme")
        owner.execute(BOOK.encode())
    return database


@pytest.fixture
def empty(login: psycopg.Connection, database: Database) -> Iterator[Database]:
    """A database in which nothing was ever made."""
    name = f"{conninfo_to_dict(database.conninfo)['dbname']}_empty"
    login.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
    yield Database(make_conninfo(database.conninfo, dbname=name))
    login.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def contents(database: Database) -> object:
    with database.connect(Role.OWNER) as owner:
        return owner.execute(SUM).fetchone()


def test_backup__comes_back_whole(filled: Database, empty: Database, tmp_path: Path):
    file = tmp_path / "books.dump"
    written = back_up(at(filled.conninfo), file)
    assert written.size_bytes == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    restored = restore(at(empty.conninfo), file)
    assert restored.saved is None
    assert restored.migrations == ()
    assert contents(empty) == contents(filled)
    with open_database(at(empty.conninfo)) as database, database.connect(Role.READER) as reader:
        assert [each.code for each in list_institutions(reader)] == ["main", "acme"]
        reader.execute("SELECT set_config('karez.institution_id', '2', false)")
        assert reader.execute("SELECT count(*) FROM trial.row").fetchone() == (ROWS // 2,)


def test_backup__into_a_database_that_has_no_books_yet(
    filled: Database, empty: Database, tmp_path: Path
):
    with open_database(at(empty.conninfo, institution="other")):
        pass
    back_up(at(filled.conninfo), tmp_path / "books.dump")
    restore(at(empty.conninfo), tmp_path / "books.dump")
    assert contents(empty) == contents(filled)


def test_backup__of_a_new_database(empty: Database, tmp_path: Path):
    back_up(at(empty.conninfo), tmp_path / "books.dump")
    restore(at(empty.conninfo), tmp_path / "books.dump")


def test_backup__replaces_no_file_unasked(filled: Database, tmp_path: Path):
    file = tmp_path / "books.dump"
    file.write_text("precious")
    with pytest.raises(BackupExistsError):
        back_up(at(filled.conninfo), file)
    assert file.read_text() == "precious"
    assert back_up(at(filled.conninfo), file, force=True).size_bytes > ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["books.dump"]


def test_backup__that_fails_leaves_no_file(filled: Database, tmp_path: Path):
    with filled.connect(Role.OWNER) as owner:
        owner.execute("ALTER TABLE trial.row FORCE ROW LEVEL SECURITY")
    with pytest.raises(BackupFailedError, match="row-level security"):
        back_up(at(filled.conninfo), tmp_path / "books.dump")
    with pytest.raises(BackupFailedError, match="No such file"):
        back_up(at(filled.conninfo), tmp_path / "no-folder" / "books.dump")
    assert not list(tmp_path.iterdir())


def test_restore__replaces_no_books_unasked(filled: Database, tmp_path: Path):
    file = tmp_path / "books.dump"
    back_up(at(filled.conninfo), file)
    with pytest.raises(DatabaseNotEmptyError, match=r"trial\.row"):
        restore(at(filled.conninfo), file)


def test_restore__saves_what_it_replaces(filled: Database, tmp_path: Path):
    before = contents(filled)
    back_up(at(filled.conninfo), tmp_path / "old.dump")
    with filled.connect(Role.OWNER) as owner:
        owner.execute("DELETE FROM trial.row WHERE number > 10")
        owner.execute("CREATE SCHEMA later CREATE TABLE later.row (number integer)")
    small = contents(filled)
    restored = restore(at(filled.conninfo, home=tmp_path), tmp_path / "old.dump", replace=True)
    assert contents(filled) == before
    with filled.connect(Role.OWNER) as owner:
        assert owner.execute("SELECT to_regclass('later.row')").fetchone() == (None,)
    assert restored.saved
    restore(at(filled.conninfo, home=tmp_path), restored.saved.file, replace=True)
    assert contents(filled) == small


def test_restore__of_a_damaged_file_changes_nothing(filled: Database, tmp_path: Path):
    file = tmp_path / "books.dump"
    back_up(at(filled.conninfo), file)
    whole = file.read_bytes()
    before = contents(filled)
    for damaged in (whole[: len(whole) // 2], whole[: len(whole) // 2] + bytes(64) + whole[-99:]):
        file.write_bytes(damaged)
        with pytest.raises((RestoreFailedError, BackupInvalidError)):
            restore(at(filled.conninfo, home=tmp_path), file, replace=True)
        assert contents(filled) == before


@pytest.mark.parametrize("octets", [b"", b"PGDMP", b"id,amount\n1,2\n"])
def test_restore__of_what_is_no_backup(empty: Database, tmp_path: Path, octets: bytes):
    file = tmp_path / "books.csv"
    file.write_bytes(octets)
    with pytest.raises(BackupInvalidError):
        restore(at(empty.conninfo), file)
    with pytest.raises(BackupInvalidError, match="No such file"):
        restore(at(empty.conninfo), tmp_path / "missing")


def test_restore__of_another_application(empty: Database, tmp_path: Path):
    file = tmp_path / "other.dump"
    with empty.connect(None) as connection:
        connection.execute("CREATE TABLE public.other (number integer)")
    program = find_programs(at(empty.conninfo)) / "pg_dump"
    dump = [program, "--format=custom", f"--file={file}", f"--dbname={empty.conninfo}"]
    subprocess.run(dump, check=True)
    with pytest.raises(BackupInvalidError, match="another application"):
        restore(at(empty.conninfo), file)


def test_restore__of_a_newer_karez(filled: Database, empty: Database, tmp_path: Path):
    with filled.connect(Role.OWNER) as owner:
        owner.execute(
            "INSERT INTO kernel.migration (name, phase, checksum)"
            " VALUES ('9999_pre_future', 'pre', repeat('0', 64))"
        )
    back_up(at(filled.conninfo), tmp_path / "books.dump")
    with pytest.raises(DatabaseNewerError, match="9999_pre_future"):
        restore(at(empty.conninfo), tmp_path / "books.dump")
