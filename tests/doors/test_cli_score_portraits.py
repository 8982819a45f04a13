"""Portraits on the command line, as real processes."""

import csv
import math

import pyarrow.parquet as pq

from doors.conftest import Karez
from doors.test_cli_facts import INVOICE, lines


def test_portraits__shown_and_written(karez: Karez):
    karez("facts", "add", "-", stdin=lines(INVOICE))
    found = karez.json("score", "portraits", "--as-of", "2026-01-31")
    assert (found["as_of"], found["currency"], found["parties"]) == ("2026-01-31", "EUR", 1)
    portrait = found["portraits"]["tin:100"]
    assert portrait["numbers"]["sales_year_log10"] == 2
    assert portrait["numbers"]["sales_recency_days"] == 26
    assert portrait["missing"]["sales_growth_year"] == "too_short"
    assert portrait["labels"] == {"place": None, "industry": None}
    shown = karez("score", "portraits", "--as-of", "2026-01-31", "--out", "made.parquet")
    assert "portraits: 1, made of 1 facts in EUR" in shown
    karez.json("score", "portraits", "--as-of", "2026-01-31", "--out", "made.csv")
    [row] = pq.read_table(karez.folder / "made.parquet").to_pylist()
    assert (row["id"], row["sales_year_log10"], row["sales_growth_year"]) == ("tin:100", 2, None)
    with (karez.folder / "made.csv").open(newline="") as stream:
        [line] = csv.DictReader(stream)
    assert list(line) == list(row)
    assert (line["as_of"], line["sales_growth_year"]) == ("2026-01-31", "")
    assert math.isclose(float(line["sales_year_log10"]), 2)


def test_portraits__of_a_day_before_all_facts(karez: Karez):
    karez("facts", "add", "-", stdin=lines(INVOICE))
    assert karez.json("score", "portraits", "--as-of", "2026-01-04")["portraits"] == {}
    early = ("--as-of", "2026-01-31", "--known-at", "2026-01-31T00:00:00Z")
    assert karez.json("score", "portraits", *early)["portraits"] == {}


def test_portraits__written_where_nothing_can_be(karez: Karez):
    karez("facts", "add", "-", stdin=lines(INVOICE))
    asked = ("score", "portraits", "--as-of", "2026-01-31", "--out", "no/such/folder.csv")
    assert karez.json(*asked, code=5)["error"]["code"] == "file-unwritable"


def test_behind__names_the_facts(karez: Karez):
    karez("facts", "add", "-", stdin=lines(INVOICE))
    asked = ("score", "behind", "tin:100", "sales_year_log10", "--as-of", "2026-01-31")
    assert karez.json(*asked) == {
        "party": "tin:100", "feature": "sales_year_log10", "value": 2.0, "missing": None,
        "facts": [0],
    }  # fmt: skip
    assert "fact 0" in karez(*asked)
    asked = ("score", "behind", "tin:100", "headcount", "--as-of", "2026-01-31")
    assert karez.json(*asked)["missing"] == "no_facts"
    asked = ("score", "behind", "tin:100", "luck", "--as-of", "2026-01-31")
    assert karez.json(*asked, code=3)["error"]["code"] == "feature-unknown"
    asked = ("score", "behind", "tin:9", "headcount", "--as-of", "2026-01-31")
    assert karez.json(*asked, code=3)["error"]["code"] == "party-unknown"
