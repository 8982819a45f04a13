"""Whatever fits the document, or nearly does, is answered as the document says; never by a fault.

The long form: ``scripts/hard_tests.py --schema 100``.
"""

import os
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from msgspec import structs
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from doors.api.conftest import Api, key_of
from karez.doors.api.openapi import document
from karez.doors.operations import OPERATIONS, AnyOperation
from karez.services.access import roles

EXAMPLES = int(os.environ.get("SCHEMA", "6"))
SEED = 20261128 if "SCHEMA" not in os.environ else int.from_bytes(os.urandom(4), "big")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DAYS = [date(1, 1, 1), date(1900, 1, 1), date(2199, 12, 31), date(9999, 12, 31)]
schemathesis.openapi.format(
    "date",
    (st.dates(date(2025, 6, 1), date(2027, 1, 1)) | st.sampled_from(DAYS)).map(date.isoformat),
)
EDGES = [
    "",
    "a\0b",
    "\N{PILE OF POO}" * 50,
    "x" * 3000,
    "-1",
    1 << 63,
    1 << 70,
    "1" * 400,
    "nan",
    "1e400",
    "/",
    *map(date.isoformat, DAYS),
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-01-01T00:00:00",
]
GOOD = {
    "account": "1020",
    "amount_minor": 100,
    "event": 1,
    "first_day": "2026-01-01",
    "keys": ["tin:5213003700"],
    "kind": "firm",
    "loan": "1",
    "name": "Long River Mill",
    "text": "mill",
    "until": "2026-03-01",
}
"""What a field that must be there may hold, while another is at its edge."""

THERE = {"loan": "1", "account": "1020"}
"""Path fields that name what is there: most of the cases, or all would end at "not found"."""


def problems_are_problems(_: Any, response: Any, __: Any) -> None:
    [sent] = response.headers["content-type"]
    check_kind(response.status_code, sent)


def check_kind(status: int, sent: str) -> None:
    assert sent == ("application/problem+json" if status >= 400 else "application/json"), status


def test_every_operation__answers_as_the_document_says(api: Api):
    key = key_of(api.books, "m-all", *roles())
    described = schemathesis.openapi.from_dict(document())
    described.config.update(base_url=str(api.client.base_url))
    headers = {"Authorization": f"Bearer {key}"}
    failed: dict[str, str] = {}
    tally = Counter[int]()
    for found in described.get_all_operations():
        operation = found.ok()
        try:
            _fuzz(operation, headers, tally)()
        except BaseExceptionGroup as group:
            failed[operation.label] = "\n".join(str(each) for each in group.exceptions)
        except (AssertionError, requests.RequestException) as wrong:
            failed[operation.label] = str(wrong)
    told = "\n\n".join(f"{label}\n{what}" for label, what in failed.items())
    print(f"seed {SEED}, answers by status: {sorted(tally.items())}")
    if failed:
        pytest.fail(told, pytrace=False)
    assert tally[200] > EXAMPLES, "most cases end before they reach a service"


def test_every_field__at_its_edges_is_answered_without_a_fault(api: Api):
    key = key_of(api.books, "m-all", *roles())
    api.keys["all"] = key
    for operation in OPERATIONS.values():
        path = operation.path
        for name in operation.path_fields:
            path = path.replace(f"{{{name}}}", THERE.get(name, "1"))
        fields = structs.fields(operation.input)
        rest = {
            field.name: GOOD.get(field.name, "1")
            for field in fields
            if field.required and field.name not in operation.path_fields
        }
        for field in operation.input.__struct_fields__:
            for edge in EDGES:
                if field in operation.path_fields:
                    answer = _send(api, operation, _with(operation.path, field, edge), rest)
                else:
                    answer = _send(api, operation, path, rest | {field: edge})
                assert answer.status_code < 500, f"{operation.name} {field} {edge!r} {answer.text}"
                check_kind(answer.status_code, answer.headers["content-type"])


def _send(api: Api, operation: AnyOperation, path: str, given: dict[str, Any]) -> httpx.Response:
    if operation.method == "GET":
        return api.get(path, role="all", **given)
    return api.post(path, given, role="all", karez_preview="true")


def _with(path: str, field: str, edge: Any) -> str:
    path = path.replace(f"{{{field}}}", quote(str(edge), safe=""))
    return re.sub(r"{\w+}", "1", path)


def _fuzz(operation: Any, headers: dict[str, str], tally: Counter[int]) -> Callable[[], None]:
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    near = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=fitting | near, there=st.integers(0, 3))
    def fuzz(case: Any, there: int) -> None:
        if there and isinstance(case.path_parameters, dict):
            case.path_parameters.update(
                (name, value) for name, value in THERE.items() if name in case.path_parameters
            )
        response = case.call(headers=headers)
        tally[response.status_code] += 1
        case.validate_response(response, checks=[*CHECKS, problems_are_problems])

    return fuzz
