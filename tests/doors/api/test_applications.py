"""Applications and products by the API: from the request to the booked loan, by several people."""

from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest

from doors.api.conftest import Api, key_of
from karez.doors.operations import OPERATIONS
from karez.doors.operations.shapes import PAGE_MOST
from karez.kernel.database import Institution
from karez.services.evidence import Evidence, KeyFolder
from karez.services.origination import Desk
from services.origination.making import DAY, MILL, consent, found, sheet, trade

ON = {"on": DAY.isoformat()}
ASKED = {
    "product": "working-capital", "borrower": MILL, "amount_minor": 1_000_000, "instalments": 12,
    "purpose": "flour", **ON,
}  # fmt: skip


@attrs.frozen
class Bank:
    """The API of a lender that knows a mill, and the desk behind it."""

    api: Api
    desk: Desk

    def submit(self, **changes: Any) -> str:
        answer = self.api.post("/v1/applications", ASKED | changes, role="officer")
        assert answer.status_code == 200, answer.text
        return answer.json()["application"]["id"]

    def step(self, application: str, verb: str, role: str, status: int = 200, **more: Any) -> Any:
        path = f"/v1/applications/{application}/{verb}"
        answer = self.api.post(path, ON | more, role=role)
        assert answer.status_code == status, answer.text
        return answer.json()

    def approve(self, proposal: str, role: str, status: int = 200) -> Any:
        answer = self.api.post(f"/v1/proposals/{proposal}/approve", {}, role=role)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def bank(
    api: Api, connection: psycopg.Connection, institution: Institution, tmp_path: Path
) -> Bank:
    """A product, a mill with a year of trade; three members of a committee."""
    desk = Desk(Evidence(connection, institution, KeyFolder.of(tmp_path, institution.code)))
    found(desk)
    trade(desk)
    connection.commit()
    api.keys["member"] = key_of(api.books, "m-member", "committee")
    return Bank(api, desk)


def test_application__from_request_to_loan_by_several_people(bank: Bank):
    consent(bank.desk.books, bank.desk.name)
    name = bank.submit()
    assessed = bank.step(name, "assess", "officer")
    assert assessed["refused"] is None
    detail = assessed["detail"]
    assert detail["application"]["stage"] == "priced"
    assert detail["evidence"]["facts"] == 39
    assert detail["score"]["fallback"].startswith("no score: the rate that working-capital")
    assert detail["price"]["votes"] == 2
    early = bank.step(name, "decide", "committee", 409)
    assert early["code"] == "decision-refused"
    for role in ("committee", "member"):
        bank.step(name, "vote", role, approve=True, reason="known for years")
    decided = bank.step(name, "decide", "committee")
    assert decided["decision"]["approved"]
    offer = bank.step(name, "offer", "officer")["offer"]
    assert offer["total_minor"] == 1_000_000 + offer["interest_minor"] + offer["fees_minor"]
    bank.step(name, "accept", "officer", evidence="signed")
    assert bank.step(name, "book", "officer", 403)["code"] == "not-permitted"
    waits = bank.step(name, "book", "branch-manager", 202)
    assert waits["effect"]["loan"]["paid_minor"] == 1_000_000
    shown = bank.api.get(f"/v1/applications/{name}").json()
    assert shown["loan"] is None
    assert bank.approve(waits["proposal"], "branch-manager", 403)["code"] == "own-proposal"
    loan = bank.approve(waits["proposal"], "accountant")["outcome"]["loan"]
    assert bank.api.get(f"/v1/loans/{loan['loan_number']}").status_code == 200
    shown = bank.api.get(f"/v1/applications/{name}").json()
    kinds = [event["kind"] for event in shown["events"]]
    assert kinds == [
        "submitted", "gathered", "trusted", "scored", "priced", "voted", "voted", "decided",
        "offered", "accepted", "booked",
    ]  # fmt: skip
    assert shown["may_follow"] == []


def test_assess__without_consent_says_so_and_keeps_what_came_before(bank: Bank):
    name = bank.submit()
    refused = bank.step(name, "assess", "officer")
    assert refused["refused"]["code"] == "consent-required"
    assert refused["detail"]["application"]["stage"] == "submitted"
    broken = bank.step(name, "assess", "officer", 422, score={"format": "none"})
    assert broken["code"] == "score-file"


