"""Real books of loans: their mappings, and how they come in. The data are not in the repository."""

from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from engines.risk.shared import around
from karez.doors.files.loans.book import JoinedFiles, read_loans
from karez.doors.files.loans.mapping import load_mapping
from karez.kernel.database import Institution
from karez.services.bookkeeping import Books
from karez.services.importing import import_loans
from karez.services.lending import open_chart, verify


def shared_data(name: str) -> Path:
    """Return the folder of a set of real loans, or skip the test."""
    data = Path("shared") / "data" / name
    found = next((folder / data for folder in around() if (folder / data).exists()), None)
    if found is None:
        pytest.skip(f"there is no {data} beside the repository")
    return found


def read(name: str, file: str, **joined: str):
    folder = shared_data(name)
    mapping = load_mapping(name)
    files = JoinedFiles(**{key: folder / path for key, path in joined.items()})
    return mapping, *read_loans(folder / file, mapping, files)


def lender(connection: psycopg.Connection, institution: Institution, unit: str) -> Books:
    books = Books(connection, institution, may_write=True)
    open_chart(books, unit)
    return books


def test_berka__comes_in(connection: psycopg.Connection, institution: Institution):
    mapping, loans, refusals = read("berka", "loan.asc", orders="order.asc")
    assert (len(loans), refusals) == (682, [])
    # What went out is what comes back: the set hides its interest in the amount.
    assert all(loan.amount_minor == loan.instalments * loan.instalment_minor for loan in loans)
    assert sum(loan.order_minor != loan.instalment_minor for loan in loans) == 323
    assert all(abs(loan.order_minor - loan.instalment_minor) <= 50 for loan in loans)
    books = lender(connection, institution, "CZK")
    some = loans[::40]
    found = import_loans(books, some, mapping, actor="ann")
    assert (found.taken, found.refused) == (len(some), [])
    assert found.lent_karez_minor == sum(loan.amount_minor for loan in some)
    finished = [loan for loan in some if loan.status == "A"]
    owing = import_loans(books, finished, mapping, actor="ann")
    assert (owing.already, owing.principal_minor) == (len(finished), 0)
    assert verify(books).findings == []


def test_sba__comes_in(connection: psycopg.Connection, institution: Institution, tmp_path: Path):
    table = pq.read_table(shared_data("sba_loans") / "sba_loans.parquet")
    some = tmp_path / "some.parquet"
    pq.write_table(table.take(list(range(0, len(table), 600))), some)
    mapping = load_mapping("sba_loans")
    loans, refusals = read_loans(some, mapping, JoinedFiles())
    assert len(loans) + len(refusals) == 31
    loans = [loan for loan in loans if loan.instalments <= 60]
    assert {loan.status for loan in loans} == {"PIF", "CHGOFF"}
    books = lender(connection, institution, "USD")
    found = import_loans(books, loans, mapping, actor="ann")
    assert found.taken + len(found.refused) == len(loans)
    assert found.lent_karez_minor == found.lent_source_minor
    assert found.lost_karez_minor == found.lost_source_minor > 0
    assert verify(books).findings == []
