"""The API by its requests: reading, acting, keys, previews, four eyes, problems."""

import json
import threading
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from doors.api.conftest import Api, key_of
from karez.doors.api.openapi import document
from karez.doors.operations import OPERATIONS
from karez.kernel.database import Database, open_institution
from karez.services import access
from karez.services.access import PassKind, roles
from karez.services.access.errors import NotSignedInError
from karez.services.bookkeeping import open_books

REPAY = "/v1/loans/1/repay"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["code"] == code
    assert document["status"] == status
    assert document["request_id"]
    return document


def test_document__is_valid_openapi():
    OpenAPIV31SpecValidator(document()).validate()


def test_roles__hold_every_permission_between_them_and_none_that_is_not():
    needed = {operation.permission for operation in OPERATIONS.values()}
    for permission in needed:
        assert any(role.holds(permission) for role in roles().values()), permission


def test_loans__are_listed_in_pages_each_once(api: Api):
    first = api.get("/v1/loans", limit=1).json()
    assert [loan["number"] for loan in first["loans"]] == [1]
    assert first["loans"][0]["standing"]["principal_minor"] == 120_000
    assert first["next"] is None


def test_loan__shows_its_schedule(api: Api):
    found = api.get("/v1/loans/1", on="2026-02-01").json()
    assert sum(line["principal_minor"] for line in found["schedule"]) == 120_000
    assert found["loan"]["currency"] == "EUR"


def test_repay__posts_once_for_a_key(api: Api):
    body = {"amount_minor": 100_00, "on": "2026-01-01"}
    first = api.post(REPAY, body, key="k1")
    again = api.post(REPAY, body, key="k1")
    assert first.status_code == again.status_code == 200, first.text
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    events = api.get("/v1/loans/1/events").json()["events"]
    assert [event["kind"] for event in events] == ["disbursement", "payment"]


def test_key__for_something_else_is_a_conflict(api: Api):
    api.post(REPAY, {"amount_minor": 100_00}, key="k1")
    problem(api.post(REPAY, {"amount_minor": 100_01}, key="k1"), 409, "idempotency-key-reused")


def test_key__of_another_caller_is_another(api: Api):
    body = {"amount_minor": 100_00}
    assert api.post(REPAY, body, key="k1").status_code == 200
    assert "idempotent-replayed" not in api.post(REPAY, body, role="second", key="k1").headers


def test_key__is_compulsory(api: Api):
    problem(api.post(REPAY, {"amount_minor": 100_00}, key=None), 422, "idempotency-key-missing")


def test_key__of_a_refused_request_may_be_used_again(api: Api):
    problem(api.post(REPAY, {"amount_minor": 1, "on": "2020-01-01"}, key="k1"), 422, "value-date")
    assert api.post(REPAY, {"amount_minor": 100_00}, key="k1").status_code == 200


def test_key__raced_by_ten_posts_once(api: Api):
    answers: list[httpx.Response] = []

    def ask() -> None:
        answers.append(api.post(REPAY, {"amount_minor": 50_00}, key="race"))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    events = api.get("/v1/loans/1/events").json()["events"]
    assert [event["kind"] for event in events] == ["disbursement", "payment"]


def test_preview__shows_and_keeps_nothing(api: Api):
    shown = api.post(REPAY, {"amount_minor": 100_00}, key=None, karez_preview="true")
    assert shown.status_code == 200, shown.text
    assert shown.json()["after"]["principal_minor"] < 120_000
    assert len(api.get("/v1/loans/1/events").json()["events"]) == 1
    assert api.get("/v1/audit", role="auditor").json()["rows"] == []


def test_four_eyes__another_person_carries_it_out(api: Api):
    waits = api.post("/v1/loans/1/write-off", {"reason": "gone"}, key="w")
    assert waits.status_code == 202
    proposal = waits.json()["proposal"]
    assert waits.json()["effect"]["after"]["status"] == "written-off"
    assert api.get("/v1/loans/1").json()["loan"]["standing"]["status"] == "active"
    path = f"/v1/proposals/{proposal}/approve"
    problem(api.post(path, {}), 403, "own-proposal")
    done = api.post(path, {"reason": "seen"}, role="second")
    assert done.json()["verdict"] == "approved", done.text
    assert api.get("/v1/loans/1").json()["loan"]["standing"]["status"] == "written-off"
    problem(api.post(path, {}, role="second"), 409, "proposal-decided")
    rows = api.get("/v1/audit", role="auditor").json()["rows"]
    assert [row["operation"] for row in rows] == ["proposals.approve", "loans.write-off"]
    assert [row["actor"] for row in rows] == ["m-second", "m-accountant"]
    assert access.verify(api.books).findings == []


def test_limit__above_it_somebody_else_must_agree(api: Api):
    most = roles()["officer"].amount_most_minor
    assert most is not None
    answer = api.post(REPAY, {"amount_minor": most + 1}, role="officer")
    assert answer.status_code == 202
    assert api.post(REPAY, {"amount_minor": 100}, role="officer").status_code == 200


def test_permission__is_needed(api: Api):
    problem(api.post(REPAY, {"amount_minor": 100_00}, role="auditor"), 403, "not-permitted")
    problem(api.get("/v1/loans", role="administrator"), 403, "not-permitted")


