"""``karez report``, ``tape`` and ``loan statement``: the same rows on the screen and in files."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pyarrow import parquet

from karez.doors.cli import cli
from karez.doors.cli.shell import run
from karez.doors.files.loan_statement import statement_pages
from karez.engines.servicing.events import Disbursement, Payment
from karez.kernel.database import Database, open_institution
from karez.services.bookkeeping import Books
from karez.services.lending import book_loans, record
from karez.services.reporting import loan_statement
from services.lending.tools import JAN, booking, command, end_days, event, lender

TODAY = date(2026, 5, 20)
PAID_ON = date(2026, 2, 1)


@pytest.fixture
def books(
    database: Database,
    connection: psycopg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Books:
    code = "reporting"
    institution = open_institution(connection, code, "Bank of the Karez")
    books: Books = lender(connection, institution)
    loans = book_loans(books, [booking(place="Anxi", officer="Li", pd=0.05, lgd=0.4)] * 1)
    record(books, [command(loans[0], event(Disbursement, JAN, amount_minor=1_200_00))], on=JAN)
    pay = event(Payment, PAID_ON, amount_minor=106_62)
    record(books, [command(loans[0], pay)], on=PAID_ON)
    end_days(books, loans, TODAY - timedelta(days=1))
    monkeypatch.setenv("KAREZ_DATABASE_URL", database.conninfo)
    monkeypatch.setenv("KAREZ_INSTITUTION", code)
    monkeypatch.setenv("KAREZ_HOME", str(tmp_path / "home"))
    return books


def karez(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(cli, list(arguments)) == code
    said = capsys.readouterr()
    return said.out or said.err


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    return json.loads(karez(capsys, *arguments, "--json", code=code))


def test_report__rows_are_the_same_everywhere(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    day = ("--on", TODAY.isoformat())
    for words in (
        ("par", "--by", "place"), ("officers",), ("counties",), ("concentration",),
        ("losses",), ("vintages",), ("rolls", "--months", "3"), ("balance-sheet",),
    ):  # fmt: skip
        file = tmp_path / f"{words[0]}.csv"
        asked = ("report", *words, *day, "--csv", str(file))
        said = document(capsys, *asked)["rows"]
        with file.open(encoding="utf-8") as stream:
            written = list(csv.DictReader(stream))
        plain = [["" if v is None else str(v) for v in row.values()] for row in said]
        assert plain == [list(row.values()) for row in written], words
        screen = karez(capsys, *asked)
        for row in said:
            assert all(str(value) in screen for value in row.values() if value is not None), words


def test_report__profit_and_loss_and_the_end_of_a_year(
    books: Books, capsys: pytest.CaptureFixture[str]
):
    asked = ("report", "profit-and-loss", "--from", "2026-01-01", "--to", "2026-12-31")
    before = document(capsys, *asked)
    assert [row["code"] for row in before["rows"]] == ["4010"]
    ended = document(capsys, "period", "end-year", "2026-12-31")
    assert ended["result"] == before["result"]
    assert document(capsys, *asked)["rows"] == before["rows"]
    sheet = document(capsys, "report", "balance-sheet", "--on", "2026-12-31")
    assert sheet["result_not_carried"] == {}
    assert len(document(capsys, "period", "end-year", "2026-12-31", "--undo")["reversals"]) == 1
    assert document(capsys, "period", "end-year", "2026-12-30", "--undo", code=3)["error"]


def test_tape__csv_and_parquet(books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for suffix in ("csv", "parquet"):
        file = tmp_path / f"tape.{suffix}"
        assert document(capsys, "tape", str(file), "--on", TODAY.isoformat())["loans"] == 1
    with (tmp_path / "tape.csv").open(encoding="utf-8") as stream:
        [row] = csv.DictReader(stream)
    [same] = parquet.read_table(tmp_path / "tape.parquet").to_pylist()
    assert {name: str(value) for name, value in same.items()} == row
    wrong = document(capsys, "tape", str(tmp_path / "tape.doc"), code=5)
    assert wrong["error"]["code"] == "file-unwritable"


def test_statement__on_screen_and_on_paper(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    paper = tmp_path / "loan.pdf"
    asked = ("loan", "statement", "1", "--on", "2026-03-15", "--pdf", str(paper))
    said = document(capsys, *asked)
    assert said["institution"] == "Bank of the Karez"
    assert [one["what"] for one in said["events"]] == ["disbursement", "payment"]
    assert said["events"][-1]["balance_minor"] == said["standing"]["principal_minor"]
    assert paper.read_bytes().startswith(b"%PDF")
    assert "payment" in karez(capsys, *asked)
    [page] = statement_pages(loan_statement(books, "1", date(2026, 3, 15)), "png")
    assert page.startswith(b"\x89PNG")
