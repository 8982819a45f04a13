"""``karez quote``: no database, so within this process."""

import json
from pathlib import Path
from typing import Any

import pytest

from karez.doors.cli import cli
from karez.doors.cli.shell import run

LOAN = "--principal 6000 --currency EUR --rate 9.5 --term 3 --start 2026-01-15"


@pytest.fixture
def quote(capsys: pytest.CaptureFixture[str]):
    def call(arguments: str, *, code: int = 0) -> str:
        found = run(cli, ["quote", *arguments.split()])
        printed = capsys.readouterr()
        assert found == code, printed.err
        return printed.out or printed.err

    return call


def document(printed: str) -> Any:
    return json.loads(printed)


def test_quote__shows_the_schedule_and_the_cost(quote):
    shown = quote(f"{LOAN} --fee 60").splitlines()
    assert shown[:5] == [
        "no  due on      principal  interest  payment  balance EUR",
        " 1  2026-02-15    1984.25     47.50  2031.75      4015.75",
        " 2  2026-03-15    1999.96     31.79  2031.75      2015.79",
        " 3  2026-04-15    2015.79     15.96  2031.75         0.00",
        "    total         6000.00     95.25  6095.25",
    ]
    assert "total cost        155.25" in shown


def test_quote__is_one_document_with_decimals_as_text(quote):
    found = document(quote(f"{LOAN} --fee 1% --what-if rate=10 --json"))
    assert found["terms"]["fee"] == "60.00"
    assert found["instalments"][2]["payment"] == "2031.75"
    assert found["total_cost"] == "155.25"
    assert [other["change"] for other in found["what_if"]] == ["rate=10"]
    assert found["what_if"][0]["terms"] == found["terms"] | {"rate": "10"}


def test_what_if__stands_beside(quote):
    shown = quote(f"{LOAN} --what-if rate=10 --what-if term=24,kind=equal-principal")
    heading = next(line for line in shown.splitlines() if "rate=10" in line)
    assert heading.split() == ["quote", "rate=10", "term=24,kind=equal-principal"]
    assert ["instalments", "3", "3", "24"] in [line.split() for line in shown.splitlines()]


def test_product__is_what_options_change(quote, tmp_path: Path):
    file = tmp_path / "loan.toml"
    file.write_text(
        'principal = 6000\ncurrency = "EUR"\nrate = 9.5\nterm = 12\nstart = 2026-01-15\n'
        'day-count = "A365"\n'
    )
    found = document(quote(f"--product {file} --term 3 --json"))
    assert found["terms"]["term"] == 3
    assert found["terms"]["rate"] == "9.5"
    assert found["terms"]["day-count"] == "A365"
    assert found["terms"]["start"] == "2026-01-15"


def test_product__unknown_name_is_refused(quote, tmp_path: Path):
    file = tmp_path / "loan.toml"
    file.write_text("pricipal = 6000\n")
    error = document(quote(f"--product {file} --json", code=5))["error"]
    assert error["code"] == "quote-term-unknown"
    assert "there are principal, currency" in error["message"]


def test_product__that_is_no_toml_is_refused(quote, tmp_path: Path):
    file = tmp_path / "loan.toml"
    file.write_text("principal: 6000\n")
    assert "cannot be read as TOML" in quote(f"--product {file}", code=5)
    assert "cannot be read as TOML" in quote(f"--product {tmp_path}/none.toml", code=5)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("principal", "6,000"),
        ("principal", "6000.001"),
        ("principal", "-1"),
        ("currency", "eur"),
        ("rate", "nine"),
        ("term", "1.5"),
        ("every", "5Y"),
        ("every", "0M"),
        ("start", "15.01.2026"),
        ("start", "9999-12-31"),
        ("first", "2026-01-15"),
        ("kind", "balloon"),
        ("day-count", "365"),
        ("fee", "x%"),
        ("fee", "100%"),
        ("grace", "3"),
        ("rounding", "down-ish"),
        ("step", "0"),
    ],
)
def test_option__that_is_wrong_is_named_with_value_and_rule(quote, option: str, value: str):
    error = document(quote(f"{LOAN} --{option} {value} --json", code=5))["error"]
    assert error["code"] == "quote-term"
    assert error["details"]["field"] == option
    assert error["details"]["rule"]


@pytest.mark.parametrize(
    "arguments", ["--principal 6000 --currency EUR --rate 9", f"{LOAN} --what-if rate"]
)
def test_usage__that_is_wrong_says_so(quote, arguments: str):
    quote(arguments, code=2)


def test_yen__have_no_decimals(quote):
    found = document(
        quote("--principal 600000 --currency JPY --rate 5 --term 2 --start 2026-01-15 --json")
    )
    assert found["instalments"][0]["payment"] == "301876"


def test_week__counts_days_by_default(quote):
    found = document(quote(f"{LOAN} --every 2W --json"))
    assert found["terms"]["day-count"] == "A365"
    assert [line["due_on"] for line in found["instalments"]] == [
        "2026-01-29", "2026-02-12", "2026-02-26",
    ]  # fmt: skip
