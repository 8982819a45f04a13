"""What knows the outcome is found out, in real loans too, and what is honest is let be."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv, parquet

from engines.priority.test_shared_cases import around
from karez.engines.score.errors import ColumnLengthError, OutcomeOneClassError
from karez.engines.score.leakage import find_leaks
from karez.engines.score.table import Table


def shared(*path):
    data = Path("shared", "data", *path)
    found = next((folder / data for folder in around() if (folder / data).exists()), None)
    if found is None:
        pytest.skip(f"there is no {data} beside the repository")
    return found


def table(**columns):
    """A table of numbers (arrays of floats) and labels (all else)."""
    rows = len(next(iter(columns.values())))
    numbers = {k: v for k, v in columns.items() if np.asarray(v).dtype == np.float64}
    labels = {k: v for k, v in columns.items() if k not in numbers}
    return Table([f"L{row}" for row in range(rows)], numbers, labels)


def rules(report):
    found = {}
    for leak in report.leaks:
        found.setdefault(leak.feature, set()).add(leak.rule)
    return found


def honest(seed, rows, features=6, slope=0.5):
    """Numbers that each move the log-odds, and what came of it."""
    draw = np.random.default_rng(seed)
    columns = {f"x{place}": draw.normal(size=rows) for place in range(features)}
    logit = slope * sum(columns.values()) - 1
    outcome = (draw.random(rows) < 1 / (1 + np.exp(-logit))).astype(float)
    outcome[:10], outcome[10:20] = 0, 1
    return columns, outcome, draw


# The guaranteed loans: what was known on the day of approval, and what was not.


@pytest.fixture(scope="module")
def loans():
    return parquet.read_table(shared("sba_loans", "sba_loans.parquet"))


def objects(values):
    return np.array(list(values), dtype=object)


def approved(loans):
    amount = loans["gr_appv"].to_numpy()
    code = loans["naics"].to_pylist()
    numbers = {name: loans[name].to_numpy() for name in ("no_emp", "create_job", "retained_job")}
    numbers |= {
        "amount": amount,
        "guarantee_share": loans["sba_appv"].to_numpy() / amount,
        "year": loans["approval_fy"].to_numpy(),
        "franchise": loans["franchise_code"].to_numpy(),
        "urban_code": loans["urban_rural"].to_numpy(),
        "number": loans["loan_nr_chk_dgt"].to_numpy().astype(float),
    }
    labels = {
        name: loans[name].to_pylist()
        for name in ("state", "bank", "bank_state", "rev_line_cr", "low_doc", "city")
    }
    labels |= {
        "place": [text[:3] for text in loans["zip"].to_pylist()],
        "sector": [f"{each:06d}"[:2] for each in code],
        "industry": [f"{each:06d}"[:4] for each in code],
    }
    return {name: values.astype(float) for name, values in numbers.items()} | labels


def days(loans, name):
    found = loans[name].to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(found), np.nan, found.astype(float))


def test_guaranteed_loans__the_term_is_found_out_and_nothing_honest(loans):
    outcome = (objects(loans["mis_status"].to_pylist()) == "CHGOFF").astype(float)
    months = (days(loans, "chg_off_date") - days(loans, "approval_date")) / 30.44
    columns = approved(loans) | {"term": loans["term"].to_numpy()}
    found = find_leaks(table(**columns), outcome, months_to_default=months)
    assert rules(found) == {"term": {"alone", "sure", "grain", "lasts"}}
    assert found.knows["term"] > 3 * found.knows["year"]
    grain = next(leak for leak in found.leaks if leak.rule == "grain")
    assert grain.words == (
        "its exact values explain 66% of the outcome's variance, its size 47%;"
        " of 143 rows with 61 130 defaulted and 35 were to be expected"
    )


def test_guaranteed_loans__several_that_know_do_not_hide_each_other(loans):
    outcome = (objects(loans["mis_status"].to_pylist()) == "CHGOFF").astype(float)
    late = {
        "term": loans["term"].to_numpy(),
        "charged_off_on": days(loans, "chg_off_date"),
        "charged_off": loans["chg_off_prin_gr"].to_numpy(),
        "status": ["paid" if each == 0 else "failed" for each in outcome],
    }
    found = find_leaks(table(**approved(loans), **late), outcome)
    assert set(found.features) == set(late)
    assert all("alone" in broken for broken in rules(found).values())
    missing = next(leak for leak in found.leaks if leak.feature == "charged_off_on")
    assert "of 8,998 rows with no value 2 defaulted" in missing.words


# The rated firms: the bank's rating, beside what their invoices say.


def invoices(side, firms):
    """What the invoices of one side say of each firm."""
    read = parquet.read_table(shared("sme_invoices", f"{side}_rated.parquet"))
    place = {firm: row for row, firm in enumerate(firms)}
    firm = np.array([place[each] for each in read["企业代号"].to_pylist()])
    valid = np.array([each.strip() == "有效发票" for each in read["发票状态"].to_pylist()])
    partner = next(name for name in read.column_names if name.endswith("方单位代号"))
    partners = np.unique(read[partner].to_pylist(), return_inverse=True)[1]
    amount = read["价税合计"].to_numpy()
    dates = [each.split("/") for each in read["开票日期"].to_pylist()]
    month = np.array([12 * int(year) + int(number) for year, number, _ in dates])
    count = len(firms)

    def total(rows, values=None):
        return np.bincount(firm[rows], None if values is None else values[rows], count) * 1.0

    def different(rows, values):
        pairs = np.unique(np.column_stack((firm, values))[rows], axis=0)
        return np.bincount(pairs[:, 0], minlength=count) * 1.0

    sold = np.maximum(total(valid, amount), 1)
    by_month = np.zeros((count, month.max() - month.min() + 1))
    np.add.at(by_month, (firm[valid], month[valid] - month.min()), amount[valid])
    found = {
        "log_total": np.log(sold),
        "log_count": np.log1p(total(valid)),
        "void_share": total(~valid) / total(valid | True),
        "return_share": total(valid & (amount < 0)) / total(valid),
        "months": different(valid, month),
        "first": np.array([month[firm == each].min() for each in range(count)]) * 1.0,
        "last": np.array([month[firm == each].max() for each in range(count)]) * 1.0,
        "partners": different(valid, partners),
        "mean_amount": np.log(sold / total(valid)),
        "volatility": by_month.std(1) / np.maximum(by_month.mean(1), 1),
    }
    return {f"{side}_{name}": values for name, values in found.items()}


def test_rated_firms__the_rating_is_found_out_and_no_invoice():
    rated = csv.read_csv(shared("sme_invoices", "firms_rated.csv")).to_pydict()
    firms, rating = rated["企业代号"], rated["信誉评级"]
    outcome = np.array([each == "是" for each in rated["是否违约"]], float)
    columns = invoices("sales", firms) | invoices("purchases", firms)
    assert find_leaks(table(**columns), outcome).leaks == ()
    for seed in range(2):
        found = find_leaks(table(**columns, rating=rating), outcome, seed=seed)
        assert rules(found) == {"rating": {"alone"}}
        assert "of 24 rows with D 24 defaulted" in found.leaks[0].words
        numbers = {"rating": np.array(["ABCD".index(each) for each in rating], float)}
        assert find_leaks(table(**columns, **numbers), outcome, seed=seed).features == ("rating",)
    assert find_leaks(table(rating=rating), outcome).features == ("rating",)


# What is made up.


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(60, 400), st.floats(0, 1))
def test_honest_features__are_let_be(seed, rows, slope):
    columns, outcome, draw = honest(seed, rows, slope=slope)
    columns["kind"] = draw.choice(["a", "b", "c"], rows)
    columns["name"] = [f"firm {row}" for row in range(rows)]
    columns["constant"] = np.ones(rows)
    columns["missing"] = np.full(rows, np.nan)
    months = np.where(outcome == 1, draw.exponential(20, rows), np.nan)
    assert find_leaks(table(**columns), outcome, months_to_default=months).leaks == ()


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(80, 400), st.sampled_from((0.0, 0.02)))
def test_a_copy_of_the_outcome__is_found_out_in_any_form(seed, rows, wrong):
    columns, outcome, draw = honest(seed, rows)
    known = np.where(draw.random(rows) < wrong, 1 - outcome, outcome)
    copies = {
        "number": known * 1000 + draw.normal(size=rows),
        "label": [f"code {each:.0f}" for each in known],
        "absence": np.where(known == 1, draw.normal(size=rows), np.nan),
    }
    found = find_leaks(table(**columns, **copies), outcome)
    assert set(found.features) == set(copies)


def test_order_of_rows_and_columns__changes_nothing_that_is_found():
    columns, outcome, draw = honest(3, 300)
    columns["copy"] = outcome + draw.normal(0, 0.01, 300)
    order = draw.permutation(300)
    there = find_leaks(table(**columns), outcome)
    back = {name: columns[name][order] for name in reversed(columns)}
    assert rules(find_leaks(table(**back), outcome[order])) == rules(there)


def test_what_each_explains__is_the_plain_sum():
    columns, outcome, draw = honest(5, 90, features=1)
    kinds = draw.choice(["a", "b"], 90)
    found = find_leaks(table(**columns, kind=kinds), outcome).knows["kind"]
    # The folds of the first seed, and the mean over them, by loops.
    draw = np.random.default_rng(0)
    said = np.zeros(90)
    for _ in range(3):
        turn = sorted(zip(outcome, draw.random(90), range(90), strict=True))
        fold = {row: place % 5 for place, (_, _, row) in enumerate(turn)}
        for row in range(90):
            others = [y for r, y in enumerate(outcome) if fold[r] != fold[row]
                      and kinds[r] == kinds[row]]  # fmt: skip
            said[row] += (sum(others) + 5 * outcome.mean()) / (len(others) + 5) / 3
    assert found == pytest.approx(max(0, 1 - ((outcome - said) ** 2).mean() / outcome.var()))


def test_round_values__of_loans_that_paid_are_found_out():
    columns, outcome, draw = honest(7, 600)
    agreed = draw.choice([36.0, 60.0, 84.0, 120.0], 600)
    failed_after = np.floor(agreed * draw.random(600))
    columns["term"] = np.where(outcome == 1, failed_after, agreed)
    found = rules(find_leaks(table(**columns), outcome))
    assert list(found) == ["term"]
    assert "grain" in found["term"]


def test_amounts_in_round_sums__are_let_be():
    columns, outcome, draw = honest(11, 2000)
    columns["amount"] = np.round(np.exp(draw.normal(10, 1, 2000)), -3)
    assert find_leaks(table(**columns), outcome).leaks == ()


def test_what_was_known_later__is_named_with_its_first_row():
    columns, outcome, _ = honest(13, 60)
    decided = np.full(60, 100.0)
    known = np.where(np.arange(60) % 20 == 19, 101.0, 100.0)
    known[0] = np.nan
    found = find_leaks(table(**columns), outcome, decided_on=decided, known_on={"x1": known})
    assert [(leak.feature, leak.rule, leak.words) for leak in found.leaks] == [
        ("x1", "later", "known after the decision in 3 of 60 rows, first in row L19")
    ]


def test_rows_of_weight_zero__say_nothing():
    columns, outcome, draw = honest(17, 200)
    columns["copy"] = np.where(np.arange(200) < 100, outcome, draw.normal(size=200))
    weight = (np.arange(200) >= 100) * 1.0
    assert find_leaks(table(**columns), outcome, weight=weight).leaks == ()
    assert find_leaks(table(**columns), outcome, weight=1 - weight).features == ("copy",)


def test_a_thousand_features_of_a_hundred_loans__give_no_false_alarm():
    draw = np.random.default_rng(19)
    outcome = (np.arange(100) % 4 == 0).astype(float)
    columns = {f"x{place}": draw.normal(size=100) for place in range(1000)}
    assert find_leaks(table(**columns), outcome).leaks == ()


def test_find_leaks__names_what_cannot_be_judged():
    columns = table(x=np.arange(4.0))
    with pytest.raises(OutcomeOneClassError, match="All 4 rows"):
        find_leaks(columns, [0, 0, 0, 0])
    with pytest.raises(ColumnLengthError, match="outcome has 3 rows where there are 4"):
        find_leaks(columns, [0, 1, 0])
    with pytest.raises(ColumnLengthError, match="months_to_default"):
        find_leaks(columns, [0, 1, 0, 1], months_to_default=[1, 2])
