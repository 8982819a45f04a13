"""``karez price``: plans, rates and policies from tables, each fault by file, line and column."""

import json
from pathlib import Path
from typing import Any

import attrs
import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from karez.doors.cli import cli

FILES = {
    "plan.toml": """
currency = "CNY"
budget = 1000000
amount = { least = 100000, most = 500000, step = 1000 }
rates = { least = 0.04, most = 0.15, step = 0.005 }
lgd = 0.6
[costs]
funding = 0.02
capital = 0.1
hurdle = 0.12
fixed = 500
[[bounds]]
industry = "*"
most = 600000
[[bounds]]
industry = "retail"
most = 400000
[[bounds]]
group = "chen"
most = 450000
[tail]
most = 60000
""",
    "curve.csv": """
annual_rate,churn_shops,churn_mills
0.04,0,0
0.08,0.50,0.45
0.10,0.69,0.70
0.12,0.68,0.79
0.15,0.92,0.90
""",
    "firms.csv": """
firm,industry,group,segment,pd,most
ada,retail,,shops,0.01,300000
bo,retail,,shops,0.02,300000
chen mill,milling,chen,mills,0.01,500000
chen bakery,food,chen,mills,0.03,400000
ely,transport,,mills,0.40,300000
fay,food,,shops,0.02,50000
""",
    "caps.toml": """
[[caps]]
jurisdiction = "XX"
rate = 0.10
measure = "nominal"
source = "a law"
last_day = 2026-06-30
""",
    "rules.csv": """
score,industry,months_known,decision,max_amount,reason
< 500,-,-,refuse,,score below 500
-,in (gambling),-,refuse,,not lent to
>= 650,-,-,approve,20000,good score
"[500, 650)",-,>= 24,approve,10000,known for two years
missing,-,-,refer,,no score
""",
    "old.toml": """
columns = ["score", "decision", "reason"]
rows = [[">= 700", "approve", "good score"], ["-", "refuse", "all others"]]
""",
    "past.csv": """
application,amount,rate,pd,score,industry,months_known,town
A1,30000,0.12,0.02,710,retail,3,East
A2,30000,0.12,0.03,660,retail,30,East
A3,8000,0.14,0.05,560,food,36,West
A5,15000,0.13,0.04,720,gambling,50,West
A6,15000,0.13,0.06,,food,1,West
""",
}
PLAN = ("plan", "firms.csv", "--terms", "plan.toml", "--curve", "curve.csv")
RATE = ("rate", "firms.csv", "--terms", "plan.toml", "--curve", "curve.csv")
SIMULATE = ("policy", "simulate", "rules.csv", "past.csv", "--in-force", "old.toml",
            "--terms", "plan.toml")  # fmt: skip


@attrs.frozen
class Desk:
    """A folder with the files, some of them changed, and the command line in it."""

    folder: Path

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def run(self, *arguments: str, code: int = 0) -> Result:
        paths = [str(self.folder / each) if each in FILES else each for each in arguments]
        done = CliRunner().invoke(cli, ["price", *paths], standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        found = done.return_value if isinstance(done.return_value, int) else done.exit_code
        assert (found or 0) == code, done.output
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.lstrip())
    return Desk(tmp_path)


def test_plan__in_json(desk: Desk):
    found = desk.json(*PLAN, "--more", "100000", "--vary", "--shock", "retail=0.6:6")
    assert found["profit"] == found["no_plan_earns_more_than"]
    amounts = {each["firm"]: int(float(each["amount"])) for each in found["offers"]}
    assert set(amounts) == {"ada", "bo", "chen mill"} or sum(amounts.values()) <= 1_000_000
    assert amounts.get("ada", 0) + amounts.get("bo", 0) <= 400_000
    assert amounts.get("chen mill", 0) + amounts.get("chen bakery", 0) <= 450_000
    why = {each["firm"]: each["why"] for each in found["refused"]}
    assert why["ely"] == "price"
    assert why["fay"] == "limit"
    assert {each["name"] for each in found["constraints"]} == {
        "budget", "industry retail", "industry food", "industry milling", "industry transport",
        "group chen", "tail",
    }  # fmt: skip
    assert float(found["worth_of_more"]["profit"]) >= 0
    assert float(found["varied"]["budget less a tenth"]["profit"]) <= float(found["profit"])
    assert float(found["shocked"]["profit"]) < float(found["profit"])
    assert any(words.startswith("retail: ") for words in found["shocked"]["words"])
    assert float(found["bad_years_loss"]) <= 60_000
    assert found["refused_rows"] == []


