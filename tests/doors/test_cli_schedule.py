"""``karez cashflow schedule``: cases of loans in, their schedules out, each fault by its case."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from karez.doors.cli import cli


def loan(name: str = "loan", **terms: Any) -> dict[str, Any]:
    """A hundred at 7 % a year by 30/360, back in six months: a sample that others published."""
    day = "2024-01-01"
    return {
        "id": name,
        "terms": {
            "principal": "100",
            "submitted_on": day,
            "expected_disbursement_date": day,
            "interest_rate": "7",
            "interest_rate_frequency": "YEAR",
            "interest_type": "DECLINING_BALANCE",
            "interest_calculation_period": "DAILY",
            "amortization_type": "EQUAL_INSTALLMENTS",
            "loan_term": "6",
            "loan_term_unit": "MONTHS",
            "repayment_every": "1",
            "repayment_frequency": "MONTHS",
            "number_of_repayments": "6",
            "grace_on_principal": "0",
            "grace_on_interest_payment": "0",
            "interest_free_periods": "0",
            "payment_strategy": "ADVANCED_PAYMENT_ALLOCATION",
            "repayment_start_date_type": "DISBURSEMENT_DATE",
        }
        | terms,
        "product_settings": {
            "daysInYearType": "DAYS360",
            "daysInMonthType": "DAYS30",
            "loanScheduleType": "PROGRESSIVE",
            "isInterestRecalculationEnabled": False,
            "multiDisburseLoan": False,
            "transactionProcessingStrategyCode": "ADVANCED_PAYMENT_ALLOCATION",
            "digitsAfterDecimal": 2,
            "inMultiplesOf": 0,
            "currencyCode": "EUR",
        },
        "events": [
            {"type": "business_date", "date": day},
            {"type": "create_loan"},
            {"type": "approve", "date": day, "amount": "100", "expected_disbursement_date": day},
            {"type": "disburse", "date": day, "amount": "100"},
        ],
        "checkpoints": [
            {"after_event": 4, "check": "schedule"},
            {"after_event": 4, "check": "schedule_total", "totals": {}},
        ],
    }


def call(*arguments: str) -> tuple[object, str, str]:
    done = CliRunner().invoke(cli, list(arguments), standalone_mode=False)
    code = done.return_value if done.exception is None else done.exception
    return code or 0, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["cases.json", "cases.json.gz"])
def test_schedule__of_a_published_sample(tmp_path: Path, name: str) -> None:
    data = json.dumps([loan()]).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    code, out, _ = call("cashflow", "schedule", str(path), "--json")
    assert code == 0
    answers = json.loads(out)["loan"]
    assert [(a["after_event"], a["business_date"]) for a in answers] == [(4, "2024-01-01")]
    paid = [(row["principal"], row["interest"]) for row in answers[0]["rows"][1:]]
    assert [(float(a), float(b)) for a, b in paid[:4]] == [
        (16.43, 0.58), (16.52, 0.49), (16.62, 0.39), (16.72, 0.29),
    ]  # fmt: skip
    assert sum(float(a) for a, _ in paid) == pytest.approx(100)
    assert sum(float(b) for _, b in paid) == pytest.approx(2.05)


def test_schedule__is_a_table_for_people(tmp_path: Path) -> None:
    (tmp_path / "cases.json").write_text(json.dumps([loan()]))
    code, out, _ = call("cashflow", "schedule", str(tmp_path / "cases.json"))
    assert code == 0
    assert "loan, after event 4, on 2024-01-01" in out
    assert "2024-02-01" in out


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"principal": "-5"}, ["principal", "-5"]),
        ({"interest_type": "COMPOUND"}, ["interest_type", "COMPOUND"]),
        ({"number_of_repayments": "many"}, ["number_of_repayments", "many"]),
        ({"repayment_frequency": "MOONS"}, ["repayment_frequency", "MOONS"]),
    ],
)
def test_schedule__names_what_is_wrong_and_computes_the_others(
    tmp_path: Path, terms: dict[str, str], words: list[str]
) -> None:
    cases = [loan("bad", **terms), loan("good")]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    code, out, err = call("cashflow", "schedule", str(tmp_path / "cases.json"), "--json")
    assert code == 5
    assert list(json.loads(out)) == ["good"]
    said = json.loads(err)["error"]["message"]
    assert all(word in said for word in ["bad", *words]), said
