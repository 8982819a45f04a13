"""``karez risk``: no database, so within this process."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from karez.doors.cli import cli
from karez.doors.cli.shell import run

BOOK = """\
id,exposure,pd,lgd,sector,county,buyer
mill,120000.00,0.04,0.45,mills,north,anchor
dairy,90000.00,0.05,0.45,farms,north,anchor
bakery,40000.00,0.06,0.50,mills,south,
"""
SHOCKS = """\
[[shocks]]
name = "drought"
severity_sd = 2.0
lgd_times = 1.2
where = { county = ["north"], sector = ["farms"] }
[[shocks]]
name = "flour"
severity_sd = 1.5
"""
FACTORS = """\
[rest]
national = 0.1
[sectors.mills]
national = 0.05
sector = 0.2
"""
LOANS = """\
id,principal,rate_pct_year,begins,first_due,matures,pd,lgd,days_past_due,pd_at_start,watched,overdue
a,12000.00,12,2026-01-15,2026-02-15,2028-01-15,0.05,0.45,0,,,
b,9000.00,12,2026-01-15,2026-02-15,2028-01-15,0.05,0.45,45,0.05,,700.00
c,8000.00,12,2026-01-15,2026-02-15,2028-01-15,0.05,0.45,120,,,1200.00
d,7000.00,12,2026-01-15,2026-02-15,2028-01-15,0.2,0.45,0,0.05,yes,
"""
PATHS = """\
[[paths]]
weight = 0.7
[[paths]]
weight = 0.3
defaults = [1.5, 2.0]
losses = [1.2]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "book.csv": BOOK, "shocks.toml": SHOCKS, "factors.toml": FACTORS, "loans.csv": LOANS,
        "paths.toml": PATHS,
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def karez(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)

    def call(*arguments, code=0):
        assert run(cli, ["risk", *map(str, arguments), "--json"]) == code
        out, err = capsys.readouterr()
        faults = [json.loads(line)["error"] for line in err.splitlines()]
        return (json.loads(out) if out else None), faults

    return call


def test_loss__every_figure_opens_into_its_loans(karez):
    found, _ = karez("loss", "book.csv", "--by", "county", "--by", "buyer", "--level", "0.95")
    assert (found["loans"], found["exposure"], found["expected_loss"]) == (
        3,
        "250000.00",
        "5385.00",
    )
    tail = float(found["expected_shortfall"])
    assert sum(float(one["shortfall"]) for one in found["contributions"]) == pytest.approx(tail)
    for parts in found["slices"].values():
        assert sum(float(part["shortfall"]) for part in parts) == pytest.approx(tail, abs=0.03)
    assert [part["value"] for part in found["slices"]["buyer"]] == ["anchor", "-"]
    assert float(found["sd"]) == pytest.approx(float(found["sd_by_series"]), rel=1e-4)
    assert found["concentration"]["sector"]["largest_share"] == 0.64


def test_loss__reads_the_same_from_parquet(karez, folder):
    rows = [line.split(",") for line in BOOK.splitlines()[1:]]
    columns = list(zip(*rows, strict=True))
    names = BOOK.splitlines()[0].split(",")
    arrays = {name: pa.array(column) for name, column in zip(names, columns, strict=True)}
    arrays["pd"] = pa.array([float(value) for value in columns[2]])
    arrays["lgd"] = pa.array(np.array(columns[3], dtype=float))
    pq.write_table(pa.table(arrays), folder / "book.parquet")
    assert karez("loss", "book.parquet") == karez("loss", "book.csv")
    arrays["exposure"] = pa.array([1.5, 2.5, 3.5])
    pq.write_table(pa.table(arrays), folder / "book.parquet")
    _, [fault] = karez("loss", "book.parquet", code=5)
    assert fault["code"] == "file-unreadable"


