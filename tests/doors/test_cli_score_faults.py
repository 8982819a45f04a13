"""``karez score`` on all that can be wrong: a named error or a stated fallback."""

import json
import math

import numpy as np
import pytest

from doors.score_desk import RECIPE, made
from karez.engines.score.portrait import find_feature

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
        ("chance", "0", "loan-propensity"),
        ("chance", "", "field-missing"),
        ("approved", "31.1.2022", "loan-day"),
        ("gone", "2021-12-31", "loan-days-order"),
    ],
)
def test_row__that_is_wrong_is_named_and_kept(desk, field, value, code):
    columns = made() | {
        "weight": ["1"] * 300, "chance": ["0.5"] * 300,
        "approved": ["2022-01-01"] * 300, "gone": [""] * 300,
    }  # fmt: skip
    columns[field][7] = value
    desk.loans(columns)
    more = 'weight = "weight"\npropensity = "chance"\n'
    more += 'decided_on = "approved"\ndefaulted_on = "gone"\ngroups'
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
    recipe += "[fit]\npairs = []\nmost_bins = 2\n"
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
        (('kind = "factor"', 'kind = "factor"\n[fit]\ntrees = 1'), "score-recipe-file"),
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


def test_recipe__drafted_from_portraits_says_what_is_declared_of_them(desk):
    columns = made() | {"sales_growth_year": [str(row / 7) for row in range(300)]}
    desk.loans(columns)
    text = desk.json("recipe", "loans.csv")["recipe"]
    feature = find_feature("sales_growth_year")
    assert f'words = "{feature.words}"\nunit = "{feature.unit}"\n' in text
    assert f"direction = {feature.direction}  # what experience expects" in text


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
