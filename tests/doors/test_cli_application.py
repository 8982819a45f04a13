"""``karez application``, as people run it: a loan from the request to the books."""

import json
from datetime import date, timedelta

import pytest

from doors.conftest import Karez
from karez.services.products import catalogue_text

DAY = date(2026, 6, 30)
ON = ("--on", DAY.isoformat())


@pytest.fixture
def lender(karez: Karez) -> Karez:
    """A chart, a product, a firm with a year of invoices, and its consent."""
    karez("institution", "chart", "--currency", "CNY")
    sheet = karez.folder / "sheet.toml"
    sheet.write_text(catalogue_text("sme-one-year"), "utf-8")
    karez("product", "publish", sheet, "--by", "ada")
    karez("party", "add", "firm", "Old Mill Ltd", "--key", "tin:100", "--segment", "food")
    facts = [
        {
            "schema": "invoice/1", "subject": "tin:100", "number": f"S{month}",
            "valid_on": (DAY - timedelta(days=30 * month + 5)).isoformat(), "currency": "CNY",
            "seller": {"party_id": "tin:100"}, "buyer": {"party_id": f"tin:{200 + month % 3}"},
            "total_minor": 30_000_00,
        }
        for month in range(13)
    ]  # fmt: skip
    karez.write("facts.jsonl", *map(json.dumps, facts))
    karez("facts", "add", "facts.jsonl")
    karez(
        "consent", "grant", "--grantor", "tin:100", "--receiver", "main", "--purpose",
        "underwriting", "--scope", "TRANSACTIONS", "--series", "facts", "--mode", "VIEW",
        "--starts-at", "2020-01-01T00:00:00Z", "--ends-at", "2090-01-01T00:00:00Z",
        "--range-from", "2025-01-01", "--range-to", "2026-12-31", "--uses", "100",
    )  # fmt: skip
    return karez


def test_application__from_request_to_loan(lender: Karez):
    ask = (
        "application", "submit", "--product", "sme-one-year", "--borrower", "tin:100", "--amount",
        "200000", "--instalments", "12", "--by", "olga", *ON,
    )  # fmt: skip
    assert lender.json(*ask, "--preview")["preview"]
    [asked] = lender.json(*ask)["applications"]
    name = asked["application"]
    page = lender("application", "assess", name, *ON, "--by", "olga")
    assert "no score: the rate that sme-one-year states" in page
    assert "branch decides, 2 votes are needed" in page
    step = ("--by", "ada", "--reason", "known for years", *ON)
    assert (
        "error[vote-refused]"
        in lender.run(
            "application", "vote", name, "--for", "--by", "olga", "--reason", "x", *ON
        ).stderr
    )
    lender("application", "vote", name, "--for", *step)
    open_still = lender.json("application", "decide", name, *step, code=4)
    assert open_still["applications"][0]["error"]["code"] == "decision-refused"
    lender("application", "vote", name, "--for", "--by", "bob", "--reason", "agreed", *ON)
    [decided] = lender.json("application", "decide", "--all", "priced", *step)["applications"]
    assert decided["decision"]["approved"]
    assert "all included" in lender("application", "offer", name, *ON)
    lender("application", "accept", name, "--evidence", "signed", *ON)
    [booked] = lender.json("application", "book", name, *ON, "--by", "till")["applications"]
    assert booked["loan"]["paid"] == "200000.00"
    shown = lender.json("application", "show", name)
    assert [event["event"] for event in shown["events"]][-1] == "booked"
    assert "paid to tin:100" in lender("application", "show", name, "--events")
    assert lender.json("application", "list", "--stage", "booked")["applications"][0]["stage"]
    assert lender.json("application", "verify")["applications"] == 1


def test_application__a_file_of_them(lender: Karez):
    file = lender.write(
        "asked.csv",
        "id,product,borrower,amount,instalments,on",
        "1,sme-one-year,tin:100,200000,12,2026-06-30",
        "2,sme-one-year,tin:404,200000,12,2026-06-30",
        "3,sme-one-year,tin:100,200,12,2026-06-30",
        "4,sme-one-year,tin:100,200000,many,2026-06-30",
        "5,no-such,tin:100,200000,12,2026-06-30",
        "6,sme-one-year,tin:100,200000,12,2026-06-30",
    )
    done = lender.json("application", "submit", file, "--by", "olga", code=5)
    assert (done["rows"], done["submitted"], done["refused"]) == (6, 2, 4)
    assert sorted((each["line"], each["error"]["code"]) for each in done["refusals"]) == [
        (3, "party-not-found"),
        (4, "product-term"),
        (5, "application-malformed"),
        (6, "product-unknown"),
    ]
    again = lender.json("application", "submit", file, "--by", "olga", code=5)
    assert (again["submitted"], again["there_already"]) == (0, 2)
    done = lender.json("application", "assess", "--all", "submitted", *ON)
    assert {each["stage"] for each in done["applications"]} == {"priced"}
    lender.json("application", "withdraw", "--all", "priced", *ON)
    assert lender.json("application", "list", "--stage", "priced")["applications"] == []
    assert "usage" in lender.json("application", "offer", code=2)["error"]["code"]
    assert lender.json("application", "show", "app_0" + "0" * 25, code=3)["error"]["code"] == (
        "application-not-found"
    )
