"""The whole book taken out: Parquet, CSV and beancount say the same, and bean-check agrees."""

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from beancount import loader
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv, parquet

from karez.doors.files.beancount import account_name, write_beancount
from karez.doors.files.ledger import LEDGER, write_csv, write_parquet
from karez.kernel.database import Institution
from karez.kernel.money import Money
from karez.services import bookkeeping
from karez.services.bookkeeping import Account, Books, Draft, Movement, Opening, Target

DAY = date(2026, 1, 5)
CODES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    """Books with something of everything: notes, kinds, currencies, pending, reversed, closed."""
    books = Books(connection, institution, may_write=True)
    openings = [
        Opening("1000", "asset", "EUR", 'Cash "till" \\ 1'),
        Opening("customer é/1", "liability", "EUR"),
        Opening("closed", "expense", "EUR"),
        Opening("yen", "asset", "JPY"),
        Opening("yen.income", "income", "JPY"),
        Opening("equity", "equity", "EUR"),
    ]
    bookkeeping.open_accounts(books, openings)

    def post(debit: str, credit: str, money: Money, **rest) -> UUID:
        pending = rest.pop("pending", False)
        draft = Draft(DAY, [Movement(debit, credit, money, pending=pending)], **rest)
        return bookkeeping.post_entry(books, draft).entry_id

    eur = Money.parse("12.34", "EUR")
    memo = 'quoted "memo"\nwith \\ and é'
    post("1000", "customer é/1", eur, kind='kind "x"', memo=memo, reference={"slip": '"7"\\'})
    post("yen", "yen.income", Money.parse("500", "JPY"))
    bookkeeping.reverse_entry(books, post("closed", "1000", eur), date(2026, 1, 7))
    bookkeeping.close_account(books, "closed", date(2026, 1, 6))
    post("1000", "equity", eur, pending=True)
    held = post("1000", "equity", eur, pending=True)
    bookkeeping.post_pending(books, Target(held), DAY, amount_minor=1_000)
    return books


def test_export__formats_say_the_same_as_the_trial_balance(books: Books, tmp_path: Path):
    with bookkeeping.open_journal(books) as journal:
        counts = [
            write_parquet(journal, tmp_path / "ledger.parquet"),
            write_csv(journal, tmp_path / "ledger.csv"),
        ]
    table = parquet.read_table(tmp_path / "ledger.parquet")
    options = csv.ConvertOptions(
        column_types=LEDGER,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    parsing = csv.ParseOptions(newlines_in_values=True)
    from_csv = csv.read_csv(tmp_path / "ledger.csv", parse_options=parsing, convert_options=options)
    assert from_csv.to_pylist() == table.to_pylist()
    assert counts == [7, 7] == [table.num_rows] * 2
    nets = dict.fromkeys((a.code for a in bookkeeping.list_accounts(books)), 0)
    holds = dict(nets)
    for row in table.to_pylist():
        for code, sign in ((row["debit"], 1), (row["credit"], -1)):
            nets[code] += sign * row["amount_minor"]
            holds[code] += sign * row["hold_minor"]
        assert (
            Decimal(row["amount"]) * (1 if row["currency"] == "JPY" else 100)
            == (row["amount_minor"])
        )
    for account, sums in bookkeeping.trial_balance(books, date.max).rows:
        assert nets[account.code] == sums.balance_minor("debit")
        assert holds[account.code] == sums.debits_pending_minor - sums.credits_pending_minor
    first = table.to_pylist()[0]
    assert json.loads(first["reference"]) == {"slip": '"7"\\'}
    assert table.to_pylist()[3]["target"] == f"{table.to_pylist()[2]['entry_id']}/0"


def test_beancount__bean_check_accepts_it(books: Books, tmp_path: Path):
    path = tmp_path / "book.beancount"
    with bookkeeping.open_journal(books) as journal:
        assert write_beancount(journal, path, 'The "main" book') == 5
    checker = Path(sys.executable).with_name("bean-check")
    done = subprocess.run([checker, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert "; 2 entries that moved nothing are left out" in path.read_text()
    # It checks what we say: a cent off is found.
    path.write_text(path.read_text().replace("  22.34 ~", "  22.35 ~"))
    assert subprocess.run([checker, path], capture_output=True, check=False).returncode == 1


def test_beancount__of_an_empty_book(connection, institution: Institution, tmp_path: Path):
    books = Books(connection, institution, may_write=True)
    bookkeeping.open_accounts(books, [Opening("1000", "asset", "EUR")])
    path = tmp_path / "book.beancount"
    with bookkeeping.open_journal(books) as journal:
        assert write_beancount(journal, path, "main") == 0
    _, errors, _ = loader.load_file(str(path))
    assert not errors


def account(code: str) -> Account:
    return Account(1, UUID(int=1), code, "", "asset", "debit", "EUR", None, None, None, None, 1)


@given(CODES, CODES)
def test_account_name__is_of_one_code_alone(one, other):
    assert (account_name(account(one)) == account_name(account(other))) == (one == other)


@settings(deadline=None)
@given(CODES)
def test_account_name__is_one_that_beancount_takes(code):
    name = account_name(account(code))
    _, errors, _ = loader.load_string(f"2026-01-01 open {name} EUR\n")
    assert not errors


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("1000", "Assets:1000"),
        ("Cash", "Assets:Cash"),
        ("cash", "Assets:X--cash"),
        ("2000.7", "Assets:2000-2e7"),
        ("-", "Assets:X---2d"),
        ("£", "Assets:X---a3"),
        ("例", "Assets:X---u004f8b"),
    ],
)
def test_account_name__example(code, name):
    assert account_name(account(code)) == name