def test_loss__a_bad_row_is_named_and_left_out(karez, folder):
    good, _ = karez("loss", "book.csv")
    (folder / "book.csv").write_text(
        BOOK
        + "x,1.00,1.5,0.4,mills,north,\n"
        + "mill,1.00,0.1,0.4,mills,north,\n"
        + "y,1.00,much,0.4,mills,north,\n"
        + "z,-1.00,0.1,0.4,mills,north,\n"
        + ",1.00,0.1,0.4,mills,north,\n"
        + "short,1.00\n"
    )
    found, faults = karez("loss", "book.csv", code=5)
    assert found == good
    assert [fault["details"]["line"] for fault in faults] == [5, 6, 7, 8, 9, 10]
    assert {fault["code"] for fault in faults} == {"loan-row"}
    words = [fault["message"] for fault in faults]
    assert "book.csv, line 5: Loan x: pd is 1.5" in words[0]
    assert "id mill is that of line 2 too" in words[1]
    assert "pd is 'much', which is no number" in words[2]


def test_loss__bad_questions(karez, folder):
    assert karez("loss", "book.csv", "--level", "1", code=5)[1][0]["code"] == "risk-level"
    assert karez("loss", "book.csv", "--by", "village", code=2)[1][0]["code"] == "usage"
    assert karez("loss", "none.csv", code=2)[1][0]["code"] == "usage"
    (folder / "book.csv").write_text("id,exposure,pd,lgd\n")
    assert karez("loss", "book.csv", code=5)[1][0]["code"] == "risk-book-empty"
    (folder / "book.csv").write_text("id,pd,lgd\n")
    assert karez("loss", "book.csv", code=5)[1][0]["code"] == "header-incomplete"


def test_factors__of_a_file(karez, folder):
    plain, _ = karez("loss", "book.csv")
    found, _ = karez("loss", "book.csv", "--factors", "factors.toml")
    assert found["expected_loss"] == plain["expected_loss"]
    assert found["one_factor"]["correlation"] > plain["one_factor"]["correlation"]
    (folder / "factors.toml").write_text("[sectors.mills]\nnational = 0.1\n")
    _, [fault] = karez("loss", "book.csv", "--factors", "factors.toml", code=5)
    assert fault["code"] == "risk-sector-unknown"
    (folder / "factors.toml").write_text("[rest]\nnational = 1.1\n")
    assert karez("loss", "book.csv", "--factors", "factors.toml", code=5)[1][0]["code"] == (
        "risk-factor"
    )


def test_stress__one_by_one_and_all_at_once(karez):
    found, _ = karez("stress", "book.csv", "shocks.toml", "--capital", "40000")
    names = [run["name"] for run in found["runs"]]
    assert names == ["as it is", "drought", "flour", "all at once"]
    assert [run["loans_hit"] for run in found["runs"]] == [0, 1, 3, 3]
    losses = [float(run["expected_loss"]) for run in found["runs"]]
    assert losses[0] < losses[1] < losses[3]
    assert float(found["breaking"]["expected_loss"]) == pytest.approx(40_000)
    none, _ = karez("stress", "book.csv", "shocks.toml", "--capital", "4000000")
    assert none["breaking"] is None


def test_stress__bad_shocks(karez, folder):
    for text, code in (
        ("shocks = 1", "case-broken"),
        ("[[shocks]]\nname = 'x'\nseverity_sd = -1", "risk-shock"),
        ("[[shocks]]\nname = 'x'\nwhere = { village = ['a'] }", "risk-shock"),
        ("nonsense", "case-broken"),
    ):
        (folder / "shocks.toml").write_text(text)
        assert karez("stress", "book.csv", "shocks.toml", code=5)[1][0]["code"] == code


def test_ecl__stages_and_provisions(karez):
    found, _ = karez("ecl", "loans.csv", "--as-of", "2026-06-30", "--paths", "paths.toml")
    assert [loan["stage"] for loan in found["loans"]] == [1, 2, 3, 2]
    assert [loan["why"] for loan in found["loans"]] == [
        "sound", "past due", "in default", "riskier",
    ]  # fmt: skip
    assert [stage["loans"] for stage in found["stages"]] == [1, 2, 1]
    total = sum(float(stage["provision"]) for stage in found["stages"])
    assert sum(float(loan["provision"]) for loan in found["loans"]) == pytest.approx(total)
    plain, _ = karez("ecl", "loans.csv", "--as-of", "2026-06-30")
    assert all(
        float(worse["provision"]) > float(loan["provision"])
        for worse, loan in zip(found["loans"], plain["loans"], strict=True)
    )


