"""A regime is a data file: a new one needs no code, and a wrong one is named."""

import runpy
from pathlib import Path

import pytest

from engines.priority.claims import right
from karez.doors.files.priority_cases import answer_case
from karez.doors.files.regimes import read_regimes
from karez.engines.priority.regime import RegimeBrokenError
from tidy.tree import ROOT

MADE_UP = """
name = "ISLAND"
title = "The Island's law"
version = "1"
[parameters]
levels = { value = [["flag"], ["registration"]], source = "s 1" }
among_ineffective = { value = "pro_rata", source = "s 2" }
"""


def test_regime__a_made_up_one_in_a_folder_works(tmp_path: Path) -> None:
    (tmp_path / "island.toml").write_text(MADE_UP)
    claims = [
        right("A", "2024-01-01", "2024-01-01"),
        right("B", "2024-02-01", perf=[["flag", "2024-02-01", None]]),
        right("C", "2024-01-01", debt=10),
        right("D", "2024-02-01", debt=30),
    ]
    facts = {
        "regime": "ISLAND", "asof": "2024-12-01", "claims": claims,
        "asset": {"type": "boat", "debtor": "D"}, "sale": {"gross": 140, "costs": 0},
    }  # fmt: skip
    found = answer_case({"id": "x", "facts": facts}, read_regimes(tmp_path))
    assert found["ranking"] == [["B"], ["A"], ["C", "D"]]
    assert found["distribution"] == {"costs": 0, "B": 60, "A": 60, "C": 5, "D": 15, "debtor": 0}
    assert "B before A: effective by flag (s 1)" in found["reasons"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("levels =", "level =", "levels?"),
        ('source = "s 2"', "note = 1", "source"),
        ('"pro_rata"', '"by_luck"', "attachment, pro_rata"),
        ('[["flag"], ["registration"]]', "3", "list"),
        ("title =", "titles =", "title"),
        ("[parameters]", "[parameters", "TOML"),
    ],
)
def test_regime__a_wrong_one_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "island.toml").write_text(MADE_UP.replace(old, new))
    with pytest.raises(RegimeBrokenError, match="mend its data file") as caught:
        read_regimes(tmp_path)
    assert said in str(caught.value)


def test_regimes_page__is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "regimes_page.py"))
    written = script["PAGE"].read_text(encoding="utf-8")
    assert written == script["page"](), "run: python scripts/regimes_page.py --write"
