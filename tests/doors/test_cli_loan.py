"""``karez loan`` as people run it."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from doors.conftest import Karez
from karez.doors.cli import cli
from karez.doors.cli.shell import run
from karez.kernel.database import Database

ANN = "pty_00000000000000000000000001"
BY = ("--by", "ann")
CASE = {
    "terms": {
        "interest_rate": "24",
        "interest_rate_frequency": "YEAR",
        "interest_type": "DECLINING_BALANCE",
        "interest_calculation_period": "DAILY",
        "amortization_type": "EQUAL_INSTALLMENTS",
        "repayment_every": "1",
        "repayment_frequency": "MONTHS",
        "number_of_repayments": "6",
        "payment_strategy": "ADVANCED_PAYMENT_ALLOCATION",
    },
    "product_settings": {
        "daysInYearType": "ACTUAL",
        "daysInMonthType": "ACTUAL",
        "loanScheduleType": "PROGRESSIVE",
        "transactionProcessingStrategyCode": "ADVANCED_PAYMENT_ALLOCATION",
        "digitsAfterDecimal": 2,
    },
}


@attrs.frozen
class Clerk:
    """``karez loan`` in this process: most of a command's time is that of its imports."""

    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run a command that ends with this code, and return what it printed."""
        ended = run(cli, list(arguments))
        said = self.capsys.readouterr()
        assert ended == code, said
        return said.out or said.err

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run a command with ``--json`` and return its document, or that of its error."""
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def clerk(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Clerk:
    monkeypatch.setenv("KAREZ_DATABASE_URL", database.conninfo)
    monkeypatch.setenv("KAREZ_HOME", str(tmp_path / "home"))
    return Clerk(capsys)


def terms_file(folder: Path) -> Path:
    file = folder / "terms.json"
    file.write_text(json.dumps(CASE), encoding="utf-8")
    return file


def booked(clerk: Clerk, folder: Path, *more: str) -> dict:
    clerk("institution", "chart", "--currency", "EUR")
    return clerk.json(
        "loan", "book", "--terms", str(terms_file(folder)), "--currency", "EUR",
        "--borrower", ANN, "--on", "2026-01-01", *BY, *more,
    )  # fmt: skip


def debits(clerk: Clerk) -> dict[str, str]:
    return {row["code"]: row["debit"] for row in clerk.json("trial-balance")["accounts"]}


def test_loan__its_life(clerk: Clerk, tmp_path: Path):
    foreseen = booked(clerk, tmp_path, "--preview", "--reference", "A-7")
    assert foreseen["loan_number"] == 1
    assert clerk.json("loan", "list")["loans"] == []
    booked(clerk, tmp_path, "--reference", "A-7")
    day = ("--entered", "2026-01-01", *BY)
    paid_out = clerk.json("loan", "disburse", "A-7", "600.00", *day)
    assert [(m["kind"], m["amount_minor"]) for m in paid_out["movements"]] == [("disbursed", 60000)]
    preview = clerk.json("loan", "repay", "1", "100", *day, "--preview", "--channel", "1010")
    done = clerk.json("loan", "repay", "1", "100", *day, "--channel", "1010")
    assert {**done, "command": "", "preview": True} == {**preview, "command": ""}
    assert done["after"]["principal_minor"] == 50519  # to the next instalment, as the terms say
    assert debits(clerk)["1010"] == "100.00"
    clerk("loan", "undo", "1", "2", *day)
    shown = clerk.json("loan", "show", "1", "--on", "2026-01-01")
    assert shown["standing"]["principal_minor"] == 60000
    events = clerk.json("loan", "events", "1")["events"]
    assert [event["event"] for event in events] == ["disbursement", "payment", "undo"]
    assert clerk.json("loan", "list", "--reference", "A-7")["loans"][0]["loan_number"] == 1


def test_loan__changes(clerk: Clerk, tmp_path: Path):
    booked(clerk, tmp_path)
    day = ("--entered", "2026-03-10", "--on", "2026-03-10", *BY)
    clerk("loan", "disburse", "1", "600", "--on", "2026-01-01", "--entered", "2026-03-10", *BY)
    clerk("loan", "charge", "1", "5", "--penalty", *day)
    clerk("loan", "waive", "1", "2", *day)
    clerk("loan", "rate", "1", "12.5", *day)
    clerk("loan", "pause", "1", "--until", "2026-03-20", *day)
    clerk("loan", "restructure", "1", "--extend", "2", *day)
    clerk("loan", "restructure", "1", "--spread-arrears", *day)
    clerk("loan", "re-age", "1", "--first-due", "2026-05-01", "--instalments", "4", *day)
    owed = clerk.json("loan", "payoff", "1", *day)["amount_minor"]
    assert owed > 60000
    paid = clerk.json("loan", "payoff", "1", "--pay", *day)
    assert paid["after"]["status"] == "paid-off"
    clerk("loan", "repay", "1", "10", *day)
    assert clerk.json("loan", "refund", "1", "10", *day)["after"]["credit_minor"] == 0
    assert (
        clerk.json("loan", "refund", "1", "1", *day, code=4)["error"]["code"] == "credit-exceeded"
    )


def test_loan__loss(clerk: Clerk, tmp_path: Path):
    booked(clerk, tmp_path)
    booked(clerk, tmp_path)
    day = ("--entered", "2026-01-01", *BY)
    for number in ("1", "2"):
        clerk("loan", "disburse", number, "600", *day)
    assert clerk.json("loan", "write-off", "1", *day)["after"]["status"] == "written-off"
    recovered = clerk.json("loan", "recover", "1", "50", *day)
    assert [move["kind"] for move in recovered["movements"]] == ["recovered"]
    sold = clerk.json("loan", "sell", "2", "400", *day)
    kinds = {move["kind"]: move["amount_minor"] for move in sold["movements"]}
    assert kinds == {"sold": 40000, "sold-principal": 60000}
    assert debits(clerk)["5050"] == "200.00"
    clerk("loan", "undo", "2", "2", *day)
    assert debits(clerk)["1100.2"] == "600.00"
    assert debits(clerk).get("5050") in {None, "0.00"}


FILE = """\
id,loan,event,on,amount,kind,channel
a,1,disbursement,2026-01-01,600.00,,
b,1,payment,2026-01-02,12.34,repayment,1010
c,9,payment,2026-01-02,12.34,repayment,
d,1,payment,2026-01-02,12.345,repayment,
e,1,payment,2026-13-02,12.34,repayment,
f,1,payment,2026-01-02,,repayment,
g,1,payment,2026-01-02,5.00,present,
h,1,payment,2026-01-02,5.00,repayment,9999
i,1,payment,2026-01-03,5.00,repayment,
"""


def test_loan_record__bad_rows_are_told(clerk: Clerk, karez: Karez, tmp_path: Path):
    booked(clerk, tmp_path)
    file = tmp_path / "events.csv"
    file.write_text(FILE, encoding="utf-8")
    asked = ("loan", "record", str(file), "--entered", "2026-01-03", *BY)
    assert karez.json(*asked, "--preview", code=5)["recorded"] == 3
    done = karez.json(*asked, "--rejects", str(tmp_path / "rejects.csv"), code=5)
    assert (done["rows"], done["recorded"], done["refused"]) == (9, 3, 6)
    told = [(r["line"], r["field"], r["error"]["code"]) for r in done["refusals"]]
    assert told == [
        (4, "loan", "loan-not-booked"),
        (5, "amount", "amount-too-precise"),
        (6, "on", "date-malformed"),
        (7, "amount", "field-missing"),
        (8, "kind", "choice-unknown"),
        (9, "", "account-unknown"),
    ]
    again = karez.json(*asked, code=5)
    assert (again["recorded"], again["already"]) == (0, 3)


def test_loan__what_cannot_be(clerk: Clerk, tmp_path: Path):
    booked(clerk, tmp_path)
    day = ("--entered", "2026-01-05", *BY)
    clerk("loan", "repay", "7", "1", *day, code=3)
    error = clerk.json("loan", "repay", "1", "1", *day, code=4)
    assert error["error"]["code"] == "nothing-paid-out"
    error = clerk.json("loan", "disburse", "1", "1", "--on", "2026-01-06", *day, code=5)
    assert error["error"]["code"] == "value-date"
    error = clerk.json("loan", "undo", "1", "3", *day, code=4)
    assert error["error"]["code"] == "event-not-in-force"
    clerk("loan", "restructure", "1", *day, code=2)
    clerk("loan", "book", "--borrower", ANN, code=2)
