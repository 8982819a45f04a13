"""Events of what was done through the API: one each, in its transaction, about one name."""

from typing import Any

from doors.api.conftest import Api

REPAY = "/v1/loans/1/repay"
IDS = {"command", "proposal", "amount_minor"}


def events(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = api.get("/v1/events", role="administrator", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


def test_events__one_for_what_was_done_and_none_for_what_was_not(api: Api):
    body = {"amount_minor": 100_00}
    for _ in range(2):
        assert api.post(REPAY, body, key="k").status_code == 200
    api.post(REPAY, body, key=None, karez_preview="true")
    assert api.post(REPAY, body | {"on": "2020-01-01"}).status_code == 422
    [event] = events(api)
    assert (event["type"], event["subject"]) == ("loans.repay", "loan:1")
    assert event["objectsequence"] == 1
    assert event["data"]["amount_minor"] == 100_00
    assert set(event["data"]) <= IDS


def test_events__are_about_one_name_however_it_is_written(api: Api):
    loan = api.get("/v1/loans/1").json()["loan"]
    for name in ("1", loan["id"]):
        path = f"/v1/loans/{name}/repay"
        assert api.post(path, {"amount_minor": 100}).status_code == 200
    body = {"kind": "person", "name": "Wang Fang", "keys": ["tin:5213003700"]}
    party = api.post("/v1/parties", body, role="officer", key=None).json()["party"]["id"]
    told = [(each["subject"], each["objectsequence"]) for each in events(api)]
    assert told == [("loan:1", 1), ("loan:1", 2), (f"party:{party}", 1)]


def test_events__of_what_another_agreed_to_are_two(api: Api):
    proposal = api.post("/v1/loans/1/write-off", {"reason": "gone"}).json()["proposal"]
    assert events(api) == []
    path = f"/v1/proposals/{proposal}/approve"
    assert api.post(path, {}, role="second").status_code == 200
    first, second = events(api)
    assert (first["type"], first["data"]["proposal"]) == ("loans.write-off", proposal)
    assert (second["type"], second["subject"]) == ("proposals.approve", f"proposal:{proposal}")


def test_events__are_walked_by_their_places_each_once(api: Api):
    for amount in range(1, 6):
        api.post(REPAY, {"amount_minor": amount})
    walked: list[int] = []
    after = 0
    while True:
        query: dict[str, Any] = {"after": after, "limit": 2}
        page = api.get("/v1/events", role="administrator", **query).json()
        if not page["events"]:
            break
        walked += [event["data"]["amount_minor"] for event in page["events"]]
        after = page["last"]
    assert walked == [1, 2, 3, 4, 5]
    assert page["last"] == after
    assert len(events(api, type="loans.repay", subject="loan:1")) == 5
    assert events(api, type="loans.disburse") == []


def test_events__need_a_permission(api: Api):
    assert api.get("/v1/events", role="teller").status_code == 403
