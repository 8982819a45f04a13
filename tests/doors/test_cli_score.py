"""``karez score``: no database, so within this process; good loans, and all that can be wrong."""

import csv
import json
import math
from datetime import date, timedelta
from pathlib import Path

import attrs
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from karez.doors.cli import cli
from karez.doors.cli.shell import run

RECIPE = """
[loans]
id = "loan"
outcome = "failed"
groups = ["owner"]

[[features]]
name = "debt"
kind = "number"
direction = 1
words = "debt to income"

[[features]]
name = "kind"
kind = "factor"

[[features]]
name = "town"
kind = "segment"
"""


def made(rows=300, seed=1):
    """Loans whose odds are known, as columns of texts."""
    draw = np.random.default_rng(seed)
    debt, town = draw.normal(size=rows), draw.choice(["Ada", "Bor", "Cer", "Dol"], rows)
    logit = -0.7 + 1.2 * debt + 0.8 * (town == "Ada")
    failed = draw.random(rows) < 1 / (1 + np.exp(-logit))
    return {
        "loan": [f"L{row}" for row in range(rows)],
        "failed": ["yes" if each else "no" for each in failed],
        "debt": [f"{each:.3f}" for each in debt],
        "kind": draw.choice(["shop", "farm"], rows).tolist(),
        "town": town.tolist(),
        "owner": draw.choice(["woman", "man"], rows).tolist(),
    }


