"""The commands of the money book, as real processes."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyarrow import parquet

from doors.conftest import Karez
from karez.kernel.database import Database

HEADER = "id,valid_on,debit,credit,amount,memo"
EURO = ("open", "1", "--type", "asset", "--currency", "EUR")
ENTRY = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def posted(bank: Karez) -> Karez:
    """The bank after its first days."""
    bank(
        "post",
        bank.write(
            "first.csv", HEADER, f"{ENTRY},2026-01-05,1000,2001,100.00,Ann pays in",
            "b,2026-01-06,2001,2002,30.00,to Bob", "c,2026-01-07,2001,4000,1.50,fee",
        ),
    )  # fmt: skip
    return bank


def test_account__opened_shown_changed_closed_reopened(karez: Karez):
    opening = ("account", "open", "1000", "--type", "asset", "--currency", "EUR", "--floor", "0")
    assert karez(*opening) == "Account 1000 is open.\n"
    assert karez.json(*opening)["floor"] == "0.00"
    other = (*opening, "--name", "Till")
    assert karez.json(*other, code=4)["error"]["code"] == "account-exists"
    changed = karez.json("account", "change", "1000", "--name", "Till", "--floor", "")
    assert (changed["name"], changed["floor"], changed["version"]) == ("Till", None, 2)
    assert karez.json("account", "close", "1000", "--on", "2026-01-05")["closed_on"] == "2026-01-05"
    assert "1000  Till  asset  EUR" in karez("account", "list")
    assert karez.json("account", "list", "--open") == {"accounts": []}
    karez("account", "reopen", "1000")
    assert re.search(r"(?m)^closed on", karez("account", "show", "1000")) is None
    assert karez.json("account", "show", "9", code=3)["error"]["code"] == "account-unknown"


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("open", "1"), 2, "usage"),
        ((*EURO[:-1], "XXQ"), 5, "currency-unknown"),
        ((*EURO, "--floor", "x"), 5, "amount-malformed"),
        ((*EURO, "--floor", "1"), 5, "account-malformed"),
        ((*EURO, "--parent", "9"), 3, "account-unknown"),
        (("change", "2000", "--parent", "2001"), 5, "account-cycle"),
        (("change", "2000"), 2, "usage"),
        (("close", "2001", "--on", "2026-02-30"), 5, "date-malformed"),
        (("reopen", "9"), 3, "account-unknown"),
    ],
)  # fmt: skip
def test_account__what_cannot_be(bank: Karez, arguments, code, error):
    assert bank.json("account", *arguments, code=code)["error"]["code"] == error


@pytest.mark.parametrize(
    ("rows", "line", "field", "error"),
    [
        (["a,asset,EUR,b", "b,asset,EUR,a"], 2, "code", "account-cycle"),
        (["a,asset,EUR,", "b,asset,EUR,nobody"], 3, "parent", "account-unknown"),
        (["a,asset,EUR,", "b,asset,,"], 3, "currency", "field-missing"),
        (["a,asset,EUR,", "b,asset,EURO,"], 3, "currency", "currency-unknown"),
        (["a,asset,EUR,", "b,thing,EUR,"], 3, "code", "account-malformed"),
        (["a,asset,EUR,", "b,asset,EUR"], 3, "", "column-count"),
        (["a,asset,EUR,", "a,asset,USD,"], 2, "code", "account-exists"),
    ],
)
def test_account__chart_with_a_fault_opens_none(karez: Karez, rows, line, field, error):
    karez.write("chart.csv", "code,type,currency,parent", *rows)
    code = 4 if error == "account-exists" else 5
    document = karez.json("account", "open", "--file", "chart.csv", code=code)
    [refusal] = document["refusals"]
    assert (refusal["line"], refusal["field"], refusal["error"]["code"]) == (line, field, error)
    assert karez.json("account", "list") == {"accounts": []}
    assert f"chart.csv, line {line}" in karez.run("account", "open", "--file", "chart.csv").stderr


@pytest.mark.parametrize("header", ["code,type", "code,type,currency,flor"])
def test_account__chart_with_another_header(karez: Karez, header):
    karez.write("chart.csv", header)
    error = karez.json("account", "open", "--file", "chart.csv", code=5)["error"]
    assert error["code"] in {"header-incomplete", "header-unknown"}


def test_balance__of_any_day_as_known_at_any_instant(posted: Karez):
    now = posted.json("balance", "2001", "--on", "2026-01-07")
    assert (now["balance"], now["available"], now["currency"]) == ("68.50", "68.50", "EUR")
    assert posted.json("balance", "2001", "--on", "2026-01-05")["balance"] == "100.00"
    posted("post", posted.write("late.csv", HEADER, "late,2026-01-05,1000,2001,7.00,late slip"))
    assert posted.json("balance", "2001", "--on", "2026-01-05")["balance"] == "107.00"
    known = ("--known-at", now["known_at"])
    assert posted.json("balance", "2001", "--on", "2026-01-05", *known)["balance"] == "100.00"
    statement = posted.json("statement", "2001", "--from", "2026-01-01", *known)
    assert statement["closing"] == "68.50"
    trial = posted.json("trial-balance", "--as-of", "2026-01-05", *known)
    assert trial["totals"] == {"EUR": {"debit": "100.00", "credit": "100.00"}}
    assert "balance    107.00\n" in posted("balance", "2001", "--on", "2026-01-05")


def test_balance__what_cannot_be(bank: Karez):
    assert bank.json("balance", "9", code=3)["error"]["code"] == "account-unknown"
    bad_day = bank.json("balance", "1000", "--on", "yesterday", code=5)
    assert bad_day["error"]["code"] == "date-malformed"
    no_offset = bank.json("balance", "1000", "--known-at", "2026-01-05T00:00:00", code=5)
    assert no_offset["error"]["code"] == "instant-malformed"


def test_statement__has_every_line(posted: Karez):
    document = posted.json("statement", "2001", "--from", "2026-01-06", "--to", "2026-01-07")
    assert (document["opening"], document["closing"]) == ("100.00", "68.50")
    lines = [(line["counter_account"], line["debit"], line["balance"], line["memo"])
             for line in document["lines"]]  # fmt: skip
    assert lines == [("2002", "30.00", "70.00", "to Bob"), ("4000", "1.50", "68.50", "fee")]
    printed = posted("statement", "2001", "--from", "2026-01-06", "--to", "2026-01-07").splitlines()
    assert " ".join(printed[0].split()) == "date kind counter account debit credit balance EUR memo"
    assert printed[2].split() == ["2026-01-06", "general", "2002", "30.00", "70.00", "to", "Bob"]
    assert printed[2].index("70.00") == printed[1].index("00.00")


def test_trial_balance__flat_and_as_tree(posted: Karez):
    flat = posted("trial-balance", "--as-of", "2026-01-31").splitlines()
    assert flat[1:] == [
        "account  name  currency   debit  credit",
        "1000     Cash  EUR       100.00",
        "2001     Ann   EUR                68.50",
        "2002     Bob   EUR                30.00",
        "4000     Fees  EUR                 1.50",
        "total          EUR       100.00  100.00",
    ]
    tree = posted("trial-balance", "--as-of", "2026-01-31", "--tree").splitlines()
    assert tree[3:5] == [
        "2000               Deposits  EUR                98.50",
        "  2001             Ann       EUR                68.50",
    ]
    document = posted.json("trial-balance", "--as-of", "2026-01-31")
    deposits = next(each for each in document["accounts"] if each["code"] == "2000")
    assert (deposits["debit"], deposits["net_with_below"]) == (None, "-98.50")


def test_entry__shown_and_reversed_once(posted: Karez):
    shown = posted.json("entry", "show", ENTRY)
    assert (shown["memo"], shown["lines"][0]["amount"]) == ("Ann pays in", "100.00")
    assert "1000   2001    100.00" in posted("entry", "show", shown["entry"])
    reverse = ("entry", "reverse", ENTRY, "--on", "2026-01-08", "--memo", "wrong")
    assert posted.json(*reverse, code=4)["error"]["code"] == "limit-exceeded"
    posted("post", posted.write("more.csv", HEADER, "d,2026-01-08,1000,2001,50.00,"))
    first, again = posted.json(*reverse), posted.json(*reverse)
    assert (first["replayed"], again["replayed"], first["entry"]) == (False, True, again["entry"])
    assert posted.json("entry", "show", first["entry"])["lines"][0]["target"] == (
        f"{shown['entry']}/0"
    )
    assert posted.json("entry", "show", "ent_nonsense", code=5)["error"]["code"] == "id-malformed"
    unknown = ENTRY.replace("0189", "0188")
    assert posted.json("entry", "show", unknown, code=3)["error"]["code"] == "entry-unknown"


def test_pending__voided_and_expired(posted: Karez):
    header = "id,valid_on,debit,credit,amount,phase,expires_at"
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    other = ENTRY.replace("0189", "0188")
    rows = (
        f"{other},2026-01-08,2001,1000,5.00,pending,",
        f"x,2026-01-08,2001,1000,6.00,pending,{soon}",
    )
    posted("post", posted.write("p.csv", header, *rows))
    assert posted.json("balance", "2001")["pending"] == "11.00"
    assert posted("pending", "void", f"{other}/0") == "Voided.\n"
    assert posted.json("pending", "void", f"{other}/x", code=2)["error"]["code"] == "usage"
    assert posted.json("pending", "post", ENTRY, code=4)["error"]["code"] == "target-phase"
    deadline = time.monotonic() + 30
    while not posted.json("pending", "expire")["expired"]:
        assert time.monotonic() < deadline
    assert posted.json("balance", "2001")["pending"] == "0.00"


def test_period__closed_listed_reopened(posted: Karez):
    assert posted("period", "close", "2026-01-31", "--by", "ada") == (
        "The books are closed through 2026-01-31.\n"
    )
    earlier = posted.json("period", "close", "2026-01-01", code=4)
    assert earlier["error"]["code"] == "period-order"
    assert posted.json("period", "reopen", code=2)["error"]["code"] == "usage"
    reopened = posted.json("period", "reopen", "2026-01-15", "--reason", "late", "--by", "ada")
    assert reopened == {"closed_through": "2026-01-15"}
    assert posted("period", "reopen", "--reason", "more") == "The books are open on every day.\n"
    changes = posted.json("period", "list")["changes"]
    assert [change["action"] for change in changes] == ["close", "reopen", "reopen"]
    assert "ada" in posted("period", "list")


def test_verify__names_the_damaged_row(posted: Karez, database: Database):
    assert posted("verify").endswith("everything agrees.\n")
    with database.connect(None) as connection:
        connection.execute(
            "UPDATE money.transfer SET amount_minor = 3001 WHERE amount_minor = 3000"
        )
    document = posted.json("verify", code=6)
    assert not document["sound"]
    assert any(finding["table"] == "transfer" for finding in document["findings"])
    assert re.search(r"(?m)^checksum +transfer +[0-9a-f-]{36}/0 ", posted("verify", code=6))


def test_export__says_the_same_in_every_format(posted: Karez):
    for form in ("parquet", "csv", "beancount"):
        done = posted.json("export", "ledger", "--format", form, "--output", f"book.{form}")
        assert done["entries" if form == "beancount" else "transfers"] == 3
    assert sorted(path.name for path in posted.folder.glob("book.*")) == [
        "book.beancount",
        "book.csv",
        "book.parquet",
    ]
    rows = parquet.read_table(posted.folder / "book.parquet").to_pylist()
    assert [row["amount"] for row in rows] == ["100.00", "30.00", "1.50"]
    assert (posted.folder / "book.csv").read_text().count("\n") == 4
    checker = Path(sys.executable).with_name("bean-check")
    subprocess.run([checker, posted.folder / "book.beancount"], check=True)


def test_export__to_a_folder_that_is_not_there(posted: Karez):
    done = posted.run("export", "ledger", "--format", "csv", "--output", "no/book.csv")
    assert done.returncode == 5
    assert "no/book.csv cannot be written" in done.stderr
