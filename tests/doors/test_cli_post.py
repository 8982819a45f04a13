"""``karez post``: good rows are posted, bad ones named, and nothing is posted twice."""

import random
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from doors.conftest import Karez

HEADER = "id,valid_on,debit,credit,amount"
JOURNAL = "id,valid_on,account,debit,credit"


def counts(document) -> tuple[int, int, int]:
    return document["posted"], document["replayed"], document["refused"]


def balance(karez: Karez, code: str) -> str:
    return karez.json("balance", code, "--on", "2026-12-31")["balance"]


def test_post__three_bad_rows_among_100_000(bank: Karez):
    chance = random.Random(7)
    lines = [
        f"t{n},2026-01-{1 + n % 28:02},1000,{chance.choice(['2001', '2002'])},{1 + n % 900}.05"
        for n in range(1, 100_001)
    ]
    lines[4] = "t5,2026-01-06,1000,2003,5.05"
    lines[49_999] = "t50000,2026-01-06,1000,2001,5.005"
    lines[99_998] = "t99999,2026-02-30,1000,2001,5.05"
    file = bank.write("big.csv", HEADER, *lines)
    refused = bank.folder / "refused.csv"
    document = bank.json("post", file, "--rejects", refused, code=5)
    assert counts(document) == (99_997, 0, 3)
    assert [
        (r["file"], r["line"], r["field"], r["value"], r["error"]["code"])
        for r in document["refusals"]
    ] == [
        (str(file), 6, "credit", "2003", "account-unknown"),
        (str(file), 50_001, "amount", "5.005", "amount-too-precise"),
        (str(file), 100_000, "valid_on", "2026-02-30", "date-malformed"),
    ]
    assert [line.split(",")[0] for line in refused.read_text().splitlines()] == [
        "error.line",
        "6",
        "50001",
        "100000",
    ]
    assert counts(bank.json("post", file, code=5)) == (0, 99_997, 3)

    mended = refused.read_text().replace("2003", "2002").replace("5.005", "5.05")
    refused.write_text(mended.replace("2026-02-30", "2026-02-28"))
    assert counts(bank.json("post", refused)) == (3, 0, 0)
    assert bank.json("verify")["transfers"] == 100_000


def test_post__atomic_posts_all_or_none(bank: Karez):
    good = ["a,2026-01-05,1000,2001,1.00", "b,2026-01-05,1000,2001,2.00"]
    for bad in ("c,2026-01-05,1000,2001,1.005", "c,2026-01-05,2001,1000,99.00"):
        file = bank.write("mixed.csv", HEADER, good[0], bad, good[1])
        document = bank.json("post", file, "--atomic", code=4 if "99.00" in bad else 5)
        assert counts(document) == (0, 0, 1)
        assert document["refusals"][0]["line"] == 3
    assert balance(bank, "2001") == "0.00"
    file = bank.write("good.csv", HEADER, *good)
    assert counts(bank.json("post", file, "--atomic")) == (2, 0, 0)
    assert counts(bank.json("post", file, "--atomic")) == (0, 2, 0)


def test_post__dry_run_judges_and_posts_nothing(bank: Karez):
    file = bank.write(
        "f.csv", HEADER, "a,2026-01-05,1000,2001,1.00", "b,2026-01-05,2001,2002,1.00",
        "c,2026-01-05,2001,2002,1.00",
    )  # fmt: skip
    document = bank.json("post", file, "--dry-run", code=4)
    assert counts(document) == (2, 0, 1)
    assert document["refusals"][0]["error"]["code"] == "limit-exceeded"
    assert bank.json("verify")["transfers"] == 0
    assert "would be posted" in bank("post", file, "--dry-run", code=4)


def test_post__says_what_and_where_to_people(bank: Karez):
    file = bank.write("f.csv", HEADER, "a,2026-01-05,1000,2001,1.00", "b,2026-01-05,1000,2001,x")
    done = bank.run("post", file)
    assert done.returncode == 5
    assert re.search(r"posted +1\n", done.stdout)
    assert done.stderr == (
        f"error[amount-malformed]: {file}, line 3, amount 'x': 'x' is not an amount:"
        " write digits and at most one point, such as 1234.50.\n"
    )
    done = bank.run("post", file, "--errors", 0)
    assert done.stderr == "... and 1 more\n"


REFUSED_BY_THE_BOOK = {
    "zero": ("a,2026-01-05,1000,2001,0.00", "amount", "amount-not-positive", 5),
    "negative": ("a,2026-01-05,1000,2001,-5.00", "amount", "amount-not-positive", 5),
    "same account": ("a,2026-01-05,1000,1000,5.00", "debit", "same-account", 5),
    "two currencies": ("a,2026-01-05,1000,9000,5.00", "credit", "currency-mixed", 5),
    "before 1900": ("a,1899-12-31,1000,2001,5.00", "valid_on", "date-range", 5),
    "closed account": ("a,2026-01-05,1000,2002,5.00", "credit", "account-closed", 4),
    "closed account, debited": ("a,2026-01-05,2002,1000,5.00", "debit", "account-closed", 4),
    "closed period": ("a,2025-12-31,1000,2001,5.00", "valid_on", "period-closed", 4),
    "limit": ("a,2026-01-05,2001,1000,5.00", "amount", "limit-exceeded", 4),
    "same id, other content": ("was,2026-01-05,1000,4000,5.00", "id", "entry-conflict", 4),
}