@attrs.frozen
class Desk:
    """A folder, and ``karez score`` run in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def loans(self, columns, name="loans.csv"):
        with (self.folder / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([columns, *zip(*columns.values(), strict=True)])

    def __call__(self, *arguments, code=0):
        """Run it, and return what it printed and what it said beside."""
        assert run(cli, ["score", *arguments]) == code, self.capsys.readouterr()
        return self.capsys.readouterr()

    def json(self, *arguments, code=0):
        said = self(*arguments, "--json", code=code)
        return json.loads(said.out or said.err)

    def fit(self, columns=None, recipe=RECIPE, code=0):
        self.loans(made() if columns is None else columns)
        self.write("recipe.toml", recipe)
        return self.json(
            "fit", "loans.csv", "--recipe", "recipe.toml", "--out", "m.json", code=code
        )


@pytest.fixture
def desk(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path, capsys)


def test_fit_apply_explain__agree(desk):
    fitted = desk.fit()
    assert fitted["card"]["rows"] == 300
    assert fitted["card"]["out_of_fold"]["auc"] > 0.7
    assert fitted["card"]["leaks"] == []
    scores = desk.json("apply", "loans.csv", "--model", "m.json", "--out", "scores.csv")
    assert list(scores) == made()["loan"]
    for each in scores.values():
        assert set(each) == {"pd", "pd_low", "pd_high", "points", "reasons"}
        assert 0 < each["pd_low"] < each["pd_high"] < 1
        assert all(reason["effect"] > 0 for reason in each["reasons"])
    worst = max(scores, key=lambda name: scores[name]["pd"])
    assert scores[worst]["reasons"][0]["words"].startswith("debt to income: ")
    shown = desk.json("explain", "loans.csv", "--model", "m.json", "--id", worst)
    assert shown["base_points"] + sum(part["points"] for part in shown["parts"]) == shown["points"]
    assert shown["points"] == scores[worst]["points"]
    with (desk.folder / "scores.csv").open(encoding="utf-8") as stream:
        written = {row["id"]: row for row in csv.DictReader(stream)}
    assert float(written[worst]["pd"]) == scores[worst]["pd"]
    assert "debt to income" in desk("apply", "loans.csv", "--model", "m.json").out
    assert "the average loan" in desk("explain", "loans.csv", "--model", "m.json", "--id", "L1").out


def test_parquet__is_read_as_csv_is(desk):
    desk.fit()
    columns = made()
    table = pa.table({**columns, "debt": pa.array([float(each) for each in columns["debt"]])})
    parquet.write_table(table, desk.folder / "loans.parquet")
    as_csv = desk.json("apply", "loans.csv", "--model", "m.json")
    assert desk.json("apply", "loans.parquet", "--model", "m.json") == as_csv


def test_card__says_what_it_is_made_of(desk):
    desk.fit()
    page = desk("card", "m.json").out
    assert page.startswith("# Model card\n\n## What it was made of\n\n300 loans, ")
    for words in ("| AUC | 0.", "| debt to income | number |", "more is riskier", "None was found"):
        assert words in page
    assert desk.json("card", "m.json")["rows"] == 300


def test_audit__of_the_same_loans_has_no_alarm_and_of_others_has(desk):
    desk.fit()
    audit = desk.json("audit", "loans.csv", "--model", "m.json", "--challenger", "m.json")
    assert audit["alarms"] == []
    assert audit["challenger"]["verdict"] == "not enough evidence"
    assert [group["names"] for group in audit["fairness"]["groups"]] == [["man"], ["woman"]]
    ratio = (
        audit["fairness"]["groups"][0]["approval_ratio"]
        or (audit["fairness"]["groups"][1]["approval_ratio"])
    )
    assert ratio["low"] < ratio["value"] < ratio["high"]
    later = made(seed=2)
    later["debt"] = [f"{float(each) + 2:.3f}" for each in later["debt"]]
    later["failed"] = ["no" if each == "Ada" else "yes" for each in later["town"]]
    desk.loans(later, "later.csv")
    found = desk.json("audit", "later.csv", "--model", "m.json", "--training", "loans.csv", code=6)
    assert any(words.startswith("debt has shifted: PSI") for words in found["alarms"])
    assert any(words.startswith("town, Ada: 0 defaults, where") for words in found["alarms"])
    assert any("can be told apart" in words for words in found["alarms"])
    assert found["overlap"]["outside"]
    applicants = {name: column for name, column in later.items() if name != "failed"}
    desk.loans(applicants, "applicants.csv")
    said = desk("audit", "applicants.csv", "--model", "m.json", "--applicants", code=6).out
    assert "ALARM debt has shifted" in said


def test_audit__says_that_fairlearn_is_missing(desk, monkeypatch):
    desk.fit()
    monkeypatch.setattr("karez.engines.score.fairness.find_spec", lambda _: None)
    assert desk.fit()["card"]["fairness"] is None
    error = desk.json("audit", "loans.csv", "--model", "m.json", code=1)["error"]
    assert error["code"] == "extra-missing"
    assert "pip install 'karez[audit]'" in error["message"]


def test_leak__ends_with_6_and_is_on_the_card(desk):
    columns = made()
    columns["recovered"] = ["120" if each == "yes" else "" for each in columns["failed"]]
    recipe = RECIPE + '[[features]]\nname = "recovered"\nkind = "number"\n'
    leaks = desk.fit(columns, recipe, code=6)["card"]["leaks"]
    assert {leak["feature"] for leak in leaks} == {"recovered"}
    assert "recovered may know the outcome (alone)" in desk("card", "m.json").out


def test_window__makes_outcomes_of_days_and_counts_the_young(desk):
    columns = made()
    first = date(2022, 1, 1)
    decided = [first + timedelta(3 * row) for row in range(300)]
    columns["approved"] = [str(day) for day in decided]
    columns["gone"] = [
        str(day + timedelta(100)) if failed == "yes" and row < 200 else ""
        for row, (day, failed) in enumerate(zip(decided, columns["failed"], strict=True))
    ]
    window = (
        'decided_on = "approved"\ndefaulted_on = "gone"\nwindow_months = 12\n'
        "seen_until = 2024-03-31\n"
    )
    recipe = RECIPE.replace('outcome = "failed"\n', window)
    card = desk.fit(columns, recipe)["card"]
    passed = sum(day <= date(2023, 3, 31) for day in decided)
    assert card["rows"] == passed
    assert card["left_out"]["loans whose window of 12 months has not passed"] == 300 - passed
    assert card["window_months"] == 12
    assert (card["first_decided"], card["last_decided"]) == ("2022-01-01", "2023-03-30")
    error = desk.fit(columns, recipe.replace("defaulted_on", "weight"), code=5)["error"]
    assert error["code"] == "score-recipe-file"
    # A feature that became known after the decision.
    columns["told"] = [str(day + timedelta(30)) for day in decided]
    known = recipe.replace('words = "debt to income"', 'known_on = "told"')
    leaks = desk.fit(columns, known, code=6)["card"]["leaks"]
    assert [(leak["feature"], leak["rule"]) for leak in leaks] == [("debt", "later")]


def test_weights__by_outcome_are_those_of_the_population(desk):
    weights = RECIPE.replace("groups", "weights = { default = 1, paid = 20 }\ngroups")
    card = desk.fit(recipe=weights)["card"]
    bad = made()["failed"].count("yes")
    assert card["weighted"]
    assert card["rate"] == pytest.approx(bad / (bad + 20 * (300 - bad)))
    assert abs(card["out_of_fold"]["bias"]) < 0.03


# Rows that are wrong: named, kept, and no others with them.


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("debt", "12x", "loan-number"),
        ("debt", "inf", "loan-number"),
        ("debt", "1_0", "loan-number"),
        ("failed", "perhaps", "loan-outcome"),
        ("failed", "", "field-missing"),
        ("loan", "", "field-missing"),
        ("loan", "L6", "loan-repeated"),
        ("weight", "-1", "loan-weight"),
        ("weight", "", "field-missing"),
        ("approved", "31.1.2022", "loan-day"),
        ("gone", "2021-12-31", "loan-days-order"),
    ],
)
def test_row__that_is_wrong_is_named_and_kept(desk, field, value, code):
    columns = made() | {
        "weight": ["1"] * 300, "approved": ["2022-01-01"] * 300, "gone": [""] * 300,
    }  # fmt: skip
    columns[field][7] = value
    desk.loans(columns)
    more = 'weight = "weight"\ndecided_on = "approved"\ndefaulted_on = "gone"\ngroups'
    desk.write("recipe.toml", RECIPE.replace("groups", more))
    arguments = ("fit", "loans.csv", "--recipe", "recipe.toml", "--out", "m.json")
    said = desk(*arguments, "--rejects", "wrong", code=5)
    assert f"error[{code}]: loans.csv, line 9, {field}" in said.err
    assert desk.json("card", "m.json")["rows"] == 299
    kept = (desk.folder / "wrong" / "loans.csv").read_text("utf-8-sig").splitlines()
    assert kept[0].startswith("error.line,error.field,error.code,error.message,loan,")
    assert kept[1].startswith(f"9,{field},{code},")
    found = desk.json(*arguments, code=5)
    assert found["refusals"][0]["error"]["code"] == code


def test_apply__refuses_a_row_and_scores_the_others(desk):
    desk.fit()
    columns = made(3)
    columns["debt"][1] = "much"
    desk.loans(columns, "new.csv")
    said = desk("apply", "new.csv", "--model", "m.json", "--json", code=5)
    assert list(json.loads(said.out)) == ["L0", "L2"]
    assert json.loads(said.err)["error"]["code"] == "loan-number"


# A file that is wrong as a whole, or that says little: a named error or a stated fallback.


def test_one_class__is_a_named_error(desk):
    columns = made() | {"failed": ["no"] * 300}
    assert desk.fit(columns, code=5)["error"]["code"] == "score-outcome-one-class"


def test_weights_of_zero__are_a_named_error(desk):
    columns = made() | {"weight": ["0"] * 300}
    recipe = RECIPE.replace("groups", 'weight = "weight"\ngroups')
    assert desk.fit(columns, recipe, code=5)["error"]["code"] == "score-table-empty"


@pytest.mark.parametrize("value", ["", "nan", "1"])
def test_column_that_says_nothing__is_left_out_with_the_reason(desk, value):
    columns = made() | {"empty": [value] * 300}
    recipe = RECIPE + '[[features]]\nname = "empty"\nkind = "number"\n'
    assert desk.fit(columns, recipe)["card"]["dropped"]["empty"]


def test_segment_never_seen__is_scored_with_a_wider_interval(desk):
    desk.fit()
    columns = {name: values[:2] for name, values in made().items()}
    columns["town"] = ["Bor", "Zed"]
    columns["debt"], columns["kind"] = ["0.1", "0.1"], ["shop", "shop"]
    desk.loans(columns, "new.csv")
    known, new = desk.json("apply", "new.csv", "--model", "m.json").values()
    assert new["pd_high"] - new["pd_low"] > known["pd_high"] - known["pd_low"]
    shown = desk.json("explain", "new.csv", "--model", "m.json", "--id", "L1")
    town = next(part for part in shown["parts"] if part["feature"] == "town")
    assert (town["loans"], town["value"]) == (0, "no history here")


def test_numbers_missing__are_a_level_of_their_own(desk):
    columns = made()
    columns["debt"] = ["" if row % 3 == 0 else text for row, text in enumerate(columns["debt"])]
    desk.fit(columns)
    scores = desk.json("apply", "loans.csv", "--model", "m.json")
    assert all(math.isfinite(each["pd"]) for each in scores.values())


def test_more_features_than_loans__are_stated(desk):
    draw = np.random.default_rng(5)
    columns = made(100)
    names = [f"x{place}" for place in range(1000)]
    columns |= {name: [f"{each:.2f}" for each in draw.normal(size=100)] for name in names}
    recipe = RECIPE + "".join(f'[[features]]\nname = "{name}"\n' for name in names)
    recipe += "[fit]\npairs = []\n"
    card = desk.fit(columns, recipe)["card"]
    assert card["leaks"] == []
    assert any("1003 features" in words for words in card["limits"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("[loans]", "[loan]"), "score-recipe-file"),
        (('id = "loan"', "id = 3"), "score-recipe-file"),
        (('kind = "factor"', 'kind = "word"'), "score-feature-malformed"),
        (('name = "kind"', 'name = "sort"'), "header-incomplete"),
        (('name = "kind"', 'name = "town"'), "score-feature-repeated"),
        (("direction = 1", "direction = true"), "score-recipe-file"),
        (("[[features]]", "[[feature]]"), "score-recipe-file"),
        (("[loans]", "[loans"), "file-unreadable"),
        (('groups = ["owner"]', "weights = { default = 1 }"), "score-recipe-file"),
    ],
)
def test_recipe__that_is_wrong_is_named(desk, change, code):
    error = desk.fit(recipe=RECIPE.replace(*change), code=5)["error"]
    assert error["code"] == code


def test_files__that_are_none(desk):
    desk.fit()
    assert desk.json("card", "recipe.toml", code=5)["error"]["code"] == "score-file"
    assert desk.json("card", "no.json", code=5)["error"]["code"] == "score-file"
    desk.write("broken.json", '{"format": "karez-score-file-1"}')
    assert desk.json("card", "broken.json", code=5)["error"]["code"] == "score-file"
    missing = desk.json("explain", "loans.csv", "--model", "m.json", "--id", "X", code=3)
    assert missing["error"]["code"] == "loan-unknown"
    desk.write("head.csv", "loan,failed,debt,kind,town,owner\n")
    error = desk.json("apply", "head.csv", "--model", "m.json", code=5)["error"]
    assert error["code"] == "loans-none"


def test_recipe__drafted_is_one_that_can_be_fitted(desk):
    columns = made() | {"approved": ["2022-01-01"] * 300, "note": [f"n{row}" for row in range(300)]}
    desk.loans(columns)
    text = desk.json("recipe", "loans.csv")["recipe"]
    assert 'id = "loan"  # different in every row' in text
    assert 'outcome = "failed"' in text
    assert '# "approved" holds days' in text
    assert '# "note" has 300 values' in text
    fitted = desk.fit(columns, text)
    assert {each["name"] for each in fitted["card"]["features"]} >= {"debt", "kind", "town"}
