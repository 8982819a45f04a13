"""Cases of schedules: what is asked is answered, what is broken is named."""

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from karez.doors.files.case_errors import CaseBrokenError
from karez.doors.files.schedule_cases import answer_case, answer_cases, read_cases

CASE: dict[str, Any] = {
    "id": "plain",
    "terms": {
        "submitted_on": "2024-01-01",
        "principal": "100",
        "expected_disbursement_date": "2024-01-01",
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
        "payment_strategy": "ADVANCED_PAYMENT_ALLOCATION",
    },
    "product_settings": {
        "loanScheduleType": "PROGRESSIVE",
        "digitsAfterDecimal": 2,
        "daysInYearType": "DAYS360",
        "daysInMonthType": "DAYS30",
    },
    "events": [
        {"type": "business_date", "date": "2024-01-01"},
        {"type": "create_loan"},
        {"type": "approve", "amount": "100", "expected_disbursement_date": "2024-01-01"},
        {"type": "disburse", "date": "2024-01-01", "amount": "100"},
    ],
    "checkpoints": [{"after_event": 4, "check": "schedule", "rows": []}],
}


def changed(**paths: Any) -> dict[str, Any]:
    """Return the case with fields changed, such as terms__principal="-1"; None takes one away."""
    case = copy.deepcopy(CASE)
    for path, value in paths.items():
        *way, field = path.split("__")
        place: Any = case
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        if value is None:
            del place[field]
        else:
            place[field] = value
    return case


def test_answer__rows_in_the_words_of_the_file():
    (answer,) = answer_case(CASE)
    assert answer["after_event"] == 4
    assert answer["business_date"] == "2024-01-01"
    payout, first, *_ = answer["rows"]
    assert payout["balance"] == "100.00"
    assert first["nr"] == "1"
    assert (first["principal"], first["interest"], first["total"]) == ("16.43", "0.58", "17.01")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_read__plain_and_compressed(tmp_path: Path, pack: Callable[[bytes], bytes]):
    path = tmp_path / "cases.json"
    path.write_bytes(pack(json.dumps([CASE]).encode()))
    assert answer_cases(read_cases(path)) == {"plain": answer_case(CASE)}


@pytest.mark.parametrize(
    ("case", "field", "rule"),
    [
        (changed(terms__principal=None), "terms.principal", "number"),
        (changed(terms__principal="-1"), "terms.principal", "not negative"),
        (changed(terms__principal="1.005"), "terms.principal", "decimals"),
        (changed(terms__interest_type="GUESSED"), "terms.interest_type", "conventions known"),
        (
            changed(product_settings__daysInYearType="DAYS_370"),
            "product_settings.daysInYearType",
            "conventions known",
        ),
        (changed(events__3__date="2024-02-30"), "events[4].date", "year-month-day"),
        (changed(events__3__amount="0"), "events[4]", "more than zero"),
        (changed(events__3__type="dance"), "events[4].type", "events known"),
        (changed(events="none"), "case.events", "list"),
    ],
)
def test_broken__names_case_field_and_rule(case: dict[str, Any], field: str, rule: str):
    answers = answer_cases([case, CASE | {"id": "sound"}])
    broken = answers["plain"]
    assert isinstance(broken, CaseBrokenError)
    assert broken.details["case"] == "plain"
    assert broken.details["field"] == field
    assert rule in str(broken)
    assert answers["sound"] == answer_case(CASE)
