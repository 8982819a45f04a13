"""``karez rights``: claims in, ranking out, each fault by case and field."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from karez.doors.cli import cli

CLAIM = {"id": "A", "kind": "si", "attach": "2024-01-01", "debt": 60}


def case(name: str, **facts: Any) -> dict[str, Any]:
    usual = {
        "regime": "UCC9", "asof": "2024-06-01", "asset": {"type": "equipment", "debtor": "D"},
        "claims": [CLAIM], "sale": {"gross": 100, "costs": 1},
    }  # fmt: skip
    return {"id": name, "facts": usual | facts}


def run(tmp_path: Path, cases: object, *arguments: str) -> Any:
    (tmp_path / "claims.json").write_text(json.dumps(cases))
    return CliRunner().invoke(
        cli, [*arguments, "rights", "rank", str(tmp_path / "claims.json")], catch_exceptions=True
    )


def test_rank__json_and_table(tmp_path: Path) -> None:
    found = json.loads(run(tmp_path, [case("one")], "--json").stdout)
    assert found["one"]["ranking"] == [["A"]]
    assert found["one"]["distribution"] == {"costs": 1, "A": 60, "debtor": 39}
    assert "one (UCC9)" in run(tmp_path, [case("one")]).stdout


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"regime": "ATLANTIS"}, "facts.regime"),
        ({"asof": "yesterday"}, "facts.asof"),
        ({"claims": {}}, "facts.claims"),
        ({"claims": [CLAIM | {"debt": "12.5"}]}, "claims[1].debt"),
        ({"claims": [CLAIM | {"debt": -1}]}, "claims[1].debt"),
        ({"claims": [CLAIM | {"kind": "wish"}]}, "claims[1].kind"),
        ({"claims": [CLAIM | {"file": "2024-01-01"}]}, "claims[1].file"),
        ({"claims": [CLAIM | {"file": [["2024-02-01", "2024-01-01"]]}]}, "claims[1].file"),
        ({"claims": [CLAIM, CLAIM]}, "claims[2].id"),
        ({"claims": [CLAIM | {"serial": "yes"}]}, "claims[1].serial"),
        ({"sale": {"gross": 1.5}}, "sale.gross"),
        ({"sale": {"gross": 1, "enforced_by": "Z"}}, "sale.enforced_by"),
        ({"subordinations": [{"senior": "A", "in_favour_of": "Z"}]}, "in_favour_of"),
    ],
)
def test_rank__a_fault_is_named_and_the_others_are_ranked(
    tmp_path: Path, facts: dict[str, Any], field: str
) -> None:
    result = run(tmp_path, [case("bad", **facts), case("good")], "--json")
    assert list(json.loads(result.stdout)) == ["good"]
    error = json.loads(result.stderr)["error"]
    assert error["code"] == "case-broken"
    assert error["details"]["case"] == "bad"
    assert field in error["details"]["field"]


def test_rank__a_field_without_meaning_is_named(tmp_path: Path) -> None:
    result = run(tmp_path, [case("one", claims=[CLAIM | {"colour": "red"}])])
    assert "claims[1].colour is not looked at" in result.stderr


def test_rank__one_case_a_line_is_answered_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "claims.jsonl"
    lines = [json.dumps(case("one")), "{broken", "", json.dumps(case("two")), "[]"]
    file.write_text("\n".join(lines))
    result = CliRunner().invoke(cli, ["--json", "rights", "rank", str(file)])
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [list(answer) for answer in answers] == [["one"], ["two"]]
    assert result.exit_code == 5
    fields = [json.loads(line)["error"]["details"]["field"] for line in result.stderr.splitlines()]
    assert fields == ["line", "case"]


def test_rank__a_regime_is_found_however_its_name_is_written(tmp_path: Path) -> None:
    found = json.loads(run(tmp_path, [case("one", regime="ucc-9")], "--json").stdout)
    assert found["one"]["regime"]["name"] == "UCC9"
