"""A book of loans taken in from tables, through the database, and reconciled by row."""

from pathlib import Path

import psycopg
import pytest

from karez.doors.files.loans.book import JoinedFiles, read_loans
from karez.kernel.database import Institution
from karez.services.bookkeeping import Books, balance
from karez.services.importing import Reconciliation, import_loans, read_mapping
from karez.services.lending import find_loan, open_chart, standing_on, verify
from karez.services.lending.errors import LoanUnknownError
from karez.services.products import publish
from karez.services.products.errors import SheetBrokenError
from services.products.sheets import SMALLEST

MAPPING = """\
title = "Old system"
currency = "EUR"
as_of = 2025-12-31
dates = "%d.%m.%Y"

[columns]
reference = "no"
borrower = "customer"
paid_out_on = "paid out"
amount = "amount"
instalments = "n"
instalment = "instalment"
rate_pct_year = "rate"
status = "status"
balance = "owed"
lost = "lost"
lost_on = "lost on"

[statuses]
running = "as-agreed"
bad = "charged-off"
late = "unpaid"

[payments]
loan_column = "no"
column = "loan"
on = "day"
amount = "paid"
where = { kind = "repayment" }

[rows]
loan_column = "no"
column = "loan"
on = "due"
amount = "principal"
interest = "interest"

[orders]
loan_column = "customer"
column = "payer"
amount = "sum"
"""
BOOK = """\
no;customer;paid out;amount;n;instalment;rate;status;owed;lost;lost on
L1;ann;31.01.2025;1200.00;12;100.00;0;running;100.00;;
L2;bob;15.06.2025;1000.00;10;104.00;6;running;424.90;;
L3;cat;01.02.2025;900.00;9;100.00;0;bad;0.00;550.00;20.05.2025
L4;dan;01.12.2025;500.00;5;100.00;0;late;500.00;;
L5;eve;31.02.2025;500.00;5;100.00;0;running;0;;
L6;fay;01.02.2025;500.00;5;1.00;30;running;0;;
L7;gus;01.02.2025;500.00;5;100.00;0;asleep;0;;
"""
PAYMENTS = """\
loan;day;paid;kind
L4;31.12.2025;120.00;repayment
L4;31.12.2025;9.00;postage
L9;31.12.2025;1.00;repayment
"""
ORDERS = "payer;sum\nann;100.00\nbob;104.50\n"
ROWS = "loan;due;principal;interest\nL4;31.12.2025;200.00;3.00\nL4;31.01.2026;300.00;2.00\n"


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    books = Books(connection, institution, may_write=True)
    open_chart(books, "EUR")
    return books


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    texts = {"book": BOOK, "payments": PAYMENTS, "orders": ORDERS, "rows": ROWS}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def take(books: Books, tables: Path, *, joined: bool = False, mapping: str = MAPPING, **how):
    found = read_mapping(mapping, "old.toml")
    names = ("rows", "payments", "orders") if joined else ("orders",)
    files = JoinedFiles(**{name: tables / f"{name}.csv" for name in names})
    loans, refusals = read_loans(tables / "book.csv", found, files)
    return import_loans(books, loans, found, actor="ann", **how), refusals


def told(found: Reconciliation) -> list[tuple[int, str, int, int]]:
    return [
        (each.loan.line, each.field, each.source_minor, each.karez_minor)
        for each in found.differences
    ]


def test_import__takes_in_and_reconciles(books: Books, tables: Path):
    found, refusals = take(books, tables)
    assert [(each.line, each.field, each.error.code) for each in refusals] == [
        (6, "paid out", "loan-date"),
        (8, "status", "choice-unknown"),
    ]
    assert [(each.loan.line, each.error.code) for each in found.refused] == [(7, "import-schedule")]
    assert (found.read, found.taken, found.already) == (5, 4, 0)
    assert found.by_assumption == {"as-agreed": 2, "charged-off": 1, "unpaid": 1}
    assert found.lent_source_minor == found.lent_karez_minor == 360_000
    assert (found.lost_source_minor, found.lost_karez_minor) == (55_000, 55_000)
    # By hand, loan 2 on 15 December: six instalments of 104.00 less interest at 6 % by days.
    left = 100_000
    for days in (30, 31, 31, 30, 31, 30):
        left -= 10_400 - round(left * 6 * days / 36_500)
    assert standing_on(books, find_loan(books, "L2").loan_number, date_of()).principal_minor == left
    assert told(found) == [
        (3, "balance", 42_490, left),
        (3, "standing order", 10_450, 10_400),
    ]
    assert found.balance_karez_minor == found.principal_minor == 10_000 + left + 50_000
    assert verify(books).findings == []
    # The account that stands for the old system has what went out less what came in.
    moved = balance(books, "2010", date_of()).balance_minor
    # Loans 1 and 2 as agreed, loan 3 up to its loss, loan 4 nothing.
    assert moved == 360_000 - (11 * 10_000 + 6 * 10_400 + 35_000)


