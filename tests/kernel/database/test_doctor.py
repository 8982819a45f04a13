from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from karez.kernel.database import Database, Role, open_database
from karez.kernel.database.doctor import Verdict, examine
from kernel.database.tools import at, embedded


@pytest.fixture(scope="module")
def home(open_folder: Path) -> Iterator[Path]:
    home = open_folder / "patient"
    with open_database(embedded(home)):
        yield home


def verdicts(home: Path) -> dict[str, Verdict]:
    return {finding.check: finding.verdict for finding in examine(embedded(home))}


def test_healthy(home: Path):
    found = verdicts(home)
    assert set(found.values()) == {Verdict.OK}
    assert set(found) == {
        "programs", "data", "disk", "server", "encoding", "checksums", "durability", "roles",
        "migrations",
    }  # fmt: skip


def test_nothing_made_yet(open_folder: Path):
    assert verdicts(open_folder / "unborn")["data"] is Verdict.OK
    assert not (open_folder / "unborn").exists()


def test_data__that_others_can_enter(home: Path):
    (home / "data").chmod(0o755)
    assert verdicts(home)["data"] is Verdict.FAIL
    (home / "data").chmod(0o700)


def test_durability__switched_off(home: Path):
    with open_database(embedded(home)) as database, database.connect(None) as superuser:
        superuser.execute("ALTER SYSTEM SET synchronous_commit = off")
        superuser.execute("SELECT pg_reload_conf()")
        findings = {finding.check: finding for finding in examine(embedded(home))}
        superuser.execute("ALTER SYSTEM RESET synchronous_commit")
        superuser.execute("SELECT pg_reload_conf()")
    assert findings["durability"].verdict is Verdict.FAIL
    assert findings["durability"].remedy == "ALTER SYSTEM RESET synchronous_commit"


def test_migrations__edited_or_pending(database: Database):
    with database.connect(Role.OWNER) as owner:
        owner.execute("UPDATE kernel.migration SET checksum = repeat('0', 64)")
    findings = {finding.check: finding for finding in examine(at(database.conninfo))}
    assert findings["migrations"].verdict is Verdict.FAIL
    with database.connect(Role.OWNER) as owner:
        owner.execute("TRUNCATE kernel.migration")
    findings = {finding.check: finding for finding in examine(at(database.conninfo))}
    assert findings["migrations"].remedy == "run `karez migrate`"


def test_programs__missing(open_folder: Path):
    config = embedded(open_folder / "patient", postgres_bin=open_folder)
    finding = next(iter(examine(config)))
    assert finding.verdict is Verdict.FAIL
    assert "KAREZ_POSTGRES_BIN" in finding.text


def test_database__that_cannot_be_reached(open_folder: Path):
    finding = next(iter(examine(attrs.evolve(at(f"host={open_folder}")))))
    assert finding.verdict is Verdict.FAIL
