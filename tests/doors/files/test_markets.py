"""A folder of firms: plain lists, the Chinese ones, and what can be wrong with them."""

from pathlib import Path

import pytest

from karez.doors.files.errors import FileUnreadableError, HeaderIncompleteError
from karez.doors.files.markets import read_firm_folder

PLAIN = {
    "firms_rated.csv": (
        "firm,name,industry,town,defaulted\nF1,Ada,retail,Holt,no\nF2,Bo,,Holt,yes\n"
    ),
    "firms_unrated.csv": "firm,name,industry,town\nF3,Chen,mills,Ashwell\n",
    "churn_by_rate.csv": "annual_rate,churn_A\n0.04,0\n0.15,0.9\n",
    "sales.csv": "firm,number\n",
    "purchases.csv": "firm,number\n",
}
CHINESE = {
    "firms_rated.csv": (
        "企业代号,企业名称,信誉评级,是否违约\nE1,***电器销售有限公司,A,否\nE2,***劳务,D,是 \n"
    ),
    "firms_unrated.csv": "企业代号,企业名称\nE124,个体经营E124 \nE125,某某\n",
    "churn_by_rate.csv": "annual_rate,churn_rating_A\n0.04,0\n0.15,0.9\n",
    "sales_rated.parquet": "",
}


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_plain_lists(tmp_path: Path):
    found = read_firm_folder(folder(tmp_path, PLAIN))
    assert found.defaulted == {"F1": False, "F2": True}
    assert list(found.asking) == ["F3"]
    assert found.industry == {"F1": "retail", "F2": "other", "F3": "mills"}
    assert found.town["F3"] == "Ashwell"
    assert found.mapping == "firm-lists"
    assert [path.name for path in found.invoices] == ["purchases.csv", "sales.csv"]


def test_chinese_lists_and_industries_by_words_of_names(tmp_path: Path):
    found = read_firm_folder(folder(tmp_path, CHINESE))
    assert found.defaulted == {"E1": False, "E2": True}
    assert found.industry == {
        "E1": "trade", "E2": "construction", "E124": "sole traders", "E125": "other",
    }  # fmt: skip
    assert found.mapping == "cn-vat-firms"


def test_an_outcome_that_is_none_is_told_by_row(tmp_path: Path):
    text = PLAIN["firms_rated.csv"].replace(",yes", ",perhaps")
    found = read_firm_folder(folder(tmp_path, PLAIN | {"firms_rated.csv": text}))
    assert found.defaulted == {"F1": False}
    assert [str(each).split(":")[0].rpartition("/")[2] for each in found.refusals] == [
        "firms_rated.csv, line 3, defaulted 'perhaps'"
    ]


@pytest.mark.parametrize("missing", ["firms_rated.csv", "firms_unrated.csv", "churn_by_rate.csv"])
def test_a_list_that_is_missing_is_named(tmp_path: Path, missing: str):
    files = {name: text for name, text in PLAIN.items() if name != missing}
    with pytest.raises(FileUnreadableError, match=missing):
        read_firm_folder(folder(tmp_path, files))


def test_a_folder_without_invoices(tmp_path: Path):
    files = {name: text for name, text in PLAIN.items() if name[0] not in "sp"}
    with pytest.raises(FileUnreadableError, match="sales"):
        read_firm_folder(folder(tmp_path, files))


def test_a_list_without_names(tmp_path: Path):
    files = PLAIN | {"firms_unrated.csv": "firm,industry\nF3,mills\n"}
    with pytest.raises(HeaderIncompleteError, match="name"):
        read_firm_folder(folder(tmp_path, files))