def test_plan__in_words_and_in_a_file(desk: Desk):
    output = desk.folder / "plan.csv"
    shown = desk.run(*PLAN, "--output", str(output)).stdout
    assert "fay: its limit is below the smallest loan" in shown
    assert "no plan earns more than" in shown
    lines = output.read_text().splitlines()
    assert lines[0].startswith("firm,industry,group,amount,rate_pct_year")
    assert len(lines) == 7


def test_plan__a_wrong_row_is_named_and_left_out(desk: Desk):
    desk.change("firms.csv", "bo,retail,,shops,0.02", "bo,retail,,shops,1.02")
    desk.change("firms.csv", "fay,food", "ada,food")
    shown = desk.run(*PLAN, code=5)
    assert "firms.csv, line 3, pd '1.02': pd is 1.02, but it is a share from 0 to 1" in shown.stderr
    assert "line 7, firm 'ada'" in shown.stderr
    assert "ada" in shown.stdout
    found = desk.json(*PLAN, code=5)
    assert [each["line"] for each in found["refused_rows"]] == [7, 3]


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "said"),
    [
        ("firms.csv", "segment", "segmnt", "header-incomplete", "segment"),
        ("firms.csv", "group", "grup", "header-unknown", "group"),
        ("curve.csv", "0.50", "1.50", "curve-broken", "churn_shops in line 3"),
        ("curve.csv", "0.08", "0.03", "curve-broken", "they rise"),
        ("curve.csv", "0.12,", "12 %,", "curve-broken", "annual_rate in line 5"),
        ("plan.toml", "step = 1000", "step = 0", "price-input", "step"),
        ("plan.toml", "fixed = 500", "fixd = 500", "case-broken", "fixd"),
        ("plan.toml", "lgd = 0.6", "lgd = 6", "case-broken", "share"),
        ("plan.toml", "least = 0.04", "least = 0.01", "price-input", "rates"),
        ("plan.toml", "most = 450000", "most = 450000\nleast = 450001", "case-broken", "least"),
        ("plan.toml", "most = 450000", "most = 450000\nleast = 50000", "", ""),
        ("plan.toml", "[costs]", "[costs", "file-unreadable", "TOML"),
        ("plan.toml", "CNY", "CNX", "currency-unknown", "CNX"),
    ],
)
def test_plan__names_what_is_wrong(desk: Desk, name: str, old: str, new: str, code: str, said: str):
    desk.change(name, old, new)
    if not code:
        assert desk.json(*PLAN)["profit"]
        return
    with pytest.raises(Exception, match=said) as caught:
        desk.run(*PLAN)
    assert caught.value.code == code


def test_plan__names_bounds_that_cannot_be(desk: Desk):
    desk.change("plan.toml", "most = 400000", "most = 400000\nleast = 390000")
    desk.change("plan.toml", "budget = 1000000", "budget = 300000")
    with pytest.raises(Exception, match="No plan can hold all bounds"):
        desk.run(*PLAN)


def test_plan__shocks_are_read_and_their_industries_known(desk: Desk):
    with pytest.raises(Exception, match="INDUSTRY=SEVERITY:MONTHS"):
        desk.run(*PLAN, "--shock", "retail")
    with pytest.raises(Exception, match="No firm is in the industry"):
        desk.run(*PLAN, "--shock", "retial=0.5:6")
    with pytest.raises(Exception, match="share from 0 to 1"):
        desk.run(*PLAN, "--shock", "retail=5:6")