def test_faults__are_named_all_with_their_places(api: Api):
    body = {"amount_minor": "12", "on": "31.12.2026", "spare": 1}
    found = problem(api.post(REPAY, body), 422, "input-faults")
    assert [fault["pointer"] for fault in found["errors"]] == ["/on", "/amount_minor", "/spare"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "json-malformed"),
        (b"[]", 422, "request-malformed"),
        (b"\xff\xfe", 400, "json-malformed"),
        (b"[" * 100_000, 400, "json-malformed"),
        (b'{"loan": "2", "amount_minor": 1}', 422, "request-malformed"),
        (b'{"amount_minor": 1e3}', 422, "input-faults"),
        (b'{"amount_minor": 9007199254740993}', 422, "input-faults"),
    ],
)
def test_body__that_cannot_be_read_is_a_problem(api: Api, body: bytes, status: int, code: str):
    headers = api.headers("accountant") | {
        "Content-Type": "application/json",
        "Idempotency-Key": "x",
    }
    problem(api.client.post(REPAY, content=body, headers=headers), status, code)


def test_body__that_is_too_large_is_a_problem(api: Api):
    headers = api.headers("accountant") | {"Idempotency-Key": "x"}
    problem(api.client.post(REPAY, content=b" " * (1 << 21), headers=headers), 413, "too-large")


def test_paths_and_methods__that_are_none_are_problems(api: Api):
    problem(api.get("/v1/nothing"), 404, "no-such-path")
    problem(api.client.put("/v1/loans"), 405, "no-such-method")
    problem(api.get("/v1/loans/77"), 404, "loan-not-booked")


@pytest.mark.parametrize("secret", ["kz_main_00", "kz_other_00", "nonsense", "kz__", "ключ"])
def test_key__that_is_none_lets_nobody_in(api: Api, secret: str):
    headers = {b"Authorization": f"Bearer {secret}".encode()}
    problem(api.client.get("/v1/loans", headers=headers), 401, "not-signed-in")


def test_key__that_was_ended_lets_nobody_in(api: Api):
    access.leave(api.books, api.keys["accountant"])
    problem(api.get("/v1/loans"), 401, "not-signed-in")


def test_institutions__do_not_see_each_other(api: Api, database: Database):
    with database.connect() as connection:
        open_institution(connection, "other", "Another lender")
    with open_books(database, "other") as books:
        api.keys["stranger"] = key_of(books, "m-stranger", "accountant")
    problem(api.get("/v1/loans/1", role="stranger"), 404, "loan-not-booked")
    assert api.get("/v1/loans", role="stranger").json()["loans"] == []
    forged = api.keys["stranger"].replace("kz_other_", "kz_main_")
    problem(
        api.client.get("/v1/loans", headers={"Authorization": f"Bearer {forged}"}),
        401,
        "not-signed-in",
    )


def test_cursor__of_another_list_is_refused(api: Api):
    problem(api.get("/v1/loans", cursor="AAAA"), 422, "cursor-invalid")
    problem(api.get("/v1/loans", cursor="..."), 422, "cursor-invalid")


def test_token__that_a_key_is_exchanged_for_lets_in(api: Api):
    made, _ = access.exchange(api.books, api.keys["accountant"])
    headers = {"Authorization": f"Bearer {made.text}"}
    assert api.client.get("/v1/loans", headers=headers).status_code == 200
    with pytest.raises(NotSignedInError):
        access.enter(api.books, made.text, [PassKind.KEY])


def test_ledger__shows_what_was_posted(api: Api):
    api.post(REPAY, {"amount_minor": 100_00})
    sheet = api.get("/v1/ledger/trial-balance").json()
    [total] = sheet["totals"]
    assert total["debits_minor"] == total["credits_minor"] > 0
    bank = next(row for row in sheet["accounts"] if row["code"] == "1020")
    lines = api.get("/v1/ledger/accounts/1020/statement", first_day="2026-01-01")
    assert lines.status_code == 200, lines.text
    lines = lines.json()["lines"]
    assert lines[-1]["balance_minor"] == bank["balance_minor"]
    entry = api.get(f"/v1/ledger/entries/{lines[-1]['entry']}").json()
    assert entry["lines"]
    refused = api.post(f"/v1/ledger/entries/{entry['id']}/reverse", {"reason": "wrong"})
    problem(refused, 409, "entry-of-service")


def test_every_report__answers(api: Api):
    for operation in OPERATIONS.values():
        if operation.name.startswith("reports."):
            answer = api.get(operation.path)
            assert answer.status_code == 200, answer.text
            assert isinstance(answer.json()["rows"], list)


def test_parties__are_recorded_and_found(api: Api):
    body = {"kind": "firm", "name": "Long River Mill", "keys": ["tin:5213003700"]}
    made = api.post("/v1/parties", body, role="officer", key=None)
    assert made.json()["changed"], made.text
    [found] = api.get("/v1/parties", text="river", role="officer").json()["parties"]
    shown = api.get(f"/v1/parties/{found['id']}", role="officer").json()
    assert shown["party"] == found
    assert (
        json.loads(api.get("/v1/audit", role="auditor").text)["rows"][0]["operation"]
        == "parties.record"
    )


def test_payments__cash_and_promises(api: Api):
    taken = api.post("/v1/payments/cash", {"loan": "1", "amount_minor": 10_00}, role="teller")
    assert taken.json()["receipt"] == "R-000001", taken.text
    body = {"amount_minor": 10_00, "until": "2026-03-01"}
    assert api.post("/v1/loans/1/promises", body, role="teller").json() == {"promise": 1}
    assert len(api.get("/v1/promises", role="teller").json()["promises"]) == 1
    assert api.get("/v1/payments/queue", role="teller").json()["payments"] == []
