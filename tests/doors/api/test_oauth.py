"""Tokens for keys (RFC 6749), versions, and the pace of one caller."""

import base64
from pathlib import Path

import httpx
import pytest

from doors.api.conftest import Api, key_of, serving
from karez.doors.api.pace import Limit, Pace
from karez.doors.api.problems import VERSION
from karez.doors.operations import Offices
from karez.kernel.database import Database
from karez.kernel.ids import new_id

NAME = "m-accountant"
GRANT = {"grant_type": "client_credentials"}


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}


def ask(
    api: Api, form: dict[str, str], headers: dict[str, str] | None = None
) -> tuple[int, str | None, httpx.Response]:
    answer = api.client.post("/oauth/token", data=form, headers=headers or {})
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json().get("error"), answer


def test_token__is_given_for_a_key_in_the_header_or_in_the_form(api: Api):
    secret = api.keys["accountant"]
    named = {"client_id": NAME, "client_secret": secret}
    for form, headers in ((GRANT, basic(NAME, secret)), (GRANT | named, {})):
        status, _, answer = ask(api, form, headers)
        assert status == 200
        given = answer.json()
        assert (given["token_type"], given["expires_in"]) == ("Bearer", 900)
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        assert api.client.get("/v1/loans", headers=bearer).status_code == 200
        status, error, _ = ask(api, GRANT, basic(NAME, given["access_token"]))
        assert (status, error) == (401, "invalid_client")  # a token is no key


def test_token__refusals_are_those_of_rfc_6749(api: Api):
    secret = api.keys["accountant"]
    right = basic(NAME, secret)
    named = {"client_id": NAME, "client_secret": secret}
    for form, headers, expected in (
        ({}, right, (400, "invalid_request")),
        ({"grant_type": "password"}, right, (400, "unsupported_grant_type")),
        (GRANT | {"scope": "all"}, right, (400, "invalid_scope")),
        (GRANT | named, right, (400, "invalid_request")),
        (GRANT, {}, (401, "invalid_client")),
        (GRANT, {"Authorization": "Basic ?"}, (401, "invalid_client")),
        (GRANT, {"Authorization": f"Bearer {secret}"}, (401, "invalid_client")),
        (GRANT, basic("m-auditor", secret), (401, "invalid_client")),
        (GRANT, basic(NAME, secret[:-1]), (401, "invalid_client")),
        (GRANT, basic(NAME, "kz_\0_00"), (401, "invalid_client")),
        (GRANT, basic(NAME, "kz_none_00"), (401, "invalid_client")),
        (GRANT, basic(NAME, ""), (401, "invalid_client")),
    ):
        status, error, answer = ask(api, form, headers)
        assert (status, error) == expected, (form, headers)
        if status == 401:
            assert answer.headers["www-authenticate"].startswith("Basic ")


def test_token__a_form_that_cannot_be_read_is_refused(api: Api):
    right = basic(NAME, api.keys["accountant"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    twice = b"grant_type=client_credentials&grant_type=client_credentials"
    for body, headers in (
        (twice, form),
        (b"grant_type=%ff", form),
        (b"\xff", form),
        (b"&".join([b"a=b"] * 50), form),
        (b"{}", {"Content-Type": "application/json"}),
    ):
        answer = api.client.post("/oauth/token", content=body, headers=right | headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), body


def test_version__is_told_and_another_is_refused(api: Api):
    assert api.get("/v1/loans").headers["karez-version"] == VERSION
    assert api.get("/v1/loans/9").headers["karez-version"] == VERSION
    headers = api.headers("accountant") | {"Karez-Version": "2020-01-01"}
    refused = api.client.get("/v1/loans", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "version-unknown")


def test_pace__is_told_and_held_for_each_caller_apart(api: Api, database: Database, tmp_path: Path):
    offices = Offices(database, tmp_path)
    other = key_of(api.books, "m-other", "accountant")
    with (
        serving(offices, Limit(burst=2, each_second=0.01)) as address,
        httpx.Client(base_url=address, headers=api.headers("accountant")) as client,
    ):
        answers = [client.get("/v1/loans") for _ in range(3)]
        headers = {"Authorization": f"Bearer {other}"}
        assert client.get("/v1/loans", headers=headers).status_code == 200
    offices.close()
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"account";r=1;t=0',
        '"account";r=0;t=100',
        '"account";r=0;t=100',
    ]
    refused = answers[-1]
    assert refused.json()["code"] == "too-many-requests"
    assert refused.json()["retryable"]
    assert 95 <= int(refused.headers["retry-after"]) <= 100


@pytest.mark.parametrize(("after", "allowed"), [(0.0, False), (0.4, False), (0.6, True)])
def test_pace__gives_back_with_time(after: float, allowed: bool):  # noqa: FBT001 - a case
    clock = [0.0]
    pace = Pace(Limit(burst=3, each_second=2.0), lambda: clock[0])
    account = new_id()
    assert [pace.take(account).allowed for _ in range(4)] == [True, True, True, False]
    clock[0] = after
    assert pace.take(account).allowed is allowed