def test_plan__from_parquet(desk: Desk):
    from_csv = desk.json(*PLAN)
    table = pyarrow.csv.read_csv(desk.folder / "firms.csv")
    pq.write_table(table, desk.folder / "firms.parquet")
    arguments = [
        str(desk.folder / "firms.parquet") if each == "firms.csv" else each for each in PLAN
    ]
    assert desk.json(*arguments) == from_csv
    assert isinstance(table, pa.Table)


def test_rate__parts_add_up_and_caps_shut_out(desk: Desk):
    rates = {each["firm"]: each for each in desk.json(*RATE)["rates"]}
    ada = rates["ada"]
    total = sum(float(part) for part in ada["parts_pct"].values())
    assert total == pytest.approx(float(ada["break_even_pct"]), abs=0.03)
    assert float(ada["best_pct"]) > float(ada["break_even_pct"])
    caps = ("--caps", str(desk.folder / "caps.toml"), "--jurisdiction", "XX", "--on", "2026-06-30")
    found = {each["firm"]: each for each in desk.json(*RATE, *caps, code=6)["rates"]}
    assert found["ely"]["shut_out"]
    assert not found["ada"]["shut_out"]
    assert found["ely"]["highest_pct"] == "10.00"
    later = (*caps[:-1], "2026-07-01")
    assert not any(each["shut_out"] for each in desk.json(*RATE, *later)["rates"])
    assert "shut out by a cap" in desk.run(*RATE, *caps, code=6).stdout
    with pytest.raises(Exception, match="need each other"):
        desk.run(*RATE, *caps[:2])


def test_plan__keeps_caps_and_says_whom_they_shut_out(desk: Desk):
    caps = ("--caps", str(desk.folder / "caps.toml"), "--jurisdiction", "XX", "--on", "2026-06-30")
    desk.change("caps.toml", "0.10", "0.07")
    found = desk.json(*PLAN, *caps)
    assert max(float(each["rate_pct_year"]) for each in found["offers"]) == 7
    desk.change("caps.toml", "0.07", "0.03")
    found = desk.json(*PLAN, *caps)
    assert not found["offers"]
    words = {each["firm"]: each["words"] for each in found["refused"]}
    assert words["ada"] == "a cap is below every rate that may be offered"


def test_plan__own_answers_move_the_curve(desk: Desk):
    answers = desk.folder / "answers.csv"
    answers.write_text("segment,annual_rate,offered,declined\nshops,0.12,5000,100\n")
    moved = {each["firm"]: each for each in desk.json(*RATE, "--answers", str(answers))["rates"]}
    before = {each["firm"]: each for each in desk.json(*RATE)["rates"]}
    assert float(moved["ada"]["lost_pct"]) < 10 < float(before["ada"]["lost_pct"])
    assert moved["chen mill"] == before["chen mill"]
    answers.write_text(answers.read_text() + "shops,0.12,5,6\nshops,0.12,five,6\nmars,0.12,5,6\n")
    found = desk.json(*RATE, "--answers", str(answers), code=5)
    assert [each["field"] for each in found["refused_rows"]] == ["segment", "offered", "declined"]


def test_rate__names_a_cap_that_is_none(desk: Desk):
    desk.change("caps.toml", "nominal", "monthly")
    with pytest.raises(Exception, match=r"caps\[1\].measure"):
        desk.run(*RATE, "--caps", str(desk.folder / "caps.toml"), "--jurisdiction", "XX")


def check(desk: Desk, code: int = 0, name: str = "rules.csv") -> Any:
    return desk.json("policy", "check", str(desk.folder / name), "--currency", "CNY", code=code)


