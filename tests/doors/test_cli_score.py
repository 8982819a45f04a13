"""``karez score`` on good loans."""

import csv
import math
from datetime import date, timedelta

import pyarrow as pa
import pytest
from pyarrow import parquet

from doors.score_desk import RECIPE, made


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


def test_card__of_points_adds_up_to_the_score(desk):
    desk.fit()
    card = desk.json("card", "m.json", "--points")
    shown = desk.json("explain", "loans.csv", "--model", "m.json", "--id", "L5")
    lines = {(line["feature"], line["value"]): line for line in card["lines"]}
    for part in shown["parts"]:
        assert lines[part["feature"], part["value"]] == part
    assert card["base_points"] == shown["base_points"]
    towns = [line for line in card["lines"] if line["feature"] == "town"]
    bad = made()["failed"].count("yes")
    assert sum(line["defaults"] for line in towns) == bad
    for line in towns[:-1]:  # the last is a town that was never seen
        good = line["loans"] - line["defaults"]
        woe = math.log(good / (300 - bad) * bad / line["defaults"])
        assert line["weight_of_evidence"] == pytest.approx(woe)
    assert towns[-1]["weight_of_evidence"] is None
    assert "weight of evidence" in desk("card", "m.json", "--points").out


def test_trees__that_pay_are_a_line_of_their_own(desk):
    columns = made(900) | {"age": [str(row * 7919 % 900) for row in range(900)]}
    debts = [float(each) for each in columns["debt"]]
    kinds, towns = columns["kind"], columns["town"]
    columns["failed"] = [
        "yes" if (debt > 0 and (kind == "shop") == (town < "Cer")) != (row % 10 == 0) else "no"
        for row, (debt, kind, town) in enumerate(zip(debts, kinds, towns, strict=True))
    ]
    fitted = desk.fit(
        columns, f'{RECIPE}[[features]]\nname = "age"\n[fit]\npairs = []\ntrees = true\n'
    )
    assert fitted["card"]["trees"].startswith("trees were added: ")
    joint = next(each for each in fitted["card"]["features"] if each["kind"] == "trees")
    assert joint["points_worst"] < 0 < joint["points_best"]
    shown = desk.json("explain", "loans.csv", "--model", "m.json", "--id", "L1")
    assert shown["base_points"] + sum(part["points"] for part in shown["parts"]) == shown["points"]
    assert [part["feature"] for part in shown["parts"]].count("together") == 1
    assert "Trees were added: on loans kept apart" in desk("card", "m.json").out
    points = desk.json("card", "m.json", "--points")["trees"]
    assert points == {"points_least": joint["points_worst"], "points_most": joint["points_best"]}
    assert "not on this card: several features together" in desk("card", "m.json", "--points").out


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


def test_audit__weighs_a_challenger_by_propensity(desk):
    desk.fit()
    columns = made(seed=3)
    columns["chance"] = ["1" if float(each) < 0 else "0.2" for each in columns["debt"]]
    recipe = RECIPE.replace("groups", 'propensity = "chance"\ngroups')
    small = (
        recipe[: recipe.index("[[features]]")] + '[[features]]\nname = "kind"\nkind = "factor"\n'
    )
    desk.write("small.toml", small)
    desk.fit(columns, recipe)
    desk("fit", "loans.csv", "--recipe", "small.toml", "--out", "small.json")
    audit = ("audit", "loans.csv", "--model", "m.json", "--challenger", "small.json")
    contest = desk.json(*audit)["challenger"]
    assert contest["rows"] == 300
    assert contest["rows_effective"] < 250


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


def test_join__finds_outcomes_by_id(desk):
    whole = desk.fit()
    columns = made()
    later = {name: columns.pop(name) for name in ("failed", "owner")}
    later = {"loan": columns["loan"][::-1], **{name: each[::-1] for name, each in later.items()}}
    desk.loans(columns, "portraits.csv")
    desk.loans(later, "outcomes.csv")
    fit = ("fit", "portraits.csv", "--recipe", "recipe.toml", "--out", "j.json")
    assert desk.json(*fit, "--join", "outcomes.csv")["card"] == whole["card"]
    desk.loans({name: each[1:] for name, each in later.items()}, "outcomes.csv")
    card = desk.json(*fit, "--join", "outcomes.csv")["card"]
    assert card["rows"] == 299
    assert card["left_out"]["rows that the file of outcomes does not know"] == 1
    later["failed"][0] = ""
    desk.loans(later, "outcomes.csv")
    found = desk.json(*fit, "--join", "outcomes.csv", "--rejects", "wrong", code=5)
    assert found["card"]["rows"] == 299
    assert found["refusals"][0]["error"]["code"] == "field-missing"
    kept = (desk.folder / "wrong" / "portraits.csv").read_text("utf-8-sig").splitlines()
    assert kept[0].endswith("loan,debt,kind,town,failed,owner")
    assert kept[1].startswith("301,failed,field-missing,")
    error = desk.json(*fit, "--join", "portraits.csv", code=5)["error"]
    assert error["code"] == "header-repeated"
    desk.loans({"loan": ["L1", "L1"], "failed": ["yes", "no"], "owner": ["", ""]}, "outcomes.csv")
    assert desk.json(*fit, "--join", "outcomes.csv", code=5)["error"]["code"] == "loan-repeated"


def test_weights__by_outcome_are_those_of_the_population(desk):
    weights = RECIPE.replace("groups", "weights = { default = 1, paid = 20 }\ngroups")
    card = desk.fit(recipe=weights)["card"]
    bad = made()["failed"].count("yes")
    assert card["weighted"]
    assert card["rate"] == pytest.approx(bad / (bad + 20 * (300 - bad)))
    assert abs(card["out_of_fold"]["bias"]) < 0.03
