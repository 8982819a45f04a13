"""The reference: every operation and every code stands in it, and it asks for nothing elsewhere."""

import re

from doors.api.conftest import Api
from karez.doors.api.problems import CODES
from karez.doors.operations import OPERATIONS


def test_reference__shows_every_operation_with_an_example(api: Api):
    answer = api.client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    for operation in OPERATIONS.values():
        assert page.count(f'id="{operation.name}"') == 1, operation.name
    assert page.count("curl &#34;") == len(OPERATIONS)
    assert set(re.findall(r"(?:src|href)=\"(?!#)([^\"#]+)", page)) == {
        "/docs", "/docs/errors", "/docs/reference.css", "/v1/openapi.json",
    }  # fmt: skip
    assert "<script" not in page
    assert "style=" not in page
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    assert api.client.get("/docs/reference.css").headers["content-type"].startswith("text/css")


def test_errors__every_problem_links_to_its_place(api: Api):
    page = api.client.get("/docs/errors").text
    there = re.findall(r'<dt id="([^"]+)"', page)
    assert len(there) == len(set(there))
    assert set(CODES) < set(there)
    for operation in OPERATIONS.values():
        assert {kind.code for kind in operation.errors} <= set(there), operation.name
    for answer in (
        api.get("/v1/nothing"),
        api.get("/v1/loans/77"),
        api.get("/v1/loans", limit=0),
        api.client.get("/v1/loans"),
        api.client.put("/v1/loans"),
    ):
        path, _, code = answer.json()["type"].partition("#")
        assert path == "/docs/errors"
        assert code in there
    links = set(re.findall(r'href="/docs/errors#([^"]+)"', api.client.get("/docs").text))
    assert links <= set(there)