def test_override__needs_another_and_a_reason(bank: Bank):
    consent(bank.desk.books, bank.desk.name)
    name = bank.submit()
    bank.step(name, "assess", "officer")
    assert bank.step(name, "override", "committee", 422, approve=False)["code"] == "reason-required"
    waits = bank.step(name, "override", "committee", 202, approve=False, reason="flood plain")
    assert not bank.approve(waits["proposal"], "member")["outcome"]["decision"]["approved"]


def test_vote__is_not_the_submitters(bank: Bank):
    consent(bank.desk.books, bank.desk.name)
    bank.api.keys["both"] = key_of(bank.api.books, "m-both", "officer", "committee")
    answer = bank.api.post("/v1/applications", ASKED, role="both").json()
    name = answer["application"]["id"]
    bank.step(name, "assess", "both")
    refused = bank.step(name, "vote", "both", 409, approve=True, reason="mine")
    assert refused["code"] == "vote-refused"


def test_list__is_in_pages_each_once_and_filtered(bank: Bank):
    names = {bank.submit(amount_minor=amount * 1000) for amount in range(100, 105)}
    page = bank.api.get("/v1/applications", "officer", limit=2).json()
    seen = [row["id"] for row in page["applications"]]
    while page["next"]:
        page = bank.api.get("/v1/applications", "officer", limit=2, cursor=page["next"]).json()
        seen += [row["id"] for row in page["applications"]]
    assert len(seen) == len(names)
    assert set(seen) == names
    bank.step(seen[0], "withdraw", "officer")
    left = bank.api.get("/v1/applications", "officer", stage="submitted", limit=PAGE_MOST).json()
    assert {row["id"] for row in left["applications"]} == names - {seen[0]}
    assert bank.api.get("/v1/applications/app_0", "officer").status_code == 422


def test_submit__is_once_for_a_key(bank: Bank):
    one, two = (
        bank.api.post("/v1/applications", ASKED, role="officer", key="k").json() for _ in range(2)
    )
    assert one == two


def test_products__are_listed_shown_and_previewed(bank: Bank):
    [row] = bank.api.get("/v1/products", "officer").json()["products"]
    assert (row["code"], row["version"], row["amount_most_minor"]) == (
        "working-capital", 1, 5_000_000
    )  # fmt: skip
    path = "/v1/products/working-capital"
    shown = bank.api.get(path, "officer").json()
    assert {"key": "amount.most", "value": "50000.00"} in shown["terms"]
    asked = {"amount_minor": 1_000_000, "instalments": 12, "rate_pct_year": "12"}
    seen = bank.api.get(f"{path}/preview", "officer", **asked).json()
    assert sum(line["principal_minor"] for line in seen["lines"]) == 1_000_000
    assert seen["cost_minor"] == seen["interest_minor"] + seen["fees_minor"]
    assert float(seen["apr_eu_pct"]) > 12
    wrong = bank.api.get(f"{path}/preview", "officer", amount_minor=1)
    assert wrong.json()["code"] == "product-term"


def test_publish__waits_for_a_second_person(bank: Bank):
    assert OPERATIONS["products.publish"].permission == "products.publish"
    bank.api.keys["risk2"] = key_of(bank.api.books, "m-risk2", "risk")
    text = sheet().replace("most = 24", "most = 36")
    waits = bank.api.post("/v1/products", {"text": text, "reason": "longer"}, role="risk")
    assert waits.status_code == 202, waits.text
    assert [change["key"] for change in waits.json()["effect"]["changes"]] == ["instalments.most"]
    path = "/v1/products/working-capital"
    assert bank.api.get(path, "risk").json()["product"]["version"] == 1
    bank.approve(waits.json()["proposal"], "risk2")
    assert bank.api.get(path, "risk").json()["product"]["version"] == 2
    broken = bank.api.post("/v1/products", {"text": "code = 1"}, role="risk")
    assert broken.status_code == 422
