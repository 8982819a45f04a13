"""``karez product`` as people run it."""

import json
from pathlib import Path

import pytest

from doors.conftest import Karez
from karez.doors.cli import cli
from karez.doors.cli.shell import run
from karez.services.products import catalogue
from services.products.sheets import SMALLEST, with_lines

PAST = """\
application,amount,instalments,pd,defaulted,lost
A1,1000,12,0.02,0,
A2,90,12,0.02,,
A3,5000,24,0.10,1,2500
A4,,12,0.04,0,
"""


@pytest.fixture
def product(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What needs no database, within this process."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SMALLEST)
    Path("past.csv").write_text(PAST)

    def call(arguments: str, *, code: int = 0) -> tuple[str, str]:
        found = run(cli, ["product", *arguments.split()])
        printed = capsys.readouterr()
        assert found == code, printed.err
        return printed.out, printed.err

    return call


def test_catalogue__lists_and_prints(product):
    shown, _ = product("catalogue")
    assert len(shown.splitlines()) == 1 + len(catalogue()) >= 11
    text, _ = product("catalogue harvest-loan")
    assert text == catalogue()["harvest-loan"]
    assert "there are dairy-loan," in product("catalogue gold-loan", code=3)[1]


def test_check__names_every_fault(product):
    assert product("check small.toml")[0] == "small.toml: Small loan (small) is sound.\n"
    Path("bad.toml").write_text(SMALLEST.replace("repay =", "repai =").replace("24", "0"))
    shown, _ = product("check bad.toml", code=6)
    assert shown.splitlines() == [
        "bad.toml, line 16: instalments.most: it is 1 or more, not 0.",
        "bad.toml, line 19: schedule.repai: there is no such key here; perhaps repay is meant.",
    ]
    found = json.loads(product("check bad.toml --json", code=6)[0])
    assert [fault["details"]["line"] for fault in found["faults"]] == [16, 19]
    assert "No such file" in product("check none.toml", code=5)[1]


def test_preview__shows_schedule_and_cost(product):
    loan = "preview small.toml --amount 1000 --instalments 3 --start 2026-01-15"
    shown = product(loan)[0].splitlines()
    assert shown[:5] == [
        "no  on          principal  interest  fees     due  balance EUR",
        "    2026-01-15   -1000.00            0.00",
        " 1  2026-02-15     330.64      7.64  0.00  338.28       669.36",
        " 2  2026-03-15     333.66      4.62  0.00  338.28       335.70",
        " 3  2026-04-15     335.70      2.57  0.00  338.27         0.00",
    ]
    found = json.loads(product(f"{loan} --rate 12 --json")[0])
    assert found["rate_pct_year"] == "12"
    assert found["schedule"][0] == {"on": "2026-01-15", "paid_out": "1000.00", "fees": "0.00"}
    assert "its rates are 4 to 15 %" in product(f"{loan} --rate 16", code=5)[1]
    assert "is no rate" in product(f"{loan} --rate x", code=2)[1]
    assert "multiples of" not in product("preview small.toml --amount 1000.01")[0]


def test_backtest__alone(product):
    shown, told = product("backtest small.toml past.csv --alone --json", code=5)
    found = json.loads(shown)
    assert found["applications"] == 3
    assert found["new"]["eligible"] == 3
    assert found["new"]["within_limits"] == found["new"]["granted"] == 2
    assert (found["new"]["with_outcome"], found["new"]["realised_loss"]) == (2, "2500.00")
    assert [row["line"] for row in found["refused_rows"]] == [5]
    assert told == ""


def test_publish_list_show__with_versions(karez: Karez):
    karez.write("small.toml", SMALLEST)
    karez.write("past.csv", PAST.rstrip())
    preview = karez("product", "publish", "small.toml", "--preview")
    assert preview == "Version 1 of small would be published.\n"
    assert karez("product", "list") == "There is none; publish one.\n"
    assert karez("product", "publish", "small.toml", "--reason", "first", "--by", "ann") == (
        "Version 1 of small is published.\n"
    )
    assert "says the same" in karez("product", "publish", "small.toml")
    karez.write("small.toml", with_lines(("\nmost = 10_000", "\nmost = 2_000")))
    tried = karez.run("product", "backtest", "small.toml", "past.csv")
    assert "only version 1 lends to: A3" in tried.stdout
    assert karez("product", "publish", "small.toml") == (
        "Version 2 of small is published.\n  amount.most was 10000.00, and is 2000.00\n"
    )
    assert "amount.most" in karez("product", "show", "small")
    old = karez.json("product", "show", "small", "--version", "1")
    assert (old["by"], old["reason"]) == ("ann", "first")
    assert old["sheet"]["amount"]["most"] == "10000.00"
    assert (
        karez("product", "show", "small", "--version", "1", "--text").rstrip() == SMALLEST.rstrip()
    )
    assert "balance EUR" in karez("product", "preview", "small", "--amount", "1000")
    assert karez.run("product", "show", "small", "--version", "3").returncode == 3