def test_policy_check__finds_gaps_dead_rows_and_clashes(desk: Desk):
    found = check(desk, 6)
    [gap] = found["gaps"]
    assert gap == {
        "score": "[500, 650)", "industry": "not in (gambling) or missing",
        "months_known": "< 24 or missing",
    }  # fmt: skip
    assert found["columns"] == {"score": "number", "industry": "label", "months_known": "number"}
    assert not found["dead_rows"]
    rules = desk.folder / "rules.csv"
    rules.write_text(rules.read_text() + "-,-,-,refer,,look at it\n< 400,-,-,refuse,,dead\n")
    assert check(desk, 6)["dead_rows"] == [8]
    rules.write_text("\n".join(rules.read_text().splitlines()[:-1]))
    assert check(desk)["gaps"] == []


def test_policy_check__names_every_cell_that_cannot_be_read(desk: Desk):
    desk.change("rules.csv", ">= 24", ">= 24 or so")
    desk.change("rules.csv", "< 500,-,-,refuse", "< 500,-,-,refus")
    shown = desk.run("policy", "check", str(desk.folder / "rules.csv"), "--currency", "CNY", code=5)
    assert "row 2, column decision: 'refus'" in shown.stderr
    assert "months_known" in shown.stderr


def test_policy_check__an_xlsx_table_is_the_same(desk: Desk):
    book = openpyxl.Workbook()
    for line in (desk.folder / "rules.csv").read_text().splitlines():
        cells = line.replace('"[500, 650)"', "[500; 650)").split(",")
        book.active.append([cell.replace(";", ",") or None for cell in cells])
    book.save(desk.folder / "rules.xlsx")
    expected = check(desk, 6)
    assert check(desk, 6, "rules.xlsx") == expected | {"table": "rules.xlsx"}


def test_policy_simulate__beside_the_one_in_force(desk: Desk):
    found = desk.json(*SIMULATE, "--group", "town")
    assert found["new"] == found["new"] | {"approved": 3, "referred": 1, "refused": 1}
    assert found["in_force"] == found["in_force"] | {"approved": 2, "referred": 0, "refused": 3}
    assert found["new"]["amount"] == "48000.00"
    assert [(each["application"], each["reason"]) for each in found["swap_in"]] == [
        ("A2", "all others"),
        ("A3", "all others"),
    ]
    assert found["swap_out"] == [{"application": "A5", "row": 3, "reason": "not lent to"}]
    assert [each["decided"] for each in found["by_row"]] == [0, 1, 2, 1, 1, 0]
    assert [each["ratio"] for each in found["groups"]] == ["1.00", "0.33"]
    tail = found["tail"]
    assert 0 < float(tail["in_force"]) < 45_000
    assert tail["amplification"] == pytest.approx(tail["new_per_unit"] / tail["in_force_per_unit"])
    shown = desk.run(*SIMULATE, "--group", "town").stdout
    assert "only the policy in force approves: A5 (not lent to)" in shown


def test_policy_simulate__has_no_tail_where_nothing_is_lent(desk: Desk):
    desk.change("past.csv", "\nA1,30000", "\nA1,0")
    desk.change("past.csv", "\nA5,15000", "\nA5,0")
    assert desk.json(*SIMULATE)["tail"] is None


def test_policy_simulate__a_wrong_application_is_left_out(desk: Desk):
    desk.change("past.csv", "0.03,660", "0.03,good")
    found = desk.json(*SIMULATE, code=5)
    assert found["applications"] == 4
    assert found["refused_rows"][0]["field"] == "score"


def test_policy_simulate__names_a_column_that_is_not_there(desk: Desk):
    desk.change("past.csv", "months_known", "months")
    with pytest.raises(Exception, match="months_known") as caught:
        desk.run(*SIMULATE)
    assert caught.value.code == "header-incomplete"


def test_policy_toml__collects(desk: Desk):
    desk.change("old.toml", "columns", 'hit = "collect"\ncolumns')
    assert desk.json(*SIMULATE)["in_force"]["refused"] == 5
    desk.change("old.toml", '"all others"', "")
    with pytest.raises(Exception, match="row 2 needs 3 cells"):
        desk.run(*SIMULATE)