def test_ecl__a_bad_row_is_named_and_left_out(karez, folder):
    good, _ = karez("ecl", "loans.csv", "--as-of", "2026-06-30")
    (folder / "loans.csv").write_text(
        LOANS
        + "e,1.00,12,2026-01-15,2026-02-15,2025-01-15,0.05,0.45,0,,,\n"
        + "f,1.00,12,soon,2026-02-15,2027-01-15,0.05,0.45,0,,,\n"
        + "g,1.00,12,2026-01-15,2026-02-15,2027-01-15,0.05,0.45,0,,perhaps,\n"
        + "h,1.00,12,2026-01-15,2026-02-15,2027-01-15,0.05,1.45,0,,,\n"
        + "i,1.00,12,2026-01-15,2026-02-15,2027-01-15,0.05,0.45,half,,,\n"
    )
    found, faults = karez("ecl", "loans.csv", "--as-of", "2026-06-30", code=5)
    assert found == good
    assert [fault["details"]["line"] for fault in faults] == [6, 7, 8, 9, 10]
    assert "maturity is not after its beginning" in faults[0]["message"]


def test_ecl__bad_paths(karez, folder):
    (folder / "paths.toml").write_text("[[paths]]\nweight = 0.7\n")
    _, [fault] = karez("ecl", "loans.csv", "--as-of", "2026-06-30", "--paths", "paths.toml", code=5)
    assert fault["code"] == "risk-weights"
    (folder / "paths.toml").write_text("[[paths]]\nweight = 1\ndefaults = [-1]\n")
    _, [fault] = karez("ecl", "loans.csv", "--as-of", "2026-06-30", "--paths", "paths.toml", code=5)
    assert fault["code"] == "case-broken"


def test_amplification__of_looser_and_of_faster_decisions(karez, folder):
    (folder / "after.csv").write_text(BOOK + "new,60000.00,0.15,0.60,farms,north,anchor\n")
    found, _ = karez("amplification", "book.csv", "after.csv")
    assert found["amplification"] > 1
    assert found["loss_per_unit_added"] == pytest.approx(0.09)
    hurried, _ = karez("amplification", "book.csv", "after.csv", "--hurry", "0.3")
    assert hurried["amplification"] > found["amplification"]
    assert "contagion" not in found["before"]


def test_amplification__along_the_trade_network(karez, folder):
    (folder / "firms.csv").write_text(
        "id,assets,debts,pd\nmill,300000,130000,0.04\ndairy,200000,95000,0.05\n"
        "bakery,60000,45000,0.06\n"
    )
    (folder / "links.csv").write_text(
        "debtor,creditor,amount\nmill,dairy,80000\ndairy,bakery,30000\n"
    )
    network = ("--firms", "firms.csv", "--links", "links.csv", "--scenarios", "500")
    found, _ = karez("amplification", "book.csv", "book.csv", *network)
    assert found["amplification"] == 1
    assert found["before"]["contagion"]["a_es"] >= 1
    assert found["before"]["contagion"]["a_el"] > 1
    assert karez("amplification", "book.csv", "book.csv", *network)[0] == found
    assert karez("amplification", "book.csv", "book.csv", *network[:2], code=2)[1]
    (folder / "links.csv").write_text("debtor,creditor,amount\nmill,mill,80000\n")
    _, [fault] = karez("amplification", "book.csv", "book.csv", *network, code=5)
    assert fault["code"] == "risk-link"
    (folder / "links.csv").write_text("debtor,creditor,amount\nmill,dairy,much\n")
    _, [fault] = karez("amplification", "book.csv", "book.csv", *network, code=5)
    assert fault["code"] == "loan-row"


def test_people__read_tables(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    for arguments in (
        "loss book.csv --by county",
        "stress book.csv shocks.toml --capital 40000",
        "stress book.csv shocks.toml --capital 4000000",
        "ecl loans.csv --as-of 2026-06-30",
        "amplification book.csv book.csv",
    ):
        assert run(cli, ["risk", *arguments.split()]) == 0
        assert len(capsys.readouterr().out.splitlines()) > 5