def test_post__names_what_the_book_refuses(bank: Karez):
    bank("account", "close", "2002", "--on", "2026-01-01")
    bank("period", "close", "2025-12-31", "--reason", "year end", "--by", "ada")
    bank("post", bank.write("first.csv", HEADER, "was,2026-01-05,1000,4000,1.00"))
    for name, (row, field, error, code) in REFUSED_BY_THE_BOOK.items():
        document = bank.json("post", "-", code=code, stdin=f"{HEADER}\n{row}\n")
        [refusal] = document["refusals"]
        assert (refusal["file"], refusal["line"]) == ("standard input", 2), name
        assert (refusal["field"], refusal["error"]["code"]) == (field, error), name
        assert refusal["value"] == row.split(",")[HEADER.split(",").index(field)], name
        assert counts(document) == (0, 0, 1)
    assert bank.json("verify")["transfers"] == 1


def test_post__a_journal(bank: Karez):
    file = bank.write(
        "journal.csv", JOURNAL, "j1,2026-01-05,1000,10.00,", "j1,,2001,,9.00", "j1,,4000,,1.00",
        "j2,2026-01-05,2001,9.01,", "j2,,2002,,9.01", "j3,2026-01-05,1000,1.00,", "j3,,4000,,2.00",
    )  # fmt: skip
    document = bank.json("post", file, code=5)
    assert counts(document) == (1, 0, 2)
    assert [(r["line"], r["field"], r["error"]["code"]) for r in document["refusals"]] == [
        (5, "debit", "limit-exceeded"),
        (7, "id", "entry-unbalanced"),
    ]
    assert counts(bank.json("post", file, code=5)) == (0, 1, 2)
    assert (balance(bank, "2001"), balance(bank, "4000")) == ("9.00", "1.00")


def test_post__json_lines_and_parquet(bank: Karez):
    file = bank.write(
        "f.jsonl",
        '{"id": "a", "valid_on": "2026-01-05", "debit": "1000", "credit": "2001", "amount": 1.10}',
        '{"id": "b", "valid_on": "2026-01-05", "debit": "1000", "credit": "2001", "amount": 1.001}',
    )
    document = bank.json("post", file, code=5)
    assert counts(document) == (1, 0, 1)
    assert (document["refusals"][0]["line"], document["refusals"][0]["value"]) == (2, "1.001")
    table = pa.table(
        {
            "id": ["a", "c", "d"],
            "valid_on": pa.array([date(2026, 1, 5)] * 3, pa.date32()),
            "debit": ["1000"] * 3,
            "credit": ["2001"] * 3,
            "amount": pa.array([Decimal("1.10"), Decimal("2.00"), None], pa.decimal128(9, 2)),
        }
    )
    parquet.write_table(table, bank.folder / "f.parquet")
    document = bank.json("post", "f.parquet", "--rejects", "refused.csv", code=5)
    assert counts(document) == (1, 1, 1)
    assert (document["refusals"][0]["row"], document["refusals"][0]["field"]) == (3, "amount")
    mended = (bank.folder / "refused.csv").read_text().replace("2001,\n", "2001,3.00\n")
    bank.write("mended.csv", mended)
    assert counts(bank.json("post", "mended.csv")) == (1, 0, 0)
    assert balance(bank, "2001") == "6.10"


def test_post__files_without_ids_and_other_sources(bank: Karez):
    row = "2026-01-05,1000,2001,1.00"
    file = bank.write("bare.csv", HEADER.removeprefix("id,"), row, row)
    for posted, replayed in ((2, 0), (0, 2)):
        document = bank.json("post", file, "--ids-from-content")
        assert counts(document) == (posted, replayed, 0)
    named = bank.write("named.csv", HEADER, f"a,{row}")
    for source in ("till", "bank"):
        assert counts(bank.json("post", named, "--source", source)) == (1, 0, 0)
    assert balance(bank, "2001") == "4.00"


def test_post__pending(bank: Karez):
    header = f"{HEADER},phase,expires_at"
    bank("post", bank.write("in.csv", HEADER, "in,2026-01-05,1000,2001,10.00"))
    entry = "01890a5d-ac96-774b-bcce-b302099a8057"
    file = bank.write("p.csv", header, f"{entry},2026-01-05,2001,1000,4.00,pending,")
    bank("post", file)
    found = bank.json("balance", "2001")
    assert (found["balance"], found["pending"], found["available"]) == ("10.00", "4.00", "6.00")
    late = bank.write("l.csv", header, "b,2026-01-05,2001,1000,1,pending,2001-01-01T00:00:00Z")
    assert bank.json("post", late, code=4)["refusals"][0]["field"] == "expires_at"
    posted = bank.json("pending", "post", entry, "--amount", "3.00", "--on", "2026-01-06")
    assert posted["amount"] == "3.00"
    assert bank.json("pending", "void", entry, code=4)["error"]["code"] == "target-taken"
    assert balance(bank, "2001") == "7.00"


@pytest.mark.parametrize(
    ("name", "text", "arguments", "code", "error"),
    [
        ("empty.csv", "", (), 5, "file-empty"),
        ("f.csv", "a,b\n", (), 5, "header-incomplete"),
        ("f.csv", f"{HEADER},id\n", (), 5, "header-repeated"),
        ("f.csv", f"{HEADER}\n", ("--ids-from-content",), 5, "ids-already"),
        ("f.csv", HEADER, ("--format", "parquet"), 5, "file-unreadable"),
        ("f.csv", HEADER, ("--format", "xml"), 2, "usage"),
        ("f.csv", HEADER, ("--rejects", "f.csv"), 2, "usage"),
    ],
)
def test_post__a_file_that_will_not_do(karez: Karez, name, text, arguments, code, error):
    (karez.folder / name).write_text(text)
    document = karez.json("post", name, *arguments, code=code)
    assert document["error"]["code"] == error
    assert (karez.folder / name).read_text() == text


def test_post__a_file_that_is_not_there(karez: Karez):
    assert "does not exist" in karez.json("post", Path("no.csv"), code=2)["error"]["message"]
