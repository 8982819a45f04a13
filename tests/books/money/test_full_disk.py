"""A full disk: a clear refusal, nothing half-posted, and on it goes when there is room."""

import os
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pytest

from karez.books.money import Batch, MoneyBook
from karez.books.money.account import Opening, open_accounts, sums_now
from karez.books.money.verify import verify
from karez.kernel.database import Database, Institution, transaction
from karez.kernel.database.errors import DatabaseFullError

MANY = np.ones(2_000, np.int64)


def mount(*options: str, where: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(where)]
    return not subprocess.run(command, check=False, capture_output=True).returncode


@pytest.fixture
def small_disk(open_folder: Path, server_home: Path, database: Database) -> Iterator[Path]:
    """A file system of 2 MiB, on which the transfers lie."""
    if os.getuid() or not Path("/proc/self").exists():
        pytest.skip("only root of Linux can mount a small file system")
    disk = open_folder / "small"
    disk.mkdir()
    owner = (server_home / "data").stat().st_uid
    if not mount("size=2m", f"uid={owner}", "mode=700", where=disk):
        disk.rmdir()
        pytest.skip("this root may not mount a file system")
    with database.connect(None) as login:
        try:
            login.execute(f"CREATE TABLESPACE small LOCATION '{disk}'".encode())
            login.execute("ALTER TABLE money.transfer SET TABLESPACE small")
            yield disk
            login.execute("ALTER TABLE money.transfer SET TABLESPACE pg_default")
            login.execute("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
            disk.rmdir()


def test_post__on_a_full_disk_leaves_nothing_half_posted(
    small_disk: Path, connection: psycopg.Connection, institution: Institution
) -> None:
    number, book = institution.institution_id, MoneyBook()
    with transaction(connection, number):
        open_accounts(connection, [Opening("a", "asset", "EUR"), Opening("b", "asset", "EUR")])
    batches = [
        Batch.of_arrays(
            debit=MANY,
            credit=MANY * 2,
            amount_minor=MANY,
            valid_on=date(2026, 1, 5),
            kind=f"kind {step}",
        )
        for step in range(20)
    ]

    def post(step: int) -> int:
        with transaction(connection, number):
            return book.post(connection, batches[step]).posted

    posted = 0

    def post_all() -> None:
        nonlocal posted
        for step in range(len(batches)):
            post(step)
            posted += 1

    with pytest.raises(DatabaseFullError, match="nothing of it was written: free some") as caught:
        post_all()
    assert "No space left" in caught.value.message
    assert 0 < posted < 20
    with transaction(connection, number):
        assert sums_now(connection, 1) == (posted * len(MANY), 0, 0, 0)
        assert verify(connection).findings == []
    assert mount("remount", "size=64m", where=small_disk)
    assert post(posted) == len(MANY)
    assert post(0) == 0, "posted before"
    with transaction(connection, number):
        assert sums_now(connection, 1) == ((posted + 1) * len(MANY), 0, 0, 0)
        assert verify(connection).findings == []