def date_of():
    return read_mapping(MAPPING, "m").as_of


def test_payments_and_rows__are_taken_as_they_are(books: Books, tables: Path):
    found, refusals = take(books, tables, joined=True)
    assert [(each.file, each.line, each.value) for each in refusals][:1] == [
        ("payments.csv", 4, "L9")
    ]
    assert found.by_assumption == {"by its payments": 4}
    standing = standing_on(books, find_loan(books, "L4").loan_number, date_of())
    # 120.00 came in on the day on which 203.00 fell due: interest first.
    assert standing.principal_minor == 50_000 - (12_000 - 300)
    assert standing_on(books, find_loan(books, "L1").loan_number, date_of()).principal_minor == (
        120_000
    )
    assert verify(books).findings == []


def test_import__again_takes_in_nothing(books: Books, tables: Path):
    take(books, tables)
    before = balance(books, "2010", date_of())
    again, _ = take(books, tables)
    assert (again.taken, again.already) == (4, 4)
    assert balance(books, "2010", date_of()) == before


def test_loan_that_is_refused__comes_in_not_at_all(books: Books, tables: Path):
    (tables / "payments.csv").write_text("loan;day;paid;kind\nL1;01.01.2026;5.00;repayment\n")
    found, _ = take(books, tables, joined=True)
    assert [each.loan.reference for each in found.refused] == ["L6", "L1"]
    assert found.taken == 3
    with pytest.raises(LoanUnknownError):
        find_loan(books, "L1")
    assert verify(books).findings == []


def test_loan_whose_payment_cannot_be_read__waits(books: Books, tables: Path):
    with (tables / "payments.csv").open("a") as file:
        file.write("L1;31.01.2025;x;repayment\nL2;soon;x;postage\n")
    found, refusals = take(books, tables, joined=True)
    assert [each.line for each in refusals if each.file.endswith("payments.csv")] == [5, 6, 4]
    assert found.taken == 3  # L2 too, whose row at fault does not count
    assert "L1" not in {each.loan.reference for each in found.refused}
    with pytest.raises(LoanUnknownError):
        find_loan(books, "L1")


def test_row_that_changed__is_refused_and_leaves_the_others(books: Books, tables: Path):
    take(books, tables)
    changed = BOOK.replace("1200.00;12;100.00", "1300.00;13;100.00")
    (tables / "book.csv").write_text(changed)
    again, _ = take(books, tables)
    assert [(each.loan.reference, each.error.code) for each in again.refused] == [
        ("L6", "import-schedule"), ("L1", "loan-exists"),
    ]  # fmt: skip
    assert (again.taken, again.already) == (3, 3)


def test_dry_run__keeps_nothing(books: Books, tables: Path):
    dry, _ = take(books, tables, dry_run=True)
    assert balance(books, "2010", date_of()).balance_minor == 0
    wet, _ = take(books, tables)
    assert told(dry) == told(wet)
    assert (dry.taken, dry.principal_minor) == (wet.taken, wet.principal_minor)


def test_product__gives_the_terms(books: Books, tables: Path):
    publish(books, SMALLEST, name="s", actor="ann")
    mapping = MAPPING.replace("[columns]", 'product = "small"\n[columns]')
    found, _ = take(books, tables, mapping=mapping)
    loan = find_loan(books, "L2")
    assert loan.sheet == ("small", 1)
    assert not loan.terms.given
    assert found.lent_karez_minor == found.lent_source_minor


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('late = "unpaid"', 'late = "lost"', "line 22: statuses.late: it is one of as-agreed"),
        ("as_of = 2025-12-31", 'as_of = "x"', "line 3: as_of: it is a day"),
        ('on = "day"', "", "line 24: payments.on: it is missing"),
        ("[columns]", "[colums]", "perhaps columns is meant"),
    ],
)
def test_mapping__names_what_is_wrong(old: str, new: str, told: str):
    with pytest.raises(SheetBrokenError, match=told):
        read_mapping(MAPPING.replace(old, new), "old.toml")
