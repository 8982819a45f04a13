"""``karez application``, as people run it: a loan from the request to the books."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest

from karez.doors.cli import cli
from karez.doors.cli.shell import run
from karez.kernel.database import Database, Institution
from karez.services.evidence import Evidence, KeyFolder
from karez.services.lending import open_chart
from karez.services.origination import Desk
from karez.services.products import catalogue_text

PRODUCT = "sme-one-year"
DAY = date(2026, 6, 30)
ON = ("--on", DAY.isoformat())


@attrs.frozen
class Lender:
    """Runs ``karez`` within this process, in a folder and on a database of its own."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Run a command that ends with this code, and return what it printed."""
        self.capsys.readouterr()
        ended = run(cli, [str(each) for each in arguments])
        printed = self.capsys.readouterr()
        assert ended == code, printed.out + printed.err
        return printed.out + printed.err

    def json(self, *arguments: object, code: int = 0) -> Any:
        """Run a command with ``--json``, and return its document."""
        return json.loads(self(*arguments, "--json", code=code).splitlines()[0])

    def write(self, name: str, *lines: str) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return path


@pytest.fixture
def lender(
    database: Database,
    connection: psycopg.Connection,
    institution: Institution,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Lender:
    """A chart, a product, a firm with a year of invoices, and its consent."""
    monkeypatch.setenv("KAREZ_DATABASE_URL", database.conninfo)
    monkeypatch.setenv("KAREZ_HOME", str(tmp_path / "home"))
    keys = KeyFolder.of(tmp_path / "home", institution.code)
    open_chart(Desk(Evidence(connection, institution, keys)).books, "CNY")
    karez = Lender(tmp_path, capsys)
    karez("product", "publish", karez.write("s.toml", catalogue_text(PRODUCT)), "--by", "ada")
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
    karez("facts", "add", karez.write("facts.jsonl", *map(json.dumps, facts)))
    karez(
        "consent", "grant", "--grantor", "tin:100", "--receiver", "main", "--purpose",
        "underwriting", "--scope", "TRANSACTIONS", "--series", "facts", "--mode", "VIEW",
        "--starts-at", "2020-01-01T00:00:00Z", "--ends-at", "2090-01-01T00:00:00Z",
        "--range-from", "2025-01-01", "--range-to", "2026-12-31", "--uses", "100",
    )  # fmt: skip
    return karez


def test_application__from_request_to_loan(lender: Lender):
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
    olga = ("application", "vote", name, "--for", "--by", "olga", "--reason", "x", *ON)
    assert "error[vote-refused]" in lender(*olga, code=4)
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


def test_application__a_file_of_them(lender: Lender):
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


def test_party__who_answers_for_a_late_member(lender: Lender):
    group = "[group]\nleast_members = 2\nmost_members = 5\n"
    text = catalogue_text(PRODUCT) + "\n" + group
    lender("product", "publish", lender.write("g.toml", text), "--by", "ada")
    lender("party", "add", "group", "Five Wells", "--key", "group:1")
    for key in ("tin:100", "tin:7", "tin:8"):
        if key != "tin:100":
            lender("party", "add", "firm", f"Shop {key}", "--key", key)
        lender("party", "tie", key, "member-of", "group:1", *ON)
    [asked] = lender.json(
        "application", "submit", "--product", PRODUCT, "--borrower", "tin:100", "--group",
        "group:1", "--amount", "200000", "--instalments", "12", "--by", "olga", *ON,
    )["applications"]  # fmt: skip
    name = asked["application"]
    lender("application", "assess", name, *ON, "--by", "olga")
    for voter in ("ada", "bob"):
        lender("application", "vote", name, "--for", "--by", voter, "--reason", "x", *ON)
    lender("application", "decide", name, "--by", "ada", *ON)
    lender("application", "offer", name, *ON)
    lender("application", "accept", name, *ON)
    lender("application", "book", name, *ON)
    liable = ("party", "liable", "tin:7", "--on")
    assert lender.json(*liable, "2026-07-30") == {"on": "2026-07-30", "debts": []}
    assert "Nobody answers for another" in lender(*liable, "2026-07-30")
    [debt] = lender.json(*liable, "2026-09-15")["debts"]
    assert (debt["group"], debt["loan"], debt["borrower"]) == ("group:1", 1, "tin:100")
    assert {each["party"] for each in debt["shares"]} == {"tin:7", "tin:8"}
    assert sum(each["amount_minor"] for each in debt["shares"]) == debt["overdue_minor"] > 0
    assert "who answers" in lender(*liable, "2026-09-15")
    limit = lender.json("loan", "disburse", "1", "1", "--on", "2026-06-30", code=4)
    assert limit["error"]["code"] == "loan-limit"
    late = (
        "application", "submit", "--product", PRODUCT, "--borrower", "tin:7", "--group",
        "group:1", "--amount", "200000", "--instalments", "12", "--on", "2026-09-15",
    )  # fmt: skip
    [refused] = lender.json(*late, code=4)["applications"]
    assert refused["error"]["code"] == "group-overdue"
