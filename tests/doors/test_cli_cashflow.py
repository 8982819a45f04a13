"""``karez cashflow``: files of contracts in, events out, each fault named with its contract."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from karez.doors.cli import cli

TERMS = {
    "contractType": "ANN",
    "contractID": "loan",
    "contractRole": "RPA",
    "statusDate": "2026-01-01T00:00:00",
    "initialExchangeDate": "2026-01-02T00:00:00",
    "maturityDate": "2026-04-02T00:00:00",
    "notionalPrincipal": "  3000",
    "nominalInterestRate": "0.12",
    "dayCountConvention": "30E360",
    "currency": "EUR",
    "cycleAnchorDateOfPrincipalRedemption": "2026-02-02T00:00:00",
    "cycleOfPrincipalRedemption": "P1ML1",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, list(arguments), standalone_mode=False)
    code = done.return_value if done.exception is None else done.exception
    return code or 0, done.stdout, done.stderr


def case(**terms: object) -> dict[str, object]:
    return {"terms": TERMS | terms, "to": "", "dataObserved": {}, "eventsObserved": []}


def write(folder: Path, cases: object, name: str = "cases.json") -> str:
    text = json.dumps(cases)
    data = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    (folder / name).write_bytes(data)
    return name


def test_events__of_a_file_in_both_modes(folder: Path) -> None:
    name = write(folder, {"loan": case()})
    code, out, _ = call("cashflow", "events", name, "--json")
    rows = json.loads(out)["loan"]
    assert code == 0
    assert rows[0] == {
        "eventDate": "2026-01-02T00:00:00",
        "eventType": "IED",
        "payoff": -3000.0,
        "currency": "EUR",
        "notionalPrincipal": 3000.0,
        "nominalInterestRate": 0.12,
        "accruedInterest": 0.0,
    }
    _, out, _ = call("cashflow", "events", name, "--mode", "ledger", "--json")
    rows = json.loads(out)["loan"]
    assert all(isinstance(row["payoff"], int) for row in rows)
    # 3,000 in three payments at 1 % a month: 1,020.07 each, so 60.20 of interest.
    assert sum(row["payoff"] for row in rows) == 60_20


@pytest.mark.parametrize(
    "layout",
    [
        lambda one: (one, "one.json"),
        lambda one: ([one | {"identifier": "loan"}], "list.json"),
        lambda one: ({"loan": one}, "zipped.json.gz"),
    ],
)
def test_events__reads_an_object_a_list_and_a_zipped_file(
    folder: Path, layout: Callable[[dict[str, object]], tuple[object, str]]
) -> None:
    name = write(folder, *layout(case()))
    code, out, _ = call("cashflow", "events", name, "--json")
    assert code == 0
    assert len(next(iter(json.loads(out).values()))) > 6


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"notionalPrincipal": "-5"}, ["notionalPrincipal", "'-5'", "not negative"]),
        ({"notionalPrincipal": "many"}, ["notionalPrincipal", "'many'", "number"]),
        ({"notionalPrincipal": "NaN"}, ["notionalPrincipal", "finite"]),
        ({"maturityDate": "2025-01-01T00:00:00"}, ["maturityDate", "after the initial exchange"]),
        ({"maturityDate": "soon"}, ["maturityDate", "'soon'", "2013-01-01T00:00:00"]),
        ({"dayCountConvention": "A366"}, ["dayCountConvention", "'A366'", "A365"]),
        ({"cycleOfPrincipalRedemption": "monthly"}, ["cycleOfPrincipalRedemption", "P1ML0"]),
        ({"contractType": "LOAN"}, ["contractType", "'LOAN'", "ANN"]),
        ({"statusDate": None}, ["statusDate", "past"]),
        ({"currency": "EUREUR"}, ["currency", "'EUREUR'", "ISO 4217"]),
        ({"calendar": "moon"}, ["calendar", "'moon'", "MF"]),
    ],
)
def test_events__names_what_is_wrong_and_computes_the_others(
    folder: Path, terms: dict[str, object], words: list[str]
) -> None:
    name = write(folder, {"bad": case(contractID="bad", **terms), "good": case()})
    code, out, err = call("cashflow", "events", name, "--mode", "ledger", "--json")
    assert code == 5
    assert list(json.loads(out)) == ["good"]
    said = json.loads(err)["error"]["message"]
    assert all(word in said for word in ["bad", *words]), said


@pytest.mark.parametrize("text", ["", "{", "3", '"loan"'])
def test_events__of_a_file_that_is_none(folder: Path, text: str) -> None:
    (folder / "cases.json").write_text(text)
    code, _, _ = call("cashflow", "events", "cases.json", "--json")
    assert isinstance(code, Exception)
    assert "cases.json" in str(code)


def test_events__says_which_terms_it_does_not_look_at(folder: Path) -> None:
    name = write(folder, {"loan": case(seniority="S"), "other": case(seniority="J")})
    code, _, err = call("cashflow", "events", name)
    assert code == 0
    assert err == "seniority is not looked at (in 2 contracts)\n"


@pytest.mark.parametrize(
    ("calendar", "first"),
    [
        ("MF", "2026-04-03"),  # Good Friday is a weekday
        ("DE", "2026-04-07"),  # and closed where it is a holiday, as is Easter Monday
        ("US-NY", "2026-04-03"),
        ("town", "2026-04-06"),
    ],
)
def test_events__fall_on_business_days(folder: Path, calendar: str, first: str) -> None:
    (folder / "town.txt").write_text("# our own\n2026-04-03  # market day\n")
    terms = {
        "calendar": calendar,
        "businessDayConvention": "SCF",
        "cycleAnchorDateOfPrincipalRedemption": "2026-04-03T00:00:00",
        "maturityDate": "2026-06-02T00:00:00",
    }
    name = write(folder, {"loan": case(**terms)})
    code, out, _ = call(
        "cashflow", "events", name, "--calendar", "town", "town.txt", "--json"
    )  # fmt: skip
    assert code == 0
    redeemed = [row for row in json.loads(out)["loan"] if row["eventType"] == "PR"]
    assert redeemed[0]["eventDate"][:10] == first


def test_calendar__names_the_line_that_is_no_day(folder: Path) -> None:
    (folder / "town.txt").write_text("2026-04-03\nEaster\n")
    name = write(folder, {"loan": case()})
    code, _, _ = call("cashflow", "events", name, "--calendar", "town", "town.txt")
    assert isinstance(code, Exception)
    assert "town.txt, line 2: 'Easter'" in str(code)
